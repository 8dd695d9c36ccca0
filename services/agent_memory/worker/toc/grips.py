"""Grips: the words of the very events that prove a line of a summary, whoever wrote the line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from heapq import nlargest
from itertools import chain
from math import fsum, log1p

from agent_memory.ids import grip_id
from agent_memory.model import Bullet, Event, EventRole, Grip
from agent_memory.store.evidence_checksum import evidence_checksum
from agent_memory.worker.summarizer.speakers import opening_of
from agent_memory.worker.summarizer.summary import DraftBullet, Summary
from agent_memory.worker.summarizer.text import ELLIPSIS, boundary, cut, ends, sentences, terms

SOURCE = "segment_summarizer"
EXCERPT_MAX = 280  # characters
EVIDENCE_MAX = 3  # grips of one line
QUOTE_MIN = 12  # characters; a shorter line found word for word may be chance
BETWEEN_MAX = 30  # characters between two quoted sentences, or words: markup or thanks that the line leaves out
CANDIDATES = 4  # events that are read closely for one grip
GAIN_MIN = 0.25  # of the line's weight: what another sentence or another grip must add to be worth reading
EVENT_SHARE = 0.2  # what the rest of its event counts beside the excerpt itself
TOOL_SHARE = 0.8  # what a tool printed proves a little less than what somebody said
TOOL_CHARS = 4_000  # of a tool's result; what it printed after that is seldom what a line speaks of


@dataclass(frozen=True, slots=True)
class Evidence:
    """The events from index `first` to `last`, both included, and the exact words of theirs that prove a line."""

    first: int
    last: int
    excerpt: str


def grips_for(node_id: str, words: Summary, events: Sequence[Event]) -> tuple[tuple[Bullet, ...], tuple[Grip, ...]]:
    """The lines as bullets that name their grips, and the grips, each once. The segment has one event at least."""
    segment = _Segment(events)
    grips: dict[str, Grip] = {}
    bullets = []
    for line in words.bullets:
        found = [_grip(node_id, evidence, events) for evidence in _evidence(line, segment)]
        grips.update((grip.grip_id, grip) for grip in found)
        bullets.append(Bullet(line.text, tuple(dict.fromkeys(grip.grip_id for grip in found)), line.weight))
    return tuple(bullets), tuple(grips.values())


def choose(line: str, events: Sequence[Event]) -> tuple[Evidence, ...]:
    """The best evidence for a line, best first: one to three excerpts. There is one event at least.

    A line that quotes is proved by the place it quotes. Any other is proved by the passages that share its rarest
    words, a further one only where it proves what the others leave open.
    """
    return _choose(line, _Segment(events))


def _evidence(line: DraftBullet, segment: _Segment) -> tuple[Evidence, ...]:
    """The evidence for a line; where one knows what event it was taken from, no other is read."""
    if line.event is None:
        return _choose(line.text, segment)
    event = segment.events[line.event]
    text = line.text.removeprefix(opening_of(event))
    if excerpt := _taken(text.removesuffix(ELLIPSIS), event.text):
        return (Evidence(line.event, line.event, excerpt),)
    return tuple(Evidence(line.event, line.event, found.excerpt) for found in choose(text, [event]))


@dataclass(frozen=True, slots=True)
class _Passage:
    start: int
    end: int
    terms: frozenset[str]


class _Segment:
    """A segment's events, read once for all its lines and no further than its lines need."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events
        self._passages: dict[int, list[_Passage]] = {}

    @cached_property
    def terms(self) -> list[set[str]]:
        """What each event speaks of, the name of its tool included."""
        return [
            set().union(*(terms(event.text[start:end]) for start, end in _readable(event)), _tool_terms(event))
            for event in self.events
        ]

    @cached_property
    def counts(self) -> Counter[str]:
        """In how many events each term occurs."""
        return Counter(chain.from_iterable(self.terms))

    def passages(self, place: int) -> list[_Passage]:
        """The sentences of an event, those too long for an excerpt in parts."""
        if place not in self._passages:
            self._passages[place] = list(_passages(self.events[place]))
        return self._passages[place]


def _choose(line: str, segment: _Segment) -> tuple[Evidence, ...]:
    quoted = _quoted(line.removesuffix(ELLIPSIS), segment.events)
    if quoted is not None:
        return (quoted,)
    # The rarer a term is among the events, the more it proves.
    open_terms = {
        term: log1p(len(segment.events) / segment.counts[term]) for term in terms(line) & segment.counts.keys()
    }
    enough = GAIN_MIN * fsum(open_terms.values())
    found: list[Evidence] = []
    while open_terms and len(found) < EVIDENCE_MAX:
        place, passage = _best(open_terms, segment, enough)
        if found and _proof(passage.terms, open_terms) < enough:
            break
        found.append(Evidence(place, place, segment.events[place].text[passage.start : passage.end]))
        open_terms = {term: weight for term, weight in open_terms.items() if term not in passage.terms}
    return tuple(found) or (_first_words(segment),)


_RUN = re.compile(r"\w+")


def _taken(line: str, text: str) -> str:
    """Where the words of a line follow each other in the text it was taken from, markup and all; empty for nowhere."""
    runs = _RUN.findall(line)
    if not runs:
        return ""
    punctuation = line[line.rindex(runs[-1]) + len(runs[-1]) :]
    for begin, stop in ends(text):
        start = begin - 1
        while (start := text.find(runs[0], start + 1, stop)) >= 0:
            if (end := _follow(runs, text, start)) >= 0:
                end += len(punctuation) if text.startswith(punctuation, end) else 0
                return text[start : start + cut(text[start:end], EXCERPT_MAX)]
    return ""


def _follow(runs: Sequence[str], text: str, end: int) -> int:
    """Where the last of the words ends when they follow each other closely from there on, else -1."""
    for run in runs:
        place = text.find(run, end, end + BETWEEN_MAX + len(run))
        if place < 0:
            return -1
        end = place + len(run)
    return end


def _quoted(quote: str, events: Sequence[Event]) -> Evidence | None:
    """Where the line stands word for word, first among what was said, then among what tools printed."""
    pieces = [quote[start:end] for start, end in sentences(quote)]
    for place in sorted(range(len(events)), key=lambda place: events[place].role == EventRole.TOOL):
        text = events[place].text
        if len(quote) < QUOTE_MIN and quote != text.strip():
            continue
        if pieces and (found := _find(pieces, text)) is not None:
            start, end = found
            return Evidence(place, place, text[start : start + cut(text[start:end], EXCERPT_MAX)])
    return None


def _find(pieces: Sequence[str], text: str) -> tuple[int, int] | None:
    """The span in which the sentences follow each other, with no more than a courtesy or a line's end between them."""
    start = end = text.find(pieces[0])
    for piece in pieces:
        place = text.find(piece, end)
        if place < 0 or place - end > BETWEEN_MAX:
            return None
        end = place + len(piece)
    return start, end


def _best(weights: Mapping[str, float], segment: _Segment, enough: float) -> tuple[int, _Passage]:
    """The event and the passage in it that prove most; of equal ones the earliest."""
    shares = [
        _trust(event) * _proof(found, weights) for event, found in zip(segment.events, segment.terms, strict=True)
    ]
    close = sorted(nlargest(CANDIDATES, range(len(shares)), key=lambda place: (shares[place], -place)))
    passages = {place: _passage(segment.passages(place), weights, enough) for place in close}

    def score(place: int) -> float:
        # The rest of an event counts a little: it decides between passages that prove the same.
        return _trust(segment.events[place]) * _proof(passages[place].terms, weights) + EVENT_SHARE * shares[place]

    best = max(close, key=score)
    return best, passages[best]


def _passage(sentences: list[_Passage], weights: Mapping[str, float], enough: float) -> _Passage:
    """The sentence that proves most, with those before or after it that add enough and fit into an excerpt."""
    if not sentences:
        return _Passage(0, 0, frozenset())
    proofs = [_proof(sentence.terms, weights) for sentence in sentences]
    best = proofs.index(max(proofs))
    passage = sentences[best]
    for neighbour in sentences[best + 1 : best + 2] + sentences[max(0, best - 1) : best]:
        start, end = min(passage.start, neighbour.start), max(passage.end, neighbour.end)
        if end - start <= EXCERPT_MAX and _proof(neighbour.terms - passage.terms, weights) >= enough:
            passage = _Passage(start, end, passage.terms | neighbour.terms)
    return passage


def _proof(found: Set[str], weights: Mapping[str, float]) -> float:
    # fsum: the order of a set differs from process to process, and no sum may depend on it.
    return fsum([weights[term] for term in weights.keys() & found])


def _trust(event: Event) -> float:
    return TOOL_SHARE if event.role == EventRole.TOOL else 1.0


def _first_words(segment: _Segment) -> Evidence:
    """What a line goes back to that shares no word with any event: the first thing somebody said, or else happened."""
    events = segment.events
    order = sorted(
        range(len(events)), key=lambda place: (not events[place].text.strip(), events[place].role != EventRole.USER)
    )
    text = events[order[0]].text[: 2 * EXCERPT_MAX].strip()
    return Evidence(order[0], order[0], text[: cut(text, EXCERPT_MAX)])


def _readable(event: Event) -> Iterator[tuple[int, int]]:
    """The spans of an event's text in which evidence is looked for."""
    return iter([(0, boundary(event.text, TOOL_CHARS))]) if event.role == EventRole.TOOL else ends(event.text)


def _tool_terms(event: Event) -> set[str]:
    return terms(event.metadata.get("tool_name", ""))


def _passages(event: Event) -> Iterator[_Passage]:
    """The sentences of an event; those too long for an excerpt in parts."""
    for region in _readable(event):
        for start, end in sentences(event.text, *region):
            while start < end:
                stop = start + cut(event.text[start:end], EXCERPT_MAX)
                yield _Passage(start, stop, frozenset(terms(event.text[start:stop])))
                start = stop + (event.text[stop : stop + 1] == " ")


def _grip(node_id: str, evidence: Evidence, events: Sequence[Event]) -> Grip:
    first, last = events[evidence.first], events[evidence.last]
    return Grip(
        grip_id=grip_id(first, last, evidence.excerpt),
        excerpt=evidence.excerpt,
        event_id_start=first.event_id,
        event_id_end=last.event_id,
        timestamp_ms=first.timestamp_ms,
        source=SOURCE,
        session_id=first.session_id,
        end_timestamp_ms=last.timestamp_ms,
        node_id=node_id,
        evidence_checksum=evidence_checksum(events[evidence.first : evidence.last + 1]),
    )
