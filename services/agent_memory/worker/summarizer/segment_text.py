"""What was said in a segment, sentence by sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import log1p

from agent_memory.model import Event, EventRole, EventType
from agent_memory.worker.summarizer.common import COMMON
from agent_memory.worker.summarizer.cues import accompanies, may_accompany
from agent_memory.worker.summarizer.prose import paragraphs
from agent_memory.worker.summarizer.speakers import calls, opening_of, speakers_in
from agent_memory.worker.summarizer.summary import BULLET_MAX, BULLETS_MIN
from agent_memory.worker.summarizer.text import is_unspaced, sentences, shorten, term, terms, terms_of, words

SENTENCES_MAX = 600  # a segment has about 150; more are thinned out evenly, so that time stays bounded
COURTESY_MAX = 24  # characters; a longer sentence that begins with thanks has something to say as well
JOIN_MAX = (
    130  # characters; a shorter sentence takes the next ones along, unless there are too few: alone it says little
)
CONTEXT_SHARE = 0.5  # a mention in the segment before counts half
COMMON_SHARE = 0.5  # what a word of everyday talk says, beside one that is not
PAIR_SHARE = 0.5  # what a pair of characters says: a word of a script without spaces has about two
_TYPES = frozenset({EventType.USER_MESSAGE, EventType.ASSISTANT_MESSAGE, EventType.ASSISTANT_STOP})
_UNSPACED_ENDS = frozenset("。！？｡」』")
_SPEAKERS = frozenset({EventRole.USER, EventRole.ASSISTANT})


@dataclass(slots=True, eq=False)
class Sentence:
    """A sentence that somebody said, or some short ones that belong together; no longer than a bullet may be."""

    event: int
    by_user: bool
    # Whether it opens its message: people ask first and explain later.
    opens: bool
    # Whether it is from a talk between people, who are named in front of what they say.
    is_talk: bool
    text: str
    words: list[str]
    terms: set[str]


def said_in(events: Sequence[Event]) -> list[Sentence]:
    """The sentences of people and agents, in order; none of tools, none of the machinery around a session."""
    names = words(" ".join(speakers_in(events)))
    found = _read(events, JOIN_MAX, names)
    if len(found) < BULLETS_MIN:
        found = _read(events, 0, names)
    if len(found) > SENTENCES_MAX:
        found = [found[place * len(found) // SENTENCES_MAX] for place in range(SENTENCES_MAX)]
    if names:
        _leave_out_names(found, names)
    return found


def salience(said: Sequence[Sentence], context: Sequence[Event]) -> Mapping[str, float]:
    """How much each term matters in the segment: by how many sentences speak of it, and messages before it began."""
    counts: Counter[str] = Counter(chain.from_iterable(sentence.terms for sentence in said))
    before = Counter(
        chain.from_iterable(terms("\n".join(paragraphs(event.text))) for event in context if _is_said(event))
    )
    return {key: log1p(count + CONTEXT_SHARE * before[key]) * _particular(key) for key, count in counts.items()}


def _particular(key: str) -> float:
    """What the term says by itself, wherever it stands."""
    if key in COMMON:
        return COMMON_SHARE
    return 1.0 if key.isascii() or not is_unspaced(key) else PAIR_SHARE


def _read(events: Sequence[Event], join_max: int, names: Sequence[str]) -> list[Sentence]:
    return [
        sentence
        for place, event in enumerate(events)
        if _is_said(event)
        for sentence in _sentences(place, event, join_max, names)
    ]


def _is_said(event: Event) -> bool:
    return event.event_type in _TYPES and event.role in _SPEAKERS


def _leave_out_names(found: Sequence[Sentence], names: Sequence[str]) -> None:
    """The names of those who speak are in every other sentence, and say nothing of what it is about."""
    called = {term(word) for word in set().union(*(sentence.words for sentence in found)) if calls(word, names)}
    for sentence in found:
        sentence.terms -= called


def _sentences(place: int, event: Event, join_max: int, names: Sequence[str]) -> Iterator[Sentence]:
    by_user = event.role == EventRole.USER
    opening = opening_of(event)
    is_talk = bool(opening)
    opens = True
    for paragraph in paragraphs(event.text):
        pieces = _told([paragraph[start:end] for start, end in sentences(paragraph)], names)
        for text in _joined(pieces, join_max):
            shown = shorten(text, BULLET_MAX - len(opening))
            found = words(shown)
            yield Sentence(place, by_user, opens, is_talk, opening + shown, found, terms_of(found))
            opens = False


def _told(pieces: Sequence[str], names: Sequence[str]) -> Sequence[str]:
    """The sentences without the "Great, thanks!" around them, unless that is all there is."""
    return [piece for piece in pieces if len(piece) > COURTESY_MAX or not _is_courtesy(piece, names)] or pieces


def _is_courtesy(piece: str, names: Sequence[str]) -> bool:
    if not may_accompany(piece.split(" ", 1)[0]):
        return False
    found = words(piece)
    # A name after it tells who is spoken to, which may be the only place that does.
    tells = any(word[0].isupper() and not calls(word, names) for word in found[1:])
    return not tells and accompanies([word.lower() for word in found])


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
