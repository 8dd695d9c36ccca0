"""The list pane: rows, a cursor on those that lead somewhere, and scrolling. Tree, page and results are such panes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from agent_memory.browse.rows import GUTTER, Layout, Row, Target, layout

_BAR: Final = "▌"
_NOTHING: Final = layout((), 1)


class ListPane(ScrollView, can_focus=True):
    """Shows rows; `Moved` and `Opened` tell what the cursor is on, and what was chosen."""

    DEFAULT_CSS = """
    ListPane { scrollbar-size-vertical: 1; overflow-x: hidden; overflow-y: auto; }
    """
    # With priority, each key has had its effect before the next one is looked at: keys that come in a burst don't go
    # where the focus was before.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", show=False, priority=True),
        Binding("up,k", "move(-1)", show=False, priority=True),
        Binding("pagedown,ctrl+f,space", "page(1)", show=False, priority=True),
        Binding("pageup,ctrl+b", "page(-1)", show=False, priority=True),
        Binding("ctrl+d", "page(0.5)", show=False, priority=True),
        Binding("ctrl+u", "page(-0.5)", show=False, priority=True),
        Binding("home,g", "edge(-1)", show=False, priority=True),
        Binding("end,G", "edge(1)", show=False, priority=True),
        Binding("enter", "open", show=False, priority=True),
    ]

    class Moved(Message):
        """The cursor is on another row."""

        def __init__(self, pane: ListPane, target: Target) -> None:
            super().__init__()
            self.pane = pane
            self.target = target

        @property
        def control(self) -> ListPane:
            return self.pane

    class Opened(Moved):
        """The row under the cursor was chosen."""

    def __init__(self, *, id: str, wraps: bool = True) -> None:  # noqa: A002 - the name that widgets have for it
        super().__init__(id=id)
        self._wraps = wraps
        self._layout = _NOTHING
        self._cursor: int | None = None

    @property
    def room(self) -> int:
        """How many cells a line may have."""
        return max(1, self.scrollable_content_region.width - GUTTER - (0 if self.show_vertical_scrollbar else 1))

    @property
    def target(self) -> Target | None:
        """What the row under the cursor leads to."""
        return self._layout.rows[self._cursor].target if self._cursor is not None else None

    @property
    def is_at_end(self) -> bool:
        """Whether the cursor is on the last row that leads somewhere, or there is none."""
        stops = self._layout.stops
        return not stops or self._cursor == stops[-1]

    @property
    def text(self) -> str:
        """All that it shows, as plain text."""
        return self._layout.text

    def show(self, rows: Sequence[Row], target: Target | None = None) -> None:
        """Show these rows from the top, or with the cursor on the one that leads to `target`."""
        found = layout(rows, self.room)
        self.show_layout(found, found.place_of(target))

    def show_layout(self, found: Layout, place: int | None = None) -> None:
        """The same, laid out already, the cursor on the row of that number."""
        self._layout = found
        self.virtual_size = Size(0, len(found.lines))
        self._cursor = place if place is not None else next(iter(found.stops), None)
        if place is None:
            self.scroll_to(y=0, animate=False, immediate=True, force=True)
        else:
            self._show_cursor(centred=True)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        number = y + self.scroll_offset.y
        if number >= len(self._layout.lines):
            return Strip.blank(width)
        drawn = self._layout.lines[number]
        is_here = drawn.row == self._cursor
        is_single = self._height_of(drawn.row) == 1
        is_marked = is_here and self.has_focus and is_single
        base = Style(reverse=True) if is_marked else Style()
        bar = _BAR if is_here and not is_marked else " "
        segments = [Segment(bar, Style(bold=self.has_focus) + base)]
        segments += [Segment(text, base + Style.parse(style or "none")) for text, style in drawn.pieces]
        return Strip(segments).adjust_cell_length(width, base)

    def action_move(self, step: int) -> None:
        """To the next row that leads somewhere; where that is far away, a line on."""
        top, bottom = self._shown()
        if self._cursor is not None:
            first, end = self._layout.first[self._cursor], self._layout.first[self._cursor + 1]
            # A row that is higher than what is shown of it is read first.
            if (step > 0 and first < bottom < end) or (step < 0 and first < top < end):
                self._scroll_by(step)
                return
        place = self._next_stop(step)
        if place is None or not self._is_near(place, step):
            self._scroll_by(step)
            return
        self._move_to(place)

    def action_page(self, pages: float) -> None:
        """Scroll, and take the cursor along."""
        height = max(1, self.scrollable_content_region.height)
        step = int(height * pages) or (1 if pages > 0 else -1)
        limit = max(0, len(self._layout.lines) - height)
        top = min(limit, max(0, self.scroll_offset.y + step))
        is_at_edge = top == self.scroll_offset.y
        self.scroll_to(y=top, animate=False, immediate=True, force=True)
        stops = self._layout.stops
        if self._cursor is None or not stops:
            return
        if is_at_edge:
            self._move_to(stops[-1] if pages > 0 else stops[0])
            return
        inside = [each for each in stops if top <= self._layout.first[each] < top + height]
        if inside:
            wanted = self._layout.first[self._cursor] + step
            self._move_to(min(inside, key=lambda each: abs(self._layout.first[each] - wanted)))

    def action_edge(self, side: int) -> None:
        """To the first or the last line."""
        self.scroll_to(y=0 if side < 0 else len(self._layout.lines), animate=False, immediate=True, force=True)
        if stops := self._layout.stops:
            self._move_to(stops[0] if side < 0 else stops[-1], scrolls=False)

    def action_open(self) -> None:
        if self.target:
            self.post_message(self.Opened(self, self.target))

    def move_cursor(self, place: int) -> None:
        """Put the cursor on the row of that number."""
        self._move_to(place)

    def rewrap(self) -> None:
        """Lay the rows out again, in lines as long as there is room for."""
        self.show_layout(layout(self._layout.rows, self.room), self._cursor)

    def on_resize(self) -> None:
        if self._wraps and self._layout.width != self.room and self._layout.rows:
            self.rewrap()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        number = event.y + self.scroll_offset.y
        if number >= len(self._layout.lines):
            return
        place = self._layout.lines[number].row
        if self._layout.rows[place].target is None:
            return
        if place == self._cursor:
            self.action_open()
        else:
            self._move_to(place)

    def _next_stop(self, step: int) -> int | None:
        rows = self._layout.rows
        if self._cursor is None:
            return None
        places = range(self._cursor + 1, len(rows)) if step > 0 else range(self._cursor - 1, -1, -1)
        return next((place for place in places if rows[place].target), None)

    def _is_near(self, place: int, step: int) -> bool:
        """Whether the row is seen already, or is once a line more is shown."""
        top, bottom = self._shown()
        first, end = self._layout.first[place], self._layout.first[place + 1]
        return first <= bottom + 1 if step > 0 else end >= top - 1

    def _move_to(self, place: int, *, scrolls: bool = True) -> None:
        if place == self._cursor:
            return
        self._cursor = place
        if scrolls:
            self._show_cursor()
        self.refresh()
        if self.target:
            self.post_message(self.Moved(self, self.target))

    def _show_cursor(self, *, centred: bool = False) -> None:
        """Scroll as little as brings the cursor's row into sight, or its end where it is the higher one."""
        if self._cursor is None:
            return
        height = max(1, self.scrollable_content_region.height)
        top, bottom = self._shown()
        first, end = self._layout.first[self._cursor], self._layout.first[self._cursor + 1]
        if centred and not top <= first < bottom:
            wanted = max(0, first - height // 2)
        elif first < top:
            wanted = max(first, end - height)
        elif end > bottom:
            wanted = min(first, end - height)
        else:
            return
        self.scroll_to(y=wanted, animate=False, immediate=True, force=True)

    def _scroll_by(self, step: int) -> None:
        self.scroll_to(y=self.scroll_offset.y + step, animate=False, immediate=True, force=True)

    def _shown(self) -> tuple[int, int]:
        top = self.scroll_offset.y
        return top, top + self.scrollable_content_region.height

    def _height_of(self, place: int) -> int:
        return self._layout.first[place + 1] - self._layout.first[place]
