"""The envelopebox: what hooks passed on is read, becomes events, and is stored; what holds no event is kept aside."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from agent_memory.capture import events, transcripts, wire
from agent_memory.capture.envelope import Envelope
from agent_memory.capture.sessions import Sessions
from agent_memory.capture.spool import REJECTED_HEAD_BYTES, Spool
from agent_memory.capture.wire import HookCall
from agent_memory.errors import CommandRefused, InvalidEvent
from agent_memory.logs import line
from agent_memory.messages import event_to_pb
from agent_memory.query.inbound.intake import Admitted
from agent_memory.query.store_context import StoreContext

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Taken:
    envelope: Envelope
    call: HookCall
    # None where the call tells nothing that should be kept.
    event: Admitted | None


class HookInbox:
    """Takes envelopes in, from any thread. The same envelope twice is one event."""

    def __init__(self, store: StoreContext, spool: Spool) -> None:
        self._settings = store.settings
        self._batcher = store.batcher
        self._intake = store.intake
        self._projects = store.projects
        self._spool = spool
        self._sessions = Sessions()

    def take(self, envelopes: Sequence[Envelope]) -> list[HookCall]:
        """Store what the envelopes tell of; returns once it is on disk, with the calls that were understood.

        Raises WriterUnavailable, or OSError, when it can't be stored now; the same envelopes may be given again.
        """
        understood = [told for envelope in envelopes if (told := self._told(envelope)) is not None]
        stored = [told for told in understood if told.event is not None]
        if stored:
            try:
                self._append(stored)
            except CommandRefused:
                for told in stored:
                    self._append_alone(told)
        return [told.call for told in understood]

    def reject(self, name: str, data: bytes, reason: str) -> None:
        """Keep aside what is no event, for somebody to look at; raises OSError."""
        log.warning(line("hook's input kept aside", name=name, reason=reason))
        self._spool.reject(name, self._intake.readable(data[:REJECTED_HEAD_BYTES]), reason)

    def _told(self, envelope: Envelope) -> _Taken | None:
        try:
            call = wire.parse(envelope.payload, agent=envelope.agent, event=envelope.event, project=envelope.project)
            call = self._sessions.completed(transcripts.completed(call))
            call = self._projects.completed(call, late_ms=time.time_ns() // 1_000_000 - envelope.arrived_ms)
            event = events.event_from(call, envelope.arrived_ms, envelope.key, self._settings.tool_max_bytes)
            if event is None:
                return _Taken(envelope, call, None)
            return _Taken(envelope, call, self._intake.admit(event_to_pb(event)))
        except InvalidEvent as error:
            self.reject(envelope.key, envelope.payload, str(error))
        except Exception as error:
            # A payload that no agent sent so far must not stand in the way of those behind it.
            log.exception(line("a hook's input was not understood", key=envelope.key))
            self.reject(envelope.key, envelope.payload, f"not understood: {error!r}")
        return None

    def _append_alone(self, told: _Taken) -> None:
        try:
            self._append([told])
        except CommandRefused as error:
            self.reject(told.envelope.key, told.envelope.payload, str(error))

    def _append(self, stored: Sequence[_Taken]) -> None:
        self._batcher.append_all([told.event for told in stored if told.event])
