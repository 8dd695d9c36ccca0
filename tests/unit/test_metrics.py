"""Metrics: every figure under a fixed name, in a form that a scraper takes, and no alert without its figure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.capture.spool import SpoolState
from agent_memory.cli.main import cli
from agent_memory.control.exposition import Family, text
from agent_memory.control.metrics import AGENTS_MAX, NO_AGENT, OTHER_AGENTS, PREFIX, Answers, families
from agent_memory.control.process_usage import Usage
from agent_memory.control.stack import ProcessStatus, Status
from agent_memory.rpc import memory_pb2 as pb
from support.prometheus import Read, parse

ROOT = Path(__file__).resolve().parents[2]
DASHBOARD = ROOT / "ops" / "grafana" / "agent-memory.json"
ALERTS = ROOT / "ops" / "prometheus" / "alerts.yml"
NOW_S = 1_795_379_600.0
STOPPED = Status(
    running=False,
    pid=None,
    pid_file="",
    uptime_s=0,
    version=None,
    address="",
    socket="",
    db_path="/home/dev/db",
    health=None,
    store_error=None,
    logs="",
    processes=[],
    spool=SpoolState(path="", waiting=2, oldest_ms=int(NOW_S * 1000) - 90_000, rejected=3, full=False),
    capture_paused_until_ms=None,
)
RUNNING = Status(
    **{
        **{name: getattr(STOPPED, name) for name in Status.__dataclass_fields__},
        "running": True,
        "health": "SERVING",
        "uptime_s": 60,
        "processes": [
            ProcessStatus("ingest", "running", 7, 60, 1, ""),
            ProcessStatus("worker", "fatal", None, 0, None, ""),
        ],
    }
)


def answers(ledger: Iterable[pb.LedgerEntry] = ()) -> Answers:
    jobs = [
        pb.JobStatusProto(
            job_name="toc_rollup_day", last_run_ms=1500, last_duration_ms=250, last_result=pb.JOB_RESULT_STATUS_FAILED,
            run_count=4, error_count=1, next_run_ms=2000,
        ),
        pb.JobStatusProto(job_name="retention", is_paused=True, next_run_ms=2000),
    ]  # fmt: skip
    stats = pb.GetStatsResponse(events=12, outbox=3, redacted={"aws_key": 2}, waiting={"toc": 3, "search": 0})
    return Answers(stats, pb.GetSchedulerStatusResponse(scheduler_running=True, jobs=jobs), list(ledger), 5)


def read(status: Status = RUNNING, found: Answers | None = None) -> dict[str, Read]:
    return parse(text(families(status, {"ingest": Usage(1 << 20, 1.5, 9)}, found, NOW_S)))


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
    """Counters end in _total and nothing else does; every metric says what it is; labels are the four agreed ones."""
    page = read(found=answers([pb.LedgerEntry(agent="codex", stored=5)]))

    assert all(name.startswith(PREFIX) and each.help.endswith(".") for name, each in page.items())
    assert {name for name in page if name.endswith("_total")} == {
        name for name, each in page.items() if each.kind == "counter"
    }
    labels = {label for each in page.values() for sample in each.samples for label, _ in sample}
    assert labels == {"agent", "kind", "job", "process"}


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
    named = set(re.findall(rf"\b{PREFIX}\w+", content))

    assert named
    assert named <= read(found=answers()).keys()


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
