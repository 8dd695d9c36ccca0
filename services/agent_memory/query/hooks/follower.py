"""The follower: stores what only transcripts tell, such as an agent's words between two calls of its tools.

A hook's call says that something was written. Little is read at once, so that it is stored with what the hook told;
much, such as all of a long session after a restart, is read by a thread that keeps no agent waiting. It also looks once
more a moment after a session's last call: some agents call their hooks before they write.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from typing import Final

from agent_memory.capture.followed import CHUNK_BYTES, FollowedTranscripts, Written
from agent_memory.capture.pipeline import Pipeline
from agent_memory.capture.wire import HookCall
from agent_memory.errors import AgentMemoryError, InvalidEvent
from agent_memory.messages import event_to_pb
from agent_memory.process.logs import line
from agent_memory.process.vital_thread import vital_thread
from agent_memory.query.inbound.intake import Admitted
from agent_memory.query.store_context import StoreContext
from agent_memory.query.views import events
from agent_memory.store.copies import Copies

log = logging.getLogger(__name__)

# What an agent writes between two calls, and more; it is read in some milliseconds.
AT_ONCE_BYTES: Final = 256 << 10
LATE_S: Final = 1.0
# Of what can't be stored now, another look is taken after this.
RETRY_S: Final = 10.0
BATCH_MAX_EVENTS: Final = 200


class Follower:
    """Follows the transcripts of the sessions that are live. For any thread."""

    def __init__(self, store: StoreContext, pipeline: Pipeline) -> None:
        self._batcher = store.batcher
        self._intake = store.intake
        self._pipeline = pipeline
        self._copies = Copies(lambda request: events.events(store.caught_up(), request), of_whole_turns=True)
        self._transcripts = FollowedTranscripts()
        # Agents of whose transcripts one was read: to know forks, the first takes a look at all the others.
        self._read_agents: set[str] = set()
        # When the thread is to look at a transcript, by its path.
        self._due: dict[str, float] = {}
        self._changed = threading.Condition()
        self._is_stopping = False
        self._thread = vital_thread(self._run, "follower")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when what was under way is done."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify()
        self._thread.join()

    def follow(self, calls: Iterable[HookCall]) -> None:
        """Store what was written to the transcripts of these calls: now, where that is little, else soon."""
        paths = {path: call.agent for call in calls for path in self._transcripts.paths(call)}
        if not paths:
            return
        is_first = not self._read_agents.issuperset(paths.values())
        self._read_agents.update(paths.values())
        is_little = not is_first and self._transcripts.unread(paths) <= AT_ONCE_BYTES
        if is_little:
            for path in paths:
                self._read_on(path)
        self._look_again(paths, LATE_S if is_little else 0)

    def _look_again(self, paths: Iterable[str], after_s: float) -> None:
        due = time.monotonic() + after_s
        with self._changed:
            for path in paths:
                self._due[path] = min(due, self._due.get(path, due))
            self._changed.notify()

    def _run(self) -> None:
        while (path := self._next()) is not None:
            while self._read_on(path) and not self._is_stopping:
                pass

    def _next(self) -> str | None:
        """The next transcript to look at, once its time has come; None at the end."""
        with self._changed:
            while not self._is_stopping:
                path = min(self._due, key=self._due.__getitem__, default=None)
                wait_s = None if path is None else self._due[path] - time.monotonic()
                if path is not None and wait_s is not None and wait_s <= 0:
                    del self._due[path]
                    return path
                self._changed.wait(wait_s)
        return None

    def _read_on(self, path: str) -> bool:
        """Store what the next part of the transcript tells; whether there is more of it."""
        try:
            written, more = self._transcripts.read(path, CHUNK_BYTES)
            admitted = [event for each in written if (event := self._admitted(each)) is not None]
            for start in range(0, len(admitted), BATCH_MAX_EVENTS):
                self._batcher.append_all(admitted[start : start + BATCH_MAX_EVENTS])
            return more
        except (OSError, AgentMemoryError) as error:
            log.info(line("a transcript has to wait", error=error))
        except Exception as error:
            # Nothing that an agent writes down may keep its hooks from being served; and its text stays out of the log.
            log.error(line("a transcript was not understood", error=type(error).__name__))
            return False
        # Its ids are the same the next time, so that nothing is stored twice.
        self._transcripts.forget([path])
        self._look_again([path], RETRY_S)
        return False

    def _admitted(self, written: Written) -> Admitted | None:
        event = self._pipeline.event_of_written(written)
        if event is None or self._copies.has(event):
            return None
        try:
            return self._intake.admit(event_to_pb(event))
        except InvalidEvent as error:
            log.warning(line("what a transcript tells is no event", error=error))
            return None
