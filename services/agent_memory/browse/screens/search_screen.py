"""The screen of search: finds what was said by its words, and understands a time among them."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.binding import Binding, BindingType

from agent_memory.browse.keys import SEARCH, Keys
from agent_memory.browse.rows import Row, layout
from agent_memory.browse.screens.ask_screen import Answer, AskScreen
from agent_memory.browse.views import found
from agent_memory.client import Client
from agent_memory.present.view import View
from agent_memory.rpc import memory_pb2 as pb

_HITS: Final = 30


class SearchScreen(AskScreen):
    """Finds turns."""

    KEYS: ClassVar[Keys] = SEARCH
    PLACEHOLDER: ClassVar[str] = "what was said: words, or a question with a time in it"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+t", "any_time", show=False, priority=True)]

    _is_any_time = False

    def answer(self, client: Client, text: str, view: View) -> Answer:
        is_any_time, filters = self._is_any_time, self.daemon.filters
        request = pb.SearchRequest(query=text, limit=_HITS, project=filters.project, agent=filters.agent)
        request.when = "any" if is_any_time else ""
        reply = client.search(request)
        meaning = found.meaning(reply)
        if is_any_time:
            meaning = "; ".join(filter(None, ("any time", meaning)))
        return Answer(meaning, layout(list(found.hits(view, reply)), view.width))

    def hints(self) -> list[Row]:
        return found.hints()

    def action_any_time(self) -> None:
        """Look at all times, or at the one that the question names."""
        self._is_any_time = not self._is_any_time
        self.action_again()
