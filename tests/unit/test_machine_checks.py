"""Checks of what the daemon stands on, and what is done about them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from agent_memory import settings as settings_module
from agent_memory.control import stack_lock
from agent_memory.control.doctor import fixes, machine_checks
from agent_memory.control.doctor.checks import Balance, Finding, Grade
from agent_memory.control.doctor.fixes import Fix
from agent_memory.control.process_usage import age_s
from agent_memory.control.stack import Status
from agent_memory.hook.install.formats import State
from agent_memory.hook.install.statuses import Status as Installed
from agent_memory.settings import Settings
from support.statuses import RUNNING, STOPPED


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a store that is there, with folders that only this user may enter."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    found = settings_module.for_path(tmp_path / "db")
    for folder in (found.db_path, found.runtime.folder, found.runtime.logs):
        folder.mkdir(mode=0o700, parents=True)
    return found


def test_what_others_may_read_is_named_and_closed(own: Settings, tmp_path: Path) -> None:
    """Folders, logs and files of keys; a second fix finds nothing."""
    assert [each.grade for each in machine_checks.files(own)] == [Grade.OK]
    key, log = tmp_path / "key", own.runtime.logs / "query.log"
    for file in (key, log):
        file.touch(mode=0o600)
        file.chmod(0o644)
    own.db_path.chmod(0o755)
    own = replace(own, summarizer_key_file=str(key))

    (finding,) = machine_checks.files(own)
    assert (finding.grade, finding.fix) == (Grade.WRONG, Fix.MODES)
    assert "and 0 more" not in finding.message
    done = list(fixes.apply(finding.fix, own, machine_checks.exposed_paths(own)))

    assert len(done) == 3
    assert (own.db_path.stat().st_mode & 0o777, key.stat().st_mode & 0o777) == (0o700, 0o600)
    assert [each.grade for each in machine_checks.files(own)] == [Grade.OK]


def test_what_a_killed_daemon_left_is_removed_and_a_running_one_is_left_alone(own: Settings) -> None:
    """Whoever holds the lock has started meanwhile."""
    own.runtime.pid_file.write_text("1")
    own.runtime.hook_socket.touch()
    (finding,) = machine_checks.leftovers(STOPPED, own)
    assert list(machine_checks.leftovers(RUNNING, own)) == []

    lock = stack_lock.take(own.runtime, 0)
    assert lock
    with lock, pytest.raises(Exception, match="started meanwhile"):
        list(fixes.apply(finding.fix, own, []))
    assert own.runtime.pid_file.exists()

    assert len(list(fixes.apply(finding.fix, own, []))) == 1
    assert list(machine_checks.leftovers(STOPPED, own)) == []


def grades(findings: object) -> list[tuple[Grade, str]]:
    return [(each.grade, each.remedy) for each in findings if isinstance(each, Finding)]  # type: ignore[attr-defined]


def test_the_address_is_that_of_the_settings_or_is_told() -> None:
    here = replace(RUNNING, address="127.0.0.1:50051")

    assert grades(machine_checks.address(here, Settings(), "")) == [(Grade.OK, "")]
    assert grades(machine_checks.address(replace(here, address="127.0.0.1:1"), Settings(), "")) == [
        (Grade.NOTE, "memory-daemon restart")
    ]
    assert grades(machine_checks.address(STOPPED, Settings(), "taken"))[0][0] is Grade.WRONG
    assert grades(machine_checks.address(STOPPED, Settings(), "")) == [(Grade.OK, "")]


@pytest.mark.parametrize(
    ("setting", "kept", "here", "grade"),
    [
        ("", "Europe/Berlin", "Europe/Berlin", Grade.OK),
        ("", "Europe/Berlin", "Asia/Tokyo", Grade.NOTE),
        ("", "Etc/UTC", "UTC", Grade.OK),
        ("", "Europe/Berlin", "", Grade.OK),
        ("Europe/Berlin", "Europe/Berlin", "Asia/Tokyo", Grade.OK),
    ],
)
def test_the_zone_of_the_store_is_compared_with_this_machines(setting: str, kept: str, here: str, grade: Grade) -> None:
    """Unless the settings name one: then that is compared, where all commands see it."""
    (finding,) = machine_checks.time_zone(Settings(timezone=setting), kept, here)

    assert finding.grade is grade


def test_an_event_of_tomorrow_is_a_clock_that_was_wrong() -> None:
    balances = [Balance("2026-01-03", "codex", 1, 1, 0, 0), Balance("2026-01-01", "codex", 1, 1, 0, 0)]

    assert [each.grade for each in machine_checks.clock(balances, "2026-01-02")] == [Grade.NOTE]
    assert [each.grade for each in machine_checks.clock(balances, "2026-01-03")] == [Grade.OK]


def test_a_clock_that_was_set_since_the_start_is_told() -> None:
    """By a clock that nobody sets; what a time server corrects is no news."""
    for jumped_s, words in ((None, ""), (-59.0, ""), (34_560_000.0, "forward by 400 d"), (-7200.0, "back by 2 h")):
        found = list(machine_checks.clock([], "2026-01-02", jumped_s))
        assert [words in each.message for each in found if each.grade is Grade.NOTE] == ([True] if words else [])
    age = age_s(os.getpid())
    assert age is None or 0 <= age < 86_400


def test_a_daemon_of_another_version_is_told() -> None:
    status: Status = replace(RUNNING, version="1.0")

    assert list(machine_checks.versions(status, "1.0")) == []
    assert grades(machine_checks.versions(status, "1.1")) == [(Grade.NOTE, "memory-daemon restart")]
    assert list(machine_checks.versions(STOPPED, "1.1")) == []


def installed(agent: str, state: str, **fields: str) -> Installed:
    given = {"scope": "user", "program": "", "version": "", "file": "", "problem": "", **fields}
    return Installed(agent=agent, state=state, **given)


def test_tools_are_told_for_each_agent_that_is_there() -> None:
    found = [
        installed("a", State.CURRENT.value),
        installed("b", State.OUTDATED.value),
        installed("c", State.ABSENT.value, program="/bin/c"),
        installed("d", State.ABSENT.value),
        installed("e", "unusable", problem="no JSON", file="/e.json"),
    ]

    assert grades(machine_checks.tools(found)) == [
        (Grade.OK, ""),
        (Grade.WRONG, "memory-daemon mcp install b"),
        (Grade.NOTE, "memory-daemon mcp install c"),
        (Grade.WRONG, "correct /e.json by hand"),
    ]
