"""How surely a sentence tells what a memory is asked for: what was decided, found to be the cause, or laid down.

Two things show it: the words that each language has for it, and the place in the talk. Who answers an assistant's
question, or contradicts it, decides; what an assistant says at the end of its turn is what it came to.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agent_memory.text.questions import asks
from agent_memory.worker.summarizer import decisive_words as tables
from agent_memory.worker.summarizer.text import is_unspaced

# From this on a sentence is decisive.
DECISIVE: Final = 0.6
# What the words alone say: a decision, a cause, a rule for the time to come, one thing rather than another.
SAID: Final = {"decides": 0.9, "finds": 0.85, "rules": 0.8, "prefers": 0.6}
# Words by which only a person who answers decides; said by itself, "we use X" may as well describe.
CHOOSES: Final = 0.45
# An answer to a question or to a choice of options; the words "no, ..." before it add as much again.
ANSWERS: Final = 0.2
REFUSES: Final = 0.25
ASKED_BACK: Final = 0.5  # of a question, which asks for a decision and makes none
# Who answers at length explains; the decision is in the first sentences.
LAST_WORDS: Final = 0.05

Phrase = tuple[str, ...]


def _index(kinds: Mapping[str, str]) -> Mapping[str, Sequence[tuple[str, int, Phrase]]]:
    """The phrases of all kinds by the word that is marked by a star, or else their first, with its place in each."""
    found: defaultdict[str, list[tuple[str, int, Phrase]]] = defaultdict(list)
    for kind, phrases in kinds.items():
        for each in phrases.replace("\n", "|").split("|"):
            words = each.split()
            if words:
                place = next((at for at, word in enumerate(words) if word.startswith("*")), 0)
                phrase = tuple(word.removeprefix("*") for word in words)
                found[phrase[place]].append((kind, place, phrase))
    return dict(found)


_PHRASES: Final = _index(
    {
        "decides": tables.DECIDES,
        "finds": tables.FINDS,
        "rules": tables.RULES,
        "chooses": tables.CHOOSES,
        "prefers": tables.PREFERS,
    }
)
_STRESSES: Final = frozenset(tables.STRESSES.split())
_WE: Final = frozenset(tables.WE.split())
_ANCHORS: Final = frozenset(
    form for word in (*_STRESSES, *_PHRASES) for form in (word, word.capitalize(), word.upper())
)
_REFUSALS: Final = frozenset(tables.REFUSES.split())
# Reported speech, offers and conditions: nothing is decided yet.
_OPEN: Final = frozenset(tables.OPEN.split())
_OPEN_PARTS: Final = tuple(tables.OPEN_PARTS.split())
_PARTS: Final = {kind: tuple(parts.split()) for kind, parts in tables.PARTS.items()}


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the talk a message stands."""

    # Whether a person briefly replies to the assistant with it, and whether what it replies to asks or offers a choice.
    replies: bool = False
    answers: bool = False
    # Whether its speaker says nothing more before somebody else does.
    ends_turn: bool = False


def decisiveness(text: str, words: Sequence[str], by_user: bool, place: Place) -> float:
    """How surely the sentence of these words decides, finds out or lays down something, from 0 to 1."""
    kinds, at = _kinds(text, words)
    if not kinds and not (by_user and place.replies):
        return 0.0
    score = max((SAID.get(kind, 0.0) for kind in kinds), default=0.0)
    if by_user:
        if "chooses" in kinds:
            score = max(score, CHOOSES + (ANSWERS if place.answers else 0.0))
        if place.replies and _refuses(words, text):
            score += REFUSES
    elif not kinds & {"decides", "finds", "prefers"}:
        # Rules are a person's; of an assistant they are advice.
        score /= 2
    if place.ends_turn and score:
        score += LAST_WORDS
    if asks(text) or ("finds" not in kinds and not _OPEN.isdisjoint(words[:at])):
        score *= ASKED_BACK
    return min(score, 1.0)


def offers(text: str) -> bool:
    """Whether a message leaves something to be decided: it asks, or names what can be chosen from."""
    if asks(text):
        return True
    small = text.lower()
    return any(part in small for part in tables.OFFERS)


def _kinds(text: str, words: Sequence[str]) -> tuple[set[str], int]:
    """What the sentence's words do, and before which of them they begin to."""
    kinds: set[str] = set()
    begins = len(words)
    if not _ANCHORS.isdisjoint(words):
        small = [word.lower().replace("’", "'") for word in words]
        for at, kind in _said(small, text):
            kinds.add(kind)
            begins = min(begins, at)
    if not text.isascii() and any(map(is_unspaced, words)) and not any(part in text for part in _OPEN_PARTS):
        kinds.update(kind for kind, parts in _PARTS.items() if any(part in text for part in parts))
    return kinds, begins


def _said(words: Sequence[str], text: str) -> Iterator[tuple[int, str]]:
    for at in [at for at, word in enumerate(words) if word in _PHRASES]:
        for kind, place, phrase in _PHRASES[words[at]]:
            start = at - place
            if len(phrase) == 1 or (start >= 0 and tuple(words[start : start + len(phrase)]) == phrase):
                yield start, kind
    if not _STRESSES.isdisjoint(words):
        for at, word in enumerate(words):
            if word in _STRESSES and _is_laid_down(words, at, text):
                yield at, "rules"


def _is_laid_down(words: Sequence[str], at: int, text: str) -> bool:
    """Whether the word says how it is to be: "never run it there", "we always ask"; not "the spinner never stops"."""
    return at == 0 or words[at - 1] in _WE or re.search(rf"[:;.!,–-] {words[at]}\b", text.lower()) is not None


def _refuses(words: Sequence[str], text: str) -> bool:
    return bool(words) and (words[0].lower() in _REFUSALS or text.startswith(tables.REFUSES_PARTS))
