"""The screen of forgetting: what would go is shown, and goes when it is typed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input, Static

from agent_memory.browse import erasing
from agent_memory.browse.daemon import Daemon
from agent_memory.browse.erasing import Victim
from agent_memory.browse.keys import FORGET, Keys
from agent_memory.browse.list_pane import ListPane
from agent_memory.browse.rows import plain_rows
from agent_memory.browse.screens.base_screen import BaseScreen
from agent_memory.browse.views.problems import error_rows
from agent_memory.client import Client
from agent_memory.errors import AgentMemoryError
from agent_memory.present import erasure_page
from agent_memory.present.lines import line
from agent_memory.rpc import memory_pb2 as pb


class ForgetScreen(BaseScreen):
    """Forgets one of `victims`."""

    KEYS: ClassVar[Keys] = FORGET
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False, priority=True),
        Binding("tab,shift+tab", "next", show=False, priority=True),
        Binding("down", "scroll(1)", show=False, priority=True),
        Binding("up", "scroll(-1)", show=False, priority=True),
        Binding("q", "leave", show=False),
    ]

    def __init__(self, daemon: Daemon, victims: Sequence[Victim]) -> None:
        super().__init__(daemon)
        self._victims = victims
        self._place = 0
        self._selection = pb.EventSelection()
        # What has to be typed; empty while that is not known, or when it was.
        self._words = ""
        self._events = 0

    def compose_body(self) -> Iterator[Widget]:
        self._asking = self.lane()
        self._title = Static(id="title")
        self._list = ListPane(id="list")
        self._typed = Input(id="question")
        yield self._title
        yield self._list
        yield self._typed

    def on_mount(self) -> None:
        self.set_focus(self._typed)
        self.call_after_refresh(self._look)

    def on_input_submitted(self) -> None:
        if not self._words:
            return
        if " ".join(self._typed.value.split()) != self._words:
            self.say(f"Nothing was changed. Type {self._words} to do it.")
            return
        selection, events, settings = self._selection, self._events, self.daemon.settings
        self._words = ""
        self._typed.display = False
        self._title.update(" Erasing, and proving it. This goes on if you leave.")
        self._asking.ask(lambda client: erasing.forget(client, selection, events, settings), self._prove, self._fail)

    def action_next(self) -> None:
        """The next thing that may be meant."""
        if self._words and len(self._victims) > 1:
            self._place = (self._place + 1) % len(self._victims)
            self._look()

    def action_scroll(self, step: int) -> None:
        self._list.action_move(step)

    def _look(self) -> None:
        victim = self._victims[self._place]
        other = f"   (tab: {self._victims[(self._place + 1) % len(self._victims)].name})"
        self._title.update(f" Forget {victim.name}?{other if len(self._victims) > 1 else ''}")
        self._words = ""

        def found(client: Client) -> tuple[pb.EventSelection, pb.EraseResponse]:
            selection = victim.selection(client)
            return selection, erasing.preview(client, selection)

        self._asking.ask(found, lambda pair: self._preview(*pair), self._fail)

    def _preview(self, selection: pb.EventSelection, found: pb.EraseResponse) -> None:
        shown = erasure_page.preview(found, "forget", self.daemon.zone)
        self._list.show(plain_rows(list(map(line, shown))))
        self._typed.display = bool(found.events)
        if found.events:
            self._selection, self._events = selection, found.events
            self._words = f"forget {found.events}"
            self._typed.placeholder = f"This can't be undone. Type {self._words} to do it."
            self.set_focus(self._typed)

    def _prove(self, receipt: pb.ErasureReceipt) -> None:
        self._title.update("")
        self._list.show(plain_rows([line(each) for each in erasure_page.receipt(receipt)]))
        self.set_focus(self._list)
        self.daemon.beat(at_once=True)

    def _fail(self, error: AgentMemoryError) -> None:
        self._typed.display = False
        self._list.show(error_rows(error))
        self.set_focus(self._list)
