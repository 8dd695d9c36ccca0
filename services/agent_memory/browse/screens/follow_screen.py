"""The screen that follows: what is being captured, as it comes in."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from textual.binding import Binding, BindingType

from agent_memory.browse.daemon import Daemon
from agent_memory.browse.keys import FOLLOW, Keys
from agent_memory.browse.list_pane import ListPane
from agent_memory.browse.rows import Layout, Target, layout
from agent_memory.browse.screens.list_screen import ListScreen
from agent_memory.browse.views.newest import newest
from agent_memory.client import Client, Filters
from agent_memory.present.view import View
from agent_memory.rpc import memory_pb2 as pb

_EVENTS: Final = 100


class FollowScreen(ListScreen):
    """Calls `choose` with the event that was chosen. While the cursor is at the end, it stays there."""

    KEYS: ClassVar[Keys] = FOLLOW
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,backspace,h,left,f", "leave", show=False, priority=True),
        Binding("r", "again", show=False, priority=True),
    ]

    def __init__(self, daemon: Daemon, choose: Callable[[Target], None]) -> None:
        super().__init__(daemon)
        self._choose = choose

    def begin(self) -> None:
        self.action_again()

    def refresh_content(self, *, has_recovered: bool) -> None:
        self.action_again()

    def on_list_pane_opened(self, message: ListPane.Opened) -> None:
        self.app.pop_screen()
        self._choose(message.target)

    def action_again(self) -> None:
        view, filters = self.daemon.view(self._list.room), self.daemon.filters
        if not self._asking.is_waiting:  # while much comes in, an answer is still an answer
            self._asking.ask(lambda client: _latest(client, view, filters), self._show, self._fail, settle_s=0)

    def _show(self, found: Layout) -> None:
        if self._list.is_at_end:
            self._list.show_layout(found)
            self._list.action_edge(1)
        else:
            self._list.show_layout(found, found.place_of(self._list.target))


def _latest(client: Client, view: View, filters: Filters) -> Layout:
    request = pb.GetEventsRequest(newest_first=True, limit=_EVENTS, project=filters.project, agent=filters.agent)
    reply = client.events(request)
    return layout(list(newest(view, reply.events[::-1])), view.width)
