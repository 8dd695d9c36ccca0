"""Checkouts: the folders of a repository, found from any folder inside, and what stands in them."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Final

from agent_memory.capture import files
from agent_memory.capture.project.git import texts

# Deeper than any path goes that has 4096 bytes and means well.
PARENTS_MAX: Final = 64
LINE_MAX_BYTES: Final = 8 << 10
CONFIG_MAX_BYTES: Final = 1 << 20
REFS_MAX_BYTES: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class Checkout:
    """One working tree, or a bare repository. All worktrees of a repository have one `common_dir`."""

    git_dir: Path
    common_dir: Path

    @property
    def top(self) -> Path:
        """The folder of the first working tree; of a bare repository, its own."""
        return self.common_dir.parent if self.common_dir.name == ".git" else self.common_dir


def find(folder: str, home: str = "") -> Checkout | None:
    """The checkout that the folder, a real path, is in; None where it is in none.

    A checkout of all of `home` is one of what lies in it, and of no project below.
    """
    start = Path(folder)
    # One after another: a path of a thousand levels, which somebody may send, has a thousand parents.
    for place in islice(chain((start,), start.parents), PARENTS_MAX):
        found = _at(place)
        if found is not None:
            is_all_of_home = str(place) == home and place != start
            return found if _is_repository(found) and not is_all_of_home else None
    return None


def at(folder: Path) -> Checkout | None:
    """The checkout whose top, or whose git folder, this very folder is; None where there is none."""
    found = _at(_real(folder))
    return found if found is not None and _is_repository(found) else None


def address(config: str) -> str:
    """The address that this config fetches from: of `origin`, else of its first remote; empty where it has none."""
    remotes = texts.remotes(config)
    return remotes.get("origin") or next(iter(remotes.values()), "")


def config(checkout: Checkout) -> str:
    return _text(checkout.common_dir / "config", CONFIG_MAX_BYTES)


def reference(checkout: Checkout) -> str:
    """The ref that the checkout stands on; empty where it stands on a commit."""
    return texts.reference(_text(checkout.git_dir / "HEAD", LINE_MAX_BYTES))


def tip(checkout: Checkout) -> str:
    """The id of the commit that the checkout stands on; empty where there is none yet, or it can't be found."""
    ref = reference(checkout)
    if not ref:
        return texts.object_id(_text(checkout.git_dir / "HEAD", LINE_MAX_BYTES))
    loose = texts.object_id(_text(checkout.common_dir / ref, LINE_MAX_BYTES))
    return loose or texts.packed(_text(checkout.common_dir / "packed-refs", REFS_MAX_BYTES), ref)


def began_here(checkout: Checkout) -> bool:
    """Whether its first commit was made in it. git forgets this after three months."""
    return texts.began_here(_text(checkout.common_dir / "logs" / "HEAD", LINE_MAX_BYTES))


def _at(place: Path) -> Checkout | None:
    """The checkout whose top, or whose git folder, this folder is; it need not be a sound one."""
    dot_git = place / ".git"
    mode = _mode(dot_git)
    if stat.S_ISDIR(mode):
        return _of_git_dir(dot_git)
    if stat.S_ISREG(mode):
        return _of_git_dir(place / texts.leads_to(_text(dot_git, LINE_MAX_BYTES)))
    bare = Checkout(place, place)
    return bare if _is_repository(bare) else None


def _of_git_dir(git_dir: Path) -> Checkout:
    git_dir = _real(git_dir)
    common = _text(git_dir / "commondir", LINE_MAX_BYTES).strip()
    return Checkout(git_dir, _real(git_dir / common) if common else git_dir)


def _is_repository(checkout: Checkout) -> bool:
    return bool(_mode(checkout.git_dir / "HEAD")) and stat.S_ISDIR(_mode(checkout.common_dir / "objects"))


def _mode(path: Path) -> int:
    """What kind of file it is; 0 where there is none that can be looked at."""
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def _real(path: Path) -> Path:
    # Not resolve(), which raises where links lead in a circle.
    return Path(os.path.realpath(path))


def _text(path: Path, max_bytes: int) -> str:
    # A path with a NUL is an error of its own kind wherever it is used.
    return files.head(str(path), max_bytes).decode(errors="replace").replace("\0", "")
