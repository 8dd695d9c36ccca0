"""The screen of time: words that mean a time, and the nodes that cover it."""

from __future__ import annotations

from typing import ClassVar

from agent_memory.browse.keys import TIME, Keys
from agent_memory.browse.rows import Row, layout
from agent_memory.browse.screens.ask_screen import Answer, AskScreen
from agent_memory.browse.views import times
from agent_memory.client import Client
from agent_memory.present.view import View


class TimeScreen(AskScreen):
    """Finds nodes."""

    KEYS: ClassVar[Keys] = TIME
    PLACEHOLDER: ClassVar[str] = "a time: yesterday, last March, 2026-W47, letzte Woche"

    def answer(self, client: Client, text: str, view: View) -> Answer:
        reply = client.resolve_time(text)
        return Answer(reply.span.text, layout(list(times.spans(view, reply)), view.width))

    def hints(self) -> list[Row]:
        return times.hints()
