"""A screen that is one list, which the daemon or this machine is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from textual.widget import Widget

from agent_memory.browse.daemon import Daemon
from agent_memory.browse.list_pane import ListPane
from agent_memory.browse.screens.base_screen import BaseScreen
from agent_memory.browse.views.problems import error_rows
from agent_memory.errors import AgentMemoryError


class ListScreen(BaseScreen):
    """Has a list with the focus, and a lane to ask in; an error stands where the answer would."""

    def __init__(self, daemon: Daemon) -> None:
        super().__init__(daemon)
        self._asking = self.lane()
        self._list = ListPane(id="list")

    def compose_body(self) -> Iterator[Widget]:
        yield self._list

    def on_mount(self) -> None:
        self.set_focus(self._list)
        self.call_after_refresh(self.begin)

    def begin(self) -> None:
        """Fill the list, which has its size now."""
        raise NotImplementedError

    def _fail(self, error: AgentMemoryError) -> None:
        self._list.show(error_rows(error))
