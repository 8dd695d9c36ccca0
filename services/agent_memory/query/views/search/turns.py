"""The turns that answer a question: the best segments of the index, and their events, read and scored on the spot."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from agent_memory.model import Event, EventRole, EventType
from agent_memory.phrases.days import Span
from agent_memory.query.views.search import fresh
from agent_memory.query.views.search.asked import Asked
from agent_memory.query.views.search.fresh import Fresh
from agent_memory.search import asking, near_words, question, ranking, texts
from agent_memory.search.ranking import Candidate, Document, Statistics
from agent_memory.search.reader import Filters, Found, Index
from agent_memory.search.tokens import TokenCounter, tokens
from agent_memory.store import records
from agent_memory.store.reader import Reader
from agent_memory.text.questions import asks

# So many segments hold the turns that are wanted, nearly always; more where filters leave out most of their events.
SEGMENTS: Final = 20
SEGMENTS_FILTERED: Final = 50
# Events that are read for an answer, and how much of each is looked at.
EVENTS_MAX: Final = 800
TEXT_MAX: Final = 20_000
# Words of the index that are compared with one that was mistyped.
SIMILAR_MAX: Final = 20_000
# A tool's output has more words than anybody's, and says less with each.
_WEIGHTS: Final = {EventRole.TOOL: 0.6, EventRole.SYSTEM: 0.5}
_NOTHING_SAID: Final = (EventType.SESSION_START, EventType.SESSION_END, EventType.SUBAGENT_START)
# Texts that begin alike up to here are the same to a reader.
_SAME_CHARACTERS: Final = 400


@dataclass(frozen=True, slots=True)
class Parts:
    """What a turn's score is made of: the segment, the event's own words and their meaning; and its neighbours, with
    what its speaker's name adds."""

    segment: float
    words: float
    meaning: float
    neighbours: float


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What was said beside a turn, and how much of the question it says, of what the turn does."""

    event: Event
    share: float


@dataclass(frozen=True, slots=True)
class Turn:
    """An event that answers, with what was said right before and after it, where that may be shown."""

    event: Event
    segment: Found
    score: float
    before: Neighbour | None
    after: Neighbour | None
    in_window: bool
    parts: Parts
    # The score of its segment, by which segments are ordered.
    of_segment: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The best turns first, and what was looked for to find them."""

    turns: list[Turn]
    terms: tuple[str, ...]
    # How much each term tells.
    weights: dict[str, float]
    # Mistyped words, and what was looked for in their place.
    corrections: dict[str, str]


@dataclass(slots=True)
class _Scored:
    """A segment with its events, as they are looked at."""

    found: Found
    in_window: bool
    events: list[Event]
    is_fresh: bool = False


def answer(reader: Reader, index: Index, asked: Asked, behind: int = 0) -> Answer:
    """The turns that answer, at most as many as are asked for; the index lacks so many events. Raises IndexUnusable."""
    newest = fresh.segments(reader, asked.filters, behind, asked.terms)
    asked, statistics, corrections = _corrected(index, asked, newest)
    weights = {term: ranking.rarity(statistics.frequencies[term], statistics.segments) for term in asked.terms}
    scored = _segments(reader, index, asked, newest)
    near = _near(asked.terms)
    counter = TokenCounter([*asked.terms, *(token for tokens in near.values() for token in tokens)])
    candidates = _candidates(scored, weights, counter)
    ranked = ranking.rank(asked.terms, candidates, statistics, near)
    places = [
        (score, -each.candidate, -place)
        for each in ranked
        for place, score in enumerate(each.scores)
        if (each.words[place] > 0 or each.meaning[place] > 0 or not asked.terms)
        and _is_asked_for(scored[each.candidate].events[place], asked)
    ]
    by_candidate = {each.candidate: each for each in ranked}
    turns: list[Turn] = []
    seen: set[str] = set()
    shown: set[str] = set()
    for _, candidate, place in heapq.nlargest(4 * asked.limit, places):
        each = scored[-candidate]
        # Without words the newest segments are asked for: one turn of each tells what it is about.
        of = each.found.node_id or each.found.session_id
        if not asked.terms and of in shown:
            continue
        if (same := _sameness(each.events[-place])) in seen:
            continue
        seen.add(same)
        shown.add(of)
        turns.append(_turn(each, by_candidate[-candidate], -place, asked))
        if len(turns) == asked.limit:
            break
    return Answer(turns, asked.terms, weights, corrections)


def _corrected(index: Index, asked: Asked, newest: Fresh) -> tuple[Asked, Statistics, dict[str, str]]:
    """The same with the words that stand nowhere put right, where nothing else is left to find anything by."""
    segments, frequencies = index.frequencies(asked.terms)
    corrections: dict[str, str] = {}
    if asked.terms and not any(frequencies.values()) and not _is_said(asked.terms, newest):
        for term in asked.terms:
            # A slip can look like an ending: "deply" is found by "dep".
            for form in dict.fromkeys((asked.question.typed.get(term, term).lower(), term)):
                if asking.only_binds(form) or not question.slips(form):
                    continue
                if meant := question.alike(form, index.similar(form, SIMILAR_MAX)):
                    corrections[term] = meant
                    break
    if corrections:
        terms = tuple(dict.fromkeys(corrections.get(term, term) for term in asked.terms))
        phrases = tuple(tuple(corrections.get(term, term) for term in phrase) for phrase in asked.question.phrases)
        asked = replace(asked, question=replace(asked.question, terms=terms, phrases=phrases))
        segments, frequencies = index.frequencies(terms)
    return asked, Statistics(segments, frequencies), corrections


def _is_said(terms: Sequence[str], newest: Fresh) -> bool:
    counter = TokenCounter(terms)
    return any(counter.counts(_text(event)) for _, events in newest for event in events)


def _segments(reader: Reader, index: Index, asked: Asked, newest: Fresh) -> list[_Scored]:
    """The best segments with their events, those of the window first; as many as may be read."""
    found: dict[str, tuple[Found, bool]] = {}
    window = asked.question.window
    if window is not None:
        inside = _narrowed(asked.filters, window)
        if inside is not None:
            found = {each.node_id: (each, True) for each in _find(index, asked, inside)}
    # Without words there is nothing else to find the others by.
    if window is None or asked.terms:
        for each in _find(index, asked, asked.filters):
            found.setdefault(each.node_id, (each, False))
    read = _read(reader, found.values())
    known = {event.event_id for each in read for event in each.events}
    new: list[_Scored] = []
    for each, events in newest:
        in_window = window is not None and window.start_ms <= each.last_ms < window.end_ms
        left = [event for event in events if event.event_id not in known]
        if left and (asked.terms or window is None or in_window):
            new.append(_Scored(each, in_window, left, is_fresh=True))
    # The newest are first where nothing else tells which.
    return new + read


def _candidates(scored: Sequence[_Scored], weights: Mapping[str, float], counter: TokenCounter) -> list[Candidate]:
    """The segments as they are ranked. What is fresh has no score yet: by its share of the question's words it has one
    of the best."""
    best = max((each.found.score for each in scored), default=0.0) or 1.0
    whole = sum(weights.values()) or 1.0
    candidates = []
    for each in scored:
        documents = _documents(each.events, counter)
        score = each.found.score
        if each.is_fresh:
            held = {term for document in documents for term in document.counts if term in weights}
            score = best * sum(weights[term] for term in held) / whole
        candidates.append(Candidate(score, documents, each.in_window))
    return candidates


def _read(reader: Reader, found: Iterable[tuple[Found, bool]]) -> list[_Scored]:
    """The segments with their events, in order, as many as may be read; events that are gone are not there."""
    read: list[_Scored] = []
    events_left = EVENTS_MAX
    for each, in_window in found:
        if events_left <= 0:
            break
        own = frozenset(each.event_ids)
        events = records.events_of(reader, each.session_id, each.first_ms, each.last_ms + 1, own)
        events_left -= len(events)
        if events:
            read.append(_Scored(each, in_window, events))
    return read


def _find(index: Index, asked: Asked, filters: Filters) -> list[Found]:
    acts_on_events = bool(filters.role or filters.file or asked.question.phrases or asked.question.excluded)
    limit = SEGMENTS_FILTERED if acts_on_events else SEGMENTS
    return index.find(asked.terms, filters, max(limit, asked.limit if not asked.terms else 0), asked.question.phrases)


def _narrowed(filters: Filters, window: Span) -> Filters | None:
    """The filters with the window; None where both can't be."""
    from_ms = max(window.start_ms, filters.from_ms or 0)
    to_ms = window.end_ms if filters.to_ms is None else min(window.end_ms, filters.to_ms)
    return replace(filters, from_ms=from_ms, to_ms=to_ms) if from_ms < to_ms else None


def _near(terms: Sequence[str]) -> dict[str, dict[str, float]]:
    """Of each term what means nearly the same."""
    table = near_words.table()
    return {term: table.near(term) for term in terms} if table else {}


def _documents(events: Sequence[Event], counter: TokenCounter) -> list[Document]:
    documents = []
    for event in events:
        text = _text(event)
        weight = _WEIGHTS.get(event.role, 1.0)
        speaker = frozenset(tokens(event.metadata.get("speaker", "")))
        documents.append(Document(counter.counts(text), len(text), weight, asks(text), speaker))
    return documents


def _is_asked_for(event: Event, asked: Asked) -> bool:
    """Whether the filters that act on single events let it be a hit."""
    filters = asked.filters
    if not _says_something(event):
        return False
    if filters.role and texts.role_of(event) != filters.role:
        return False
    if (filters.from_ms is not None and event.timestamp_ms < filters.from_ms) or (
        filters.to_ms is not None and event.timestamp_ms >= filters.to_ms
    ):
        return False
    if asked.file and not _is_about(event, asked):
        return False
    if asked.question.excluded or asked.question.phrases:
        held = tokens(_text(event))
        if not asked.question.excluded.isdisjoint(held):
            return False
        return all(_holds(held, phrase) for phrase in asked.question.phrases)
    return True


def _is_about(event: Event, asked: Asked) -> bool:
    if any(texts.is_about(path, asked.file) for path in texts.files_of(event)):
        return True
    return asked.filters.file in _text(event).casefold()


def _says_something(event: Event) -> bool:
    return event.event_type not in _NOTHING_SAID and bool(event.text.strip())


def _text(event: Event) -> str:
    """As much of an event as is looked at."""
    return texts.text_of(event)[:TEXT_MAX]


def _holds(held: list[str], phrase: Sequence[str]) -> bool:
    first, length, whole = phrase[0], len(phrase), list(phrase)
    return any(token == first and held[place : place + length] == whole for place, token in enumerate(held))


def _sameness(event: Event) -> str:
    """What two texts have alike that a reader would take for the same."""
    return " ".join(event.text[:_SAME_CHARACTERS].casefold().split())


def _turn(scored: _Scored, ranked: ranking.Ranked, place: int, asked: Asked) -> Turn:
    events = scored.events

    said = ranked.scores[place] - ranked.segment

    def neighbour(at: int) -> Neighbour | None:
        if not 0 <= at < len(events) or not _may_be_shown(events[at], asked):
            return None
        return Neighbour(events[at], (ranked.scores[at] - ranked.segment) / said if said > 0 else 1.0)

    total, words, meaning = ranked.scores[place], ranked.words[place], ranked.meaning[place]
    parts = Parts(ranked.segment, words, meaning, total - ranked.segment - words - meaning)
    before, after = neighbour(place - 1), neighbour(place + 1)
    return Turn(events[place], scored.found, total, before, after, scored.in_window, parts, ranked.score)


def _may_be_shown(event: Event, asked: Asked) -> bool:
    """Whether the event may stand beside a hit."""
    if not _says_something(event):
        return False
    if asked.filters.to_ms is not None and event.timestamp_ms >= asked.filters.to_ms:
        return False
    excluded = asked.question.excluded
    return not excluded or excluded.isdisjoint(tokens(_text(event)))
