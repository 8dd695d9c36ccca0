"""The screen of the doctor: everything that is checked, and what to type to fix it."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from agent_memory.browse.daemon import Daemon
from agent_memory.browse.keys import STATUS, Keys
from agent_memory.browse.rows import Layout, layout, row
from agent_memory.browse.screens.list_screen import ListScreen
from agent_memory.browse.views.status import examination
from agent_memory.control.doctor.examination import examine
from agent_memory.present.lines import line


class StatusScreen(ListScreen):
    """What `doctor` says. `hook_store` is the store that hooks have to be told of, empty where they find it."""

    KEYS: ClassVar[Keys] = STATUS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,backspace,h,left,s", "leave", show=False, priority=True),
        Binding("r", "again", show=False, priority=True),
    ]

    def __init__(self, daemon: Daemon, hook_store: str) -> None:
        super().__init__(daemon)
        self._hook_store = hook_store

    def begin(self) -> None:
        self._list.show([row(line("Looking at everything...", "dim"))])
        self.action_again()

    def refresh_content(self, *, has_recovered: bool) -> None:
        if has_recovered:
            self.action_again()

    def action_again(self) -> None:
        width = self._list.room
        self._asking.ask(lambda client: self._found(width), self._list.show_layout, self._fail)

    def _found(self, width: int) -> Layout:
        return layout(list(examination(examine(self.daemon.settings, self._hook_store))), width)
