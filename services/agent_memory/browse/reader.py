"""The reader: a pane that shows whatever a target leads to, and remembers the way back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from textual.binding import Binding, BindingType

from agent_memory.browse.daemon import Daemon
from agent_memory.browse.lane import Lane
from agent_memory.browse.list_pane import ListPane
from agent_memory.browse.questions import Stretch, conversation, extended
from agent_memory.browse.rows import Kind, Layout, Row, Target, layout
from agent_memory.browse.views import nodes, words
from agent_memory.browse.views.problems import error_rows
from agent_memory.client import Client, Filters
from agent_memory.errors import AgentMemoryError
from agent_memory.present.view import View

_NO_STRETCH: Final = Stretch(())


@dataclass(frozen=True, slots=True)
class Page:
    """A page that is ready to be shown; of a conversation, also which part it is; and where the cursor is at first."""

    layout: Layout
    stretch: Stretch = _NO_STRETCH
    cursor: Target | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    target: Target
    # Where the cursor was when it was left.
    cursor: Target | None = None


class Reader(ListPane):
    """Asks in `lane` for what it is to show, as the daemon's view and filters have it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "open", show=False, priority=True),
        Binding("o", "conversation", show=False, priority=True),
        Binding("r", "again", show=False, priority=True),
    ]

    def __init__(self, lane: Lane, daemon: Daemon, *, id: str) -> None:  # noqa: A002 - as widgets do
        super().__init__(id=id)
        self._lane = lane
        self._daemon = daemon
        self._way: list[_Place] = []
        self._stretch = _NO_STRETCH
        self.has_failed = False

    @property
    def place(self) -> Target | None:
        """What it shows, or is about to."""
        return self._way[-1].target if self._way else None

    def start(self, target: Target, cursor: Target | None = None) -> None:
        """Show this, with no way back."""
        self._way = [_Place(target)]
        self._ask(cursor)

    def go(self, target: Target, cursor: Target | None = None) -> None:
        """Show this; `back` leads to what is shown now."""
        if self._way:
            left, here = self._way[-1].target, self.target
            if left.kind is Kind.SESSION and here and here.at_ms:
                left = replace(left, at_ms=here.at_ms)
            self._way[-1] = _Place(left, here)
        self._way.append(_Place(target))
        self._ask(cursor)

    def back(self) -> bool:
        """Show again what was shown before; whether there was anything."""
        if len(self._way) < 2:
            return False
        self._way.pop()
        self._ask(self._way[-1].cursor)
        return True

    def action_again(self) -> None:
        """Ask again for what is shown."""
        if self._way:
            self._ask(self.target)

    def action_conversation(self) -> None:
        """Show the conversation in which the cursor is, or that the node is a part of."""
        here = self.target if self.target and self.target.session_id else self.place
        if here and here.session_id and here.kind in (Kind.EVENT, Kind.NODE):
            self.go(Target(Kind.SESSION, here.session_id, here.session_id, here.at_ms), here)

    def on_list_pane_opened(self, message: ListPane.Opened) -> None:
        message.stop()
        target = message.target
        is_in_session = self.place is not None and self.place.kind is Kind.SESSION
        if target.kind in (Kind.EARLIER, Kind.LATER):
            self._extend(earlier=target.kind is Kind.EARLIER)
        elif target.kind is Kind.EVENT and is_in_session:
            self.go(replace(target, kind=Kind.WHOLE))
        elif target.kind is Kind.EVENT:
            self.go(Target(Kind.SESSION, target.session_id, target.session_id, target.at_ms), target)
        else:
            self.go(target)

    def _ask(self, cursor: Target | None) -> None:
        target, view, filters = self._way[-1].target, self._daemon.view(self.room), self._daemon.filters
        self._lane.ask(
            lambda client: page_of(client, target, view, filters), lambda page: self._show(page, cursor), self._fail
        )

    def _extend(self, *, earlier: bool) -> None:
        session_id, stretch, kept = self._way[-1].target.id, self._stretch, self.target
        view = self._daemon.view(self.room)
        edge = stretch.events[0 if earlier else -1]

        def more(client: Client) -> Page:
            return _conversation(view, extended(client, session_id, stretch, earlier=earlier))

        self._lane.ask(more, lambda page: self._show(page, words.event_target(edge) if kept else None), self._fail)

    def _show(self, page: Page, cursor: Target | None) -> None:
        self.has_failed = False
        self._stretch = page.stretch
        self.show_layout(page.layout, page.layout.place_of(cursor or page.cursor))
        if page.layout.width != self.room:
            self.rewrap()

    def rewrap(self) -> None:
        """Beside the keys: a conversation is long."""
        rows, room, cursor = self._layout.rows, self.room, self._cursor
        if not self._lane.is_waiting:  # else it is done when what is waited for is there
            self._lane.ask(lambda _: layout(rows, room), lambda found: self.show_layout(found, cursor), self._fail)

    def _fail(self, error: AgentMemoryError) -> None:
        self.has_failed = True
        self.show(error_rows(error))


def page_of(client: Client, target: Target, view: View, filters: Filters) -> Page:
    """The page that a target leads to, as the daemon answers now."""
    match target.kind:
        case Kind.NODE:
            reply = client.node(target.id, filters=filters)
            return _page(view, nodes.node(view, reply.node) if reply.HasField("node") else nodes.no_node(target.id))
        case Kind.GRIP:
            proof = client.expand(target.id)
            if not proof.HasField("grip"):
                return _page(view, words.no_evidence())
            cursor = words.event_target(proof.excerpt_events[0]) if proof.excerpt_events else None
            return Page(layout(list(words.evidence(view, proof)), view.width), cursor=cursor)
        case Kind.SESSION:
            return _conversation(view, conversation(client, target.id, target.at_ms))
        case _:
            event = client.event(target.id)
            return _page(view, words.event(view, event) if event.HasField("event") else words.no_event())


def _conversation(view: View, stretch: Stretch) -> Page:
    return Page(layout(list(words.conversation(view, stretch)), view.width), stretch)


def _page(view: View, rows: Iterable[Row]) -> Page:
    return Page(layout(list(rows), view.width))
