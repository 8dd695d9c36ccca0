"""Whole days: what of the calendar a phrase names, such as yesterday, last week, the 12th, the end of May.

Names look back: "Monday", "in May", "the 12th" are the last ones there were. Weeks are ISO weeks, as in the table of
contents. A phrase that people mean differently names several.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from agent_memory.model import TocLevel
from agent_memory.periods import Period, parse_period
from agent_memory.phrases.days import ONE_DAY, Days, days_of, unit_around
from agent_memory.phrases.named import feast, season
from agent_memory.phrases.words import NUMBER, Reading, Token, by_kind, kinds, number_of

# Units that are shorter than a day.
SECONDS: Final = {"minute": 60, "hour": 3600}
_DAYS: Final = {"day": 1, "week": 7, "weekend": 7, "fortnight": 14}
# Lengths of time that the calendar has no days for.
_NO_CALENDAR_UNITS: Final = frozenset({*SECONDS, "fortnight"})
# In patterns of tokens: which day.
_NTH: Final = "[nNoO]"
# How far back a date without a year is looked for: 29 February can be eight years ago.
_LOOK_BACK_YEARS: Final = 12


class WholeDays:
    """The days that phrases name at a moment, looking back from the day `anchor`."""

    def __init__(self, now: datetime, anchor: date) -> None:
        self._zone = now.tzinfo or UTC
        self._today = now.date()
        self._anchor = anchor

    def named(self, tokens: Reading) -> list[Days]:
        """What the tokens name; nothing where they name no whole days.

        Raises ValueError or OverflowError for days that the calendar does not have.
        """
        named = kinds(tokens)
        for pattern, rule in _RULES:
            if re.fullmatch(pattern, named) and (found := rule(self, tokens)):
                return found
        return []

    def _period(self, tokens: Reading) -> list[Days]:
        return [days_of(tokens[0].value, self._zone)]

    def _day_from_today(self, tokens: Reading) -> list[Days]:
        return [self._day(self._today + tokens[0].value * ONE_DAY)]

    def _relative_unit(self, tokens: Reading) -> list[Days]:
        """Last week, this month."""
        by = by_kind(tokens)
        if by["u"] == "fortnight":
            return self._rolling(tokens)
        return self._units(by["u"], by["r"])

    def _weekend(self, tokens: Reading) -> list[Days]:
        """The weekend, without saying which: the last that has begun."""
        if tokens[0].value != "weekend":
            return []
        (this,) = self._units("weekend", 0)
        return [this] if this.first <= self._anchor else self._units("weekend", -1)

    def _rolling(self, tokens: Reading) -> list[Days]:
        """The last three days: from three days ago to today, so that nothing of them is missing."""
        by = by_kind(tokens)
        unit, count, relative = by["u"], number_of(by), by["r"]
        if unit in SECONDS or relative == 0 or abs(relative) > 1:
            return []
        edge = self._shifted(unit, relative * count)
        first, last = sorted((edge, self._today))
        return [Days(first, last + ONE_DAY, self._zone)]

    def _rolling_or_date(self, tokens: Reading) -> list[Days]:
        """`le 12 du mois dernier`, and `los 3 meses pasados`, which is said in the same way."""
        return [*self._date(tokens), *self._rolling(tokens)]

    def _ago(self, tokens: Reading) -> list[Days]:
        """Three days ago; two weeks ago is the whole week, as the calendar has it."""
        by = by_kind(tokens)
        unit, count = by["u"], number_of(by)
        if unit == "fortnight":
            unit, count = "week", 2 * count
        return self._units(unit, count if "i" in by else -count)

    def _weekday(self, tokens: Reading) -> list[Days]:
        """Monday: the last one; on a Monday it may be today or a week ago."""
        back = (self._anchor.weekday() - tokens[0].value) % 7
        found = [self._day(self._anchor - back * ONE_DAY)]
        if back == 0 and self._anchor == self._today:
            found.append(self._day(self._anchor - timedelta(days=7)))
        return found

    def _relative_weekday(self, tokens: Reading) -> list[Days]:
        """Last Monday: the latest one before today, or the one of last week."""
        by = by_kind(tokens)
        (week,) = self._units("week", by["r"])
        in_week = week.first + by["w"] * ONE_DAY
        if by["r"] not in (-1, 1):
            return [self._day(in_week)]
        # Not today: that would be called so.
        away = by["r"] * ((by["r"] * (by["w"] - self._today.weekday())) % 7 or 7)
        nearest = self._today + away * ONE_DAY
        return [self._day(day) for day in dict.fromkeys((nearest, in_week))]

    def _weekday_of_week(self, tokens: Reading) -> list[Days]:
        """Monday of last week."""
        by = by_kind(tokens)
        if by["u"] != "week":
            return []
        (week,) = self._units("week", by["r"])
        return [self._day(week.first + by["w"] * ONE_DAY)]

    def _month(self, tokens: Reading) -> list[Days]:
        """May: the last that has begun. Last May may be that, or the one of last year."""
        by = by_kind(tokens)
        month, relative = by["m"], by.get("r")
        if by.get("u", "month") != "month":
            return []
        year = self._anchor.year - (month > self._anchor.month)
        if "Y" in by:
            years = [by["Y"]]
        elif relative is None:
            years = [year]
        elif relative == 0:
            years = [self._today.year]
        elif relative > 0:
            years = [year + 1]
        else:
            # Of the month that it is now, the last one is a year ago.
            latest = year - (month == self._today.month)
            years = list(dict.fromkeys((latest, self._today.year - 1)))
        return [days_of(Period(TocLevel.MONTH, date(each, month, 1)), self._zone) for each in years]

    def _named(self, tokens: Reading) -> list[Days]:
        """Autumn, Christmas: the last that has begun; last autumn is one that is over."""
        by = by_kind(tokens)
        relative = by.get("r")

        def of(year: int) -> Days:
            return season(by["S"], year, self._zone) if "S" in by else feast(by["H"], year, self._zone)

        if "Y" in by:
            return [of(by["Y"])]
        year = self._anchor.year
        year -= of(year).first > self._anchor
        if relative is None:
            return [of(year)]
        if relative >= 0:
            return [of(self._today.year if relative == 0 else year + 1)]
        year -= of(year).after > self._today
        return list(dict.fromkeys((of(year), of(self._today.year - 1))))

    def _in_other_year(self, tokens: Reading) -> list[Days]:
        """May last year, 12 May last year."""
        by = by_kind(tokens)
        if by["u"] != "year":
            return []
        year = Token("Y", self._today.year + by["r"])
        rest = tuple(token for token in tokens if token.kind not in "ru")
        return self.named((*rest, year))

    def _year(self, tokens: Reading) -> list[Days]:
        by = by_kind(tokens)
        if by.get("u", "year") != "year":
            return []
        return [days_of(Period(TocLevel.YEAR, date(by["Y"], 1, 1)), self._zone)]

    def _quarter(self, tokens: Reading) -> list[Days]:
        by = by_kind(tokens)
        first = date(by.get("Y", self._anchor.year), by["q"] * 3 - 2, 1)
        if "Y" not in by and first > self._anchor:
            first = first.replace(year=first.year - 1)
        return [unit_around("quarter", first, self._zone)]

    def _date(self, tokens: Reading) -> list[Days]:
        """12 May, Friday 12 May 2026, Monday the 12th, the 12th: the last such day, if no year is named."""
        by = by_kind(tokens)
        day, month, year = by["D"] if "D" in by else (number_of(by), by.get("m"), by.get("Y"))
        if "r" in by:
            # The 12th of last month.
            if by["u"] != "month":
                return []
            of = self._shifted("month", by["r"])
            month, year = of.month, of.year
        for candidate in _dates(day, month, year, self._anchor):
            if by.get("w", candidate.weekday()) == candidate.weekday():
                return [self._day(candidate)]
        return []

    def _week_of(self, tokens: Reading) -> list[Days]:
        """The week of the 12th, the month of 12 May."""
        unit, rest = tokens[0].value, tokens[1:]
        if unit in _NO_CALENDAR_UNITS:
            return []
        found = self.named(rest)
        return [unit_around(unit, days.first, self._zone) for days in found if days.after - days.first == ONE_DAY]

    def _week_number(self, tokens: Reading) -> list[Days]:
        """Week 46: the last of that number that has begun."""
        by = by_kind(tokens)
        if by["u"] != "week":
            return []
        years = [by["Y"]] if "Y" in by else range(self._anchor.year + 1, self._anchor.year - _LOOK_BACK_YEARS, -1)
        for year in years:
            period = parse_period(f"{year:04}-W{by['n']:02}")
            if period and ("Y" in by or period.first <= self._anchor):
                return [days_of(period, self._zone)]
        return []

    def _week_of_month(self, tokens: Reading) -> list[Days]:
        """The first week of May, the last week of last month."""
        number, unit, *rest = tokens
        found = self._whole(rest)
        if unit.value != "week" or number.value == 0:
            return []
        months = [days.period for days in found if days.period and days.period.level == TocLevel.MONTH]
        place = -1 if number.kind == "r" else number.value - 1
        return [days_of(list(month.children())[place], self._zone) for month in months if place < 4]

    def _third(self, tokens: Reading) -> list[Days]:
        """Early May, the end of last week: a third of it."""
        third, *rest = tokens
        found = []
        for days in self._whole(rest):
            length = (days.after - days.first).days
            if length < 3:
                return []
            cuts = [days.first + timedelta(days=round(length * part / 3)) for part in range(4)]
            found.append(Days(cuts[third.value], cuts[third.value + 1], self._zone))
        return found

    def _whole(self, tokens: Sequence[Token]) -> list[Days]:
        """What a part of is named: "of the month" is of this one."""
        whole = tuple(tokens)
        if kinds(whole) == "u":
            whole = (Token("r", 0), *whole)
        return self.named(whole)

    # The calendar

    def _day(self, day: date) -> Days:
        return Days(day, day + ONE_DAY, self._zone)

    def _units(self, unit: str, offset: int) -> list[Days]:
        """The calendar's unit that is so many away from the current one."""
        if unit in _NO_CALENDAR_UNITS:
            return []
        return [unit_around(unit, self._shifted(unit, offset), self._zone)]

    def _shifted(self, unit: str, offset: int) -> date:
        """A day so many units away from today."""
        if unit in _DAYS:
            return self._today + timedelta(days=offset * _DAYS[unit])
        months = self._today.year * 12 + self._today.month - 1 + offset * {"month": 1, "quarter": 3, "year": 12}[unit]
        first = date(months // 12, months % 12 + 1, 1)
        last = Period(TocLevel.MONTH, first).after - ONE_DAY
        return first.replace(day=min(self._today.day, last.day))


_Rule = Callable[[WholeDays, Reading], list[Days]]
# What whole days are named by, as patterns of tokens; the first that applies and finds something has the word.
_RULES: Final[Sequence[tuple[str, _Rule]]] = (
    ("P", WholeDays._period),
    ("d", WholeDays._day_from_today),
    ("ru|ur", WholeDays._relative_unit),
    ("u", WholeDays._weekend),
    (f"r{NUMBER}u|{NUMBER}ru|nur", WholeDays._rolling),
    ("Nur", WholeDays._rolling_or_date),
    (f"a{NUMBER}u|{NUMBER}ua|i{NUMBER}u", WholeDays._ago),
    ("w", WholeDays._weekday),
    ("rw|wr", WholeDays._relative_weekday),
    ("wru|wur|ruw|urw", WholeDays._weekday_of_week),
    ("u?mY?|Ym|rm|mr", WholeDays._month),
    (f"(m|{_NTH}m|m{_NTH})(ru|ur)", WholeDays._in_other_year),
    ("[SH]Y?|Y[SH]|r[SH]|[SH]r", WholeDays._named),
    (f"[SH](ru|ur)|(ru|ur)([SH]|m|m{_NTH})", WholeDays._in_other_year),
    ("Y|uY", WholeDays._year),
    ("q|qY", WholeDays._quarter),
    (f"w?(D|{_NTH}mY?|m{_NTH}Y?|Ym{_NTH}|[No])|[oO](ru|ur)", WholeDays._date),
    (f"u([dNo]|w?D|P|{_NTH}mY?|m{_NTH}Y?)", WholeDays._week_of),
    ("un|unY", WholeDays._week_number),
    ("[oOr]u(u|m|mY|rm|mr|ru|ur)", WholeDays._week_of_month),
    ("e.+", WholeDays._third),
)


def _dates(day: int, month: int | None, year: int | None, anchor: date) -> Iterator[date]:
    """The days that are called so, latest first; up to the anchor, where no year is named."""
    if month and year:
        yield date(year, month, day)
        return
    for months_back in range(0, _LOOK_BACK_YEARS * 12, 12 if month else 1):
        first = anchor.replace(day=1) if not month else anchor.replace(month=month, day=1)
        index = first.year * 12 + first.month - 1 - months_back
        try:
            found = date(index // 12, index % 12 + 1, day)
        except ValueError:  # 29 February, the 31st
            continue
        if found <= anchor:
            yield found
