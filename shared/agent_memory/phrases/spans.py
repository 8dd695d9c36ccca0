"""What a phrase can mean: spans of the calendar, the likeliest first.

Names look back: "Monday", "in May", "the 12th" are the last ones there were. Weeks are ISO weeks, as in the table of
contents. A phrase that people mean differently has several readings; nobody guesses for them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from agent_memory.errors import UsageError
from agent_memory.model import TocLevel
from agent_memory.periods import Period, parse_period
from agent_memory.phrases import words
from agent_memory.phrases.days import ONE_DAY, Days, Span, days_of, unit_around
from agent_memory.phrases.languages import LANGUAGES
from agent_memory.phrases.named import feast, season
from agent_memory.phrases.words import Reading, Token

# More than a few are no question any more.
READINGS_MAX: Final = 4
# So many words for "to" are in no time that anybody means.
RANGES_MAX: Final = 3
# Parts of a day, in hours from its midnight; a night ends on the next day.
PARTS: Final = {
    "small hours": (0, 6),
    "morning": (5, 12),
    "noon": (11, 14),
    "afternoon": (12, 18),
    "evening": (18, 24),
    "night": (20, 30),
}
_DAYS: Final = {"day": 1, "week": 7, "weekend": 7, "fortnight": 14}
_SECONDS: Final = {"minute": 60, "hour": 3600}
# Lengths of time that the calendar has no days for.
_NO_CALENDAR_UNITS: Final = frozenset({*_SECONDS, "fortnight"})
# Numbers in patterns of tokens: how many, and which day.
_N: Final = "[nN]"
_NTH: Final = "[nNoO]"
_HOUR_MS: Final = 3_600_000
# How far back a date without a year is looked for: 29 February can be eight years ago.
_LOOK_BACK_YEARS: Final = 12


def parse(phrase: str, now: datetime, languages: Sequence[str] = ()) -> list[Span]:
    """The spans that `phrase` can mean at `now`, which gives the zone too; the likeliest first, one at least.

    `languages` are codes such as `de`; all of LANGUAGES by default. Raises UsageError when nobody can tell.
    """
    unknown = sorted(set(languages) - LANGUAGES.keys())
    if unknown:
        raise UsageError(f"There is no language {', '.join(unknown)}; there are {', '.join(LANGUAGES)}.")
    found: dict[Span, None] = {}
    if period := parse_period(phrase):
        found[days_of(period, now.tzinfo or UTC).span] = None
    for spelling in () if found else words.spellings(phrase):
        for code in languages or LANGUAGES:
            for reading in words.readings(spelling, LANGUAGES[code]):
                found.update((span, None) for span in _Asked(now).spans(reading) if span.start_ms < span.end_ms)
        if found:
            break
    if not found:
        raise UsageError(
            f"{phrase[: words.PHRASE_MAX]!r} is not a time I understand. Try: yesterday, last week, in May, "
            "three days ago, Monday evening, 12 March 2026, between Monday and Wednesday, 2026-W05, 2026-01-30."
        )
    # A memory is asked about what was.
    now_ms = int(now.timestamp()) * 1000
    return sorted(found, key=lambda span: span.start_ms > now_ms)[:READINGS_MAX]


class _Asked:
    """A question at a moment. `anchor` is the day that names look back from: today, or the end of a range."""

    def __init__(self, now: datetime, anchor: date | None = None) -> None:
        self._now = now
        self._zone = now.tzinfo or UTC
        self._today = now.date()
        self._anchor = anchor or self._today

    def spans(self, reading: Reading) -> list[Span]:
        """What the tokens mean; nothing when they make no sense together."""
        kinds = "".join(token.kind for token in reading)
        try:
            return [
                *self._moments(kinds, reading),
                *(days.span for days in self._days(kinds, reading)),
                *self._hours_of_days(kinds, reading),
                *self._ranges(kinds, reading),
            ]
        except (ValueError, OverflowError):  # a date that the calendar does not have
            return []

    # Whole days

    def _days(self, kinds: str, tokens: Reading) -> list[Days]:
        for pattern, rule in _RULES:
            if re.fullmatch(pattern, kinds) and (found := rule(self, tokens)):
                return found
        return []

    def _period(self, tokens: Reading) -> list[Days]:
        return [days_of(tokens[0].value, self._zone)]

    def _day_from_today(self, tokens: Reading) -> list[Days]:
        return [self._from(self._today + tokens[0].value * ONE_DAY)]

    def _relative_unit(self, tokens: Reading) -> list[Days]:
        """Last week, this month."""
        by = _by_kind(tokens)
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
        by = _by_kind(tokens)
        unit, count, relative = by["u"], _number(by), by["r"]
        if unit in _SECONDS or relative == 0 or abs(relative) > 1:
            return []
        edge = self._shifted(unit, relative * count)
        first, last = sorted((edge, self._today))
        return [Days(first, last + ONE_DAY, self._zone)]

    def _rolling_or_date(self, tokens: Reading) -> list[Days]:
        """`le 12 du mois dernier`, and `los 3 meses pasados`, which is said in the same way."""
        return [*self._date(tokens), *self._rolling(tokens)]

    def _ago(self, tokens: Reading) -> list[Days]:
        """Three days ago; two weeks ago is the whole week, as the calendar has it."""
        by = _by_kind(tokens)
        unit, count = by["u"], _number(by)
        if unit == "fortnight":
            unit, count = "week", 2 * count
        return self._units(unit, count if "i" in by else -count)

    def _weekday(self, tokens: Reading) -> list[Days]:
        """Monday: the last one; on a Monday it may be today or a week ago."""
        back = (self._anchor.weekday() - tokens[0].value) % 7
        found = [self._from(self._anchor - back * ONE_DAY)]
        if back == 0 and self._anchor == self._today:
            found.append(self._from(self._anchor - timedelta(days=7)))
        return found

    def _relative_weekday(self, tokens: Reading) -> list[Days]:
        """Last Monday: the latest one before today, or the one of last week."""
        by = _by_kind(tokens)
        (week,) = self._units("week", by["r"])
        in_week = week.first + by["w"] * ONE_DAY
        if by["r"] not in (-1, 1):
            return [self._from(in_week)]
        # Not today: that would be called so.
        away = by["r"] * ((by["r"] * (by["w"] - self._today.weekday())) % 7 or 7)
        nearest = self._today + away * ONE_DAY
        return [self._from(day) for day in dict.fromkeys((nearest, in_week))]

    def _weekday_of_week(self, tokens: Reading) -> list[Days]:
        """Monday of last week."""
        by = _by_kind(tokens)
        if by["u"] != "week":
            return []
        (week,) = self._units("week", by["r"])
        return [self._from(week.first + by["w"] * ONE_DAY)]

    def _month(self, tokens: Reading) -> list[Days]:
        """May: the last that has begun. Last May may be that, or the one of last year."""
        by = _by_kind(tokens)
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
        by = _by_kind(tokens)
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
        by = _by_kind(tokens)
        if by["u"] != "year":
            return []
        year = Token("Y", self._today.year + by["r"])
        rest = tuple(token for token in tokens if token.kind not in "ru")
        return self._days("".join(token.kind for token in rest) + "Y", (*rest, year))

    def _year(self, tokens: Reading) -> list[Days]:
        by = _by_kind(tokens)
        if by.get("u", "year") != "year":
            return []
        return [days_of(Period(TocLevel.YEAR, date(by["Y"], 1, 1)), self._zone)]

    def _quarter(self, tokens: Reading) -> list[Days]:
        by = _by_kind(tokens)
        first = date(by.get("Y", self._anchor.year), by["q"] * 3 - 2, 1)
        if "Y" not in by and first > self._anchor:
            first = first.replace(year=first.year - 1)
        return [unit_around("quarter", first, self._zone)]

    def _date(self, tokens: Reading) -> list[Days]:
        """12 May, Friday 12 May 2026, Monday the 12th, the 12th: the last such day, if no year is named."""
        by = _by_kind(tokens)
        day, month, year = by["D"] if "D" in by else (_number(by), by.get("m"), by.get("Y"))
        if "r" in by:
            # The 12th of last month.
            if by["u"] != "month":
                return []
            of = self._shifted("month", by["r"])
            month, year = of.month, of.year
        for candidate in _dates(day, month, year, self._anchor):
            if by.get("w", candidate.weekday()) == candidate.weekday():
                return [self._from(candidate)]
        return []

    def _week_of(self, tokens: Reading) -> list[Days]:
        """The week of the 12th, the month of 12 May."""
        unit, rest = tokens[0].value, tokens[1:]
        if unit in _NO_CALENDAR_UNITS:
            return []
        found = self._days("".join(token.kind for token in rest), rest)
        return [unit_around(unit, days.first, self._zone) for days in found if days.after - days.first == ONE_DAY]

    def _week_number(self, tokens: Reading) -> list[Days]:
        """Week 46: the last of that number that has begun."""
        by = _by_kind(tokens)
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
        if [token.kind for token in whole] == ["u"]:
            whole = (Token("r", 0), *whole)
        return self._days("".join(token.kind for token in whole), whole)

    # Within days

    def _moments(self, kinds: str, tokens: Reading) -> Iterator[Span]:
        """Two hours ago: the hour that began then. The last two hours."""
        by = _by_kind(tokens)
        length_ms = _SECONDS.get(by.get("u", ""), 0) * 1000
        now_ms = int(self._now.timestamp()) * 1000
        if not length_ms:
            return
        # In hours that pass, not in hours of the clock: those are others in the night it changes.
        if re.fullmatch(f"a{_N}u|{_N}ua|i{_N}u", kinds):
            count = _number(by)
            start = now_ms + (count if "i" in by else -count) * length_ms
            yield Span(start, start + length_ms, self._zone, is_instant=True)
        elif re.fullmatch(f"r{_N}?u|{_N}?ru|{_N}?ur", kinds) and by["r"] == -1:
            count = _number(by)
            yield Span(now_ms - count * length_ms, now_ms, self._zone)

    def _hours_of_days(self, kinds: str, tokens: Reading) -> Iterator[Span]:
        """Yesterday evening, this morning, Monday at 15:00, yesterday between 14:00 and 16:00."""
        if match := re.search("b?ctc", kinds):
            first, _, last = tokens[match.end() - 3 : match.end()]
        elif match := re.search("[pc]", kinds):
            first = last = tokens[match.start()]
        else:
            return
        rest = tokens[: match.start()] + tokens[match.end() :]
        for days in self._days_with_hours(first.kind, rest):
            if days.after - days.first != ONE_DAY:
                continue
            if first.kind == "p":
                from_hour, to_hour = PARTS[first.value]
                yield days.clock(from_hour * 60, to_hour * 60)
            elif first is not last:
                yield days.clock(first.value, last.value)
            else:
                # Where the clocks change, an hour of the clock can be two hours long, or not be there.
                hour = days.clock(first.value, first.value + 60)
                yield replace(hour, end_ms=max(hour.end_ms, hour.start_ms + _HOUR_MS), is_instant=True)

    def _days_with_hours(self, kind: str, rest: Reading) -> list[Days]:
        kinds = "".join(token.kind for token in rest)
        if kind == "c" and not rest:
            return [self._from(self._today)]
        if kind == "p" and kinds == "r":
            # Last night began yesterday; this morning is today's.
            return [self._from(self._today + rest[0].value * ONE_DAY)]
        return self._days(kinds, rest)

    # From one to another

    def _ranges(self, kinds: str, tokens: Reading) -> Iterator[Span]:
        """Between Monday and Wednesday, 3 to 7 May, since Monday."""
        if kinds.startswith("s") and "t" not in kinds:
            now_ms = int(self._now.timestamp()) * 1000
            for since in self.spans(tokens[1:]):
                end_ms = self._from(self._today).span.end_ms if since.days else now_ms
                if since.start_ms <= now_ms:
                    yield Span(since.start_ms, end_ms, self._zone)
        bare = tokens[kinds.startswith("b") :]
        if any(token.kind in "sb" for token in bare):
            return
        places = [index for index, token in enumerate(bare) if token.kind == "t"]
        # Each side is looked at for ranges again: the time is exponential in their number.
        for at in places if len(places) <= RANGES_MAX else ():
            if [token.kind for token in bare[at + 1 :]] == ["c"]:
                continue  # an hour without its day ends nothing
            yield from self._between(*_completed(bare[:at], bare[at + 1 :]))

    def _between(self, left: Reading, right: Reading) -> Iterator[Span]:
        for until in self.spans(right):
            # Monday to Wednesday: that Wednesday's Monday.
            for since in _Asked(self._now, until.first_day).spans(left):
                end_ms = until.start_ms if right[-1].kind == "c" else until.end_ms
                if since.start_ms < end_ms:
                    yield Span(since.start_ms, end_ms, self._zone)

    # The calendar

    def _from(self, day: date) -> Days:
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


_Rule = Callable[[_Asked, Reading], list[Days]]
# What whole days are named by, as patterns of tokens; the first that applies and finds something has the word.
_RULES: Final[Sequence[tuple[str, _Rule]]] = (
    ("P", _Asked._period),
    ("d", _Asked._day_from_today),
    ("ru|ur", _Asked._relative_unit),
    ("u", _Asked._weekend),
    (f"r{_N}u|{_N}ru|nur", _Asked._rolling),
    ("Nur", _Asked._rolling_or_date),
    (f"a{_N}u|{_N}ua|i{_N}u", _Asked._ago),
    ("w", _Asked._weekday),
    ("rw|wr", _Asked._relative_weekday),
    ("wru|wur|ruw|urw", _Asked._weekday_of_week),
    ("u?mY?|Ym|rm|mr", _Asked._month),
    (f"(m|{_NTH}m|m{_NTH})(ru|ur)", _Asked._in_other_year),
    ("[SH]Y?|Y[SH]|r[SH]|[SH]r", _Asked._named),
    (f"[SH](ru|ur)|(ru|ur)([SH]|m|m{_NTH})", _Asked._in_other_year),
    ("Y|uY", _Asked._year),
    ("q|qY", _Asked._quarter),
    (f"w?(D|{_NTH}mY?|m{_NTH}Y?|Ym{_NTH}|[No])|[oO](ru|ur)", _Asked._date),
    (f"u([dNo]|w?D|P|{_NTH}mY?|m{_NTH}Y?)", _Asked._week_of),
    ("un|unY", _Asked._week_number),
    ("[oOr]u(u|m|mY|rm|mr|ru|ur)", _Asked._week_of_month),
    ("e.+", _Asked._third),
)


def _number(by_kind: Mapping[str, Any]) -> int:
    """How many, or which; one where no number is named."""
    return next((int(by_kind[kind]) for kind in "nNoO" if kind in by_kind), 1)


def _by_kind(tokens: Reading) -> dict[str, Any]:
    return {token.kind: token.value for token in tokens}


def _completed(left: Reading, right: Reading) -> tuple[Reading, Reading]:
    """The ends of a range, each with the month or week: `3 to 7 May`, `May 3 to 7`, `last week Monday to Friday`."""
    if len(left) == 1 and left[0].kind in "nNo":
        left += tuple(token for token in right if token.kind == "m")
    elif len(right) == 1 and right[0].kind in "nNo":
        right += tuple(token for token in left if token.kind in "mY")
    elif [token.kind for token in right] == ["w"] and {"r", "u", "w"} <= {token.kind for token in left}:
        right += tuple(token for token in left if token.kind in "ru")
    return left, right


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
