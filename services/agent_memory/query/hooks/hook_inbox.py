"""The hook inbox: envelopes become events and are stored; an envelope that holds no event is kept aside."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent_memory.capture.envelope import Envelope
from agent_memory.capture.pipeline import Pipeline
from agent_memory.capture.rejected import HEAD_BYTES
from agent_memory.capture.spool import Spool
from agent_memory.capture.wire import HookCall
from agent_memory.errors import AgentMemoryError, InvalidEvent, WriterUnavailable
from agent_memory.messages import event_to_pb
from agent_memory.process.logs import line
from agent_memory.query.hooks.follower import Follower
from agent_memory.query.hooks.repeats import Repeats
from agent_memory.query.inbound.intake import Admitted
from agent_memory.query.store_context import StoreContext

log = logging.getLogger(__name__)

UNFORESEEN: Final = "It waits for a version that understands it; please report it with the log of the query service."


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an envelope: its event is stored, or it holds none; or it can't be taken in now."""

    # None where the payload was rejected, or could not be read.
    call: HookCall | None = None
    failure: AgentMemoryError | None = None
    # The same call came once before, by another hook of the agent's.
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class _Opened:
    call: HookCall
    # None where the call holds nothing worth keeping, or nothing that the user wants kept.
    event: Admitted | None


class HookInbox:
    """Takes envelopes in, from any thread. The same envelope twice is one event."""

    def __init__(self, store: StoreContext, spool: Spool, note_session: Callable[[str], None] | None = None) -> None:
        """`note_session` is told of each call's session, before anything of it is stored; it may raise OSError."""
        self._note_session = note_session
        self._batcher = store.batcher
        self._intake = store.intake
        self._pipeline = Pipeline(store.projects.with_project, store.settings.tool_max_bytes)
        self._follower = Follower(store, self._pipeline)
        self._repeats = Repeats()
        self._spool = spool

    def start(self) -> None:
        self._follower.start()

    def stop(self) -> None:
        self._follower.stop()

    def note_recalled(self, session_id: str, text: str) -> None:
        """The memory told the session this: what its agent repeats of it is not stored."""
        self._pipeline.note_recalled(session_id, text)

    def take(self, envelopes: Sequence[Envelope]) -> list[Taken]:
        """Store the envelopes' events; returns once they are on disk, with what became of each envelope.

        One that fails holds up none of the others, and may be given again: only a payload that can't be an event is
        settled without one. Raises WriterUnavailable when nothing can be stored now.
        """
        firsts = [self._repeats.as_first(envelope) for envelope in envelopes]
        taken = [self._open(envelope) for envelope in firsts]
        kept = {place: each.event for place, each in enumerate(taken) if isinstance(each, _Opened) and each.event}
        failures = self._append(kept)
        calls = [each.call for each in taken if isinstance(each, _Opened)]
        try:
            self._follower.follow(calls)
        except Exception as error:
            log.error(line("transcripts were not followed", **described(error)))  # the calls themselves are stored
        return [
            each
            if isinstance(each, Taken)
            else Taken(each.call, failures.get(place), is_repeat=firsts[place].key != envelopes[place].key)
            for place, each in enumerate(taken)
        ]

    def reject(self, name: str, data: bytes, reason: str) -> None:
        """Keep aside an input that holds no event, for somebody to look at; raises OSError."""
        log.warning(line("hook's input kept aside", name=name, reason=reason))
        self._spool.rejected.add(name, self._intake.readable(data[:HEAD_BYTES]), len(data), reason)

    def _open(self, envelope: Envelope) -> _Opened | Taken:
        try:
            try:
                captured = self._pipeline.event_of(envelope, time.time_ns() // 1_000_000)
                if self._note_session:
                    self._note_session(captured.call.session_id)
                event = None if captured.event is None else self._intake.admit(event_to_pb(captured.event))
                return _Opened(captured.call, event)
            except InvalidEvent as error:
                if not self._intake.is_unwanted(envelope):
                    self.reject(envelope.key, envelope.payload, str(error))
                return Taken()
        except Exception as error:
            return Taken(failure=self._failure(error, envelope.key))

    def _append(self, kept: Mapping[int, Admitted]) -> dict[int, AgentMemoryError]:
        """Store the events, together where that goes; those that can't be stored, with the reason."""
        try:
            if kept:
                self._batcher.append_all(list(kept.values()))
            return {}
        except WriterUnavailable:
            raise
        except Exception as error:
            if len(kept) == 1:
                return dict.fromkeys(kept, self._failure(error, "an event"))
        alone: dict[int, AgentMemoryError] = {}
        for place, event in kept.items():
            alone |= self._append({place: event})
        return alone

    def _failure(self, error: Exception, what: str) -> AgentMemoryError:
        """The error as `status` can show it. What nobody foresaw is named by its place: its text may quote a secret."""
        if isinstance(error, AgentMemoryError):
            return error
        if isinstance(error, OSError):
            where = f" of {error.filename}" if error.filename else ""
            return AgentMemoryError(f"{error.strerror or error}{where}.", "See to the disk and to the permissions.")
        log.error(line("a hook's input was not taken in", what=what, **described(error)))
        return AgentMemoryError(f"It was not understood: {described(error)['where']}.", UNFORESEEN)


def described(error: Exception) -> dict[str, str]:
    """An unforeseen error for the log, without its text."""
    frames = traceback.extract_tb(error.__traceback__)
    stack = [f"{Path(frame.filename).stem}.{frame.name}:{frame.lineno}" for frame in frames]
    return {"where": f"{type(error).__name__} in {stack[-1]}", "stack": " ".join(stack)}
