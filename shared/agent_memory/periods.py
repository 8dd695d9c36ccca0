"""The calendar of the table of contents: which day, week, month and year an instant belongs to, in the store's zone.

Weeks are ISO weeks and belong to the month, and so to the year, of their Thursday (ISO 8601: the week belongs to the
year that holds its Thursday; the same rule gives it a month).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, timedelta, tzinfo

from agent_memory.model import TocLevel

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A year, month, week or day of the calendar, by its first date."""

    level: TocLevel
    first: date

    @property
    def node_id(self) -> str:
        """`toc:year:2026`, `toc:month:2026:01`, `toc:week:2026:W05` or `toc:day:2026-01-30`."""
        match self.level:
            case TocLevel.YEAR:
                return f"toc:year:{self.first.year:04}"
            case TocLevel.MONTH:
                return f"toc:month:{self.first.year:04}:{self.first.month:02}"
            case TocLevel.WEEK:
                year, week, _ = self.first.isocalendar()
                return f"toc:week:{year:04}:W{week:02}"
            case _:
                return f"toc:day:{self.first.isoformat()}"

    @property
    def title(self) -> str:
        """`2026`, `January 2026`, `Week 5 of 2026 (26 January - 1 February)` or `Friday, 30 January 2026`."""
        match self.level:
            case TocLevel.YEAR:
                return f"{self.first.year}"
            case TocLevel.MONTH:
                return f"{MONTHS[self.first.month - 1]} {self.first.year}"
            case TocLevel.WEEK:
                year, week, _ = self.first.isocalendar()
                sunday = self.first + timedelta(days=6)
                return f"Week {week} of {year} ({_day_month(self.first)} - {_day_month(sunday)})"
            case _:
                return f"{WEEKDAYS[self.first.weekday()]}, {_day_month(self.first)} {self.first.year}"

    @property
    def after(self) -> date:
        """The first date that is no longer in the period."""
        match self.level:
            case TocLevel.YEAR:
                return date(self.first.year + 1, 1, 1)
            case TocLevel.MONTH:
                return (self.first.replace(day=28) + timedelta(days=4)).replace(day=1)
            case TocLevel.WEEK:
                return self.first + timedelta(days=7)
            case _:
                return self.first + timedelta(days=1)

    @property
    def filed(self) -> tuple[date, date]:
        """The days that are filed under it, half-open: from its first week's Monday to its last week's Sunday."""
        if self.level >= TocLevel.WEEK:
            return self.first, self.after
        children = list(self.children())
        return children[0].filed[0], children[-1].filed[1]

    @property
    def parent(self) -> Period | None:
        """The period one level up, None above a year."""
        match self.level:
            case TocLevel.DAY:
                return Period(TocLevel.WEEK, self.first - timedelta(days=self.first.weekday()))
            case TocLevel.WEEK:
                return Period(TocLevel.MONTH, (self.first + timedelta(days=3)).replace(day=1))
            case TocLevel.MONTH:
                return Period(TocLevel.YEAR, self.first.replace(month=1))
            case _:
                return None

    def children(self) -> Iterator[Period]:
        """The periods one level down, in order; none below a day."""
        match self.level:
            case TocLevel.YEAR:
                for month in range(1, 13):
                    yield Period(TocLevel.MONTH, date(self.first.year, month, 1))
            case TocLevel.MONTH:
                # A month's weeks are those whose Thursday is in it.
                thursday = self.first + timedelta(days=(3 - self.first.weekday()) % 7)
                while thursday.month == self.first.month:
                    yield Period(TocLevel.WEEK, thursday - timedelta(days=3))
                    thursday += timedelta(days=7)
            case TocLevel.WEEK:
                for offset in range(7):
                    yield Period(TocLevel.DAY, self.first + timedelta(days=offset))

    def ancestors(self) -> Iterator[Period]:
        """The periods above, nearest first."""
        parent = self.parent
        while parent is not None:
            yield parent
            parent = parent.parent

    def span_ms(self, zone: tzinfo) -> tuple[int, int]:
        """When the period begins and ends in that zone, in milliseconds, half-open."""
        return _midnight_ms(self.first, zone), _midnight_ms(self.after, zone)

    def filed_ms(self, zone: tzinfo) -> tuple[int, int]:
        """When the days that are filed under it begin and end in that zone, in milliseconds, half-open."""
        first, after = self.filed
        return _midnight_ms(first, zone), _midnight_ms(after, zone)


def day_of(timestamp_ms: int, zone: tzinfo) -> Period:
    """The day, in that zone, that the instant belongs to."""
    # Not utcfromtimestamp and not a float: a millisecond before midnight must stay before midnight.
    seconds = timestamp_ms // 1000
    return Period(TocLevel.DAY, datetime.fromtimestamp(seconds, UTC).astimezone(zone).date())


_FORMS = (
    (TocLevel.YEAR, re.compile(r"(?:toc:year:)?(\d{4})")),
    (TocLevel.MONTH, re.compile(r"(?:toc:month:)?(\d{4})[-:](\d{2})")),
    (TocLevel.WEEK, re.compile(r"(?:toc:week:)?(\d{4})[-:]?W(\d{2})", re.IGNORECASE)),
    (TocLevel.DAY, re.compile(r"(?:toc:day:)?(\d{4})-(\d{2})-(\d{2})")),
)


def parse_period(text: str) -> Period | None:
    """The period a node id or one of its other spellings names, None when it names none.

    Understands `toc:month:2026:01`, `toc:month:2026-01`, `2026-01`, `2026`, `2026-W05` and `2026-01-30`.
    """
    word = text.strip()
    for level, form in _FORMS:
        if match := form.fullmatch(word):
            try:
                first = _first_date(level, [int(group) for group in match.groups()])
            except ValueError:
                return None
            # In the calendar's last year, not everything has something after it.
            return Period(level, first) if first.year < MAXYEAR else None
    return None


def _first_date(level: TocLevel, numbers: list[int]) -> date:
    match level:
        case TocLevel.YEAR:
            return date(numbers[0], 1, 1)
        case TocLevel.MONTH:
            return date(numbers[0], numbers[1], 1)
        case TocLevel.WEEK:
            return date.fromisocalendar(numbers[0], numbers[1], 1)
        case _:
            return date(*numbers)


def _midnight_ms(day: date, zone: tzinfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * 1000


def _day_month(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]}"
