"""The screen that follows: what is being captured, as it comes in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar, Final

from textual.binding import Binding, BindingType
from textual.widget import Widget

from agent_memory.browse.base_screen import BaseScreen, error_rows
from agent_memory.browse.daemon import Daemon
from agent_memory.browse.keys import FOLLOW, Keys
from agent_memory.browse.list_pane import ListPane
from agent_memory.browse.rows import Layout, Target, layout
from agent_memory.browse.views.newest import newest
from agent_memory.client import Client
from agent_memory.errors import AgentMemoryError
from agent_memory.present.view import View
from agent_memory.rpc import memory_pb2 as pb

_EVENTS: Final = 100


class FollowScreen(BaseScreen):
    """Calls `choose` with the event that was chosen. While the cursor is at the end, it stays there."""

    KEYS: ClassVar[Keys] = FOLLOW
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,backspace,h,left,f", "leave", show=False, priority=True),
        Binding("r", "again", show=False, priority=True),
    ]

    def __init__(self, daemon: Daemon, choose: Callable[[Target], None]) -> None:
        super().__init__(daemon)
        self._choose = choose

    def compose_body(self) -> Iterator[Widget]:
        self._asking = self.lane()
        self._list = ListPane(id="list")
        yield self._list

    def on_mount(self) -> None:
        self.set_focus(self._list)
        self.call_after_refresh(self.action_again)

    def refresh_content(self, *, has_recovered: bool) -> None:
        self.action_again()

    def on_list_pane_opened(self, message: ListPane.Opened) -> None:
        self.app.pop_screen()
        self._choose(message.target)

    def action_again(self) -> None:
        view = self.daemon.view(self._list.room)
        if not self._asking.is_waiting:  # while much comes in, an answer is still an answer
            self._asking.ask(lambda client: _latest(client, view), self._show, self._fail, settle_s=0)

    def _show(self, found: Layout) -> None:
        if self._list.is_at_end:
            self._list.show_layout(found)
            self._list.action_edge(1)
        else:
            self._list.show_layout(found, found.place_of(self._list.target))

    def _fail(self, error: AgentMemoryError) -> None:
        self._list.show(error_rows(error))


def _latest(client: Client, view: View) -> Layout:
    reply = client.events(pb.GetEventsRequest(newest_first=True, limit=_EVENTS))
    return layout(list(newest(view, reply.events[::-1])), view.width)
