"""The main screen: the tree of time on the left, what the cursor is on on the right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget

from agent_memory.browse.daemon import Daemon
from agent_memory.browse.erasing import victims
from agent_memory.browse.keys import MAIN, Keys
from agent_memory.browse.list_pane import ListPane
from agent_memory.browse.questions import Children, children_of, latest
from agent_memory.browse.reader import Reader
from agent_memory.browse.rows import Kind, Target, row
from agent_memory.browse.screens.base_screen import BaseScreen
from agent_memory.browse.screens.calendar_screen import CalendarScreen
from agent_memory.browse.screens.follow_screen import FollowScreen
from agent_memory.browse.screens.forget_screen import ForgetScreen
from agent_memory.browse.screens.narrow_screen import NarrowScreen
from agent_memory.browse.screens.pause_screen import PauseScreen
from agent_memory.browse.screens.search_screen import SearchScreen
from agent_memory.browse.screens.status_screen import StatusScreen
from agent_memory.browse.screens.time_screen import TimeScreen
from agent_memory.browse.time_tree import ROOT, TimeTree, above
from agent_memory.browse.views import nodes
from agent_memory.browse.views.problems import error_rows
from agent_memory.client import Filters
from agent_memory.errors import AgentMemoryError
from agent_memory.model import TocLevel
from agent_memory.periods import Period
from agent_memory.present.lines import line

# While much is stored, the tree is asked for again at most so often.
_REFRESH_S: Final = 1.0


class MainScreen(BaseScreen):
    """Where the browser begins and ends."""

    KEYS: ClassVar[Keys] = MAIN
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "app.quit", show=False, priority=True),
        Binding("tab", "other_half", show=False, priority=True),
        Binding("shift+tab", "other_half", show=False, priority=True),
        Binding("h,left", "left", show=False, priority=True),
        Binding("l,right", "right", show=False, priority=True),
        Binding("escape,backspace", "back", show=False, priority=True),
        Binding("z", "zoom", show=False, priority=True),
        Binding("y", "copy", show=False, priority=True),
        Binding("slash", "search", show=False, priority=True),
        Binding("t", "time", show=False, priority=True),
        Binding("c", "calendar", show=False, priority=True),
        Binding("f", "follow", show=False, priority=True),
        Binding("s", "status", show=False, priority=True),
        Binding("p", "pause", show=False, priority=True),
        Binding("x", "forget", show=False, priority=True),
        Binding("n", "narrow", show=False, priority=True),
    ]

    def __init__(self, daemon: Daemon, hook_store: str) -> None:
        super().__init__(daemon)
        self._hook_store = hook_store
        self._known = TimeTree()
        # Something was committed since the tree was asked for.
        self._is_stale = False
        # The conversation that is read was chosen in a search.
        self._is_of_search = False

    def compose_body(self) -> Iterator[Widget]:
        self._children, self._refreshing = self.lane(), self.lane()
        self._tree = ListPane(id="tree", wraps=False)
        self._page = Reader(self.lane(), self.daemon, id="page")
        yield Horizontal(self._tree, self._page, id="body")

    def on_mount(self) -> None:
        self.set_focus(self._tree)
        self.call_after_refresh(self._begin)
        self.set_interval(_REFRESH_S, self._refresh)

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    def reveal(self, node_id: str) -> None:
        """Put the tree's cursor on a node, whatever it lies in."""
        way = above(node_id)
        known = self._known.open(*way)

        def arrive(found: Children) -> None:
            self._known = known.with_children(found)
            seen = {entry.node.node_id for entry in self._known.entries()}
            nearest = next((each for each in (node_id, *reversed(way)) if each in seen), "")
            self._draw(Target(Kind.NODE, nearest))

        self._ask_for(known.unknown([ROOT, *way]), arrive)

    def refresh_content(self, *, has_recovered: bool) -> None:
        self._is_stale = True
        if has_recovered and self._page.has_failed:
            self._page.action_again()

    def on_list_pane_moved(self, message: ListPane.Moved) -> None:
        if message.pane is self._tree:
            self._is_of_search = False
            self._page.start(message.target)

    def on_list_pane_opened(self, message: ListPane.Opened) -> None:
        if message.pane is self._tree:
            self._open(message.target)

    def action_other_half(self) -> None:
        self._focus(self._page if self._tree.has_focus else self._tree)

    def action_left(self) -> None:
        """Close the node, or go to the one above; from a page, back to where it was opened."""
        if self._page.has_focus:
            self.action_back()
            return
        target = self._tree.target
        if target is None:
            return
        if self._known.is_open(target.id):
            self._known = self._known.close(target.id)
            self._draw(target)
        elif way := above(target.id):
            self._go_to(way[-1])

    def action_right(self) -> None:
        """Open the node, and then go into it."""
        target = self._tree.target
        if self._tree.has_focus and target:
            if self._known.is_open(target.id):
                self._tree.action_move(1)
            else:
                self._open(target)

    def action_back(self) -> None:
        if self._page.has_focus and self._page.back():
            return
        self._focus(self._tree)
        if self._is_of_search:
            self._is_of_search = False
            self.action_search()

    def action_zoom(self) -> None:
        """The half with the focus gets all of the screen, or gives it back."""
        name = "zoomed-tree" if self._tree.has_focus else "zoomed"
        self.toggle_class(name)
        self.call_after_refresh(self._draw)

    def action_copy(self) -> None:
        """Put the id of what the cursor is on, or of the page, into the terminal's clipboard."""
        pane = self._tree if self._tree.has_focus else self._page
        target = pane.target or self._page.place
        if target:
            self.app.copy_to_clipboard(target.id)
            self.say(f"copied {target.id}")

    def action_search(self) -> None:
        self._show_screen("search", lambda: SearchScreen(self.daemon, self._found))

    def action_time(self) -> None:
        self._show_screen("time", lambda: TimeScreen(self.daemon, self._went))

    def action_calendar(self) -> None:
        self._show_screen("calendar", lambda: CalendarScreen(self.daemon, self._went))

    def action_follow(self) -> None:
        self.app.push_screen(FollowScreen(self.daemon, self._followed))

    def action_status(self) -> None:
        self.app.push_screen(StatusScreen(self.daemon, self._hook_store))

    def action_pause(self) -> None:
        self.app.push_screen(PauseScreen(self.daemon))

    def action_forget(self) -> None:
        """Ask what of that which the cursor is on is to be forgotten."""
        pane = self._tree if self._tree.has_focus else self._page
        target = pane.target or self._page.place
        if target and (found := victims(target, self._page.place)):
            self.app.push_screen(ForgetScreen(self.daemon, found))

    def action_narrow(self) -> None:
        self.app.push_screen(NarrowScreen(self.daemon, self._narrowed, self._change_store))

    def _narrowed(self, filters: Filters) -> None:
        """Begin again, with what these leave."""
        self.daemon.filters = filters
        self._focus(self._tree)
        self.show_pulse()
        self._begin()

    def _change_store(self, name: str) -> None:
        """End; whoever started this starts it again for that store."""
        if name != self.daemon.settings.store:
            self.app.exit(name)

    def _show_screen(self, name: str, make: Callable[[], BaseScreen]) -> None:
        """Show a screen that stays as it was left."""
        if not self.app.is_screen_installed(name):
            self.app.install_screen(make(), name)
        self.app.push_screen(name)

    def _found(self, target: Target) -> None:
        """Show the conversation at the turn that was found; from there, `back` leads to the search again."""
        self.reveal(target.node_id)
        self._page.start(Target(Kind.SESSION, target.session_id, target.session_id, target.at_ms), target)
        self._is_of_search = True
        self._focus(self._page)

    def _followed(self, target: Target) -> None:
        """Show the conversation at an event that has just been captured."""
        day = self.daemon.view(0).local(target.at_ms).date()
        self.reveal(Period(TocLevel.DAY, day).node_id)
        self._page.start(Target(Kind.SESSION, target.session_id, target.session_id, target.at_ms), target)
        self._focus(self._page)

    def _went(self, target: Target) -> None:
        self.reveal(target.id)
        self._page.start(target)
        self._focus(self._tree)

    def _focus(self, pane: Widget) -> None:
        self.remove_class("zoomed", "zoomed-tree")
        self.set_focus(pane)

    def _begin(self) -> None:
        filters = self.daemon.filters
        self._children.ask(lambda client: latest(client, filters), self._start, self._fail)

    def _start(self, found: Children) -> None:
        """Show what was last: the latest day is open, its latest conversation is under the cursor."""
        self._known = TimeTree().with_children(found).open(*(each for each in found if each != ROOT))
        entries = list(self._known.entries())
        if not entries:
            self._tree.show([row(line("Nothing yet.", "dim"))])
            self._page.show(nodes.nothing_yet())
            return
        last = next((each for each in entries if each.is_leaf), entries[0])
        self._draw(nodes.target_of(last.node))
        self._page.start(nodes.target_of(last.node))

    def _refresh(self) -> None:
        """Ask again for what is seen of the tree, where something was committed."""
        if (
            not self._is_stale
            or self._children.is_waiting
            or self._refreshing.is_waiting
            or not self.daemon.pulse.is_up
        ):
            return
        self._is_stale = False
        if not self._known.children.get(ROOT):
            self._begin()
            return
        loaded, filters = self._known.loaded(), self.daemon.filters
        self._refreshing.ask(lambda client: children_of(client, loaded, filters), self._refreshed, lambda error: None)

    def _refreshed(self, found: Children) -> None:
        before = self._tree.target
        self._known = self._known.with_children(found)
        self._draw()
        if self._tree.target and self._tree.target != before and self._page.place == before:
            self._page.start(self._tree.target)  # the node is gone

    def _open(self, target: Target) -> None:
        if target.id.startswith("toc:segment:"):
            self._focus(self._page)
            return
        if self._known.is_open(target.id):
            self._known = self._known.close(target.id)
            self._draw(target)
            return

        def arrive(found: Children) -> None:
            self._known = self._known.with_children(found).open(target.id)
            self._draw()

        unknown = self._known.unknown([target.id])
        if unknown:
            self._ask_for(unknown, arrive)
        else:
            arrive({})

    def _ask_for(self, node_ids: Sequence[str], arrive: Callable[[Children], None]) -> None:
        """Ask for the children of these."""
        filters = self.daemon.filters
        self._children.ask(lambda client: children_of(client, node_ids, filters), arrive, self._fail)

    def _go_to(self, node_id: str) -> None:
        for place, entry in enumerate(self._known.entries()):
            if entry.node.node_id == node_id:
                self._tree.move_cursor(place)
                return

    def _draw(self, target: Target | None = None) -> None:
        """Show the tree as it is known, the cursor on the node, or where it was."""
        wanted = target or self._tree.target
        entries = list(self._known.entries())
        if entries:
            ids = [each.node.node_id for each in entries]
            room = self._tree.room
            place = ids.index(wanted.id) if wanted and wanted.id in ids else None
            self._tree.show_layout(nodes.tree(self.daemon.view(room), entries, room), place)

    def _fail(self, error: AgentMemoryError) -> None:
        if ROOT not in self._known.children:
            self._is_stale = True
            self._page.show(error_rows(error))
        self.daemon.beat(at_once=True)
