"""A screen with a question on top, and below it the answer, while it is typed. Search and time are such screens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input, Static

from agent_memory.browse.daemon import Daemon
from agent_memory.browse.list_pane import ListPane
from agent_memory.browse.rows import Layout, Row, Target
from agent_memory.browse.screens.base_screen import BaseScreen
from agent_memory.browse.views.problems import error_rows
from agent_memory.client import Client
from agent_memory.errors import AgentMemoryError, UsageError
from agent_memory.present.view import View
from agent_memory.present.width import one_line

_OF_THE_LIST: Final = ("back", "type", "open", "again")
# After a letter, so long nothing may be typed before the question goes out.
_TYPING_S: Final = 0.15


@dataclass(frozen=True, slots=True)
class Answer:
    """How the question was understood, in a line, and what was found."""

    meaning: str
    layout: Layout


class AskScreen(BaseScreen):
    """Calls `choose` with what was chosen. Its question is still there when it is shown again."""

    PLACEHOLDER: ClassVar[str] = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False, priority=True),
        Binding("tab,shift+tab", "other_half", show=False, priority=True),
        Binding("down,ctrl+n", "move(1)", show=False, priority=True),
        Binding("up,ctrl+p", "move(-1)", show=False, priority=True),
        Binding("pagedown", "page(1)", show=False, priority=True),
        Binding("pageup", "page(-1)", show=False, priority=True),
        Binding("slash,i", "type", show=False),
        Binding("q,h,left", "back", show=False),
        Binding("l,right", "open", show=False),
        Binding("r", "again", show=False),
    ]

    def __init__(self, daemon: Daemon, choose: Callable[[Target], None]) -> None:
        super().__init__(daemon)
        self._choose = choose
        self._filters = daemon.filters
        # What was typed before there was a place for it.
        self._early = ""

    def answer(self, client: Client, text: str, view: View) -> Answer:
        """What the daemon says to the question; in a lane's thread."""
        raise NotImplementedError

    def hints(self) -> list[Row]:
        """What stands below an empty question."""
        raise NotImplementedError

    def compose_body(self) -> Iterator[Widget]:
        self._asking = self.lane()
        self._question = Input(placeholder=self.PLACEHOLDER, id="question", select_on_focus=False)
        self._meaning = Static(id="meaning")
        self._list = ListPane(id="list")
        yield self._question
        yield self._meaning
        yield self._list

    def on_mount(self) -> None:
        self.set_focus(self._question)
        self._question.value = self._early
        self._question.cursor_position = len(self._early)
        self.call_after_refresh(self._ask)

    def on_screen_resume(self) -> None:
        if self._filters != self.daemon.filters:
            self._ask()

    def on_key(self, event: events.Key) -> None:
        if self.focused is None and event.character and event.is_printable:
            self._early += event.character

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Letters are keys only where they are no text."""
        return action not in _OF_THE_LIST or self._list.has_focus

    def refresh_content(self, *, has_recovered: bool) -> None:
        if has_recovered:
            self.action_again()

    def on_input_changed(self) -> None:
        self._ask(_TYPING_S)

    def on_input_submitted(self) -> None:
        self._list.action_open()

    def on_list_pane_opened(self, message: ListPane.Opened) -> None:
        self._left()
        self._choose(message.target)

    def action_leave(self) -> None:
        self._left()

    def action_back(self) -> None:
        self._left()

    def _left(self) -> None:
        """Go; who comes back finds the question ready to be typed over."""
        self.set_focus(self._question)
        self._question.select_all()
        self.app.pop_screen()

    def action_other_half(self) -> None:
        self.set_focus(self._list if self._question.has_focus else self._question)

    def action_type(self) -> None:
        self.set_focus(self._question)

    def action_move(self, step: int) -> None:
        self._list.action_move(step)

    def action_page(self, pages: float) -> None:
        self._list.action_page(pages)

    def action_open(self) -> None:
        self._list.action_open()

    def action_again(self) -> None:
        self._ask()

    def _ask(self, settle_s: float = 0) -> None:
        text, self._filters = self._question.value.strip(), self.daemon.filters
        if not text:
            self._asking.cancel()
            self._show_meaning("")
            self._list.show(self.hints())
            return
        view = self.daemon.view(self._list.room)
        self._asking.ask(lambda client: self.answer(client, text, view), self._show, self._fail, settle_s)

    def _show(self, answer: Answer) -> None:
        self._show_meaning(answer.meaning)
        self._list.show_layout(answer.layout)

    def _fail(self, error: AgentMemoryError) -> None:
        if isinstance(error, UsageError):  # a question that is not finished yet
            self._show_meaning(error.message)
            self._list.show([])
            return
        self._show_meaning("")
        self._list.show(error_rows(error))

    def _show_meaning(self, said: str) -> None:
        self._meaning.update(one_line(said, max(1, self.size.width - 2)))
