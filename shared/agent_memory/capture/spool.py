"""The spool: the folder beside a store in which envelopes wait for the daemon, as the daemon and `status` see it."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from agent_memory.capture import EXCLUDED_SESSIONS_SUFFIX, SOCKET_LINK, SPOOL_MAX_ENVELOPES, envelope, spool_of, spools
from agent_memory.capture.rejected import Rejected
from agent_memory.capture.spool_failures import Failure, SpoolFailures
from agent_memory.errors import AgentMemoryError
from agent_memory.files import atomic_link, make_private_dir

# Longer than any hook lives: an unfinished envelope this old has lost its writer.
ABANDONED_S: Final = 60
_MOVE_AWAY: Final = "Move it out of the spool."


@dataclass(frozen=True, slots=True)
class SpoolState:
    """What `status` shows of a spool."""

    path: str
    # Envelopes that the daemon has not taken in, and the time of the oldest.
    waiting: int
    oldest_ms: int | None
    # Envelopes that hold no event, kept aside with the reason.
    rejected: int
    full: bool
    # Those of the waiting that the daemon tried to take in and could not, and why: the first few.
    failed: int = 0
    failures: Sequence[Failure] = ()
    # Rejected envelopes that were deleted because there were too many.
    rejected_dropped: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """What lies in a spool, oldest first, and the folders of it that can't be read."""

    waiting: Sequence[Path]
    # Unfinished envelopes whose writer is gone.
    abandoned: Sequence[Path]
    unreadable: Sequence[Failure]


class Spool:
    """The spool of one store, and the folder that takes envelopes while its disk is full."""

    def __init__(self, db_path: Path) -> None:
        self.folder = Path(os.fsdecode(spool_of(os.fsencode(db_path))))
        self.rejected = Rejected(self.folder / "rejected")
        self.failures = SpoolFailures(self.folder / "failures.json")

    def link_socket(self, socket: Path) -> None:
        """Link the socket, for hooks to find; raises OSError where the spool can't be written."""
        make_private_dir(self.folder)
        atomic_link(self.folder / os.fsdecode(SOCKET_LINK), socket)

    def find(self, now_s: float) -> Found:
        """All that lies in the spool; one that is not there is empty."""
        waiting, abandoned, unreadable = [], [], []
        for folder in map(Path, map(os.fsdecode, spools(os.fsencode(self.folder)))):
            try:
                paths = [path for path in folder.iterdir() if envelope.KEY.fullmatch(path.name.lstrip("."))]
            except FileNotFoundError:
                continue
            except OSError as error:
                unreadable.append(_unreadable_folder(folder, error))
                continue
            waiting += [path for path in paths if path.name[:1] != "."]
            abandoned += [path for path in paths if path.name[:1] == "." and _is_old(path, now_s)]
        return Found(sorted(waiting, key=_name), sorted(abandoned, key=_name), unreadable)

    def waiting(self) -> Sequence[Path]:
        """The envelopes that wait, oldest first."""
        return self.find(0).waiting

    def on_its_way(self, at_most: int) -> int:
        """How many envelopes the daemon will take in as soon as it can, up to `at_most`.

        Those that it could not take in are left out. A look at the spool that is never a long one.
        """
        failed, _ = self.failures.read()
        return max(0, self._count(at_most + failed) - failed)

    def _count(self, at_most: int) -> int:
        found = 0
        for folder in spools(os.fsencode(self.folder)):
            with suppress(OSError), os.scandir(folder) as entries:
                named = (entry for entry in entries if envelope.KEY.fullmatch(os.fsdecode(entry.name)))
                found += sum(1 for _ in islice(named, at_most - found))
        return found

    def abandoned(self, now_s: float) -> Sequence[Path]:
        """Unfinished envelopes whose writer is gone, oldest first: it was killed, or the machine lost power."""
        return self.find(now_s).abandoned

    def read(self, path: Path, max_bytes: int = envelope.MAX_BYTES + 1) -> bytes:
        """The content of a file in the spool, up to `max_bytes`, without waiting for it.

        Raises FileNotFoundError if it is gone, AgentMemoryError if it is no file of this user's that can be read.
        """
        try:
            _check_owned_file(path.lstat())
            # It may be another one by now: never follow a link, nor wait for a pipe's other end.
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                _check_owned_file(os.fstat(descriptor))
                return file.read(max_bytes)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise AgentMemoryError(
                f"It can't be read: {error.strerror}.", "Make it readable for you, or move it out of the spool."
            ) from error

    def state(self) -> SpoolState:
        """How much waits now, and what keeps it from being taken in."""
        found = self.find(0)
        names = [path.name for path in found.waiting]
        failed, failures = self.failures.read()
        return SpoolState(
            path=str(self.folder),
            waiting=len(names),
            oldest_ms=envelope.arrived_ms(names[0]) if names else None,
            rejected=self.rejected.count(),
            full=len(names) >= SPOOL_MAX_ENVELOPES,
            failed=failed + len(found.unreadable),
            failures=(*found.unreadable, *failures),
            rejected_dropped=self.rejected.dropped(),
        )


def excluded_sessions(db_path: Path) -> frozenset[str]:
    """The sessions that are excluded from capture, and from imports: our own processes started them."""
    # The second folder is one that an earlier version made.
    folders = (Path(os.fsdecode(os.fsencode(db_path) + name)) for name in (EXCLUDED_SESSIONS_SUFFIX, b"-unheard"))
    return frozenset(path.name for folder in folders if folder.is_dir() for path in folder.iterdir())


def _name(path: Path) -> str:
    return path.name


def _is_old(path: Path, now_s: float) -> bool:
    with suppress(OSError):
        return now_s - path.lstat().st_mtime > ABANDONED_S
    return False


def _check_owned_file(status: os.stat_result) -> None:
    """Raise AgentMemoryError unless it is a file of this user's."""
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "no file")
        raise AgentMemoryError(f"It is {kind}.", _MOVE_AWAY)
    if status.st_uid != os.getuid():
        raise AgentMemoryError(
            f"It belongs to user {status.st_uid}.", f"Make it yours (user {os.getuid()}), or move it out of the spool."
        )


_KINDS: Final = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFSOCK: "a socket",
}


def _unreadable_folder(folder: Path, error: OSError) -> Failure:
    return Failure(str(folder), f"It can't be read: {error.strerror}.", "Make it a folder of yours with mode 0700.")
