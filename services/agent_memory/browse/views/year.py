"""View of a year: a cell for each day, the fuller the more was said; weeks side by side, Monday on top."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from agent_memory.periods import MONTHS, WEEKDAYS
from agent_memory.present.lines import Line, pieces
from agent_memory.present.text import counted

_CELLS: Final = "·░▒▓█"
_STYLES: Final = ("dim", "green", "green", "green", "green")
_MARGIN: Final = 5
# So many cells are needed for a week to have two of them.
WIDE_CELLS: Final = 2 * 54 + _MARGIN + 1
_WEEKDAYS_SHOWN: Final = (0, 2, 4, 6)


@dataclass(frozen=True, slots=True)
class Year:
    """How many events each day of a year has; days without any may be missing."""

    number: int
    events: Mapping[date, int]

    @property
    def first(self) -> date:
        return date(self.number, 1, 1)

    @property
    def last(self) -> date:
        return date(self.number, 12, 31)

    @property
    def monday(self) -> date:
        """Where its first week begins."""
        return self.first - timedelta(days=self.first.weekday())

    @property
    def busiest(self) -> int:
        return max(self.events.values(), default=0)


def grid(year: Year, selected: date, today: date, width: int) -> Iterator[Line]:
    """The months above, then a line for each day of the week; the selected day is reversed."""
    wide = 2 if width >= WIDE_CELLS else 1
    weeks = (year.last - year.monday).days // 7 + 1
    yield pieces((_months(year, weeks, wide), "dim"))
    for weekday in range(7):
        name = WEEKDAYS[weekday][:3] if weekday in _WEEKDAYS_SHOWN else ""
        line = [(f" {name:<{_MARGIN - 1}}", "dim")]
        for week in range(weeks):
            day = year.monday + timedelta(days=7 * week + weekday)
            line.append(_cell(year, day, selected, today, wide))
        yield pieces(*line)


def caption(year: Year, selected: date, today: date) -> Line:
    """The selected day, and how much was said on it; then the year."""
    events = year.events.get(selected, 0)
    said = counted(events, "event") if events else "nothing" if selected <= today else "still to come"
    days = sum(map(bool, year.events.values()))
    whole = f"{year.number}: {sum(year.events.values()):,} events on {counted(days, 'day')}"
    day = f"{WEEKDAYS[selected.weekday()][:3]} {selected.day} {selected:%b %Y}"
    return pieces((f" {day}  ", "bold"), (said, "green" if events else "dim"), (f"   {whole}", "dim"))


def _months(year: Year, weeks: int, wide: int) -> str:
    line = [" "] * (_MARGIN + weeks * wide + 3)
    for number, name in enumerate(MONTHS, start=1):
        at = _MARGIN + ((date(year.number, number, 1) - year.monday).days + 6) // 7 * wide
        line[at : at + 3] = name[:3]
    return "".join(line).rstrip()


def _cell(year: Year, day: date, selected: date, today: date, wide: int) -> tuple[str, str]:
    if day.year != year.number:
        return " " * wide, ""
    level = _level(year.events.get(day, 0), year.busiest)
    shown, style = (_CELLS[level], _STYLES[level]) if day <= today else (" ", "")
    text = shown * wide if level else shown.ljust(wide)
    if day == selected:
        return text, f"{style} reverse".strip() if shown != " " else "reverse"
    return text, style


def _level(events: int, busiest: int) -> int:
    """0 for nothing, then four steps. Each is four times the one below: a day with much must not hide all others."""
    if not events:
        return 0
    return next((4 - step for step in range(3) if events * 4**step * 2 > busiest), 1)
