"""The screen of the year: a cell for each day, and below it what the day was about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar, Final

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from agent_memory.browse.daemon import Daemon
from agent_memory.browse.keys import CALENDAR, Keys
from agent_memory.browse.reader import Reader
from agent_memory.browse.rows import Kind, Target
from agent_memory.browse.screens.base_screen import BaseScreen
from agent_memory.browse.views.year import Year, caption, grid
from agent_memory.client import Client
from agent_memory.errors import AgentMemoryError
from agent_memory.model import TocLevel
from agent_memory.periods import Period

_DAYS: Final = 366


class CalendarScreen(BaseScreen):
    """Calls `choose` with the day that was chosen."""

    KEYS: ClassVar[Keys] = CALENDAR
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "move(-7)", show=False, priority=True),
        Binding("right,l", "move(7)", show=False, priority=True),
        Binding("up,k", "move(-1)", show=False, priority=True),
        Binding("down,j", "move(1)", show=False, priority=True),
        Binding("n,right_square_bracket", "year(1)", show=False, priority=True),
        Binding("p,left_square_bracket", "year(-1)", show=False, priority=True),
        Binding("w", "busy(1)", show=False, priority=True),
        Binding("b", "busy(-1)", show=False, priority=True),
        Binding("t,home,g", "today", show=False, priority=True),
        Binding("pagedown,ctrl+d,space", "scroll(1)", show=False, priority=True),
        Binding("pageup,ctrl+u", "scroll(-1)", show=False, priority=True),
        Binding("r", "again", show=False, priority=True),
        Binding("enter", "open", show=False, priority=True),
        Binding("escape,q,backspace,c", "leave", show=False, priority=True),
    ]

    def __init__(self, daemon: Daemon, choose: Callable[[Target], None]) -> None:
        super().__init__(daemon)
        self._choose = choose
        self._years: dict[int, Year] = {}
        self._selected = self._today()

    def compose_body(self) -> Iterator[Widget]:
        self._counting = self.lane()
        self._grid = Static(id="grid")
        self._page = Reader(self.lane(), self.daemon, id="day")
        self._page.can_focus = False
        yield self._grid
        yield self._page

    def on_mount(self) -> None:
        self.call_after_refresh(self._begin)

    def on_resize(self) -> None:
        self._draw()

    def refresh_content(self, *, has_recovered: bool) -> None:
        self._ask(self._selected.year)
        if has_recovered and self._page.has_failed:
            self._page.action_again()

    def action_move(self, days: int) -> None:
        self._select(self._selected + timedelta(days=days))

    def action_year(self, years: int) -> None:
        """The same day of another year."""
        day = min(self._selected.day, 28) if self._selected.month == 2 else self._selected.day
        self._select(self._selected.replace(year=self._selected.year + years, day=day))

    def action_busy(self, step: int) -> None:
        """The next day on which something was said, or the one before."""
        days = sorted(day for day, number in self._year().events.items() if number)
        later = [day for day in days if (day > self._selected if step > 0 else day < self._selected)]
        if later:
            self._select(later[0] if step > 0 else later[-1])

    def action_today(self) -> None:
        self._select(self._today())

    def action_scroll(self, pages: int) -> None:
        self._page.action_page(pages)

    def action_again(self) -> None:
        self._ask(self._selected.year)
        self._page.action_again()

    def action_open(self) -> None:
        self.app.pop_screen()
        self._choose(_target(self._selected))

    def _begin(self) -> None:
        self._select(self._selected)

    def _select(self, day: date) -> None:
        """Put the cursor on a day; not on one that is still to come."""
        self._selected = min(day, self._today())
        if self._selected.year not in self._years:
            self._ask(self._selected.year)
        self._draw()
        self._page.start(_target(self._selected))

    def _ask(self, number: int) -> None:
        self._counting.ask(lambda client: self._counted(client, number), self._show, self._fail)

    def _counted(self, client: Client, number: int) -> Year:
        last = datetime.combine(date(number, 12, 31), time(12), self.daemon.zone)
        reply = client.habits(_DAYS, int(last.astimezone(UTC).timestamp() * 1000))
        days = {date.fromisoformat(each.day): each.events for each in reply.days}
        return Year(number, {day: events for day, events in days.items() if day.year == number})

    def _show(self, year: Year) -> None:
        self._years[year.number] = year
        self._draw()

    def _fail(self, error: AgentMemoryError) -> None:
        self.daemon.beat(at_once=True)

    def _year(self) -> Year:
        return self._years.get(self._selected.year, Year(self._selected.year, {}))

    def _draw(self) -> None:
        today = self._today()
        year, width = self._year(), self.app.size.width
        lines = [*grid(year, self._selected, today, width), caption(year, self._selected, today)]
        shown = Text("\n", no_wrap=True).join(Text.assemble(*line.pieces) for line in lines)
        self._grid.update(shown)

    def _today(self) -> date:
        return datetime.fromtimestamp(self.daemon.now_ms() / 1000, self.daemon.zone).date()


def _target(day: date) -> Target:
    return Target(Kind.NODE, Period(TocLevel.DAY, day).node_id)
