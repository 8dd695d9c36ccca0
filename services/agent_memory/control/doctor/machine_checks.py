"""Checks of what the daemon stands on: its files and their modes, leftovers, the port, limits, the clock, versions."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from agent_memory.capture.spool import Spool
from agent_memory.control.doctor.checks import Balance, Finding, Grade
from agent_memory.control.doctor.fixes import Fix
from agent_memory.control.limits import OPEN_FILES_MIN, open_files_most
from agent_memory.control.stack import Status
from agent_memory.hook.install.formats import State
from agent_memory.hook.install.statuses import Status as Installed
from agent_memory.hook.install.statuses import by_plugin, twice
from agent_memory.present.times import duration
from agent_memory.settings import Settings

# Of what others can read, so many are named.
NAMED_MAX: Final = 3
# A clock that is kept right by a time server moves by less.
JUMP_S: Final = 60.0


def files(settings: Settings) -> Iterator[Finding]:
    """Whether what is private can be read by others, and what a killed daemon left behind."""
    exposed = list(exposed_paths(settings))
    if exposed:
        more = f" and {len(exposed) - NAMED_MAX} more" if len(exposed) > NAMED_MAX else ""
        names = ", ".join(str(path) for path, _ in exposed[:NAMED_MAX])
        modes = "; ".join(f"chmod {mode:o} '{path}'" for path, mode in exposed[:NAMED_MAX])
        yield Finding(Grade.WRONG, "files", f"others may read {names}{more}", modes, Fix.MODES)
    elif settings.db_path.exists():
        yield Finding(Grade.OK, "files", "only you can read them")


def leftovers(status: Status, settings: Settings) -> Iterator[Finding]:
    """A PID file and sockets without a daemon."""
    if status.running:
        return
    runtime = settings.runtime
    left = [path for path in (runtime.pid_file, runtime.link, *runtime.sockets) if os.path.lexists(path)]
    if left:
        names = ", ".join(path.name for path in left)
        text = f"a daemon that was killed left {names} in {runtime.folder}"
        yield Finding(Grade.NOTE, "files", text, "memory-daemon stop", Fix.LEFTOVERS)


def exposed_paths(settings: Settings) -> Iterator[tuple[Path, int]]:
    """What is there and can be read by others, each with the mode it should have."""
    runtime = settings.runtime
    private = (settings.summarizer_key_file, settings.grpc_token_file, settings.grpc_tls_key)
    named = [Path(path).expanduser() for path in private if path]
    for folder in (settings.db_path, runtime.folder, runtime.logs, Spool(settings.db_path).folder):
        if _is_open_to_others(folder):
            yield folder, 0o700
    for file in (*_files_in(runtime.logs), *named):
        if _is_open_to_others(file):
            yield file, 0o600


def address(status: Status, settings: Settings, problem: str) -> Iterator[Finding]:
    """Where the daemon listens, or why it could not: `problem` is what a start would say of the port."""
    if status.running:
        if status.address == settings.address:
            yield Finding(Grade.OK, "address", status.address)
        else:
            text = f"{status.address}; the settings name {settings.address}"
            yield Finding(Grade.NOTE, "address", text, "memory-daemon restart")
    elif problem:
        yield Finding(Grade.WRONG, "address", problem, "choose another with grpc_port")
    else:
        yield Finding(Grade.OK, "address", f"{settings.address} is free")


def limits() -> Iterator[Finding]:
    """Whether a process may have as many files open as the daemon needs."""
    most = open_files_most()
    if most < OPEN_FILES_MIN:
        text = f"a process may have {most} files open; the daemon needs {OPEN_FILES_MIN}"
        yield Finding(Grade.WRONG, "limits", text, "raise nofile in /etc/security/limits.conf")
    else:
        yield Finding(Grade.OK, "limits", f"{most if most < 1 << 30 else 'any number of'} open files per process")


def versions(status: Status, own: str) -> Iterator[Finding]:
    """Whether the daemon that runs is the program that is installed."""
    if status.version and status.version != own:
        text = f"the daemon is version {status.version}, this program is {own}"
        yield Finding(Grade.NOTE, "version", text, "memory-daemon restart")


def clock(balances: Sequence[Balance], today: str, jumped_s: float | None = None) -> Iterator[Finding]:
    """Whether events are of days to come: either this clock is wrong now, or one was when they were stored.

    `jumped_s` is how far it was set since the daemon began, None where that is not known.
    """
    if jumped_s is not None and abs(jumped_s) > JUMP_S:
        way = "forward" if jumped_s > 0 else "back"
        text = f"it was set {way} by {duration(int(abs(jumped_s)))} since the daemon started"
        yield Finding(Grade.NOTE, "clock", text, "date; what was stored before has its time by the old one")
    late = sorted({each.day for each in balances if each.day > today and each.stored})
    if late:
        text = f"events of days to come are stored, the last of {late[-1]}; today is {today} here"
        yield Finding(Grade.NOTE, "clock", text, "date; where it is wrong, set it")
    else:
        yield Finding(Grade.OK, "clock", f"no event is of a day to come; today is {today}")


def time_zone(settings: Settings, kept: str, here: str) -> Iterator[Finding]:
    """The zone in which the store's days are cut, and that this machine is in another; settings are told elsewhere."""
    if not settings.timezone and here and kept != here and not _is_utc(kept, here):
        text = f"the store's days are cut in {kept}, and this machine is in {here}"
        yield Finding(Grade.NOTE, "timezone", text, f"if you moved: memory-daemon admin set-timezone {here}")
    elif settings.timezone in ("", kept):
        yield Finding(Grade.OK, "timezone", kept)


def tools(found: Iterable[Installed]) -> Iterator[Finding]:
    """How each agent has the memory as tools."""
    rows = list(found)
    for each in rows:
        install = f"memory-daemon mcp install {each.agent}"
        match each.state:
            case State.CURRENT.value if each.problem:
                text = f"{each.agent}: {each.problem}"
                yield Finding(Grade.WRONG, "tools", text, f"memory-daemon mcp test {each.agent}")
            case State.CURRENT.value:
                yield Finding(Grade.OK, "tools", f"{each.agent}: {each.state}")
            case State.OUTDATED.value:
                yield Finding(Grade.WRONG, "tools", f"{each.agent}: {each.state}", install)
            case State.ABSENT.value if each.program and each.agent not in by_plugin(rows):
                text = f"{each.agent}: on this machine, and can't ask the memory"
                yield Finding(Grade.NOTE, "tools", text, install)
            case State.ABSENT.value:
                continue
            case _:
                yield Finding(Grade.WRONG, "tools", f"{each.agent}: {each.problem}", f"correct {each.file} by hand")
    for each in twice(rows):
        text = f"{each.agent}: there twice, by the plugin and by {each.file}"
        yield Finding(Grade.NOTE, "tools", text, f"memory-daemon mcp uninstall {each.agent}")


def _is_utc(*zones: str) -> bool:
    return all(zone.removeprefix("Etc/") in ("UTC", "UCT", "Universal", "Zulu") for zone in zones)


def _files_in(folder: Path) -> list[Path]:
    try:
        return [path for path in sorted(folder.iterdir()) if path.is_file()]
    except OSError:
        return []


def _is_open_to_others(path: Path) -> bool:
    """Whether it is this user's own, and somebody else may read, write or enter it."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return not stat.S_ISLNK(found.st_mode) and found.st_uid == os.getuid() and bool(found.st_mode & 0o077)
