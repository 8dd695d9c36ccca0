"""The service files start the program as it can be started, and in no other way than the documents say."""

from __future__ import annotations

import os
import plistlib
import shlex
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest

from agent_memory.cli import stack

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
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}

    verified = subprocess.run(
        ["systemd-analyze", "--user", "verify", str(UNIT)], env=environment, capture_output=True, text=True, check=False
    )

    assert (verified.returncode, verified.stderr) == (0, "")


def test_both_services_run_the_daemon_attached() -> None:
    """A service manager must see the process it started live for as long as the daemon does."""
    _, *systemd = shlex.split(unit()["Service"]["ExecStart"])
    _, _, shell_command = plist()["ProgramArguments"]

    assert systemd == ["start", "--foreground"]
    assert shlex.split(shell_command)[2:] == systemd


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
