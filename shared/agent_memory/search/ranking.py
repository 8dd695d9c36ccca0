"""Ranking: which events of the best segments answer a question, and which segments they make the best. Pure.

A segment is found as a whole, by the index. Its events are then scored by BM25 (Robertson and Zaragoza, 2009), and by
how much of the question they mean: a word that is not there may be meant by another that is near to it. An event gets
a share of its neighbours' scores, because an answer often stands beside the words that were asked for, and each event
of a segment gets the segment's own score.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

# Saturation of repeated words, and how much length counts. These and the weights below were tuned on five conversations
# of LoCoMo.
_K1: Final = 1.2
_B: Final = 0.5
SEGMENT_WEIGHT: Final = 1.4
# How much it counts that a segment means all of the question, and that an event does.
SEGMENT_MEANING: Final = 1.0
EVENT_MEANING: Final = 1.3
# What an event gets of the scores of the events before and behind it, nearest first.
BEFORE: Final = (0.35, 0.12)
BEHIND: Final = (0.25, 0.08)
# A question says less than what answers it, which is mostly the next event: so much less, and that so much more.
ASKED: Final = 0.1
ANSWERED: Final = 0.25
# What somebody said counts more where the question names them.
NAMED_SPEAKER: Final = 0.5
# What a segment's best events but one add to its best one, and how many of them.
FOLLOWING_WEIGHT: Final = 0.3
FOLLOWING: Final = 4
# What lies in the time that the question names comes before nearly all that does not.
WINDOW_BONUS: Final = 1.5

# Of each term the tokens that mean nearly the same, each with how nearly, from 0 to 1.
Near = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Document:
    """An event as the ranking sees it: how often it holds each term and what is near to one, and its characters."""

    counts: Mapping[str, int]
    length: int
    # How much its words count; a tool's output says less than a person.
    weight: float = 1.0
    is_question: bool = False
    # The tokens of its speaker's name, where somebody is named.
    speaker: frozenset[str] = frozenset()

    @classmethod
    def of(cls, tokens: Sequence[str], length: int) -> Document:
        return cls(Counter(tokens), length)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A segment that the index found: its score there, higher is better, and its events in order."""

    score: float
    documents: Sequence[Document]
    # Whether it lies in the time that the question names.
    in_window: bool = False


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate's place among the others: its score, and of its events, in their order, score and parts of it."""

    candidate: int
    score: float
    scores: tuple[float, ...]
    # What the segment gives to each of its events, and what the words and the meaning of each event give.
    segment: float
    words: tuple[float, ...]
    meaning: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Statistics:
    """What is known of the whole index: how many segments it has, and in how many of them each term stands."""

    segments: int
    frequencies: Mapping[str, int]


def rank(
    terms: Sequence[str], candidates: Sequence[Candidate], statistics: Statistics, near: Near | None = None
) -> list[Ranked]:
    """The candidates, best first. `terms` are the question's tokens, each once."""
    documents = [document for candidate in candidates for document in candidate.documents]
    weights = _weights(terms, documents, statistics)
    average = sum(document.length for document in documents) / (len(documents) or 1) or 1.0
    meant = _Meant(weights, near or {})
    words = [[_bm25(document, weights, average) for document in each.documents] for each in candidates]
    meanings = [[meant.share([document]) ** 2 for document in each.documents] for each in candidates]
    best_words = max((score for each in words for score in each), default=0.0) or 1.0
    best_meaning = max((score for each in meanings for score in each), default=0.0) or 1.0
    best_segment = max((each.score for each in candidates), default=0.0) or 1.0
    ranked = []
    for place, candidate in enumerate(candidates):
        own = SEGMENT_WEIGHT * candidate.score / best_segment + WINDOW_BONUS * candidate.in_window
        own += SEGMENT_MEANING * meant.share(candidate.documents)
        by_words = tuple(score / best_words for score in words[place])
        by_meaning = tuple(EVENT_MEANING * score / best_meaning for score in meanings[place])
        said = [a + b for a, b in zip(by_words, by_meaning, strict=True)]
        asks = [document.is_question for document in candidate.documents]
        named = [NAMED_SPEAKER * (not document.speaker.isdisjoint(terms)) for document in candidate.documents]
        scores = tuple(own + a + b for a, b in zip(_smoothed(said, asks), named, strict=True))
        best = sorted(scores, reverse=True)[: FOLLOWING + 1]
        score = sum(best[:1]) + FOLLOWING_WEIGHT * sum(best[1:])
        ranked.append(Ranked(place, score, scores, own, by_words, by_meaning))
    return sorted(ranked, key=lambda each: -each.score)


def rarity(frequency: int, segments: int) -> float:
    """How much a word tells that stands in so many of the segments."""
    return math.log(1 + (max(segments - frequency, 0) + 0.5) / (frequency + 0.5))


def _weights(terms: Sequence[str], documents: Sequence[Document], statistics: Statistics) -> dict[str, float]:
    """How much each term tells: of the whole index, and half of it of these events, all of which are near to it."""
    holding = Counter(term for document in documents for term in document.counts)
    return {
        term: (rarity(statistics.frequencies.get(term, 0), statistics.segments) + rarity(holding[term], len(documents)))
        / 2
        for term in terms
    }


def _bm25(document: Document, weights: Mapping[str, float], average: float) -> float:
    counts = document.counts
    if not counts:
        return 0.0
    norm = _K1 * (1 - _B + _B * document.length / average)
    held = ((times, weights[term]) for term, times in counts.items() if term in weights)
    return document.weight * sum(weight * times * (_K1 + 1) / (times + norm) for times, weight in held)


class _Meant:
    """How much of a question texts mean, by the words they hold."""

    def __init__(self, weights: Mapping[str, float], near: Near) -> None:
        self._weights = weights
        self._all = sum(weights.values()) or 1.0
        # Of each token the terms that it may stand for.
        self._stands_for: dict[str, list[tuple[str, float]]] = {term: [(term, 1.0)] for term in weights}
        for term, tokens in near.items():
            for token, likeness in tokens.items():
                self._stands_for.setdefault(token, []).append((term, likeness))

    def share(self, documents: Iterable[Document]) -> float:
        """The share of the question's weight that the documents mean together, from 0 to 1."""
        best: dict[str, float] = {}
        for document in documents:
            for token in document.counts:
                for term, likeness in self._stands_for.get(token, ()):
                    if likeness > best.get(term, 0.0):
                        best[term] = likeness
        return sum(self._weights[term] * likeness for term, likeness in best.items()) / self._all


def _smoothed(scores: Sequence[float], asks: Sequence[bool]) -> list[float]:
    """Each event's score with what its neighbours add to it."""
    smoothed = []
    for place, own in enumerate(scores):
        score = own * (1 - ASKED) if asks[place] else own
        if place and asks[place - 1]:
            score += ANSWERED * scores[place - 1]
        for distance, share in enumerate(BEFORE, 1):
            score += share * scores[place - distance] if place >= distance else 0.0
        for distance, share in enumerate(BEHIND, 1):
            score += share * scores[place + distance] if place + distance < len(scores) else 0.0
        smoothed.append(score)
    return smoothed
