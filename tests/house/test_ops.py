"""The service files start the program as it can be started, and in no other way than the documents say."""

from __future__ import annotations

import os
import plistlib
import re
import shlex
import shutil
import subprocess
import tempfile
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest

from agent_memory.control import preflight, stack, starting
from agent_memory.ingest.writer import ROOM_BYTES
from agent_memory.process.lifetime import CRASH_WITHIN_S, CRASHES_MAX

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "ops" / "systemd" / "agent-memory.service"
PLIST = ROOT / "ops" / "launchd" / "agent-memory.plist"


def test_the_systemd_unit_is_one(tmp_path: Path) -> None:
    """systemd itself finds nothing to complain of."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    program = tmp_path / ".local" / "bin" / "memory-daemon"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o700)
    # Other units that it looks at have sockets there, and their paths are limited.
    with tempfile.TemporaryDirectory(prefix="am-") as runtime:
        environment = {**os.environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": runtime}
        verified = subprocess.run(
            ["systemd-analyze", "--user", "verify", str(UNIT)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    assert (verified.returncode, verified.stderr) == (0, "")


def test_the_recovery_guide_names_the_limits_that_there_are() -> None:
    """How much room a full disk needs, and how often a process may die."""
    guide = " ".join((ROOT / "docs" / "recovery.md").read_text(encoding="utf-8").split())
    configuration = ConfigParser(interpolation=None)
    configuration.read(ROOT / "supervisord.conf")
    tries = {section["startretries"] for name, section in configuration.items() if name.startswith("program:")}

    assert f"once {ROOM_BYTES >> 20} MiB are free, writing goes on by itself" in guide
    assert f"died {tries.pop()} times in a row within a second" in guide
    assert f"or {CRASHES_MAX} times within {CRASH_WITHIN_S} s" in guide
    assert not tries


def test_both_services_run_the_daemon_attached() -> None:
    """A service manager must see the process it started live for as long as the daemon does."""
    _, *systemd = shlex.split(unit()["Service"]["ExecStart"])
    _, _, shell_command = plist()["ProgramArguments"]

    assert systemd == ["start", "--foreground"]
    assert shlex.split(shell_command)[2:] == systemd


def test_systemd_waits_for_a_start_that_waits_for_what_a_killed_one_left() -> None:
    """Whoever gives up earlier ends a daemon that is about to serve."""
    assert int(unit()["Service"]["TimeoutStartSec"]) > starting.READY_S + preflight.ORPHANS_GO_S


def test_both_services_give_an_orderly_stop_its_time() -> None:
    """Whoever kills before the writer has closed the store makes the next start replay its log."""
    assert int(unit()["Service"]["TimeoutStopSec"]) > stack.STOP_S
    assert plist()["ExitTimeOut"] > stack.STOP_S


def test_both_services_start_again_what_failed_and_not_what_was_stopped() -> None:
    """`memory-daemon stop` is meant."""
    assert unit()["Service"]["Restart"] == "on-failure"
    assert plist()["KeepAlive"] == {"SuccessfulExit": False}


def test_both_services_keep_what_they_write_private() -> None:
    assert int(unit()["Service"]["UMask"], 8) == plist()["Umask"] == 0o077


def unit() -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    parser.read(UNIT, encoding="utf-8")
    return parser


def plist() -> dict[str, Any]:
    found: dict[str, Any] = plistlib.loads(PLIST.read_bytes())
    return found


@pytest.mark.parametrize("script", ["bin/memory-ingest", "ops/memory-ingest"])
def test_the_hook_that_a_script_runs_is_there(script: str) -> None:
    """Both hide what Python says and go on, so a moved file would lose every event in silence."""
    (named,) = re.findall(r"agent_memory/[\w/]+\.py", (ROOT / script).read_text(encoding="utf-8"))

    assert (ROOT / "services" / named).is_file()
