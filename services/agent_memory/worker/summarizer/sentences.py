"""The sentences of a message as a summary shows them: without courtesies, short ones together with what follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from agent_memory.model import EventRole
from agent_memory.worker.summarizer.cues import accompanies, may_accompany
from agent_memory.worker.summarizer.event_text import EventText
from agent_memory.worker.summarizer.speakers import calls
from agent_memory.worker.summarizer.summary import BULLET_MAX
from agent_memory.worker.summarizer.text import shorten, terms_of, words

COURTESY_MAX = 24  # characters; a longer sentence that begins with thanks has something to say as well
_UNSPACED_ENDS = frozenset("。！？｡」』")


@dataclass(slots=True, eq=False)
class Sentence:
    """A sentence that somebody said, or some short ones that belong together; no longer than a bullet may be."""

    # The index of its event among those of the segment.
    event: int
    by_user: bool
    # Whether it opens its message: people ask first and explain later.
    opens: bool
    # Whether it is from a talk between people, who are named in front of what they say.
    is_talk: bool
    text: str
    words: list[str]
    terms: set[str]


def sentences_of(place: int, text: EventText, join_max: int, names: Sequence[str]) -> Iterator[Sentence]:
    """The sentences of the event at index `place`; those shorter than `join_max` characters take the next ones along.

    `names` are the words that the speakers are named by.
    """
    by_user = text.event.role == EventRole.USER
    opening = text.opening
    is_talk = bool(opening)
    opens = True
    for paragraph in text.paragraphs:
        for joined in _joined(_without_courtesies(paragraph, names), join_max):
            shown = shorten(joined, BULLET_MAX - len(opening))
            found = words(shown)
            yield Sentence(place, by_user, opens, is_talk, opening + shown, found, terms_of(found))
            opens = False


def _without_courtesies(pieces: Sequence[str], names: Sequence[str]) -> Sequence[str]:
    """The sentences without the "Great, thanks!" around them, unless that is all there is."""
    return [piece for piece in pieces if len(piece) > COURTESY_MAX or not _is_courtesy(piece, names)] or pieces


def _is_courtesy(piece: str, names: Sequence[str]) -> bool:
    if not may_accompany(piece.split(" ", 1)[0]):
        return False
    found = words(piece)
    # A name after it shows who is spoken to, which may be the only place that does.
    names_somebody = any(word[0].isupper() and not calls(word, names) for word in found[1:])
    return not names_somebody and accompanies([word.lower() for word in found])


def _joined(pieces: Iterable[str], join_max: int) -> Iterator[str]:
    """The sentences of a paragraph, short ones together with what follows."""
    held = ""
    for piece in pieces:
        if held and len(held) + len(piece) >= BULLET_MAX:
            yield held
            held = ""
        blank = "" if held[-1:] in _UNSPACED_ENDS else " "
        held = f"{held}{blank}{piece}" if held else piece
        if len(held) > join_max:
            yield held
            held = ""
    if held:
        yield held
