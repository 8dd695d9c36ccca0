"""What every screen has: the line that says how the daemon is, the line of keys, and lanes that end with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from rich.text import Text
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from agent_memory.browse.daemon import Daemon
from agent_memory.browse.keys import Keys, footer
from agent_memory.browse.lane import Lane
from agent_memory.browse.rows import cells
from agent_memory.model import DEFAULT_STORE
from agent_memory.present.text import last_part
from agent_memory.present.width import one_line

# An answer that takes longer is seen to be waited for.
_LOOK_S: Final = 0.25
_TICKS_SHOWN: Final = 3
_SAID_S: Final = 2.0
_NAME: Final = " agent-memory"
_PART_CELLS: Final = 20


class BaseScreen(Screen[None]):
    """A screen of the browser."""

    KEYS: ClassVar[Keys] = ()

    def __init__(self, daemon: Daemon) -> None:
        super().__init__()
        self.daemon = daemon
        self._header = Static(id="header")
        self._footer = Static(footer(self.KEYS), id="footer")
        self._lanes: list[Lane] = []
        self._waited = 0

    def compose(self) -> ComposeResult:
        yield self._header
        yield from self.compose_body()
        yield self._footer

    def compose_body(self) -> Iterator[Widget]:
        """What is between the two lines."""
        raise NotImplementedError

    def lane(self) -> Lane:
        """A lane that ends with the screen."""
        made = self.daemon.lane()
        self._lanes.append(made)
        return made

    def on_mount(self) -> None:
        self.show_pulse()
        self.set_interval(_LOOK_S, self._show_waiting)

    def on_unmount(self) -> None:
        for each in self._lanes:
            each.close()

    def on_resize(self) -> None:
        self.show_pulse()

    def show_pulse(self) -> None:
        """Say how the daemon is."""
        if not self._header.is_attached:
            return
        pulse = self.daemon.pulse
        said = "waiting for the daemon..." if self._waited >= _TICKS_SHOWN and pulse.is_up else pulse.described
        name = self._shown_name()
        room = max(1, self.app.size.width - cells(name) - 4)
        shown = one_line(said, room)
        gap = " " * max(2, self.app.size.width - cells(name) - cells(shown) - 1)
        style = (
            "bold red"
            if pulse.problem
            else "yellow"
            if pulse.paused_until_ms or self._waited >= _TICKS_SHOWN
            else "green"
        )
        text = Text.assemble((name, "bold"), gap, (shown, style), no_wrap=True, end="")
        self._header.update(text)

    def _shown_name(self) -> str:
        """Our name, and what of the memory is shown where that is not all of it."""
        store, filters = self.daemon.settings.store, self.daemon.filters
        parts = ["" if store == DEFAULT_STORE else store, last_part(filters.project), filters.agent]
        return " · ".join([_NAME, *(one_line(part, _PART_CELLS) for part in parts if part)])

    def say(self, what: str) -> None:
        """Show a line for a moment."""
        self._footer.update(Text.assemble(" ", (one_line(what, 200), "yellow"), no_wrap=True))
        self.set_timer(_SAID_S, self._show_keys)

    def refresh_content(self, *, has_recovered: bool) -> None:
        """Something was committed, or the daemon is back."""

    def action_leave(self) -> None:
        """Go back to the screen before."""
        self.app.pop_screen()

    def _show_keys(self) -> None:
        self._footer.update(footer(self.KEYS))

    def _show_waiting(self) -> None:
        before = self._waited
        self._waited = self._waited + 1 if any(each.is_waiting for each in self._lanes) else 0
        if (before >= _TICKS_SHOWN) != (self._waited >= _TICKS_SHOWN):
            self.show_pulse()
