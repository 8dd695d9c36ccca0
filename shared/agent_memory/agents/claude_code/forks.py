"""Forks: a fork's transcript begins with copies of another's records, some under its own session's id.

What was said in which session is told from the records' own ids: a transcript that ends within another one was there
first, and so was one that another names. Times tell nothing: clocks are set back, and copies keep theirs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final

# A transcript begins with some bookkeeping; more than this is no beginning.
_HEAD_BYTES: Final = 256 << 10
_ID: Final = re.compile(rb'"uuid"\s*:\s*"([^"\\]{1,128})"')
_FOLDERS_KNOWN: Final = 32


def copied(path: Path, first_id: str) -> Container[str]:
    """The ids of those records in the transcript, which begins with that record, that were copied from its siblings."""
    siblings = [each for each in _by_first_id(path).get(first_id, ()) if each != path.name]
    if not siblings:
        return ()
    own = list(_ids(path))
    return {each for name in siblings for each in _copied_from(path.with_name(name), path, own)}


def _copied_from(sibling: Path, path: Path, own: list[str]) -> set[str]:
    """What the transcript with these ids has from the sibling; nothing where it is the other way round."""
    theirs = list(_ids(sibling))
    shared = set(own).intersection(theirs)
    if not theirs or not own:
        return set()
    ends_in_own, ends_in_theirs = theirs[-1] in shared, own[-1] in shared
    # Where both went on, or they are copies of one another, the one that was left alone first is the older.
    is_unclear = ends_in_own == ends_in_theirs
    is_older = _age(sibling) < _age(path) if is_unclear else ends_in_own
    return shared if is_older else set()


def _by_first_id(path: Path) -> dict[str, list[str]]:
    """The transcripts in the path's folder, by the id of the record that each begins with."""
    with suppress(OSError):
        return _in_folder(str(path.parent), path.parent.stat().st_mtime_ns)
    return {}


@lru_cache(_FOLDERS_KNOWN)
def _in_folder(folder: str, _changed_ns: int) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted(Path(folder).glob("*.jsonl")):
        if first_id := _first_id(path):
            found.setdefault(first_id, []).append(path.name)
    return found


def _first_id(path: Path) -> str:
    with suppress(OSError):
        if path.is_symlink() or not path.is_file():
            return ""
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        for line in head.split(b"\n"):
            with suppress(ValueError, RecursionError):
                match json.loads(line):
                    case {"type": "user" | "assistant", "uuid": str(uuid)}:
                        return uuid
    return ""


def _ids(path: Path) -> Iterator[str]:
    """The ids of a transcript's messages, in its order."""
    with suppress(OSError), path.open("rb") as file:
        for line in file:
            if (b'"user"' in line or b'"assistant"' in line) and (found := _ID.search(line)):
                yield found[1].decode(errors="replace")


def _age(path: Path) -> tuple[int, str]:
    with suppress(OSError):
        return path.stat().st_mtime_ns, path.name
    return 0, path.name
