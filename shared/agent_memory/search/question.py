"""A question as people type it: its words, what must stand together, what must not be there, filters, and when. Pure.

    why did we drop "two workers" -redis agent:codex last week

Quotes hold words together, `-word` leaves out what has it, `field:value` filters, and a time in words becomes the
window. Everything else is words. Any text is a question; none is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final

from agent_memory.errors import UsageError
from agent_memory.phrases import words
from agent_memory.phrases.days import Span
from agent_memory.phrases.languages import LANGUAGES
from agent_memory.phrases.spans import parse as parse_time
from agent_memory.search import asking
from agent_memory.search.tokens import tokens, written

# What is longer is looked at up to here: nobody types more, and pasted text is found by its first words.
TEXT_MAX: Final = 10_000
TERMS_MAX: Final = 64
PHRASES_MAX: Final = 8
# Times in words are looked for among the first words, in runs of up to so many.
TIMED_WORDS_MAX: Final = 40
RUN_MAX: Final = 7
# In scripts without spaces among the first characters, in runs of up to so many.
UNSPACED_MAX: Final = 200
UNSPACED_TIME_MAX: Final = 14
UNSPACED_LANGUAGES: Final = ("ja", "zh")
FIELDS: Final = ("agent", "project", "session", "role", "file", "when")
# As `when`: whatever time the question names, it is no window.
ANY_TIME: Final = ("any", "any time", "ever")

_PART: Final = re.compile(
    r"(?:^|(?<=\s))(?P<field>" + "|".join(FIELDS) + r'):(?:"(?P<quoted>[^"]*)"|(?P<value>[^\s"]+))'
    r'|["“„«](?P<phrase>[^"“”»]+)["”“»]'
    r"|(?:^|(?<=\s))-(?P<excluded>[^\W\d_]\w+)(?=\s|$)",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"\S+")
_UNSPACED: Final = re.compile(
    "[\u3005\u3040-\u30ff\u3400-\u9fff\\d]*[\u3005\u3040-\u30ff\u3400-\u9fff][\u3005\u3040-\u30ff\u3400-\u9fff\\d]*"
)
_LEFT_OVER: Final = re.compile(r"on\s+(?=(?:in|at|on|during|over|since|between|from)\s)", re.IGNORECASE)
_ENDS: Final = "?!,;:.…)]}\"'’”“»"
_BEGINS: Final = "([{\"'‘“„«"
# One word alone says when only if it can hardly say anything else: no "may", "mar", "second", "hier".
_ALONE_MIN: Final = 5
_DAY_ALONE_MIN: Final = 4
# Yesterday in French, and here in German.
_FRENCH_ALONE: Final = "hier"
_YEARS: Final = range(1970, 2200)


@dataclass(frozen=True, slots=True)
class Question:
    """A question, taken apart. Tokens are those of the index."""

    # Each once, in the order they were typed; those of the phrases, too.
    terms: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    excluded: frozenset[str] = frozenset()
    # The word that each term was typed as.
    typed: dict[str, str] = field(default_factory=dict)
    # Of FIELDS, the last value of each.
    fields: dict[str, str] = field(default_factory=dict)
    # The words that name a time, and what they mean.
    time_text: str = ""
    window: Span | None = None


def parse(text: str, now: datetime, *, with_time: bool = True) -> Question:
    """Take a question apart, as asked at `now`, which gives the zone too; without time, its words stay words."""
    rest, phrases, excluded, fields = _parts(text[:TEXT_MAX])
    time_text, window = "", None
    if with_time and (found := _time_in(rest, now) or _unspaced_time_in(rest, now)):
        start, end, window = found
        time_text = rest[start:end]
        rest = f"{rest[:start]} {rest[end:]}"
    # What was done then, whatever it was.
    is_timed = window is not None or (not with_time and " " in rest.strip())
    rest = "" if is_timed and asking.only_asks(rest) else asking.without_binding(rest)
    cut = [tuple(tokens(phrase)) for phrase in phrases]
    terms = [*(token for phrase in cut for token in phrase), *tokens(rest)]
    typed = {term: written(term, [*phrases, rest]) for term in dict.fromkeys(terms[:TERMS_MAX])}
    left_out = frozenset(token for word in excluded for token in tokens(word))
    kept = [term for term in dict.fromkeys(terms) if term not in left_out]
    return Question(
        terms=tuple(kept[:TERMS_MAX]),
        phrases=tuple(phrase for phrase in cut if len(phrase) > 1)[:PHRASES_MAX],
        excluded=left_out,
        typed=typed,
        fields=fields,
        time_text=" ".join(time_text.split()),
        window=window,
    )


def fields_of(text: str) -> dict[str, str]:
    """The filters that stand in a question, by FIELDS."""
    return _parts(text[:TEXT_MAX])[3]


def _parts(text: str) -> tuple[str, list[str], list[str], dict[str, str]]:
    """The plain words, the quoted ones, those to leave out, and the fields."""
    phrases: list[str] = []
    excluded: list[str] = []
    fields: dict[str, str] = {}
    plain: list[str] = []
    at = 0
    for part in _PART.finditer(text):
        plain.append(text[at : part.start()])
        at = part.end()
        if part["field"]:
            fields[part["field"].lower()] = (part["quoted"] or part["value"] or "").strip()
        elif part["phrase"]:
            phrases.append(part["phrase"])
        else:
            excluded.append(part["excluded"])
    plain.append(text[at:])
    return " ".join(plain), phrases, excluded, {name: value for name, value in fields.items() if value}


def _time_in(text: str, now: datetime) -> tuple[int, int, Span] | None:
    """Where a time stands in the text, the longest there is, and what it means; of several readings the likeliest."""
    found = list(islice(_WORD.finditer(text), TIMED_WORDS_MAX))
    now_ms = int(now.timestamp()) * 1000
    known = [words.may_be_part(text[slice(*_bare(text, *word.span()))]) for word in found]
    for length in range(min(RUN_MAX, len(found)), 0, -1):
        for place, (first, last) in enumerate(zip(found, found[length - 1 :], strict=False)):
            if not all(known[place : place + length]):
                continue
            start, end = _bare(text, first.start(), last.end())
            run = text[start:end]
            if not _may_be_time(run, is_alone=length == 1):
                continue
            if run.casefold() == _FRENCH_ALONE and not asking.is_plainly(text, "fr"):
                continue
            # A memory holds nothing of what is to come.
            past = [span for span in _spans(run, now) if span.start_ms <= now_ms]
            if past and (end := _end_of_time(text, start, end, past[0], now)):
                return start + _left_over(text[start:end]), end, past[0]
    return None


def _unspaced_time_in(text: str, now: datetime) -> tuple[int, int, Span] | None:
    """The same in what is written without spaces: the longest time of the first stretch that has one."""
    now_ms = int(now.timestamp()) * 1000
    for stretch in _UNSPACED.finditer(text[:UNSPACED_MAX]):
        known = "".join(character if words.is_unspaced_part(character) else " " for character in stretch[0])
        for part in _WORD.finditer(known):
            if found := _longest_time(part[0], text, now, now_ms):
                start = stretch.start() + part.start()
                return start + found[0], start + found[1], found[2]
    return None


def _longest_time(part: str, text: str, now: datetime, now_ms: int) -> tuple[int, int, Span] | None:
    for length in range(min(len(part), UNSPACED_TIME_MAX), 1, -1):
        for start in range(len(part) - length + 1):
            run = part[start : start + length]
            if not _is_unspaced_time(run, is_all=part == text.strip()):
                continue
            past = [span for span in _spans(run, now) if span.start_ms <= now_ms]
            if past:
                return start, start + length, past[0]
    return None


def _is_unspaced_time(run: str, *, is_all: bool) -> bool:
    """Whether it names a time beyond doubt.

    A unit does not come first, as in the name of a country, and a weekday is not all that is said.
    """
    return any(
        reading[0].kind not in "uSe" and not (is_all and _is_weekday(reading)) and _is_plain(reading)
        for spelling in words.spellings(run)
        for code in UNSPACED_LANGUAGES
        for reading in words.readings(spelling, LANGUAGES[code])
    )


def _is_weekday(reading: Sequence[words.Token]) -> bool:
    return [token.kind for token in reading] == ["w"]


def _end_of_time(text: str, start: int, end: int, span: Span, now: datetime) -> int:
    """Where the time ends, without what adds nothing to it ("last year in"); 0 where too little is left of it."""
    while (shorter := text.rfind(" ", start, end)) > start and span in _spans(text[start:shorter], now):
        end = shorter
    return end if _may_be_time(text[start:end], is_alone=" " not in text[start:end]) else 0


def _left_over(run: str) -> int:
    """How much in front of the time belongs to what is before it: "what was going on in January"."""
    left = _LEFT_OVER.match(run)
    return left.end() if left else 0


def _spans(run: str, now: datetime) -> list[Span]:
    try:
        return parse_time(run, now)
    except UsageError:
        return []


def _bare(text: str, start: int, end: int) -> tuple[int, int]:
    """The stretch without the punctuation around it."""
    while start < end and text[start] in _BEGINS:
        start += 1
    while start < end and text[end - 1] in _ENDS:
        end -= 1
    return start, end


def _may_be_time(run: str, *, is_alone: bool) -> bool:
    """Whether the words name a time beyond doubt, in one of the languages: "last week", not "a couple" or "may"."""
    for spelling in words.spellings(run):
        for language in LANGUAGES.values():
            for reading in words.readings(spelling, language):
                if _is_alone(reading, run) if is_alone else _is_plain(reading):
                    return True
    return False


def _is_alone(reading: Sequence[words.Token], run: str) -> bool:
    (kind, value), *others = ((token.kind, token.value) for token in reading)
    if others:
        return False
    if kind == "D":
        return bool(value[2])
    return kind == "P" or (kind == "d" and len(run) >= _DAY_ALONE_MIN) or (kind == "w" and len(run) >= _ALONE_MIN)


def _is_plain(reading: Sequence[words.Token]) -> bool:
    kinds = {token.kind for token in reading}
    if any(token.kind == "D" and not token.value[2] for token in reading):
        return False  # 3.11 is a version as well
    if any(token.kind == "Y" and token.value not in _YEARS for token in reading):
        return False
    if kinds & set("PDdwmqY"):
        return True
    # A unit alone, or so many of them, is a length of time: "three days", and not when they were.
    return ("u" in kinds and bool(kinds & set("raes"))) or ("p" in kinds and "r" in kinds)


def within(term: str, word: str, distance: int) -> bool:
    """Whether one word becomes the other by at most so many slips: a character more, less, changed or swapped."""
    if abs(len(term) - len(word)) > distance:
        return False
    before: list[int] = []
    row = list(range(len(word) + 1))
    for at, character in enumerate(term, 1):
        before, last, row = row, before, [at]
        for place, other in enumerate(word, 1):
            best = min(before[place] + 1, row[-1] + 1, before[place - 1] + (character != other))
            if last and place > 1 and character == word[place - 2] and other == term[at - 2]:
                best = min(best, last[place - 2] + 1)
            row.append(best)
        if min(row) > distance:
            return False
    return row[-1] <= distance


def slips(term: str) -> int:
    """How many slips of the finger are forgiven in a word of that length."""
    return 0 if len(term) < 4 or not term.isalpha() else 1 if len(term) < 8 else 2


def alike(term: str, known: Iterator[tuple[str, int]] | Sequence[tuple[str, int]]) -> str:
    """The word that was probably meant: of those within reach the commonest; empty where there is none."""
    allowed = slips(term)
    near = ((count, word) for word, count in known if word != term and within(term, word, allowed)) if allowed else ()
    return max(near, default=(0, ""))[1]
