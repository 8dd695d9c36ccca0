"""The hook inbox: envelopes become events and are stored; an envelope that holds no event is kept aside."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from agent_memory.capture.envelope import Envelope
from agent_memory.capture.pipeline import Pipeline
from agent_memory.capture.spool import REJECTED_HEAD_BYTES, Spool
from agent_memory.capture.wire import HookCall
from agent_memory.errors import CommandRefused, InvalidEvent
from agent_memory.logs import line
from agent_memory.messages import event_to_pb
from agent_memory.query.hooks.follower import Follower
from agent_memory.query.inbound.intake import Admitted
from agent_memory.query.store_context import StoreContext

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Opened:
    envelope: Envelope
    call: HookCall
    # None where the call holds nothing worth keeping, or nothing that the user wants kept.
    event: Admitted | None


class HookInbox:
    """Takes envelopes in, from any thread. The same envelope twice is one event."""

    def __init__(self, store: StoreContext, spool: Spool) -> None:
        self._batcher = store.batcher
        self._intake = store.intake
        self._pipeline = Pipeline(store.projects.with_project, store.settings.tool_max_bytes)
        self._follower = Follower(store, self._pipeline)
        self._spool = spool

    def start(self) -> None:
        self._follower.start()

    def stop(self) -> None:
        self._follower.stop()

    def take(self, envelopes: Sequence[Envelope]) -> list[HookCall]:
        """Store the envelopes' events; returns once they are on disk, with the calls that could be read.

        Raises WriterUnavailable, or OSError, when they can't be stored now; the same envelopes may be given again.
        """
        opened = [each for envelope in envelopes if (each := self._open(envelope)) is not None]
        kept = [each for each in opened if each.event is not None]
        calls = [each.call for each in opened]
        if kept:
            try:
                self._append(kept)
            except CommandRefused:
                for each in kept:
                    self._append_alone(each)
        self._follower.follow(calls)
        return calls

    def reject(self, name: str, data: bytes, reason: str) -> None:
        """Keep aside an input that holds no event, for somebody to look at; raises OSError."""
        log.warning(line("hook's input kept aside", name=name, reason=reason))
        self._spool.reject(name, self._intake.readable(data[:REJECTED_HEAD_BYTES]), reason)

    def _open(self, envelope: Envelope) -> _Opened | None:
        try:
            captured = self._pipeline.event_of(envelope, time.time_ns() // 1_000_000)
            if captured.event is None:
                return _Opened(envelope, captured.call, None)
            return _Opened(envelope, captured.call, self._intake.admit(event_to_pb(captured.event)))
        except InvalidEvent as error:
            self.reject(envelope.key, envelope.payload, str(error))
        except Exception as error:
            # A payload of a kind that no agent has sent so far must not hold up those behind it.
            log.exception(line("a hook's input was not understood", key=envelope.key))
            self.reject(envelope.key, envelope.payload, f"not understood: {error!r}")
        return None

    def _append_alone(self, opened: _Opened) -> None:
        try:
            self._append([opened])
        except CommandRefused as error:
            self.reject(opened.envelope.key, opened.envelope.payload, str(error))

    def _append(self, kept: Sequence[_Opened]) -> None:
        self._batcher.append_all([each.event for each in kept if each.event])
