"""Metrics: what the daemon counts, as a monitor collects it.

Nothing is counted for it: every figure is one that the daemon, its supervisor or the spool tells anyway. Every family
is always there; those that only a daemon can tell have no values without one.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from agent_memory.capture.spool import SpoolState
from agent_memory.control import stack
from agent_memory.control.metrics.exposition import Family, Kind
from agent_memory.control.metrics.of_stores import project_store_families
from agent_memory.control.metrics.running import PREFIX, running_families
from agent_memory.control.process_usage import Usage, usage_of
from agent_memory.control.stack import Status
from agent_memory.control.upkeep.store_keeping import KeptStore, stores
from agent_memory.errors import AgentMemoryError
from agent_memory.jobs import JobResult
from agent_memory.model import DEFAULT_STORE
from agent_memory.settings import Settings

if TYPE_CHECKING:  # protobuf costs 50 ms, and --help has no use for it
    from agent_memory.rpc import memory_pb2 as pb

# Programs name their agents as they like; a monitor must not get a series for each of them without end.
AGENTS_MAX: Final = 50
OTHER_AGENTS: Final = "other"
NO_AGENT: Final = "none"
_SUPERVISOR: Final = "supervisor"

Values = Mapping[str | None, float]


@dataclass(frozen=True, slots=True)
class Answers:
    """What the daemon says when it is asked."""

    stats: pb.GetStatsResponse
    scheduler: pb.GetSchedulerStatusResponse
    ledger: Iterable[pb.LedgerEntry]
    # On the store's disk.
    free_bytes: int
    # None from a daemon that does not know them yet.
    running: pb.GetMetricsResponse | None = None
    # Dollars per million tokens.
    prices: Mapping[str, float] = field(default_factory=dict)


def collect(settings: Settings) -> list[Family]:
    """All metrics, now; a daemon that does not run or does not answer is a figure among them.

    With the settings of a project store, that store's own.
    """
    status = stack.status(settings)
    if settings.store != DEFAULT_STORE:
        return list(families_of_store(status, _ask(settings) if status.running else None, time.time()))
    pids = {process.name: process.pid for process in status.processes}
    if status.processes:
        pids[_SUPERVISOR] = status.pid
    used = {name: found for name, pid in pids.items() if pid and (found := usage_of(pid))}
    answers, kept = (_ask(settings), stores(settings)) if status.running else (None, [])
    return list(families(status, used, answers, kept, time.time()))


def families(
    status: Status, used: Mapping[str, Usage], answers: Answers | None, kept: Iterable[KeptStore], now_s: float
) -> Iterator[Family]:
    """The metrics of a daemon in this state and of its default store, in a fixed order; `kept` are all stores."""
    yield from families_of_store(status, answers, now_s)
    yield from _processes(status, used)
    yield from project_store_families(kept)
    yield from _spool(status.spool, now_s)
    made_s = status.backup_ms / 1e3 if status.backup_ms else None
    yield _gauge("last_backup_timestamp_seconds", "When the last backup was made.", _one(made_s))
    paused = status.capture_paused_until_ms is not None
    yield _gauge("capture_paused", "Whether capture is paused, and so nothing is remembered.", _one(paused))
    yield _gauge("capture_broken", "Whether nothing can be captured.", _one(bool(status.capture_problem)))


def families_of_store(status: Status, answers: Answers | None, now_s: float) -> Iterator[Family]:
    """The metrics of one store."""
    serves = status.health == "SERVING" and answers is not None
    yield _gauge("up", "Whether the daemon runs and serves.", _one(serves))
    yield _gauge("collected_timestamp_seconds", "When these figures were collected.", _one(round(now_s, 3)))
    yield _gauge("uptime_seconds", "For how long the daemon runs.", _one(status.uptime_s))
    yield from _store(answers)
    yield from _jobs(answers)
    yield from running_families(answers.running if answers else None, answers.prices if answers else {})


def _processes(status: Status, used: Mapping[str, Usage]) -> Iterator[Family]:
    states = {process.name: process for process in status.processes}

    def each(name: str, help_text: str, values: Mapping[str, float], kind: Kind = "gauge") -> Family:
        return _labelled(f"process_{name}", help_text, "process", values, kind)

    yield each("up", "Whether the process runs.", {name: one.state == "running" for name, one in states.items()})
    yield each("uptime_seconds", "For how long it runs.", {name: one.uptime_s for name, one in states.items()})
    yield each("resident_memory_bytes", "Memory it holds.", {name: one.resident_bytes for name, one in used.items()})
    yield each(
        "cpu_seconds_total", "Processor time it took.", {name: one.cpu_s for name, one in used.items()}, "counter"
    )
    yield each("open_fds", "Files and sockets it has open.", {name: one.open_files for name, one in used.items()})


def _store(answers: Answers | None) -> Iterator[Family]:
    stats = answers.stats if answers else None
    yield _gauge("events", "Events stored.", _one(stats and stats.events))
    yield _gauge("toc_nodes", "Nodes of the table of contents.", _one(stats and stats.toc_nodes))
    yield _gauge("grips", "Excerpts that prove summaries.", _one(stats and stats.grips))
    yield _gauge("outbox_events", "Events not yet in all that is made of them.", _one(stats and stats.outbox))
    waiting = dict(stats.waiting) if stats else {}
    yield _labelled("backlog_events", "Events a consumer has yet to take in.", "kind", waiting)
    yield _gauge("store_bytes", "Size of the store on disk.", _one(stats and stats.disk_usage_bytes))
    yield _gauge("disk_free_bytes", "Free space on the store's disk.", _one(answers.free_bytes if answers else None))
    redacted = dict(stats.redacted) if stats else {}
    yield _labelled("redacted_secrets_total", "Secrets removed, by kind.", "kind", redacted, "counter")
    stored = _by_agent(answers.ledger) if answers else {}
    yield _labelled("agent_events", "Events stored, by agent; erasing lowers it.", "agent", stored)
    index = stats.search_index if stats and stats.HasField("search_index") else None
    yield _gauge("search_index_available", "Whether there is a search index.", _one(index and index.available))
    yield _gauge("search_index_segments", "Segments in the search index.", _one(index and index.segments))
    yield _gauge("search_index_bytes", "Size of the search index on disk.", _one(index and index.size_bytes))


def _jobs(answers: Answers | None) -> Iterator[Family]:
    jobs = {job.job_name: job for job in answers.scheduler.jobs} if answers else {}
    ran = {name: job for name, job in jobs.items() if job.last_run_ms}

    def each(name: str, help_text: str, values: Mapping[str, float], kind: Kind = "gauge") -> Family:
        return _labelled(f"job_{name}", help_text, "job", values, kind)

    yield _gauge(
        "scheduler_running", "Whether jobs are run.", _one(answers.scheduler.scheduler_running if answers else None)
    )
    yield each("runs_total", "Runs, failed ones too.", {name: job.run_count for name, job in jobs.items()}, "counter")
    yield each("failures_total", "Failed runs.", {name: job.error_count for name, job in jobs.items()}, "counter")
    yield each("last_run_failed", "Whether the last run failed.", {name: _failed(job) for name, job in ran.items()})
    yield each(
        "last_run_timestamp_seconds",
        "When the last run began.",
        {name: job.last_run_ms / 1e3 for name, job in ran.items()},
    )
    yield each(
        "last_duration_seconds",
        "What the last run took.",
        {name: job.last_duration_ms / 1e3 for name, job in ran.items()},
    )
    planned = {name: job.next_run_ms / 1e3 for name, job in jobs.items() if job.next_run_ms and not job.is_paused}
    yield each("next_run_timestamp_seconds", "When it runs next, unless it is paused.", planned)
    yield each("running", "Whether it runs now.", {name: job.is_running for name, job in jobs.items()})
    yield each("paused", "Whether it is paused.", {name: job.is_paused for name, job in jobs.items()})


def _spool(left: SpoolState, now_s: float) -> Iterator[Family]:
    age_s = max(0.0, now_s - left.oldest_ms / 1000) if left.oldest_ms is not None else 0.0
    yield _gauge("spool_events", "Events that hooks left in the spool.", _one(left.waiting))
    yield _gauge("spool_oldest_age_seconds", "For how long the oldest of them waits.", _one(round(age_s, 3)))
    yield _gauge("spool_full", "Whether the spool takes no more.", _one(left.full))
    yield _gauge("spool_failed_events", "Events in the spool that can't be taken in.", _one(left.failed))
    yield _gauge("rejected_inputs", "Inputs of hooks that hold no event, kept aside.", _one(left.rejected))
    yield _counter(
        "rejected_inputs_dropped_total", "Rejected inputs deleted to make room.", _one(left.rejected_dropped)
    )


def _ask(settings: Settings) -> Answers | None:
    from agent_memory.control.connection import connect_to_store

    try:
        with connect_to_store(settings) as client:
            free_bytes = shutil.disk_usage(settings.db_path).free
            running = None
            with suppress(AgentMemoryError):  # a daemon of an older version has no such figures
                running = client.metrics()
            prices = {"input": settings.summarizer_input_price, "output": settings.summarizer_output_price}
            stats, scheduler, ledger = client.stats(), client.scheduler_status(), client.ledger().entries
            return Answers(stats, scheduler, ledger, free_bytes, running, prices)
    except (AgentMemoryError, OSError):
        return None


def _by_agent(entries: Iterable[pb.LedgerEntry]) -> dict[str, float]:
    """How many events each agent has; the smallest of very many are counted together."""
    stored: Counter[str] = Counter()
    for entry in entries:
        stored[entry.agent or NO_AGENT] += entry.stored
    if len(stored) <= AGENTS_MAX:
        return dict(stored)
    largest = dict(stored.most_common(AGENTS_MAX))
    others = stored.total() - sum(largest.values())
    return {**largest, OTHER_AGENTS: largest.get(OTHER_AGENTS, 0) + others}


def _failed(job: pb.JobStatusProto) -> bool:
    return JobResult(job.last_result or JobResult.SUCCESS) == JobResult.FAILED


def _one(figure: float | None) -> Values:
    return {} if figure is None else {None: figure}


def _gauge(name: str, help_text: str, values: Values) -> Family:
    return Family(PREFIX + name, "gauge", help_text, values)


def _counter(name: str, help_text: str, values: Values) -> Family:
    return Family(PREFIX + name, "counter", help_text, values)


def _labelled(name: str, help_text: str, label: str, values: Mapping[str, float], kind: Kind = "gauge") -> Family:
    by_label: dict[str | None, float] = dict(values.items())
    return Family(PREFIX + name, kind, help_text, by_label, label)
