"""What the doctor says of what it sees: every fault named, with what to type; nothing wrong where all is well."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from agent_memory.backfill.bookmarks import Comparison
from agent_memory.capture.spool import Spool, SpoolState
from agent_memory.capture.spool_failures import Failure
from agent_memory.control.doctor import checks
from agent_memory.control.doctor.checks import Finding, Grade
from agent_memory.control.stack import ProcessStatus, Status
from agent_memory.hook.install.formats import State
from agent_memory.hook.install.hook_status import HookStatus
from agent_memory.hook.install.statuses import PLUGIN, UNUSABLE
from agent_memory.rpc import memory_pb2 as pb

NOW_S = 1_795_379_600.0
EMPTY = SpoolState(path="/home/dev/db-spool", waiting=0, oldest_ms=None, rejected=0, full=False)
RUNNING = Status(
    running=True,
    pid=1,
    pid_file="",
    uptime_s=60,
    version="1.0",
    address="",
    socket="",
    db_path="/home/dev/db",
    health="SERVING",
    store_error=None,
    logs="",
    processes=[ProcessStatus("ingest", "running", 2, 60, 1, "")],
    spool=EMPTY,
    capture_paused_until_ms=None,
)
STOPPED = replace(RUNNING, running=False, health=None, processes=[])


def wrong(findings: Any) -> list[Finding]:
    found = [finding for finding in findings if finding.grade is Grade.WRONG]
    assert all(finding.remedy for finding in found), "what is wrong has a remedy"
    return found


def test_a_daemon_that_serves_is_well() -> None:
    assert wrong(checks.daemon(RUNNING)) == []


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (STOPPED, "memory-daemon start"),
        (replace(RUNNING, health="NOT_SERVING"), "memory-daemon logs"),
        (
            replace(RUNNING, processes=[ProcessStatus("worker", "fatal", None, 0, None, "It ended.")]),
            "memory-daemon logs worker",
        ),
    ],
)
def test_a_daemon_that_does_not_serve_is_wrong(status: Status, remedy: str) -> None:
    """Not running, not serving, or a process given up."""
    assert [finding.remedy for finding in wrong(checks.daemon(status))] == [remedy]


def spooled(status: Status, **left: Any) -> list[Finding]:
    return list(checks.spool(replace(status, spool=replace(EMPTY, **left)), NOW_S))


def test_what_waits_briefly_is_no_fault() -> None:
    """The daemon takes it in every second."""
    just_now = spooled(RUNNING, waiting=2, oldest_ms=int(NOW_S * 1000) - 500)

    assert [finding.grade for finding in just_now] == [Grade.NOTE]
    assert [finding.grade for finding in spooled(RUNNING)] == [Grade.OK]
    # What was kept aside is the one thing to say of a spool where nothing waits.
    assert [finding.grade for finding in spooled(RUNNING, rejected=1)] == [Grade.WRONG]


@pytest.mark.parametrize(
    ("status", "left", "remedy"),
    [
        (RUNNING, {"waiting": 1, "oldest_ms": int(NOW_S * 1000) - 61_000}, "memory-daemon logs query"),
        (STOPPED, {"waiting": 1, "oldest_ms": int(NOW_S * 1000)}, "memory-daemon start"),
        (RUNNING, {"waiting": 1, "oldest_ms": int(NOW_S * 1000), "full": True}, "memory-daemon logs query"),
        (RUNNING, {"failed": 1, "failures": [Failure("/x", "It is a folder.", "Move it.")]}, "Move it."),
        (RUNNING, {"rejected": 3}, "look at /home/dev/db-spool/rejected, then delete what is there"),
    ],
)
def test_what_waits_for_long_or_for_ever_is_wrong(status: Status, left: dict[str, Any], remedy: str) -> None:
    assert [finding.remedy for finding in wrong(spooled(status, **left))] == [remedy]


def status_of(agent: str, state: State, **fields: Any) -> HookStatus:
    known = {"scope": "user", "program": f"/usr/bin/{agent}", "version": "1", "file": "hooks.json", "problem": ""}
    return HookStatus(**{"agent": agent, "state": state.value, "trusted": None, **known, **fields})


def test_an_agent_that_nobody_connected_is_named_and_no_fault() -> None:
    """One is enough; who uses others without a memory may."""
    found = [
        status_of("codex", State.CURRENT, trusted=True),
        status_of("gemini-cli", State.ABSENT),
        status_of("opencode", State.ABSENT, program=""),
    ]

    findings = list(checks.hooks(found, came_lately=False))

    assert [(each.grade, each.message.partition(":")[0]) for each in findings] == [
        (Grade.OK, "codex"),
        (Grade.NOTE, "gemini-cli"),
    ]


def test_hooks_that_come_with_a_plugin_are_hooks() -> None:
    """Then nothing is amiss where the settings have none; that both have them is worth a note."""
    plugin = status_of("claude-code", State.CURRENT, scope=PLUGIN)
    absent, current = status_of("claude-code", State.ABSENT), status_of("claude-code", State.CURRENT)

    alone = list(checks.hooks([absent, plugin], came_lately=False))
    twice = list(checks.hooks([current, plugin], came_lately=False))

    assert [(each.grade, each.message) for each in alone] == [(Grade.OK, "claude-code: by the plugin")]
    assert [each.remedy for each in twice if each.grade is Grade.NOTE] == ["memory-daemon hooks uninstall claude-code"]
    broken = status_of("claude-code", State.CURRENT, scope=PLUGIN, problem="not on PATH")
    assert [each.remedy for each in wrong(checks.hooks([broken], came_lately=False))] == [
        "put the folder that it is in on PATH"
    ]


@pytest.mark.parametrize(
    ("found", "remedy"),
    [
        (status_of("codex", State.ABSENT), "memory-daemon hooks install --all-found"),
        (status_of("codex", State.OUTDATED), "memory-daemon hooks install codex"),
        (status_of("codex", State.OUTDATED, scope="project"), "memory-daemon hooks install codex --project"),
        (status_of("codex", State.CURRENT, problem="switched off"), "switch them on in hooks.json, or beside it"),
        (status_of("codex", State.CURRENT, trusted=False), "start codex, say yes"),
    ],
)
def test_hooks_that_capture_nothing_are_wrong(found: HookStatus, remedy: str) -> None:
    """None at all, those of an earlier place, those that are switched off or not trusted."""
    assert [finding.remedy for finding in wrong(checks.hooks([found], came_lately=False))] == [remedy]


def test_a_file_of_hooks_that_cannot_be_read_is_wrong() -> None:
    """By what is wrong with it; another agent that is connected is as well as it was."""
    unusable = replace(status_of("gemini-cli", State.ABSENT, problem="line 3 is no JSON"), state=UNUSABLE)

    findings = wrong(checks.hooks([status_of("codex", State.CURRENT), unusable], came_lately=False))

    assert [(finding.message, finding.remedy) for finding in findings] == [
        ("gemini-cli: line 3 is no JSON", "correct hooks.json by hand")
    ]


def test_what_comes_in_by_another_way_is_no_fault() -> None:
    """A plugin: nothing is wrong with that."""
    assert wrong(checks.hooks([status_of("codex", State.ABSENT)], came_lately=True)) == []


def test_a_job_that_failed_is_wrong() -> None:
    """By its name, with why; and so is a scheduler that does not run."""
    failed = pb.JobStatusProto(job_name="reconcile", last_error="no daemon")
    scheduler = pb.GetSchedulerStatusResponse(scheduler_running=False, jobs=[failed])

    found = wrong(checks.jobs(scheduler))

    assert [finding.remedy for finding in found] == [
        "memory-daemon logs worker",
        "memory-daemon scheduler history reconcile",
    ]


@pytest.mark.parametrize(
    ("run", "by_hand", "message", "remedy"),
    [
        (None, None, "not yet compared with the store; that happens every night", "memory-daemon reconcile"),
        ((1000, 2), None, "compared just now, 2 events were missing", ""),
        (None, (1000, 1), "compared just now, 1 event was missing", ""),
        ((1000, 2), (2000, 0), "compared just now, 0 events were missing", ""),
        ((3000, 2), (2000, 0), "compared just now, 2 events were missing", ""),
        (
            None,
            (1000, 0, 2),
            "compared just now, 0 events were missing; not compared: 2 that were being written to",
            "",
        ),
    ],
)
def test_transcripts_are_compared_by_a_job_or_by_hand(
    run: tuple[int, int] | None, by_hand: tuple[int, ...] | None, message: str, remedy: str
) -> None:
    """Whichever was later says how many events were missing."""
    runs = [pb.JobRun(began_ms=run[0], counts={"events_saved": run[1]})] if run else []

    (finding,) = checks.transcripts(runs, Comparison(*by_hand) if by_hand else None, 4000)

    assert (finding.message, finding.remedy) == (message, remedy)


def test_a_full_disk_is_wrong() -> None:
    stats = pb.GetStatsResponse(events=1, db_path="/home/dev/db")

    assert wrong(checks.store(stats, free_bytes=1 << 40)) == []
    assert [finding.remedy for finding in wrong(checks.store(stats, free_bytes=1000))] == ["make room at /home/dev"]


def test_the_ledger_names_every_gap() -> None:
    """What was captured and is not stored waits or was not understood; what is stored and not reachable is wrong."""
    entries = [
        pb.LedgerEntry(day="2026-01-01", agent="codex", stored=5, reachable=5),
        pb.LedgerEntry(day="2026-01-02", agent="codex", stored=5, reachable=4),
        pb.LedgerEntry(day="2026-01-30", agent="", stored=7, reachable=7),
    ]
    waiting, rejected = Counter({("2026-01-30", "codex"): 2}), Counter({("2026-01-01", "-"): 1})

    found = checks.balances(entries, waiting, rejected, from_day="2026-01-25")

    assert [(each.day, each.agent, each.captured, each.stored, each.reachable) for each in found] == [
        ("2026-01-30", "codex", 2, 0, 0),
        ("2026-01-30", "-", 7, 7, 7),
        # Of earlier days only what does not come out even.
        ("2026-01-02", "codex", 5, 5, 4),
        ("2026-01-01", "-", 1, 0, 0),
    ]
    assert [finding.message for finding in wrong(checks.ledger(found, outbox=0))] == [
        "2026-01-02 codex: 5 events are stored, 4 are reachable from the root"
    ]
    assert wrong(checks.ledger(found, outbox=1)) == []


def test_what_waits_is_counted_by_day_and_agent(tmp_path: Path) -> None:
    """By the day it came, in the store's zone, and the agent that its hook was set up for."""
    spool = Spool(tmp_path / "db")
    spool.folder.mkdir()
    fields = b"\0".join((b"", b"codex", b"Stop", b""))
    for second, body in enumerate((b"envelope", b"")):
        key = f"{1_769_763_600 + second:011}{0:09}-{second:016x}"
        named = key.encode() + fields
        data = b"agent-memory-envelope-1 %d 2\n" % len(named) + named + b"{}" if body else b"torn"
        (spool.folder / key).write_bytes(data)
    spool.rejected.add(key, b"nonsense", 8, "no JSON")

    assert checks.waiting_envelopes(spool, UTC) == {("2026-01-30", "codex"): 1, ("2026-01-30", "-"): 1}
    assert checks.rejected_envelopes(spool, UTC) == {("2026-01-30", "-"): 1}
