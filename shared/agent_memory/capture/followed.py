"""Followed transcripts: what is written to them while their sessions are live, and no hook tells."""

from __future__ import annotations

import os
import stat
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from agent_memory.agents import registry
from agent_memory.agents.agent import Agent, Speaker
from agent_memory.agents.jsonl import LINE_MAX_BYTES, objects
from agent_memory.agents.replayed_call import Reader, ReplayedCall
from agent_memory.capture.wire import HookCall
from agent_memory.recent import keep

# More than anybody has open at once. Beyond it, the one that was read longest ago starts from its beginning again.
FOLLOWED_MAX: Final = 256
CHUNK_BYTES: Final = 1 << 20
# A record ends with ids and times that no other has.
BEFORE_BYTES: Final = 256


@dataclass(frozen=True, slots=True)
class Written:
    """A call that only a transcript tells of, and the agent whose it is."""

    agent: str
    call: ReplayedCall


@dataclass(slots=True)
class _File:
    """One transcript: which file it is, how far it was read, and what its reader knows by now."""

    agent: Agent
    path: str
    reader: Reader
    inode: int = 0
    offset: int = 0
    # The bytes before that place: where they are others, the file was written again.
    before: bytes = b""
    lock: threading.Lock = field(default_factory=threading.Lock)


class FollowedTranscripts:
    """Reads on in transcripts where it left off. For any thread.

    What it knows is lost with the process: a transcript is read from its beginning again then. The ids of what is in
    it are always the same, so that nothing is stored twice.
    """

    def __init__(self) -> None:
        self._files: OrderedDict[str, _File] = OrderedDict()
        self._lock = threading.Lock()

    def paths(self, call: HookCall) -> list[str]:
        """The transcripts that the call's speaker writes to, as far as its agent has any to be followed."""
        agent = registry.named(call.agent)
        if agent.transcripts.reader is None or agent.name != call.agent or not call.transcript_path.startswith("/"):
            return []
        speaker = Speaker(call.transcript_path, call.session_id, call.subagent_id)
        found = list(dict.fromkeys(filter(_is_path, agent.transcripts.paths_of(speaker))))
        with self._lock:
            for path in found:
                file = self._files.get(path) or _File(agent, path, agent.transcripts.reader(Path(path)))
                keep(self._files, path, file, FOLLOWED_MAX)
        return found

    def unread(self, paths: Iterable[str]) -> int:
        """How many bytes of these transcripts were not read so far."""
        return sum(_unread(file) for path in paths if (file := self._files.get(path)) is not None)

    def read(self, path: str, max_bytes: int) -> tuple[list[Written], bool]:
        """What is told in the next bytes of the transcript, and whether there is more to read right away.

        Nothing where another thread reads it just now. Whoever can't store what he gets says `forget`.
        """
        file = self._files.get(path)
        if file is None or not file.lock.acquire(blocking=False):
            return [], False
        try:
            lines, more = _next_lines(file, max_bytes)
            calls = [Written(file.agent.name, call) for line in lines for call in _calls(file.reader, line)]
            return calls, more
        finally:
            file.lock.release()

    def forget(self, paths: Iterable[str]) -> None:
        """Read these from their beginning the next time."""
        for path in paths:
            if (file := self._files.get(path)) is not None:
                file.inode = 0


def _is_path(path: str) -> bool:
    return path.startswith("/") and "\0" not in path


def _unread(file: _File) -> int:
    try:
        return max(0, Path(file.path).stat().st_size - file.offset)
    except OSError:
        return 0


def _next_lines(file: _File, max_bytes: int) -> tuple[Iterable[bytes], bool]:
    """Whole lines from where the file was read to; its place moves behind them."""
    try:
        # What somebody names may be a pipe or a device: opened without waiting, and read only if it is a file.
        descriptor = os.open(file.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return [], False
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return [], False
        is_same = status.st_ino == file.inode and status.st_size >= file.offset
        if not is_same or os.pread(descriptor, len(file.before), file.offset - len(file.before)) != file.before:
            # It was replaced, cut, or written again.
            file.inode, file.offset, file.before = status.st_ino, 0, b""
            if file.agent.transcripts.reader is not None:
                file.reader = file.agent.transcripts.reader(Path(file.path))
        data = os.pread(descriptor, max_bytes, file.offset)
        end = data.rfind(b"\n") + 1
        if not end and len(data) == max_bytes:
            data = os.pread(descriptor, min(LINE_MAX_BYTES, status.st_size - file.offset), file.offset)
            end = data.find(b"\n") + 1 or (len(data) if len(data) == LINE_MAX_BYTES else 0)
        file.offset += end
        file.before = (file.before + data[max(0, end - BEFORE_BYTES) : end])[-BEFORE_BYTES:]
        return data[:end].split(b"\n"), bool(end) and file.offset < status.st_size
    except OSError:
        return [], False
    finally:
        os.close(descriptor)


def _calls(reader: Reader, line: bytes) -> Iterator[ReplayedCall]:
    if not line.strip():
        return
    found, _ = objects(line)
    for record in found:
        try:
            calls = list(reader.take(record))
        except Exception:
            continue  # a record of a kind that no agent has written so far; who imports the transcript names it
        # The folder that the session was opened in is known from its own calls.
        yield from (replace(call, project="") if call.project else call for call in calls if call.is_unhooked)
