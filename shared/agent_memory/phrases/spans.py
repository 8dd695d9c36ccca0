"""What a phrase can mean: spans of time, the likeliest first.

They are whole days, hours of a day, or what lies between two of these. A phrase that people mean differently has
several readings; nobody guesses for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Final

from agent_memory.errors import UsageError
from agent_memory.periods import parse_period
from agent_memory.phrases import words
from agent_memory.phrases.days import ONE_DAY, Days, Span, days_of, unit_around
from agent_memory.phrases.languages import LANGUAGES
from agent_memory.phrases.whole_days import SECONDS, WholeDays
from agent_memory.phrases.words import NUMBER, Reading, by_kind, kinds, number_of

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
_HOUR_MS: Final = 3_600_000


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
        self._today = unit_around("day", now.date(), self._zone)
        self._days = WholeDays(now, anchor or now.date())

    def spans(self, reading: Reading) -> list[Span]:
        """What the tokens mean; nothing when they make no sense together."""
        try:
            return [
                *self._moments(reading),
                *(days.span for days in self._days.named(reading)),
                *self._hours_of_days(reading),
                *self._ranges(reading),
            ]
        except (ValueError, OverflowError):  # a date that the calendar does not have
            return []

    def _moments(self, tokens: Reading) -> Iterator[Span]:
        """Two hours ago: the hour that began then. The last two hours."""
        by = by_kind(tokens)
        length_ms = SECONDS.get(by.get("u", ""), 0) * 1000
        now_ms = int(self._now.timestamp()) * 1000
        if not length_ms:
            return
        # In hours that pass, not in hours of the clock: those are others in the night it changes.
        if re.fullmatch(f"a{NUMBER}u|{NUMBER}ua|i{NUMBER}u", kinds(tokens)):
            count = number_of(by)
            start = now_ms + (count if "i" in by else -count) * length_ms
            yield Span(start, start + length_ms, self._zone, is_instant=True)
        elif re.fullmatch(f"r{NUMBER}?u|{NUMBER}?ru|{NUMBER}?ur", kinds(tokens)) and by["r"] == -1:
            count = number_of(by)
            yield Span(now_ms - count * length_ms, now_ms, self._zone)

    def _hours_of_days(self, tokens: Reading) -> Iterator[Span]:
        """Yesterday evening, this morning, Monday at 15:00, yesterday between 14:00 and 16:00."""
        if match := re.search("b?ctc", kinds(tokens)):
            first, _, last = tokens[match.end() - 3 : match.end()]
        elif match := re.search("[pc]", kinds(tokens)):
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
        if kind == "c" and not rest:
            return [self._today]
        if kind == "p" and kinds(rest) == "r":
            # Last night began yesterday; this morning is today's.
            return [unit_around("day", self._today.first + rest[0].value * ONE_DAY, self._zone)]
        return self._days.named(rest)

    # From one to another

    def _ranges(self, tokens: Reading) -> Iterator[Span]:
        """Between Monday and Wednesday, 3 to 7 May, since Monday."""
        said = kinds(tokens)
        if said.startswith("s") and "t" not in said:
            now_ms = int(self._now.timestamp()) * 1000
            for since in self.spans(tokens[1:]):
                end_ms = self._today.span.end_ms if since.days else now_ms
                if since.start_ms <= now_ms:
                    yield Span(since.start_ms, end_ms, self._zone)
        bare = tokens[said.startswith("b") :]
        if any(token.kind in "sb" for token in bare):
            return
        places = [index for index, token in enumerate(bare) if token.kind == "t"]
        # Each side is looked at for ranges again: the time is exponential in their number.
        for at in places if len(places) <= RANGES_MAX else ():
            if kinds(bare[at + 1 :]) == "c":
                continue  # an hour without its day ends nothing
            yield from self._between(*_completed(bare[:at], bare[at + 1 :]))

    def _between(self, left: Reading, right: Reading) -> Iterator[Span]:
        for until in self.spans(right):
            # Monday to Wednesday: that Wednesday's Monday.
            for since in _Asked(self._now, until.first_day).spans(left):
                end_ms = until.start_ms if right[-1].kind == "c" else until.end_ms
                if since.start_ms < end_ms:
                    yield Span(since.start_ms, end_ms, self._zone)


def _completed(left: Reading, right: Reading) -> tuple[Reading, Reading]:
    """The ends of a range, each with the month or week: `3 to 7 May`, `May 3 to 7`, `last week Monday to Friday`."""
    if len(left) == 1 and left[0].kind in "nNo":
        left += tuple(token for token in right if token.kind == "m")
    elif len(right) == 1 and right[0].kind in "nNo":
        right += tuple(token for token in left if token.kind in "mY")
    elif kinds(right) == "w" and set("ruw") <= set(kinds(left)):
        right += tuple(token for token in left if token.kind in "ru")
    return left, right
