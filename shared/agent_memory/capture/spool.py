"""The spool: the folder beside a store in which envelopes wait for the daemon, as the daemon and `status` see it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent_memory.capture import EXCLUDED_SESSIONS_SUFFIX, SOCKET_LINK, SPOOL_MAX_ENVELOPES, envelope, spool_of, spools
from agent_memory.files import make_private_dir

# Longer than any hook lives: an unfinished envelope this old has lost its writer.
ABANDONED_S = 60
# Inputs that can't be read are kept for somebody to look at; the oldest make room.
REJECTED_MAX = 200
REJECTED_HEAD_BYTES = 256 << 10


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


class Spool:
    """The spool of one store, and the folder that takes envelopes while its disk is full."""

    def __init__(self, db_path: Path) -> None:
        self.folder = Path(os.fsdecode(spool_of(os.fsencode(db_path))))

    def link_socket(self, socket: Path) -> None:
        """Link the socket, for hooks to find; raises OSError where the spool can't be written."""
        make_private_dir(self.folder)
        new = self.folder / f".socket-{os.getpid()}"
        new.unlink(missing_ok=True)
        new.symlink_to(socket)
        # In one step: a hook finds a link at any time.
        new.replace(self.folder / os.fsdecode(SOCKET_LINK))

    def waiting(self) -> list[Path]:
        """The envelopes that wait, oldest first."""
        return sorted((path for path in self._files() if path.name[:1] != "."), key=_name)

    def abandoned(self, now_s: float) -> list[Path]:
        """Unfinished envelopes whose writer is gone, oldest first: it was killed, or the machine lost power."""
        return sorted((path for path in self._files() if path.name[:1] == "." and _is_old(path, now_s)), key=_name)

    def reject(self, name: str, data: bytes, reason: str) -> None:
        """Keep aside an input that holds no event: the reason on the first line, then the beginning of the input."""
        folder = self.folder / "rejected"
        make_private_dir(folder)
        kept = sorted(folder.iterdir())
        for old in kept[: max(0, len(kept) - REJECTED_MAX + 1)]:
            old.unlink(missing_ok=True)
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(reason.replace("\n", " ").encode(errors="replace") + b"\n" + data[:REJECTED_HEAD_BYTES])

    def state(self) -> SpoolState:
        """How much waits now; a spool that is not there is empty."""
        names = sorted(path.name for path in self._files() if path.name[:1] != ".")
        rejected = 0
        with suppress(OSError):
            rejected = sum(1 for _ in (self.folder / "rejected").iterdir())
        return SpoolState(
            path=str(self.folder),
            waiting=len(names),
            oldest_ms=int(names[0].partition("-")[0]) // 1_000_000 if names else None,
            rejected=rejected,
            full=len(names) >= SPOOL_MAX_ENVELOPES,
        )

    def _files(self) -> Iterator[Path]:
        for spool in spools(os.fsencode(self.folder)):
            with suppress(OSError):
                for path in Path(os.fsdecode(spool)).iterdir():
                    if envelope.KEY.fullmatch(path.name.lstrip(".")):
                        yield path


def excluded_sessions(db_path: Path) -> frozenset[str]:
    """The sessions that are excluded from capture, and from imports: our own processes started them."""
    # The second folder is one that an earlier version made.
    folders = (Path(os.fsdecode(os.fsencode(db_path) + name)) for name in (EXCLUDED_SESSIONS_SUFFIX, b"-unheard"))
    return frozenset(path.name for folder in folders if folder.is_dir() for path in folder.iterdir())


def _name(path: Path) -> str:
    return path.name


def _is_old(path: Path, now_s: float) -> bool:
    with suppress(OSError):
        return now_s - path.stat().st_mtime > ABANDONED_S
    return False
