"""The screen of pauses: stop remembering for a while, or go on."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.binding import Binding, BindingType

from agent_memory.browse.keys import PAUSE, Keys
from agent_memory.browse.list_pane import ListPane
from agent_memory.browse.rows import BLANK, Kind, Row, Target, row
from agent_memory.browse.screens.list_screen import ListScreen
from agent_memory.capture.privacy.pauses import OPEN_END_MS, Pauses
from agent_memory.errors import AgentMemoryError
from agent_memory.present.lines import flow, line

_MINUTE_MS: Final = 60_000
_LENGTHS: Final = (("30 minutes", 30), ("2 hours", 120), ("1 day", 24 * 60), ("until I resume", 0))
_RESUME: Final = "resume"


class PauseScreen(ListScreen):
    """Pauses and resumes what `pause-capture` and `resume-capture` do."""

    KEYS: ClassVar[Keys] = PAUSE
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,backspace,h,left,p", "leave", show=False, priority=True),
        Binding("l,right", "choose", show=False, priority=True),
    ]

    def begin(self) -> None:
        self._list.show(_choices(is_paused=bool(self.daemon.pulse.paused_until_ms)))

    def on_list_pane_opened(self, message: ListPane.Opened) -> None:
        choice, settings, now_ms = message.target.id, self.daemon.settings, self.daemon.now_ms()

        def change(_: object) -> None:
            pauses = Pauses(settings.db_path)
            try:
                if choice == _RESUME:
                    pauses.end(now_ms)
                else:
                    length_ms = dict(_LENGTHS)[choice] * _MINUTE_MS
                    pauses.begin(now_ms, now_ms + length_ms if length_ms else OPEN_END_MS)
            except OSError as error:
                raise AgentMemoryError(f"Nothing was changed: {pauses.path} can't be written: {error}.") from error

        self._asking.ask(change, lambda _: self._done(), self._fail)

    def action_choose(self) -> None:
        self._list.action_open()

    def _done(self) -> None:
        self.app.pop_screen()
        self.daemon.beat()


def _choices(*, is_paused: bool) -> list[Row]:
    """What can be done now."""
    if is_paused:
        rows = [row(line("Capture is paused.", "bold")), BLANK]
        return [*rows, row(line("resume now", "green"), target=Target(Kind.CHOICE, _RESUME)), *_lengths("pause for ")]
    what = "Nothing said meanwhile is stored, and no transcript brings it in later."
    return [row(line("Stop remembering", "bold")), row(flow("", "", what, "dim")), BLANK, *_lengths("")]


def _lengths(before: str) -> list[Row]:
    return [
        row(line(f"{before if minutes else before.removesuffix('for ')}{name}"), target=Target(Kind.CHOICE, name))
        for name, minutes in _LENGTHS
    ]
