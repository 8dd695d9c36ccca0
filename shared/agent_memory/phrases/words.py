"""A phrase in tokens: what its words mean in one language, whatever their case, accents and order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import chain, islice, product
from typing import Any, Final

from agent_memory.periods import parse_period
from agent_memory.phrases.languages import LANGUAGES, Language

# What is longer is no phrase; what has more readings than this, nobody means.
PHRASE_MAX: Final = 120
READINGS_MAX: Final = 256


@dataclass(frozen=True, slots=True)
class Token:
    """A word or number with what it says. Its kind is one letter, so that rules can be written as patterns.

    `P` period, `Y` year, `D` (day, month, year or 0), `c` minute of the day, `q` quarter, `n` number, `N` number
    behind a particle ("the 12"), `o` ordinal ("12th"), `O` ordinal in words, `m` month, `w` weekday from 0, `u` unit,
    `S` season from spring, `H` feast, `r` relative, `d` days from today, `p` part of a day, `e` third of a period,
    `a` ago, `i` ahead, `s` since, `b` between, `t` to, `h` at, `x` particle.
    """

    kind: str
    value: Any = None


Reading = tuple[Token, ...]
# In a pattern of kinds: how many.
NUMBER: Final = "[nN]"

# A script without spaces: its words are found by the longest that is known.
_UNSPACED: Final = re.compile("[\u3005\u3040-\u30ff\u3400-\u9fff]")
_COUNTERS: Final = {"年": "Y", "月": "m", "日": "N", "号": "N"}
_MARKS: Final = {"ago": "a", "ahead": "i", "since": "s", "between": "b", "to": "t", "at": "h", "particles": "x"}
_WRITTEN: Final = re.compile(
    # Japanese and Chinese dates: the counter says what the number is, unless it counts how long ago.
    r"(?P<count>\d{1,4})(?P<counter>[年月日号])(?![前後后之以間间])"
    r"|(?P<period>\d{4}-w\d{2}|\d{4}-\d{2}-\d{2}|\d{4}-\d{2}(?![\d-]))"
    r"|(?P<day>\d{1,2})(?P<mark>[./])(?P<month>\d{1,2})(?:(?P=mark)(?P<year>\d{4}|\d{2})?)?(?![\d:])"
    r"|(?P<clock>\d{1,2}[:h]\d{2}(?::\d{2})?(?: ?(?:uhr|[ap] ?m)\b)?|\d{1,2} ?(?:uhr(?: \d{2})?|[ap] ?m|h)\b)"
    r"|q(?P<quarter>[1-4])\b"
    r"|(?P<ordinal>\d{1,2})(?:(?:st|nd|rd|th|er|e|o|a)\b|\.(?=[ -]|$))"
    r"|(?P<number>\d+)"
    r"|(?P<word>[^\W\d_]+)"
    r"|(?P<dash>[-~\u301c])"
)


def spellings(phrase: str) -> tuple[str, ...]:
    """The phrase without what doesn't count. Between letters a hyphen belongs to a word, else stands for a range."""
    plain = _plain(phrase)
    return tuple(dict.fromkeys((re.sub(r"(?<=[a-z])-(?=[a-z])", " ", plain), plain)))


def may_be_part(word: str) -> bool:
    """Whether the word, or what has digits, may be part of a time in one of the languages."""
    plain = _plain(word)
    return any(character.isdigit() for character in plain) or any(part in _parts() for part in re.split("[ -]", plain))


def is_unspaced_part(character: str) -> bool:
    """Whether the character stands in times of languages without spaces."""
    return character.isdecimal() or _plain(character) in _unspaced_characters()


def readings(spelling: str, language: Language) -> Iterator[Reading]:
    """What a spelling may say, word by word, without its particles; nothing where a word is none of the language's."""
    choices = list(_choices(spelling, language))
    seen: set[Reading] = set()
    for chosen in islice(product(*choices), READINGS_MAX) if all(choices) else ():
        reading = _without_particles(chain.from_iterable(chosen))
        if reading and reading not in seen:
            seen.add(reading)
            yield reading


def kinds(reading: Reading) -> str:
    """The kinds of its tokens, for patterns."""
    return "".join(token.kind for token in reading)


def by_kind(reading: Reading) -> dict[str, Any]:
    """What its tokens say; of two of one kind, the last."""
    return {token.kind: token.value for token in reading}


def number_of(said: Mapping[str, Any]) -> int:
    """How many, or which, by kind; one where no number is named."""
    return next((int(said[kind]) for kind in "nNoO" if kind in said), 1)


def _plain(text: str) -> str:
    """The text without case, accents and punctuation that says nothing."""
    letters = unicodedata.normalize("NFKD", text[:PHRASE_MAX].casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    bare = re.sub("[\u2010-\u2015]", "-", bare)
    bare = re.sub(r"[’'`´,;!?\"“”„«»()]|(?<=[a-z])\.", " ", bare)
    return " ".join(re.sub(r"(?<=\d{2})t(?=\d{2}:)", " ", bare).split())


def _choices(text: str, language: Language) -> Iterator[list[Reading]]:
    """For each word, or run of words that belong together, what it can mean; an empty list where nothing."""
    lexicon, longest = _lexicon(language), _longest(language)
    at = 0
    while at < len(text):
        match = _WRITTEN.match(text, at)
        if match is None:
            yield []
            return
        if match["word"] and _UNSPACED.match(text, at):
            run = match["word"]
            known = next((run[:length] for length in range(len(run), 0, -1) if run[:length] in lexicon), run)
            yield lexicon.get(known, [])
            at += len(known)
        elif match["word"]:
            words = text[at:].split(" ", longest)[:longest]
            runs = (" ".join(words[:count]) for count in range(len(words), 0, -1))
            known = next((run for run in (*runs, match[0]) if run in lexicon), match[0])
            yield lexicon.get(known, [])
            at += len(known)
        else:
            yield _written(match, language)
            at = match.end()
        at += text.startswith(" ", at)


def _written(match: re.Match[str], language: Language) -> list[Reading]:
    """What digits mean."""
    if match["count"]:
        return [(Token(_COUNTERS[match["counter"]], int(match["count"])),)]
    if text := match["period"]:
        period = parse_period(text.upper())
        return [(Token("P", period),)] if period else []
    if match["day"]:
        return _numeric_dates(match, language)
    if match["clock"]:
        return _clock(match["clock"])
    if match["quarter"]:
        return [(Token("q", int(match["quarter"])),)]
    if match["ordinal"]:
        return [(Token("o", int(match["ordinal"])),)]
    if match["dash"]:
        return [(Token("t"),)]
    number = int(match["number"][:10])
    return [(Token("Y" if len(match["number"]) == 4 else "n", number),)]


def _numeric_dates(match: re.Match[str], language: Language) -> list[Reading]:
    """`12.5.2026` has its day first; `5/12/2026` may have its month first, where English is spoken."""
    first, second = int(match["day"]), int(match["month"])
    year = int(match["year"] or 0)
    year += 2000 if 0 < year < 100 else 0
    orders = [(first, second)]
    if match["mark"] == "/" and language.month_first:
        orders.insert(0, (second, first))
    return [(Token("D", (day, month, year)),) for day, month in orders if _is_date(day, month, year)]


def _is_date(day: int, month: int, year: int) -> bool:
    try:
        date(year or 2024, month, day)  # a leap year: 29 February is one, some years
    except ValueError:
        return False
    return True


def _clock(text: str) -> list[Reading]:
    """`15:30`, `3 pm`, `15 Uhr 30`, `15h30`; `2h` may be two hours as well."""
    hour, minute, *_ = *map(int, re.findall(r"\d+", text)), 0
    found: list[Reading] = [(Token("n", hour), Token("u", "hour"))] if text.endswith("h") else []
    if text.endswith("m"):
        if not 1 <= hour <= 12:
            return []
        hour = hour % 12 + (12 if "p" in text else 0)
    return [(Token("c", hour * 60 + minute),), *found] if hour < 24 and minute < 60 else found


def _without_particles(tokens: Iterable[Token]) -> Reading:
    """The tokens that say something. Behind a particle a number may name a day ("the 12"), behind "at" an hour."""
    said: list[Token] = []
    before = ""
    for token in tokens:
        number = token
        if token.kind == "n" and before == "x":
            number = Token("N", token.value)
        elif token.kind == "n" and before == "h" and token.value < 24:
            number = Token("c", token.value * 60)
        if before == "h" and number.kind not in "cpH":
            return ()
        if token.kind not in "xh":
            said.append(number)
        before = token.kind
    return tuple(said) if before != "h" else ()


@cache
def _lexicon(language: Language) -> dict[str, list[Reading]]:
    """What each word, or run of words, of a language can mean."""
    lexicon: dict[str, list[Reading]] = {}

    def learn(words: str, *tokens: Token) -> None:
        for word in words.split(","):
            lexicon.setdefault(_plain(word).replace("-", " "), []).append(tokens)

    for kind, names, first in (
        ("m", language.months, 1),
        ("w", language.weekdays, 0),
        ("n", language.numbers, 1),
        ("O", language.ordinals, 1),
        ("S", language.seasons, 0),
        ("H", language.feasts, 0),
    ):
        for value, words in enumerate(names, start=first):
            learn(words, Token(kind, value))
    for kind, named in (("d", language.days), ("r", language.relative), ("u", language.units), ("p", language.parts)):
        for meaning, words in named.items():
            learn(words, Token(kind, meaning))
    for (day, part), words in language.day_parts.items():
        learn(words, Token("d", day), Token("p", part))
    for (offset, unit), words in language.periods.items():
        period = Token("r", offset), Token("u", unit)
        learn(words, *period)
        # Monday of last week in one word: the week's name and the day's share what they have in common.
        for place, calls in enumerate(language.weekdays if unit == "week" else ()):
            for week, weekday in product(words.split(", "), calls.split(", ")):
                if week.endswith(weekday[:-1]):
                    learn(week + weekday[-1], *period, Token("w", place))
    for third, words in enumerate(language.thirds):
        learn(words, Token("e", third))
    for mark, kind in _MARKS.items():
        learn(getattr(language, mark), Token(kind))
    return lexicon


@cache
def _parts() -> frozenset[str]:
    """All words of all languages."""
    return frozenset(word for language in LANGUAGES.values() for run in _lexicon(language) for word in run.split())


@cache
def _unspaced_characters() -> frozenset[str]:
    words = (word for language in LANGUAGES.values() for word in _lexicon(language) if _UNSPACED.match(word))
    return frozenset(character for word in words for character in word) | _COUNTERS.keys()


@cache
def _longest(language: Language) -> int:
    """How many words the longest run of words has that means one thing."""
    return max(len(words.split()) for words in _lexicon(language))
