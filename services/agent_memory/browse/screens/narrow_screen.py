"""The screen of what is shown: all of the memory, a project, an agent; or another store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from textual.binding import Binding, BindingType

from agent_memory.browse.daemon import Daemon
from agent_memory.browse.keys import NARROW, Keys
from agent_memory.browse.list_pane import ListPane
from agent_memory.browse.rows import Layout, layout
from agent_memory.browse.screens.list_screen import ListScreen
from agent_memory.browse.views.choices import AGENT, PROJECT, STORE, Choices, choices
from agent_memory.client import NO_FILTERS, Client, Filters


class NarrowScreen(ListScreen):
    """Calls `narrow` with the filters that were chosen, `change_store` with the name of the store."""

    KEYS: ClassVar[Keys] = NARROW
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,backspace,h,left,n", "leave", show=False, priority=True),
    ]

    def __init__(self, daemon: Daemon, narrow: Callable[[Filters], None], change_store: Callable[[str], None]) -> None:
        super().__init__(daemon)
        self._narrow = narrow
        self._change_store = change_store

    def begin(self) -> None:
        room = self._list.room
        self._asking.ask(lambda client: self._found(client, room), self._list.show_layout, self._fail)

    def on_list_pane_opened(self, message: ListPane.Opened) -> None:
        kind, _, name = message.target.id.partition(" ")
        self.app.pop_screen()
        if kind == STORE:
            self._change_store(name)
        elif kind == PROJECT:
            self._narrow(replace(self.daemon.filters, project=name))
        elif kind == AGENT:
            self._narrow(replace(self.daemon.filters, agent=name))
        else:
            self._narrow(NO_FILTERS)

    def _found(self, client: Client, room: int) -> Layout:
        found = Choices(
            [each.project_id for each in client.projects().projects],
            [each.agent_id for each in client.agents().agents],
            [each.name for each in client.stores().stores],
        )
        return layout(choices(found, self.daemon.filters, self.daemon.settings.store), room)
