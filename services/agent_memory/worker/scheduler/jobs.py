"""What the scheduled jobs do, and what they count while they do it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final

from agent_memory import own_command
from agent_memory.bus.client import Bus
from agent_memory.errors import AgentMemoryError
from agent_memory.files import make_private_dir
from agent_memory.jobs import RECONCILE
from agent_memory.model import DEFAULT_STORE, TocLevel
from agent_memory.periods import Period, day_of
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.worker.scheduler.runs import Counts
from agent_memory.worker.toc import period_nodes
from agent_memory.worker.toc.draft import Draft

# A compaction that takes longer than this hangs; a large store on a slow disk may need an hour.
COMPACTION_TIMEOUT_S: Final = 6 * 3600.0
# Reading gigabytes of transcripts for the first time takes minutes.
RECONCILE_TIMEOUT_S: Final = 6 * 3600.0
# The first one on another disk copies the whole store.
BACKUP_TIMEOUT_S: Final = 12 * 3600.0
# The first time, a large store may be erased nearly whole.
RETENTION_TIMEOUT_S: Final = 12 * 3600.0
# However long ago the last rollup was: nodes are rolled up with every commit, so what is older was left true.
LOOK_BACK_MAX_MS: Final = 100 * 24 * 3600 * 1000


def draft_rollup(draft: Draft, level: TocLevel, since_ms: int, now_ms: int, zone: tzinfo) -> Counts:
    """Draft the periods of a level, from the one that holds `since_ms` to the one that holds now, rolled up again.

    So each period is rolled up once more after it closed. Where a node says already what its children say, which is
    the rule, nothing is drafted.
    """
    periods = list(_periods(level, max(since_ms, now_ms - LOOK_BACK_MAX_MS), now_ms, zone))
    period_nodes.draft_periods(draft, periods, now_ms)
    return {"periods": len(periods), "nodes": draft.changed_nodes}


def compact(writer: Bus) -> Counts:
    """Compact the whole store; returns when that is done, which may take minutes."""
    reply = writer.ask(pb.Command(compact=pb.Compact()), COMPACTION_TIMEOUT_S)
    return {"column_families": len(reply.compacted.column_families)}


def reconcile() -> Counts:
    """Compare the agents' transcripts with the store and take in what is missing; raises AgentMemoryError.

    Done by the command of that name, in a process of its own: what it takes in must go through the query service as
    everything does, and its memory goes with it.
    """
    report = _reported_by(RECONCILE, store=DEFAULT_STORE, timeout_s=RECONCILE_TIMEOUT_S)
    return {
        name: report[name] for name in ("sessions_saved", "sessions_completed", "events_saved", "files_being_written")
    }


def retain(store: str) -> Counts:
    """Forget the store's events that are older than the settings say, and prove it; raises AgentMemoryError.

    Done by the command of that name, which looks at the files from outside. This process erases meanwhile.
    """
    receipt = _reported_by("admin", "retention", "--yes", store=store, timeout_s=RETENTION_TIMEOUT_S)
    return {name: int(receipt[name]) for name in ("events", "sessions")}


def back_up(folder: str, keep: int, store: str) -> Counts:
    """Back the store up into the folder, and keep the newest so many there, 0 for all; raises AgentMemoryError.

    A project store has a folder of its own there.
    """
    path = Path(folder).expanduser()
    # Never made here: a disk that is not mounted leaves an empty place for it, on another one.
    if not path.is_dir():
        raise AgentMemoryError(f"backup_dir {path} is not there.", "Mount its disk, or create the folder.")
    if store != DEFAULT_STORE:
        path = path / store
        make_private_dir(path)
    command = ["admin", "backup", "create", str(path), *(["--keep", str(keep)] if keep else [])]
    report = _reported_by(*command, store=store, timeout_s=BACKUP_TIMEOUT_S)
    return {name: int(report[name]) for name in ("events", "size_bytes", "new_bytes")}


def prove_erasure(store: str) -> Counts:
    """Make the proof that is due of an erasure; raises AgentMemoryError, also where something may be left."""
    receipt = _reported_by("admin", "receipt", store=store, timeout_s=RETENTION_TIMEOUT_S)
    return {"passages": int(receipt["passages"])}


def _reported_by(*command: str, store: str, timeout_s: float) -> dict[str, Any]:
    """What a command of ours says in JSON about the store; raises AgentMemoryError where it fails."""
    done = own_command.run(*command, "--project-store", store, timeout_s=timeout_s)
    if done.returncode != 0:
        raise AgentMemoryError(done.stderr.strip() or f"it ended with {done.returncode}")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _periods(level: TocLevel, from_ms: int, to_ms: int, zone: tzinfo) -> Iterator[Period]:
    period, last = _period_of(level, from_ms, zone), _period_of(level, to_ms, zone)
    while period <= last:
        yield period
        period = Period(level, period.after)


def _period_of(level: TocLevel, timestamp_ms: int, zone: tzinfo) -> Period:
    day = day_of(timestamp_ms, zone)
    return next(period for period in (day, *day.ancestors()) if period.level == level)
