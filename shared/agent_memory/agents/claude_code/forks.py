"""Forks: a fork's transcript begins with copies of another's records, some under its own session's id.

The records' own ids show what was said in which session: a transcript that ends within another one was there first.
Their times show nothing: clocks are set back, and copies keep the times of what they are copied from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Iterator
from contextlib import suppress
from dataclasses import dataclass
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


def home(record: Payload) -> str:
    """The session that the record was said in: a fork's transcript says where its first ones come from."""
    return text_of(object_of(record, "forkedFrom"), "sessionId") or text_of(record, "sessionId")


def copied(path: Path, first_id: str) -> Container[str]:
    """The keys of those records of the transcript, which begins with that record, that were copied from another."""
    siblings = [each for each in _with_first_id(path, first_id) if each != path]
    if not siblings:
        return ()
    own = _read(path)
    return {each for sibling in siblings for each in _copied_from(_read(sibling), own)}


@dataclass(frozen=True, slots=True)
class _Transcript:
    """What shows which of two transcripts was there first."""

    path: Path
    # Of each message, in order, its key and the session it was said in; for any other line two empty texts.
    lines: list[tuple[str, str]]

    def keys(self) -> list[str]:
        return [key for key, _ in self.lines if key]

    def names_another(self, shared: set[str]) -> bool:
        """Whether it says of the shared messages that they were said in another session than its own ones."""
        own = {session for key, session in self.lines if key and key not in shared}
        return bool(own) and own.isdisjoint(session for key, session in self.lines if key in shared)

    def is_home_of(self, shared: set[str]) -> bool:
        """Whether it is named after the session of all the shared messages."""
        return {session for key, session in self.lines if key in shared} == {self.path.stem}

    def others_among(self, shared: set[str]) -> int:
        """How many other lines stand among the shared messages: the client's bookkeeping is not copied."""
        places = [place for place, (key, _) in enumerate(self.lines) if key in shared]
        return places[-1] - places[0] + 1 - len(places)


def _copied_from(sibling: _Transcript, own: _Transcript) -> set[str]:
    """What the transcript has from its sibling, or will have; nothing where it is the other way round."""
    their_keys = set(sibling.keys())
    shared = their_keys.intersection(own.keys())
    return their_keys if shared and _is_older(sibling, own, shared) else set()


def _is_older(sibling: _Transcript, own: _Transcript, shared: set[str]) -> bool:
    if own.names_another(shared) != sibling.names_another(shared):
        return own.names_another(shared)
    if own.is_home_of(shared) != sibling.is_home_of(shared):
        return sibling.is_home_of(shared)
    if own.others_among(shared) != sibling.others_among(shared):
        return own.others_among(shared) < sibling.others_among(shared)
    # One that ends within the other was there first.
    ends_in_own, ends_in_theirs = sibling.keys()[-1] in shared, own.keys()[-1] in shared
    if ends_in_own != ends_in_theirs:
        return ends_in_own
    # Both went on, or they are copies of one another: the one that was left alone first is the older.
    return _age(sibling.path) < _age(own.path)


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


def _read(path: Path) -> _Transcript:
    lines: list[tuple[str, str]] = []
    with suppress(OSError), path.open("rb") as file:
        for line in file:
            is_message = False
            if b'"user"' in line or b'"assistant"' in line:
                with suppress(ValueError, RecursionError):
                    record = json.loads(line)
                    is_message = isinstance(record, dict) and record.get("type") in ("user", "assistant")
            lines.append((key(record), home(record)) if is_message else ("", ""))
    return _Transcript(path, lines)


def _age(path: Path) -> tuple[int, str]:
    with suppress(OSError):
        return path.stat().st_mtime_ns, path.name
    return 0, path.name
