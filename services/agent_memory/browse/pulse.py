"""The pulse: how the daemon is, asked every second, so that a daemon that hangs or has gone is seen without a key."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from agent_memory.browse.lane import Connect, Deliver, Lane
from agent_memory.capture.privacy.pauses import OPEN_END_MS, Pauses
from agent_memory.client import Client
from agent_memory.errors import AgentMemoryError, NotRunning
from agent_memory.settings import Settings
from agent_memory.store.commit_counter import CommitCounter

EVERY_S: Final = 1.0
# A daemon that does not answer within this is shown as one that hangs.
ANSWER_S: Final = 2.0
# Where nothing was committed, nothing else is asked; now and then it is, in case it hangs.
_ASK_EVERY_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the header says of the daemon."""

    events: int = 0
    # Events that are stored and not in the table of contents yet.
    waiting: int = 0
    # Until when nothing is captured; 0: capture goes on.
    paused_until_ms: int = 0
    # Why the daemon does not answer, and what to type; empty if it does.
    problem: str = ""
    remedy: str = ""

    @property
    def is_up(self) -> bool:
        return not self.problem

    @property
    def described(self) -> str:
        """In a few words."""
        if self.problem:
            return f"{self.problem} {self.remedy}".strip()
        said = f"{self.events:,} events"
        if self.waiting:
            said += f", {self.waiting:,} on their way"
        return f"{said} · {self.capture}"

    @property
    def capture(self) -> str:
        """Whether what is said is captured."""
        if not self.paused_until_ms:
            return "capturing"
        if self.paused_until_ms >= OPEN_END_MS:
            return "paused"
        return f"paused until {datetime.fromtimestamp(self.paused_until_ms / 1000):%H:%M}"


class Heart:
    """Asks for the pulse; `on_pulse` gets each, and whether something was committed since the one before."""

    def __init__(
        self, settings: Settings, connect: Connect, deliver: Deliver, on_pulse: Callable[[Pulse, bool], None]
    ) -> None:
        self._lane = Lane(connect, deliver, ANSWER_S)
        self._pauses = Pauses(settings.db_path)
        self._commits = CommitCounter(settings.runtime.commits)
        self._on_pulse = on_pulse
        self._last: tuple[object, Pulse] = (None, Pulse())
        self._asked_s = 0.0

    def beat(self, *, at_once: bool = False) -> None:
        """Ask, unless an answer is still to come."""
        if at_once:
            self._asked_s = 0.0
        if not self._lane.is_waiting:
            self._lane.ask(self._look, self._arrive, self._fail, settle_s=0)

    def close(self) -> None:
        self._lane.close()

    def _look(self, client: Client) -> tuple[object, Pulse]:
        commits, before = self._commits.count, self._last
        pulse = before[1]
        now_s = time.monotonic()
        if commits is None or commits != before[0] or not pulse.is_up or now_s - self._asked_s > _ASK_EVERY_S:
            stats = client.stats()
            self._asked_s = now_s
            pulse = Pulse(stats.events, stats.waiting.get("toc", stats.outbox))
        pause = self._pauses.current(time.time_ns() // 1_000_000)
        return commits, Pulse(pulse.events, pulse.waiting, pause.to_ms if pause else 0)

    def _arrive(self, found: tuple[object, Pulse]) -> None:
        before, self._last = self._last, found
        is_new = found[0] != before[0] or found[1].events != before[1].events or not before[1].is_up
        self._on_pulse(found[1], is_new)

    def _fail(self, error: AgentMemoryError) -> None:
        pulse = problem_of(error)
        self._last = (self._last[0], pulse)
        self._on_pulse(pulse, False)


def problem_of(error: AgentMemoryError) -> Pulse:
    """The pulse of a daemon that answers with an error, or not at all."""
    if isinstance(error, NotRunning):
        return Pulse(problem="The daemon is not running.", remedy=error.remedy or "memory-daemon start")
    if error.reason in ("DEADLINE_EXCEEDED", "NO_ANSWER"):
        return Pulse(problem="The daemon does not answer.", remedy="memory-daemon restart")
    return Pulse(problem=error.message, remedy=error.remedy)
