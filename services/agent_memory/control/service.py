"""The daemon as a service of this user: a unit of systemd, or an agent of launchd."""

from __future__ import annotations

import os
import plistlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent_memory.control.packaged import packaged
from agent_memory.errors import AgentMemoryError
from agent_memory.files import atomic_write

NAME: Final = "agent-memory"
# Stands in each file that we write, so that it is known again.
MARK: Final = "Written by memory-daemon service install"
# What an answer of a service manager may take; starting takes as long as a start of the daemon.
_ANSWER_S: Final = 120
_SAVED: Final = ".saved"


@dataclass(frozen=True, slots=True)
class Service:
    """A service as its manager wants it: the file, and the commands that make it known, start, end and look at it."""

    path: Path
    text: bytes
    load: Sequence[Sequence[str]]
    start: Sequence[Sequence[str]]
    end: Sequence[Sequence[str]]
    # After the file is gone.
    forget: Sequence[Sequence[str]]
    look: Sequence[str]
    # What succeeds where the manager answers at all.
    reach: Sequence[str]

    @property
    def saved(self) -> Path:
        """Where a file of the same name is kept that is not ours."""
        return self.path.with_name(f"{self.path.name}{_SAVED}")


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """Whether the service is installed, as this program would install it, and runs."""

    path: str
    installed: bool
    up_to_date: bool
    active: bool


def service(options: Sequence[str]) -> Service:
    """This platform's service, which starts the daemon with these options.

    It runs this very Python: another installation's may be of another version, or gone one day.
    """
    program = [sys.executable, "-P", "-m", "agent_memory.cli.main", *options, "start", "--foreground"]
    return _launchd(program) if sys.platform == "darwin" else _systemd(program)


def install(wanted: Service) -> bool:
    """Write the service's file and have the manager know it; whether anything changed. Nothing is started.

    Raises AgentMemoryError if the file can't be written or the manager can't be reached, and then leaves no file of
    ours that was not there.
    """
    try:
        before = _content(wanted.path)
        if before is not None and MARK.encode() not in before:
            wanted.path.replace(wanted.saved)
        if before != wanted.text:
            wanted.path.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(wanted.path, wanted.text)
    except OSError as error:
        raise AgentMemoryError(f"The service file {wanted.path} can't be written: {error.strerror}.") from error
    try:
        for command in wanted.load:
            _run(command)
    except AgentMemoryError:
        if before is None or MARK.encode() not in before:
            _remove(wanted)
        raise
    return before != wanted.text


def start(wanted: Service) -> None:
    """Have the manager start the service now and at each login."""
    for command in wanted.start:
        _run(command)


def uninstall(wanted: Service) -> bool:
    """End the service, remove its file, and put back what was there before; whether it was installed.

    A manager that can't be reached runs nothing for this user, so the file alone is removed.
    """
    before = _content(wanted.path)
    if before is None or MARK.encode() not in before:
        return False
    is_told = is_reachable(wanted)
    for command in wanted.end if is_told else ():
        _run(command)
    _remove(wanted)
    for command in wanted.forget if is_told else ():
        _run(command)
    return True


def status(wanted: Service) -> ServiceStatus:
    """How the service is; one whose manager can't be asked is not active."""
    there = _content(wanted.path)
    installed = there is not None and MARK.encode() in there
    return ServiceStatus(str(wanted.path), installed, there == wanted.text, installed and _succeeds(wanted.look))


def is_reachable(wanted: Service) -> bool:
    """Whether the manager is there and answers this user: in a container, or by su, it may not."""
    return _succeeds(wanted.reach)


def _remove(wanted: Service) -> None:
    wanted.path.unlink()
    if wanted.saved.exists():
        wanted.saved.replace(wanted.path)


def _systemd(program: Sequence[str]) -> Service:
    config = os.environ.get("XDG_CONFIG_HOME", "")
    base = Path(config) if config.startswith("/") else Path.home() / ".config"
    template = packaged(f"ops/systemd/{NAME}.service").read_text(encoding="utf-8")
    lines = [line for line in template.splitlines() if not line.startswith("#")]
    command = f"ExecStart={' '.join(map(_systemd_word, program))}"
    lines = [command if line.startswith("ExecStart=") else line for line in lines]
    systemctl, unit = ("systemctl", "--user"), f"{NAME}.service"
    return Service(
        path=base / "systemd" / "user" / unit,
        text="\n".join([f"# {MARK}.", *lines, ""]).encode(),
        load=[[*systemctl, "daemon-reload"]],
        start=[[*systemctl, "enable", unit], [*systemctl, "restart", unit]],
        end=[[*systemctl, "disable", "--now", unit]],
        forget=[[*systemctl, "daemon-reload"]],
        look=[*systemctl, "is-active", "--quiet", unit],
        reach=[*systemctl, "show-environment"],
    )


def _systemd_word(word: str) -> str:
    """A word of a command line as systemd.service(5) reads it: quoted, without specifiers and variables."""
    for special, escaped in (("\\", r"\\"), ('"', r"\""), ("%", "%%"), ("$", "$$")):
        word = word.replace(special, escaped)
    return f'"{word}"'


def _launchd(program: Sequence[str]) -> Service:
    content = plistlib.loads(packaged(f"ops/launchd/{NAME}.plist").read_bytes())
    text = plistlib.dumps({**content, "ProgramArguments": list(program)}, sort_keys=False)
    path = Path.home() / "Library" / "LaunchAgents" / f"{NAME}.plist"
    domain = f"gui/{os.getuid()}"
    # One that is loaded already has to be unloaded first; the shell passes over that there is none.
    unload = f"launchctl bootout {domain}/{NAME} 2>/dev/null"
    return Service(
        path=path,
        text=text.replace(b"<plist ", f"<!-- {MARK}. -->\n<plist ".encode(), 1),
        load=[],
        start=[["/bin/sh", "-c", f'{unload}; launchctl bootstrap {domain} "$0"', str(path)]],
        end=[["/bin/sh", "-c", f"{unload} || :"]],
        forget=[],
        look=["launchctl", "print", f"{domain}/{NAME}"],
        reach=["launchctl", "print", domain],
    )


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _run(command: Sequence[str]) -> None:
    """Run a command of the service manager; raises AgentMemoryError with what it said."""
    if shutil.which(command[0]) is None:
        raise AgentMemoryError(
            f"There is no {command[0]} here, so no service can be run.", "Start the daemon with: memory-daemon start"
        )
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_ANSWER_S)
    if done.returncode != 0:
        said = " ".join((done.stderr or done.stdout).split()) or f"it exited {done.returncode}"
        raise AgentMemoryError(f"{' '.join(command[:3])} failed: {said}.")


def _succeeds(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_ANSWER_S).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
