"""The sentences of a message as a summary shows them: without courtesies, short ones together with what follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from agent_memory.model import EventRole
from agent_memory.worker.summarizer.cues import accompanies, may_accompany
from agent_memory.worker.summarizer.decisive import DECISIVE, Place, decisiveness
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
    # How surely it tells a decision, a cause or a rule, from 0 to 1.
    decisive: float = 0.0
    # Whether somebody noted it as worth keeping.
    is_noted: bool = False


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some sentences in a row, and the words in them."""

    text: str
    words: list[str]
    decisive: float


def sentences_of(place: int, text: EventText, join_max: int, names: Sequence[str], where: Place) -> Iterator[Sentence]:
    """The sentences of the event at index `place`; those shorter than `join_max` characters take the next ones along.

    `names` are the words that the speakers are named by.
    """
    by_user = text.event.role == EventRole.USER
    opening = text.opening
    is_talk = bool(opening)
    opens = True
    for paragraph in text.paragraphs:
        pieces = [_piece(each, by_user, is_talk, where) for each in _without_courtesies(paragraph, names)]
        for joined in _joined(pieces, join_max):
            shown = shorten(joined.text, BULLET_MAX - len(opening))
            found = joined.words if shown is joined.text else words(shown)
            terms = terms_of(found)
            decisive, is_noted = max(text.noted, joined.decisive), text.noted > 0
            yield Sentence(place, by_user, opens, is_talk, opening + shown, found, terms, decisive, is_noted)
            opens = False


def _piece(text: str, by_user: bool, is_talk: bool, where: Place) -> _Piece:
    found = words(text)
    return _Piece(text, found, 0.0 if is_talk else decisiveness(text, found, by_user, where))


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


def _joined(pieces: Iterable[_Piece], join_max: int) -> Iterator[_Piece]:
    """The sentences of a paragraph, short ones together with what follows; a decisive one begins a line."""
    held: _Piece | None = None
    for piece in pieces:
        begins = piece.decisive >= DECISIVE and held is not None and held.decisive < DECISIVE
        if held is not None and (begins or len(held.text) + len(piece.text) >= BULLET_MAX):
            yield held
            held = None
        if held is None:
            held = piece
        else:
            blank = "" if held.text[-1:] in _UNSPACED_ENDS else " "
            decisive = max(held.decisive, piece.decisive)
            held = _Piece(f"{held.text}{blank}{piece.text}", held.words + piece.words, decisive)
        if len(held.text) > join_max:
            yield held
            held = None
    if held is not None:
        yield held
