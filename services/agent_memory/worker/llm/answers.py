"""Checking what a model answers: its shape, its size, and that it speaks of what it was given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

from agent_memory.worker.llm.material import Item
from agent_memory.worker.llm.providers import AnswerUnusable
from agent_memory.worker.summarizer.prose import bare, printable
from agent_memory.worker.summarizer.summary import (
    BULLET_MAX,
    BULLETS_MAX,
    BULLETS_MIN,
    KEYWORD_MAX,
    KEYWORDS_MAX,
    TITLE_MAX,
)
from agent_memory.worker.summarizer.text import shorten, terms
from agent_memory.worker.summarizer.titles import title_of

# Of a line's terms, so many must occur in the material: one that shares less speaks of something else.
GROUNDED: Final = 0.3
IMPORTANCE_MAX: Final = 5
# What is looked at of a text that comes back; what is longer was never meant for us.
_READ_MAX: Final = 4 * BULLET_MAX

# Every field is required and nothing else allowed: what strict servers ask for. Sizes stand in the descriptions,
# because not every server knows a schema's words for them.
SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["title", "bullets", "keywords"],
    "properties": {
        "title": {"type": "string", "description": f"What it was about, at most {TITLE_MAX} characters."},
        "bullets": {
            "type": "array",
            "description": f"{BULLETS_MIN} to {BULLETS_MAX} lines, in the order things happened.",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["text", "importance", "sources"],
                "properties": {
                    "text": {"type": "string", "description": f"One sentence, at most {BULLET_MAX} characters."},
                    "importance": {"type": "integer", "description": f"1, a detail, to {IMPORTANCE_MAX}, a decision."},
                    "sources": {
                        "type": "array",
                        "description": "The numbers of the items that say so.",
                        "items": {"type": "integer"},
                    },
                },
            },
        },
        "keywords": {
            "type": "array",
            "description": f"3 to {KEYWORDS_MAX} words from the material that one would search for.",
            "items": {"type": "string"},
        },
    },
}


@dataclass(frozen=True, slots=True)
class ModelLine:
    """A line of a model's, how much it says (0 to 1), and the places of the items it rests on: one at least."""

    text: str
    weight: float
    sources: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """What a model says about some items."""

    title: str
    lines: tuple[ModelLine, ...]
    keywords: tuple[str, ...]


def checked(content: object, items: Sequence[Item]) -> ModelSummary:
    """The answer, without what does not belong to these items; raises AnswerUnusable where nothing is left."""
    if not isinstance(content, dict):
        raise AnswerUnusable("The answer is no JSON object.")
    given = [terms(item.text) | terms(item.source) for item in items]
    lines = tuple(_lines(content.get("bullets"), given))[:BULLETS_MAX]
    if not lines:
        raise AnswerUnusable("The answer has no line that speaks of what was asked about.")
    title = _text(content.get("title"), TITLE_MAX)
    if not _is_grounded(terms(title), set().union(*given)):
        title = title_of(lines[0].text)
    return ModelSummary(title, lines, tuple(_keywords(content.get("keywords"), items)))


def _lines(bullets: object, given: Sequence[Set[str]]) -> Iterator[ModelLine]:
    taken: set[str] = set()
    everything = set().union(*given)
    for bullet in bullets if isinstance(bullets, list) else ():
        if not isinstance(bullet, dict):
            continue
        text = _text(bullet.get("text"), BULLET_MAX)
        said = terms(text)
        if text in taken or not _is_grounded(said, everything):
            continue
        taken.add(text)
        yield ModelLine(text, _weight(bullet.get("importance")), _sources(bullet.get("sources"), said, given))


def _text(value: object, limit: int) -> str:
    return shorten(bare(printable(value[:_READ_MAX])), limit) if isinstance(value, str) else ""


def _is_grounded(said: Set[str], given: Set[str]) -> bool:
    return bool(said) and len(said & given) >= GROUNDED * len(said)


def _weight(importance: object) -> float:
    number = importance if isinstance(importance, int) else IMPORTANCE_MAX // 2 + 1
    # The middle of the step: nothing is worth nothing, and nothing everything.
    return round((min(max(number, 1), IMPORTANCE_MAX) - 0.5) / IMPORTANCE_MAX, 3)


def _sources(numbers: object, said: Set[str], given: Sequence[Set[str]]) -> tuple[int, ...]:
    """The places named that share a word with the line; where there is none, the place that shares most."""
    named = [n - 1 for n in numbers if isinstance(n, int) and 0 < n <= len(given)] if isinstance(numbers, list) else []
    proving = [place for place in dict.fromkeys(named) if said & given[place]]
    return tuple(proving) or (max(range(len(given)), key=lambda place: (len(said & given[place]), -place)),)


def _keywords(words: object, items: Sequence[Item]) -> Iterator[str]:
    everything = "\n".join(f"{item.source}\n{item.text}" for item in items).casefold()
    found: set[str] = set()
    for value in words if isinstance(words, list) else ():
        word = _text(value, KEYWORD_MAX)
        if word and word.casefold() in everything and word.casefold() not in found and len(found) < KEYWORDS_MAX:
            found.add(word.casefold())
            yield word
