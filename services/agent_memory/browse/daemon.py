"""The daemon, as the screens see it: how it is, and lanes to ask it in."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from agent_memory.browse.lane import ANSWER_S, Deliver, Lane
from agent_memory.browse.pulse import Heart, Pulse
from agent_memory.client import NO_FILTERS
from agent_memory.control.connection import connect
from agent_memory.control.upkeep.store_zone import zone_of_store
from agent_memory.local_zone import local_zone
from agent_memory.present.view import View
from agent_memory.settings import Settings


class Daemon:
    """The daemon of `settings`. `on_pulse` gets its pulse, and whether something is new; all in the screens' thread."""

    def __init__(
        self, settings: Settings, deliver: Deliver, on_pulse: Callable[[Pulse, bool], None], now_ms: Callable[[], int]
    ) -> None:
        self.settings = settings
        self.now_ms = now_ms
        self.pulse = Pulse()
        # What the screens show of the memory.
        self.filters = NO_FILTERS
        self._deliver = deliver
        self._on_pulse = on_pulse
        self.zone = ZoneInfo(zone_of_store(settings) or local_zone())
        self._heart = Heart(settings, lambda: connect(settings), deliver, self._feel)

    def view(self, width: int) -> View:
        """How pages are seen now, in lines of so many cells; they suggest nothing to type."""
        return View(self.now_ms(), self.zone, width=width)

    def lane(self, answer_s: float = ANSWER_S) -> Lane:
        """A new lane; whoever asks for it closes it."""
        return Lane(lambda: connect(self.settings), self._deliver, answer_s)

    def beat(self, *, at_once: bool = False) -> None:
        """Look how it is; `at_once` also where nothing seems to have happened."""
        self._heart.beat(at_once=at_once)

    def close(self) -> None:
        self._heart.close()

    def _feel(self, pulse: Pulse, is_new: bool) -> None:
        self.pulse, before = pulse, self.pulse
        self._on_pulse(before, is_new)
