"""Grips: the words of the very events that prove a line of a summary, whoever wrote the line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from heapq import nlargest
from math import fsum, log1p

from agent_memory.ids import grip_id
from agent_memory.model import Bullet, Event, EventRole, Grip
from agent_memory.store.evidence_checksum import evidence_checksum
from agent_memory.worker.summarizer.event_text import PASSAGE_MAX, Passage
from agent_memory.worker.summarizer.segment_text import SegmentText
from agent_memory.worker.summarizer.summary import DraftBullet, Summary
from agent_memory.worker.summarizer.text import ELLIPSIS, cut, ends, sentences, terms

SOURCE = "segment_summarizer"
EXCERPT_MAX = PASSAGE_MAX  # characters
EVIDENCE_MAX = 3  # grips of one line
QUOTE_MIN = 12  # characters; a shorter line found word for word may be chance
BETWEEN_MAX = 30  # characters between two quoted sentences, or words: markup or thanks that the line leaves out
CANDIDATES = 4  # events that are read closely for one grip
GAIN_MIN = 0.25  # of the line's weight: what another sentence or another grip must add to be worth reading
EVENT_SHARE = 0.2  # what the rest of its event counts beside the excerpt itself
TOOL_SHARE = 0.8  # what a tool printed proves a little less than what somebody said


@dataclass(frozen=True, slots=True)
class Evidence:
    """The event, by its index in the segment, and the exact words of it that prove a line."""

    event: int
    excerpt: str


def grips_for(node_id: str, summary: Summary, text: SegmentText) -> tuple[tuple[Bullet, ...], tuple[Grip, ...]]:
    """The lines as bullets that name their grips, and the grips, each once. The segment has one event at least."""
    grips: dict[str, Grip] = {}
    bullets = []
    for line in summary.bullets:
        found = [_grip(node_id, evidence, text.events) for evidence in _evidence(line, text)]
        grips.update((grip.grip_id, grip) for grip in found)
        bullets.append(Bullet(line.text, tuple(dict.fromkeys(grip.grip_id for grip in found)), line.weight))
    return tuple(bullets), tuple(grips.values())


def choose(line: str, text: SegmentText) -> tuple[Evidence, ...]:
    """The best evidence for a line, best first: one to three excerpts. The segment has one event at least.

    A line that quotes is proved by the place it quotes. Any other is proved by the passages that share its rarest
    words, a further one only where it proves what the others leave open.
    """
    quoted = _quoted(line.removesuffix(ELLIPSIS), text.events)
    if quoted is not None:
        return (quoted,)
    # The rarer a term is among the events, the more it proves.
    counts = text.events_with_term
    open_terms = {term: log1p(len(text.events) / counts[term]) for term in terms(line) & counts.keys()}
    enough = GAIN_MIN * fsum(open_terms.values())
    found: list[Evidence] = []
    while open_terms and len(found) < EVIDENCE_MAX:
        place, passage = _best(open_terms, text, enough)
        if found and _proof(passage.terms, open_terms) < enough:
            break
        found.append(Evidence(place, text.events[place].text[passage.start : passage.end]))
        open_terms = {term: weight for term, weight in open_terms.items() if term not in passage.terms}
    return tuple(found) or (_first_words(text.events),)


def _evidence(line: DraftBullet, text: SegmentText) -> tuple[Evidence, ...]:
    """The evidence for a line; where the event it was taken from is known, no other is read."""
    if line.event is None:
        return choose(line.text, text)
    source = text.texts[line.event]
    words = line.text.removeprefix(source.opening)
    if excerpt := _taken(words.removesuffix(ELLIPSIS), source.event.text):
        return (Evidence(line.event, excerpt),)
    return tuple(Evidence(line.event, found.excerpt) for found in choose(words, text.only(line.event)))


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
            return Evidence(place, text[start : start + cut(text[start:end], EXCERPT_MAX)])
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


def _best(weights: Mapping[str, float], text: SegmentText, enough: float) -> tuple[int, Passage]:
    """The event and the passage in it that prove most; of equal ones the earliest."""
    shares = [_trust(each.event) * _proof(each.terms, weights) for each in text.texts]
    close = sorted(nlargest(CANDIDATES, range(len(shares)), key=lambda place: (shares[place], -place)))
    passages = {place: _passage(text.texts[place].passages, weights, enough) for place in close}

    def score(place: int) -> float:
        # The rest of an event counts a little: it decides between passages that prove the same.
        return _trust(text.events[place]) * _proof(passages[place].terms, weights) + EVENT_SHARE * shares[place]

    best = max(close, key=score)
    return best, passages[best]


def _passage(sentences: list[Passage], weights: Mapping[str, float], enough: float) -> Passage:
    """The sentence that proves most, with those before or after it that add enough and fit into an excerpt."""
    if not sentences:
        return Passage(0, 0, frozenset())
    proofs = [_proof(sentence.terms, weights) for sentence in sentences]
    best = proofs.index(max(proofs))
    passage = sentences[best]
    for neighbour in sentences[best + 1 : best + 2] + sentences[max(0, best - 1) : best]:
        start, end = min(passage.start, neighbour.start), max(passage.end, neighbour.end)
        if end - start <= EXCERPT_MAX and _proof(neighbour.terms - passage.terms, weights) >= enough:
            passage = Passage(start, end, passage.terms | neighbour.terms)
    return passage


def _proof(found: Set[str], weights: Mapping[str, float]) -> float:
    # fsum: the order of a set differs from process to process, and no sum may depend on it.
    return fsum([weights[term] for term in weights.keys() & found])


def _trust(event: Event) -> float:
    return TOOL_SHARE if event.role == EventRole.TOOL else 1.0


def _first_words(events: Sequence[Event]) -> Evidence:
    """The evidence for a line that shares no word with any event: what was said first, or else what happened first."""
    order = sorted(
        range(len(events)), key=lambda place: (not events[place].text.strip(), events[place].role != EventRole.USER)
    )
    text = events[order[0]].text[: 2 * EXCERPT_MAX].strip()
    return Evidence(order[0], text[: cut(text, EXCERPT_MAX)])


def _grip(node_id: str, evidence: Evidence, events: Sequence[Event]) -> Grip:
    event = events[evidence.event]
    return Grip(
        grip_id=grip_id(event, event, evidence.excerpt),
        excerpt=evidence.excerpt,
        event_id_start=event.event_id,
        event_id_end=event.event_id,
        timestamp_ms=event.timestamp_ms,
        source=SOURCE,
        session_id=event.session_id,
        end_timestamp_ms=event.timestamp_ms,
        node_id=node_id,
        evidence_checksum=evidence_checksum([event]),
    )
