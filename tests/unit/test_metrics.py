"""Metrics: every figure under a fixed name, in a form that a scraper takes, and no alert without its figure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.cli.main import cli
from agent_memory.control.metrics.collecting import AGENTS_MAX, NO_AGENT, OTHER_AGENTS, Answers, families
from agent_memory.control.metrics.exposition import Family, text
from agent_memory.control.metrics.running import PREFIX
from agent_memory.control.process_usage import Usage
from agent_memory.control.stack import Status
from agent_memory.control.upkeep.store_keeping import KeptStore
from agent_memory.histogram import Histogram
from agent_memory.ingest.figures import NOTED_MAX, WriterFigures
from agent_memory.rpc import memory_pb2 as pb
from support.prometheus import Read, parse
from support.statuses import NOW_S, RUNNING, STOPPED

ROOT = Path(__file__).resolve().parents[2]
DASHBOARD = ROOT / "ops" / "grafana" / "agent-memory.json"
ALERTS = ROOT / "ops" / "prometheus" / "alerts.yml"
HISTOGRAM_PARTS = ("_bucket", "_sum", "_count")


def answers(ledger: Iterable[pb.LedgerEntry] = ()) -> Answers:
    jobs = [
        pb.JobStatusProto(
            job_name="toc_rollup_day", last_run_ms=1500, last_duration_ms=250, last_result=pb.JOB_RESULT_STATUS_FAILED,
            run_count=4, error_count=1, next_run_ms=2000,
        ),
        pb.JobStatusProto(job_name="retention", is_paused=True, next_run_ms=2000),
    ]  # fmt: skip
    stats = pb.GetStatsResponse(events=12, outbox=3, redacted={"aws_key": 2}, waiting={"toc": 3, "search": 0})
    scheduler = pb.GetSchedulerStatusResponse(scheduler_running=True, jobs=jobs)
    took = pb.Histogram(bounds=[0.5, 1], counts=[3, 1, 2], sum=9.5)
    running = pb.GetMetricsResponse(
        calls={"GetNode": took},
        fsync_seconds=took,
        job_seconds={"backup": took},
        reader_lag_events=4,
        oldest_age_seconds={"toc": 7.5},
        rocksdb={"block-cache-usage": 100},
        spent_tokens={"input": 2_000_000, "output": 500_000},
    )
    return Answers(stats, scheduler, list(ledger), 5, running, {"input": 3.0, "output": 0.0})


def read(status: Status = RUNNING, found: Answers | None = None) -> dict[str, Read]:
    kept = [KeptStore("default", "/db", 1, 1, True), KeptStore("acme", "/acme/db", 70, 2500, False, "torn")]
    return parse(text(families(status, {"ingest": Usage(1 << 20, 1.5, 9)}, found, kept if found else [], NOW_S)))


def figure(page: dict[str, Read], name: str, **labels: str) -> float:
    return page[PREFIX + name].samples[tuple(labels.items())]


def test_a_daemon_that_serves_tells_every_figure() -> None:
    page = read(found=answers([pb.LedgerEntry(day="2026-01-01", agent="codex", stored=5), pb.LedgerEntry(stored=7)]))

    assert figure(page, "up") == 1
    assert figure(page, "events") == 12
    assert figure(page, "backlog_events", kind="toc") == 3
    assert figure(page, "redacted_secrets_total", kind="aws_key") == 2
    assert figure(page, "agent_events", agent="codex") == 5
    assert figure(page, "agent_events", agent=NO_AGENT) == 7
    assert figure(page, "process_cpu_seconds_total", process="ingest") == 1.5
    assert figure(page, "process_up", process="worker") == 0
    assert figure(page, "job_runs_total", job="toc_rollup_day") == 4
    assert figure(page, "job_last_run_failed", job="toc_rollup_day") == 1
    assert figure(page, "job_last_duration_seconds", job="toc_rollup_day") == 0.25
    assert figure(page, "job_next_run_timestamp_seconds", job="toc_rollup_day") == 2
    assert figure(page, "spool_events") == 2
    assert figure(page, "spool_oldest_age_seconds") == 90


def test_what_calls_and_commits_took_is_told_as_histograms() -> None:
    """Buckets add up, as Prometheus wants them; what has no price costs nothing that anybody knows."""
    page = read(found=answers())
    bounds = {bound: figure(page, "fsync_duration_seconds", le=bound, part="_bucket") for bound in ("0.5", "1", "+Inf")}

    assert bounds == {"0.5": 3, "1": 4, "+Inf": 6}
    assert figure(page, "fsync_duration_seconds", part="_sum") == 9.5
    assert figure(page, "call_duration_seconds", kind="GetNode", part="_count") == 6
    assert page[f"{PREFIX}commit_duration_seconds"].samples == {}
    assert figure(page, "job_duration_seconds", job="backup", part="_count") == 6
    assert figure(page, "reader_lag_events") == 4
    assert figure(page, "backlog_oldest_age_seconds", kind="toc") == 7.5
    assert figure(page, "rocksdb_block_cache_bytes") == 100
    assert page[f"{PREFIX}summarizer_cost_dollars_total"].samples == {(("kind", "input"),): 6}


def test_a_daemon_of_an_older_version_has_no_such_figures() -> None:
    older = replace(answers(), running=None)

    page = read(found=older)

    assert figure(page, "up") == 1
    assert page[f"{PREFIX}call_duration_seconds"].samples == {}


@given(st.lists(st.floats(0, 100)), st.lists(st.floats(0, 100), unique=True).map(sorted))
def test_a_histogram_counts_each_value_once(values: list[float], bounds: list[float]) -> None:
    """In the first bucket that holds it; a bound belongs to its bucket."""
    counted = Histogram(bounds)
    for value in values:
        counted.observe(value)

    at_most = [sum(counted.counts[: place + 1]) for place in range(len(bounds))]
    assert at_most == [sum(value <= bound for value in values) for bound in bounds]
    assert sum(counted.counts) == len(values)


def test_the_oldest_entry_is_as_old_as_the_first_look_that_had_it() -> None:
    """To a second; whatever was there at the start is as old as the writer, and memory is bounded."""
    now_s = 100.0
    figures = WriterFigures(5, lambda: now_s)
    for second in range(1, 3 * NOTED_MAX):
        now_s = 100.0 + second
        figures.committed(1, now_s, 5 + second)

    newest = 5 + 3 * NOTED_MAX - 1
    assert figures.oldest_age_s(newest, newest) == 0
    assert figures.oldest_age_s(newest - 1, newest) == 0
    assert figures.oldest_age_s(4, newest) == now_s - 100
    assert figures.oldest_age_s(5, newest) == pytest.approx(now_s - 101, abs=16)
    assert len(figures._noted) <= NOTED_MAX


def test_project_stores_are_told_without_opening_them() -> None:
    """By their names; the default store's figures are the page's others."""
    page = read(found=answers())

    assert figure(page, "project_store_bytes", store="acme") == 70
    assert figure(page, "project_store_damaged", store="acme") == 1
    assert figure(page, "project_store_written_timestamp_seconds", store="acme") == 2.5
    assert (("store", "default"),) not in page[f"{PREFIX}project_store_open"].samples


def test_a_paused_job_is_never_late() -> None:
    """It has no next run, and before its first run no last one."""
    page = read(found=answers())

    assert figure(page, "job_paused", job="retention") == 1
    assert (("job", "retention"),) not in page[f"{PREFIX}job_next_run_timestamp_seconds"].samples
    assert (("job", "retention"),) not in page[f"{PREFIX}job_last_run_failed"].samples


def test_without_a_daemon_its_spool_is_told_and_what_only_it_knows_is_not() -> None:
    """A figure that is not known is left out: a 0 would be taken for one."""
    page = read(STOPPED)

    assert figure(page, "up") == 0
    assert figure(page, "spool_events") == 2
    assert page[f"{PREFIX}events"].samples == {}
    assert page.keys() == read(found=answers()).keys()


def test_a_daemon_that_does_not_answer_is_not_up() -> None:
    assert figure(read(RUNNING, None), "up") == 0


def test_programs_can_not_make_series_without_end() -> None:
    """Only the largest agents have series of their own; the sum is that of all."""
    ledger = [pb.LedgerEntry(agent=f"agent-{n}", stored=n + 1) for n in range(3 * AGENTS_MAX)]

    stored = read(found=answers(ledger))[f"{PREFIX}agent_events"].samples

    assert len(stored) == AGENTS_MAX + 1
    assert sum(stored.values()) == sum(entry.stored for entry in ledger)
    assert stored[("agent", OTHER_AGENTS),] > 0


def test_names_are_those_that_prometheus_asks_for() -> None:
    """Counters end in _total and nothing else does; every metric says what it is; labels are the four agreed
    ones, and of project stores their names."""
    page = read(found=answers([pb.LedgerEntry(agent="codex", stored=5)]))

    assert all(name.startswith(PREFIX) and each.help.endswith(".") for name, each in page.items())
    assert {name for name in page if name.endswith("_total")} == {
        name for name, each in page.items() if each.kind == "counter"
    }
    of_stores = {name for name in page if name.startswith(f"{PREFIX}project_store_")}
    labels = {name: {label for sample in each.samples for label, _ in sample} for name, each in page.items()}
    assert set().union(*(labels[name] for name in page.keys() - of_stores)) == {
        *("agent", "kind", "job", "process"), *("le", "part"),
    }  # fmt: skip
    assert all(labels[name] == {"store"} for name in of_stores)


@given(st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False)))
def test_any_label_can_be_read_back(values: dict[str | None, float]) -> None:
    """Agents are named by programs: quotes, backslashes and line ends come through."""
    page = text([Family("x", "gauge", "Any.", values, "agent")])

    assert {label for ((_, label),) in parse(page)["x"].samples} == values.keys()


def test_a_text_file_is_there_whole_and_can_be_read_by_the_collector(tmp_path: Path) -> None:
    path = tmp_path / "agent_memory.prom"
    environment = {"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path), "MEMORY_DB_PATH": str(tmp_path / "db")}

    done = CliRunner(env=environment).invoke(cli, ["metrics", "--textfile", str(path)])

    assert (done.exit_code, done.output) == (0, "")
    assert figure(parse(path.read_text()), "up") == 0
    assert path.stat().st_mode & 0o777 == 0o644
    assert sorted(each.name for each in tmp_path.iterdir()) == ["agent_memory.prom"]


def test_a_text_file_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    environment = {"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path), "MEMORY_DB_PATH": str(tmp_path / "db")}

    done = CliRunner(env=environment).invoke(cli, ["metrics", "--textfile", str(tmp_path / "no" / "a.prom")])

    assert done.exit_code == 1
    assert "can't be written to" in done.output


@pytest.mark.parametrize("path", [DASHBOARD, ALERTS], ids=lambda path: path.name)
def test_every_metric_that_is_drawn_or_watched_exists(path: Path) -> None:
    content = path.read_text(encoding="utf-8")
    page = read(found=answers())
    parts = {f"{name}{part}" for name, each in page.items() if each.kind == "histogram" for part in HISTOGRAM_PARTS}
    named = set(re.findall(rf"\b{PREFIX}\w+", content))

    assert named
    assert named <= page.keys() | parts


def test_the_dashboard_is_one() -> None:
    """Each panel has a place of its own and asks for something."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]

    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels)
    assert all(target["expr"] for panel in panels if panel["type"] != "row" for target in panel["targets"])


def test_every_alert_is_explained_with_its_threshold() -> None:
    """The rules and the table of the operations page name the same alerts and expressions."""
    rules = dict(re.findall(r"- alert: (\w+)\n +expr: (.+)", ALERTS.read_text(encoding="utf-8")))
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

    assert rules
    assert dict(re.findall(r"^\| `(Memory\w+)` \| `(.+?)` \|", page, re.MULTILINE)) == rules
