"""The letterbox: what hooks passed on is read, becomes events, and is stored; what holds no event is kept aside."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from agent_memory.capture import events, transcripts, wire
from agent_memory.capture.letters import Letter
from agent_memory.capture.projects import Projects
from agent_memory.capture.sessions import Sessions
from agent_memory.capture.spool import REJECTED_HEAD_BYTES, Spool
from agent_memory.capture.wire import HookCall
from agent_memory.errors import CommandRefused, InvalidEvent
from agent_memory.logs import line
from agent_memory.messages import event_to_pb
from agent_memory.query.appends import Appends
from agent_memory.query.intake import Admitted, Intake
from agent_memory.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Told:
    letter: Letter
    call: HookCall
    # None where the call tells nothing that should be kept.
    event: Admitted | None


class Letterbox:
    """Takes letters in, from any thread. The same letter twice is one event."""

    def __init__(self, settings: Settings, appends: Appends, spool: Spool, projects: Projects, intake: Intake) -> None:
        self._settings = settings
        self._appends = appends
        self._intake = intake
        self._spool = spool
        self._sessions = Sessions()
        self._projects = projects

    def take(self, letters: Sequence[Letter]) -> list[HookCall]:
        """Store what the letters tell of; returns once it is on disk, with the calls that were understood.

        Raises WriterUnavailable, or OSError, when it can't be stored now; the same letters may be given again.
        """
        understood = [told for letter in letters if (told := self._told(letter)) is not None]
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

    def _told(self, letter: Letter) -> _Told | None:
        try:
            call = wire.parse(letter.payload, agent=letter.agent, event=letter.event, project=letter.project)
            call = self._sessions.completed(transcripts.completed(call))
            call = self._projects.completed(call, late_ms=time.time_ns() // 1_000_000 - letter.arrived_ms)
            event = events.event_from(call, letter.arrived_ms, letter.key, self._settings.tool_max_bytes)
            if event is None:
                return _Told(letter, call, None)
            return _Told(letter, call, self._intake.admit(event_to_pb(event)))
        except InvalidEvent as error:
            self.reject(letter.key, letter.payload, str(error))
        except Exception as error:
            # A payload that no agent sent so far must not stand in the way of those behind it.
            log.exception(line("a hook's input was not understood", key=letter.key))
            self.reject(letter.key, letter.payload, f"not understood: {error!r}")
        return None

    def _append_alone(self, told: _Told) -> None:
        try:
            self._append([told])
        except CommandRefused as error:
            self.reject(told.letter.key, told.letter.payload, str(error))

    def _append(self, stored: Sequence[_Told]) -> None:
        self._appends.append_all([told.event for told in stored if told.event])
