"""Spans of time, and the days and units of the calendar that they are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from agent_memory.model import TocLevel
from agent_memory.periods import MONTHS, WEEKDAYS, Period

ONE_DAY: Final = timedelta(days=1)
_LEVELS: Final = {"week": TocLevel.WEEK, "month": TocLevel.MONTH, "year": TocLevel.YEAR}


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time in milliseconds, half-open, in the zone that it was meant in."""

    start_ms: int
    end_ms: int
    zone: tzinfo
    # Whether an instant was named, with which the span only begins: "2 hours ago", "at 15:00".
    is_instant: bool = field(default=False, compare=False)

    @property
    def first_day(self) -> date:
        return self._at(self.start_ms).date()

    @property
    def days(self) -> Days | None:
        """The whole days it is made of; None when it begins or ends within a day."""
        first, after = self._at(self.start_ms), self._at(self.end_ms)
        found = Days(first.date(), after.date(), self.zone)
        return found if found.span == self else None

    @property
    def text(self) -> str:
        """`Mon 9 - Sun 15 Nov 2026`, `Tue 17 Nov 2026 18:00 - 24:00`."""
        if days := self.days:
            last = days.after - ONE_DAY
            return _day(last) if days.first == last else f"{_day(days.first, last)} - {_day(last)}"
        first, after = self._at(self.start_ms), self._at(self.end_ms)
        if first.date() == after.date():
            return f"{_day(first)} {first:%H:%M} - {after:%H:%M}"
        if after.time() == time() and after.date() - first.date() == ONE_DAY:
            return f"{_day(first)} {first:%H:%M} - 24:00"
        return f"{_day(first)} {first:%H:%M} - {_day(after)} {after:%H:%M}"

    def _at(self, moment_ms: int) -> datetime:
        return datetime.fromtimestamp(moment_ms // 1000, self.zone)


@dataclass(frozen=True, slots=True)
class Days:
    """Whole days from `first` up to, without, `after`."""

    first: date
    after: date
    zone: tzinfo

    @property
    def span(self) -> Span:
        return self.clock(0, (self.after - self.first).days * 24 * 60)

    def clock(self, from_minute: int, to_minute: int) -> Span:
        """From one time of the clock to another, in minutes from the first midnight as a clock on the wall has them."""
        start, end = (_moment_ms(self.first, minute, self.zone) for minute in (from_minute, to_minute))
        return Span(max(0, start), end, self.zone)

    @property
    def period(self) -> Period | None:
        """The calendar's period that these days are."""
        found = (_around(self.first, level) for level in (*_LEVELS.values(), TocLevel.DAY))
        return next((period for period in found if (period.first, period.after) == (self.first, self.after)), None)


def unit_around(unit: str, day: date, zone: tzinfo) -> Days:
    """The calendar's unit that holds the day."""
    match unit:
        case "day":
            return Days(day, day + ONE_DAY, zone)
        case "weekend":
            saturday = day + (5 - day.weekday()) * ONE_DAY
            return Days(saturday, saturday + 2 * ONE_DAY, zone)
        case "quarter":
            first = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
            return Days(first, Period(TocLevel.MONTH, first.replace(month=first.month + 2)).after, zone)
        case _:
            return days_of(_around(day, _LEVELS[unit]), zone)


def _around(day: date, level: TocLevel) -> Period:
    """The calendar's year, month, week or day that holds the day."""
    match level:
        case TocLevel.WEEK:
            return Period(level, day - day.weekday() * ONE_DAY)
        case TocLevel.MONTH:
            return Period(level, day.replace(day=1))
        case TocLevel.YEAR:
            return Period(level, day.replace(month=1, day=1))
        case _:
            return Period(level, day)


def days_of(period: Period, zone: tzinfo) -> Days:
    return Days(period.first, period.after, zone)


def _moment_ms(day: date, minute: int, zone: tzinfo) -> int:
    """So many minutes after that day's midnight on a clock on the wall, in milliseconds."""
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    return int(wall.replace(tzinfo=zone).timestamp()) * 1000


def _day(day: date, like: date | None = None) -> str:
    """`Mon 9 Nov 2026`, without the month and year that it has in common with the day `like`."""
    month = "" if like and (day.month, day.year) == (like.month, like.year) else f" {MONTHS[day.month - 1][:3]}"
    year = "" if like and day.year == like.year else f" {day.year}"
    return f"{WEEKDAYS[day.weekday()][:3]} {day.day}{month}{year}"
