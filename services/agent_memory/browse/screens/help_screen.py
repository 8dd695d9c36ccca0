"""The screen of help: the keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from agent_memory.browse.keys import Keys, help_rows
from agent_memory.browse.list_pane import ListPane
from agent_memory.browse.screens.base_screen import BaseScreen


class HelpScreen(BaseScreen):
    """Every key, and what it does."""

    KEYS: ClassVar[Keys] = (("esc", "back"), ("j k", "scroll"))
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,backspace,enter", "leave", show=False, priority=True)
    ]

    def compose_body(self) -> Iterator[Widget]:
        yield ListPane(id="list")

    def on_mount(self) -> None:
        pane = self.query_one(ListPane)
        self.set_focus(pane)
        self.call_after_refresh(lambda: pane.show(help_rows()))
