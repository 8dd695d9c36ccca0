"""Transcript paths: where each agent keeps its transcripts, and which agent's a given file is."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from agent_memory.agents import registry
from agent_memory.agents.agent import Agent, TranscriptHead
from agent_memory.agents.jsonl import begins_document, document, objects
from agent_memory.agents.payload import Payload
from agent_memory.agents.replayed_call import Broken, Report

_HEAD_BYTES: Final = 1 << 20
# In more than this something shows whose it is, or nothing does.
_SEARCHED_BYTES: Final = 64 << 20
_NOT_ITS_OWN: Final = "it is a link, or no file; name the place that it leads to"
# How files may end that somebody else put into a folder.
_ENDINGS: Final = (".jsonl", ".json", ".db")
_BESIDE: Final = tuple(ending for agent in registry.AGENTS.values() for ending in agent.transcripts.beside)


@dataclass(frozen=True, slots=True)
class Transcript:
    """One file of an agent's, its size in bytes and when it was last written to, in nanoseconds."""

    agent: str
    path: Path
    size: int
    changed_ns: int


def found(
    agent: Agent, environ: Mapping[str, str], home: Path, passed_over: Report = lambda broken: None
) -> list[Transcript]:
    """The agent's transcripts, oldest first; none where it was never used. Nothing outside of its folder is opened.

    What lies there and is not opened goes to `passed_over`, with the reason.
    """
    where = agent.transcripts
    root = where.folder(environ, home)
    files = (path for part in where.parts for path in _files(root / part, where.endings, passed_over, where.below))
    transcripts = []
    for path in files:
        if transcript := _transcript(agent.name, path):
            transcripts.append(transcript)
        else:
            passed_over(Broken(path, 0, _NOT_ITS_OWN))
    return sorted(transcripts, key=_age)


def named(path: Path, agent: str = "", passed_over: Report = lambda broken: None) -> list[Transcript]:
    """The transcripts in this file or folder, of that agent if one is named; raises OSError where it can't be read.

    Each file that is none of them goes to `passed_over`, with the reason.
    """
    path.stat()
    transcripts = []
    for file in _files(path, _ENDINGS, passed_over) if path.is_dir() else [path]:
        transcript = _transcript(agent, file)
        owner = agent_of(file) if transcript else ""
        if transcript and owner and agent in ("", owner):
            transcripts.append(replace(transcript, agent=owner))
        else:
            passed_over(Broken(file, 0, _reason(owner, agent) if transcript else _NOT_ITS_OWN))
    return sorted(transcripts, key=_age)


def agent_of(path: Path) -> str:
    """The name of the agent whose transcript the file is, by the first record that shows it; empty where none does.

    Some transcripts begin with much of the client's own bookkeeping.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_HEAD_BYTES)
            if begins_document(data):
                data += file.read(_SEARCHED_BYTES)  # one document, which is whole or nothing
            while True:
                head = TranscriptHead(path.name, data, list(_records(data)))
                owner = next((each.name for each in registry.AGENTS.values() if each.transcripts.recognises(head)), "")
                if owner or not head.records or file.tell() >= _SEARCHED_BYTES:
                    return owner
                # From the beginning of its last line on, which may be cut off.
                rest = data[data.rfind(b"\n") + 1 :]
                more = file.read(_HEAD_BYTES)
                if not more:
                    return ""
                data = rest + more
    except OSError:
        return ""


def _reason(owner: str, agent: str) -> str:
    return f"it is a transcript of {owner}, not of {agent}" if owner else "it is no agent's transcript"


def _records(data: bytes) -> Iterator[Payload]:
    if begins_document(data):
        yield from document(data)[0]
        return
    for line in data.split(b"\n"):
        if line.strip():
            yield from objects(line)[0]


def _files(folder: Path, endings: tuple[str, ...], passed_over: Report, below: str = "") -> Iterator[Path]:
    """The files below the folder that end so. Links are not followed: what they lead to is another place."""
    folder = folder.resolve()

    def unreadable(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            passed_over(Broken(Path(error.filename), 0, f"it can't be read: {error.strerror}"))

    for place, folders, names in os.walk(folder, onerror=unreadable):
        for name in folders:
            if (Path(place) / name).is_symlink():
                passed_over(Broken(Path(place) / name, 0, _NOT_ITS_OWN))
        if not below or below in Path(place).relative_to(folder).parts:
            yield from (Path(place) / name for name in names if name.endswith(endings) and not name.endswith(_BESIDE))


def _transcript(agent: str, path: Path) -> Transcript | None:
    if path.is_symlink() or not path.is_file():
        return None
    status = path.stat()
    changed_ns = status.st_mtime_ns
    with suppress(OSError):
        # What was written to a database last is in its log.
        changed_ns = max(changed_ns, path.with_name(f"{path.name}-wal").stat().st_mtime_ns)
    return Transcript(agent, path, status.st_size, changed_ns)


def _age(transcript: Transcript) -> tuple[int, Path]:
    return transcript.changed_ns, transcript.path
