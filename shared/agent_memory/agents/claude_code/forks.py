"""Forks: a fork's transcript begins with copies of another's records, some under its own session's id.

The records' own ids show what was said in which session: a transcript that ends within another one was there first.
Their times show nothing: clocks are set back, and copies keep the times of what they are copied from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final

from agent_memory.agents.payload import Payload, object_of, text_of

# A transcript begins with some bookkeeping; more than this is no beginning.
_HEAD_BYTES: Final = 256 << 10
_FOLDERS_KNOWN: Final = 1024
# Below it each folder that a session was opened in has its own; a fork may be opened in another one.
_ALL_FOLDERS: Final = "projects"
_FILES_KNOWN: Final = 16_384
# By path and inode.
_first_ids: dict[tuple[str, int], str] = {}


def own_id(record: Payload) -> str:
    """The record's id, which it keeps wherever it is copied to."""
    return text_of(object_of(record, "forkedFrom"), "messageUuid") or text_of(record, "uuid")


def key(record: Payload) -> str:
    """What a record and its copy have in common."""
    content = json.dumps(object_of(record, "message").get("content"), sort_keys=True)
    digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{own_id(record)} {digest}"


def copied(path: Path, first_id: str) -> Container[str]:
    """The keys of those records of the transcript, which begins with that record, that were copied from another."""
    siblings = [each for each in _with_first_id(path, first_id) if each != path]
    if not siblings:
        return ()
    own = list(_keys(path))
    return {each for sibling in siblings for each in _copied_from(sibling, path, own)}


def _copied_from(sibling: Path, path: Path, own: list[str]) -> set[str]:
    """What the transcript with these keys has from the sibling; nothing where it is the other way round."""
    theirs = list(_keys(sibling))
    shared = set(own).intersection(theirs)
    if not shared:
        return set()
    ends_in_own, ends_in_theirs = theirs[-1] in shared, own[-1] in shared
    # Where both went on, or they are copies of one another, the one that was left alone first is the older.
    is_unclear = ends_in_own == ends_in_theirs
    is_older = _age(sibling) < _age(path) if is_unclear else ends_in_own
    return shared if is_older else set()


def _with_first_id(path: Path, first_id: str) -> Iterator[Path]:
    """The transcripts that begin with that record, in the path's folder and in those of other projects."""
    root = path.parent.parent
    others: list[Path] = []
    with suppress(OSError):
        others = sorted(each for each in root.iterdir() if each != path.parent) if root.name == _ALL_FOLDERS else []
    for folder in (path.parent, *others):
        with suppress(OSError):
            found = _in_folder(str(folder), folder.stat().st_mtime_ns)
            yield from (folder / name for name in found.get(first_id, ()))


@lru_cache(_FOLDERS_KNOWN)
def _in_folder(folder: str, _changed_ns: int) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted(Path(folder).glob("*.jsonl")):
        if first_id := _first_id(path):
            found.setdefault(first_id, []).append(path.name)
    return found


def _first_id(path: Path) -> str:
    """The id of the record that the transcript begins with: always the same, once it is written."""
    with suppress(OSError):
        if path.is_symlink() or not path.is_file():
            return ""
        known = (str(path), path.stat().st_ino)
        if known not in _first_ids:
            if not (first_id := _read_first_id(path)):
                return ""
            if len(_first_ids) >= _FILES_KNOWN:
                _first_ids.clear()
            _first_ids[known] = first_id
        return _first_ids[known]
    return ""


def _read_first_id(path: Path) -> str:
    read = 0
    with path.open("rb") as file:
        while read < _HEAD_BYTES and (line := file.readline(_HEAD_BYTES)):
            read += len(line)
            with suppress(ValueError, RecursionError):
                match json.loads(line):
                    case {"type": "user" | "assistant", "uuid": str(uuid)}:
                        return uuid
    return ""


def _keys(path: Path) -> Iterator[str]:
    """The keys of a transcript's messages, in its order."""
    with suppress(OSError), path.open("rb") as file:
        for line in file:
            if b'"user"' in line or b'"assistant"' in line:
                with suppress(ValueError, RecursionError):
                    record = json.loads(line)
                    if isinstance(record, dict) and record.get("type") in ("user", "assistant"):
                        yield key(record)


def _age(path: Path) -> tuple[int, str]:
    with suppress(OSError):
        return path.stat().st_mtime_ns, path.name
    return 0, path.name
