"""Ranking: which events of the best segments answer a question, and which segments they make the best. Pure.

A segment is found as a whole, by the index. Its events are then scored by BM25 (Robertson and Zaragoza, 2009) with the
frequencies of the whole index. An event gets a share of its neighbours' scores, because an answer often stands beside
the words that were asked for, and each event of a segment gets the segment's own score.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

# Saturation of repeated words, and how much length counts. These and the weights below were tuned on five conversations
# of LoCoMo.
_K1: Final = 1.2
_B: Final = 0.4
SEGMENT_WEIGHT: Final = 1.4
# What an event gets of the scores of the events before and behind it, nearest first.
BEFORE: Final = (0.35, 0.12)
BEHIND: Final = (0.25, 0.08)
# What a segment's second and third best events add to its best one.
FOLLOWING_WEIGHT: Final = 0.15
# What lies in the time that the question names comes before nearly all that does not.
WINDOW_BONUS: Final = 1.5


@dataclass(frozen=True, slots=True)
class Document:
    """An event as the ranking sees it: how often it holds each term, and its length in characters."""

    counts: Counter[str]
    length: int
    # How much its words count; a tool's output says less than a person.
    weight: float = 1.0

    @classmethod
    def of(cls, tokens: Sequence[str], length: int, weight: float = 1.0) -> Document:
        return cls(Counter(tokens), length, weight)


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
    # What the segment gives to each of its events, and what the words of each event give.
    segment: float
    words: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Statistics:
    """What is known of the whole index: how many segments it has, and in how many of them each term stands."""

    segments: int
    frequencies: Mapping[str, int]


def rank(terms: Sequence[str], candidates: Sequence[Candidate], statistics: Statistics) -> list[Ranked]:
    """The candidates, best first. `terms` are the question's tokens, each once."""
    weights = {term: rarity(statistics.frequencies.get(term, 0), statistics.segments) for term in terms}
    lengths = [document.length for candidate in candidates for document in candidate.documents]
    average = sum(lengths) / len(lengths) if lengths else 1.0
    scores = [[_bm25(document, weights, average or 1.0) for document in each.documents] for each in candidates]
    best_event = max((score for each in scores for score in each), default=0.0) or 1.0
    best_segment = max((each.score for each in candidates), default=0.0) or 1.0
    ranked = []
    for place, candidate in enumerate(candidates):
        own = SEGMENT_WEIGHT * candidate.score / best_segment + WINDOW_BONUS * candidate.in_window
        words = [score / best_event for score in scores[place]]
        smoothed = tuple(own + score for score in _smoothed(words))
        best = sorted(smoothed, reverse=True)
        score = sum(best[:1]) + FOLLOWING_WEIGHT * sum(best[1:3])
        ranked.append(Ranked(place, score, smoothed, own, tuple(words)))
    return sorted(ranked, key=lambda each: -each.score)


def rarity(frequency: int, segments: int) -> float:
    """How much a word tells that stands in so many of the segments."""
    return math.log(1 + (max(segments - frequency, 0) + 0.5) / (frequency + 0.5))


def _bm25(document: Document, weights: Mapping[str, float], average: float) -> float:
    counts = document.counts
    if not counts:
        return 0.0
    norm = _K1 * (1 - _B + _B * document.length / average)
    found = (weight * counts[term] * (_K1 + 1) / (counts[term] + norm) for term, weight in weights.items())
    return document.weight * sum(found)


def _smoothed(scores: Sequence[float]) -> list[float]:
    smoothed = []
    for place, score in enumerate(scores):
        for distance, share in enumerate(BEFORE, 1):
            score += share * scores[place - distance] if place >= distance else 0.0
        for distance, share in enumerate(BEHIND, 1):
            score += share * scores[place + distance] if place + distance < len(scores) else 0.0
        smoothed.append(score)
    return smoothed
