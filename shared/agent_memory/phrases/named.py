"""Seasons and feasts: the days of each in a year."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta, tzinfo
from typing import Final

from agent_memory.phrases.days import ONE_DAY, Days

# The first months of spring, summer, autumn and winter, as meteorologists of the northern half count them.
SEASONS: Final = (3, 6, 9, 12)


def season(number: int, year: int, zone: tzinfo) -> Days:
    """Spring is 0; a winter is named after the year that it begins in."""
    month = SEASONS[number]
    after = date(year + 1, 3, 1) if month == 12 else date(year, month + 3, 1)
    return Days(date(year, month, 1), after, zone)


def feast(number: int, year: int, zone: tzinfo) -> Days:
    """By its place in the languages' tables: Christmas is 0."""
    first, days = _FEASTS[number](year)
    return Days(first, first + days * ONE_DAY, zone)


def easter_sunday(year: int) -> date:
    """The Gregorian one (Meeus, Jones, Butcher: Astronomical Algorithms, chapter 8)."""
    century, of_century = divmod(year, 100)
    cycle = year % 19
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * cycle + century - century // 4 - correction + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - epact - of_century % 4) % 7
    late = (cycle + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


# The first day in a year, and how many there are.
_FEASTS: Final[tuple[Callable[[int], tuple[date, int]], ...]] = (
    lambda year: (date(year, 12, 24), 3),
    lambda year: (date(year, 12, 24), 1),
    lambda year: (date(year, 12, 31), 1),
    lambda year: (date(year, 1, 1), 1),
    lambda year: (easter_sunday(year) - timedelta(days=2), 4),
)
