"""The built-in summarizer: it picks what was asked, decided, done and found out of what was said.

Extractive, offline and deterministic: every line is a sentence that somebody wrote, in whatever language they wrote it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from heapq import nlargest

from agent_memory.text.questions import QUESTION_MARKS
from agent_memory.worker.summarizer import cues
from agent_memory.worker.summarizer.decisive import DECISIVE
from agent_memory.worker.summarizer.keywords import keywords
from agent_memory.worker.summarizer.segment_text import SegmentText
from agent_memory.worker.summarizer.sentences import Sentence
from agent_memory.worker.summarizer.summary import (
    BULLETS_MAX,
    BULLETS_MIN,
    DECISIVE_WEIGHT,
    TRACE_WEIGHT,
    DraftBullet,
    Summary,
)
from agent_memory.worker.summarizer.titles import title_for, title_of_talk
from agent_memory.worker.summarizer.traces import deed_of, tools_line, trace_of

POOL = 36  # sentences that are compared with each other; the others have no chance
SAME = 0.6  # from this share of common terms on, two sentences say the same
COVERED = 0.2  # what a term still counts once a chosen line has said it
WEIGHT_SCALE = 16.0  # the score that gives a weight of 0.63

# How much more, or less, a sentence counts than its terms for what it does.
REPORTS = 1.25
ASKS = 1.3
FIRST_REQUEST = 1.8
RULES = 2.2
DECIDES = 2.0
NOTED = 6.0  # whoever keeps a note says that it matters more than what was said around it
# The other lines say what it was about.
DECISIVE_MAX = 4
LAST_ANSWER = 1.3
QUESTION = 0.7
ACCOMPANIES = 0.8
LEANS = 0.85
ANNOUNCES = 0.6


def summarize(text: SegmentText) -> Summary:
    """The segment's summary: three to five lines, fewer where less was said, at least one where there is an event."""
    said, salient = text.sentences, text.salience
    sums = [_sum(sentence.terms, salient) for sentence in said]
    first_request = next((s.event for s in said if s.by_user and len(s.terms) > 1), -1)
    parts = _parts(said, first_request)
    # "And remember: never on Fridays" is what one wants to find again, and yet not what the segment was about.
    manners = [part * _importance(s, first_request) for s, part in zip(said, parts, strict=True)]
    chosen = _chosen(said, sums, manners, salient)
    lines = [
        DraftBullet(said[place].text, _weight(sums[place] * manners[place], said[place].decisive), said[place].event)
        for place in chosen
    ]
    if len(lines) < BULLETS_MIN:
        trace = tools_line(text.events) if lines else trace_of(text.events)
        lines += [DraftBullet(trace, TRACE_WEIGHT)] if trace else []
    # Nobody left off at a question to the memory: the maps show no node without keywords.
    found = () if text.is_question else keywords(text)
    if len(text.speakers) > 1:
        return Summary(title_of_talk(text.speakers, found), tuple(lines), found)
    asked = [sentence for sentence in said if sentence.by_user]
    weighed = [(line.text, line.weight) for line in lines]
    return Summary(title_for(asked, weighed, deed_of(text.events)), tuple(lines), found)


def _parts(said: Sequence[Sentence], first_request: int) -> list[float]:
    """What each sentence does in the conversation, as a factor on what its words say."""
    last_answer = next((s.event for s in reversed(said) if not s.by_user and len(s.terms) > 1), -1)
    factors = []
    for sentence in said:
        factor = _manner(sentence)
        # Among people nobody asks for work and has it reported.
        if not sentence.is_talk:
            factor *= _part_in_work(sentence)
            if sentence.event == first_request and sentence.opens:
                factor *= FIRST_REQUEST
            elif sentence.event == last_answer:
                factor *= LAST_ANSWER
        factors.append(factor)
    return factors


def _importance(sentence: Sentence, first_request: int) -> float:
    """What it says for later, beside what it said for the work, as a factor."""
    if sentence.is_noted:
        return NOTED * sentence.decisive
    if sentence.decisive >= DECISIVE:
        return DECIDES * sentence.decisive
    return RULES if _is_rule(sentence) and sentence.event != first_request else 1.0


def _is_rule(sentence: Sentence) -> bool:
    return sentence.by_user and not sentence.is_talk and not cues.RULING.isdisjoint(sentence.words)


def _part_in_work(sentence: Sentence) -> float:
    reports = not cues.REPORTING.isdisjoint(sentence.words) or _reports_unspaced(sentence.text)
    asks = sentence.by_user and not cues.ASKING.isdisjoint(_opening(sentence))
    return (REPORTS if reports else 1.0) * (ASKS if asks else 1.0)


def _manner(sentence: Sentence) -> float:
    opening = _opening(sentence)
    factor = 1.0
    if cues.accompanies(opening):
        factor *= ACCOMPANIES
    elif opening and opening[0] in cues.LEANING:
        factor *= LEANS
    if sentence.text.endswith(QUESTION_MARKS):
        factor *= QUESTION
    elif sentence.text.endswith((":", "：")):
        factor *= ANNOUNCES
    return factor


def _opening(sentence: Sentence) -> list[str]:
    return [word.lower() for word in sentence.words[:3]]


def _reports_unspaced(text: str) -> bool:
    return not text.isascii() and any(part in text for part in cues.REPORTING_PARTS)


def _sum(terms: Set[str], salient: Mapping[str, float]) -> float:
    """How much the terms say together."""
    # fsum: the order of a set differs from process to process, and no sum may depend on it.
    return math.fsum([salient[term] for term in terms])


def _chosen(
    said: Sequence[Sentence], sums: Sequence[float], manners: Sequence[float], salient: Mapping[str, float]
) -> list[int]:
    """The places of the sentences that say most together, in the order they were said."""
    covered: set[str] = set()

    def worth(place: int) -> float:
        """What the sentence adds: what was covered already counts little."""
        said_before = _sum(said[place].terms & covered, salient)
        return (sums[place] - (1 - COVERED) * said_before) * manners[place]

    def is_decisive(place: int) -> bool:
        return said[place].decisive >= DECISIVE and bool(said[place].terms)

    pool = nlargest(POOL, range(len(said)), key=lambda place: (worth(place), -place))
    # "All done." is a line only where nobody said more.
    pool = [place for place in pool if sums[place] > 0] or pool
    chosen: list[int] = []
    while pool and len(chosen) < BULLETS_MAX:
        first = sum(map(is_decisive, chosen)) < DECISIVE_MAX
        best = max(pool, key=lambda place: (first and is_decisive(place), worth(place), -place))
        chosen.append(best)
        covered |= said[best].terms
        pool = [place for place in pool if not _same(said[place], said[best])]
    return sorted(chosen)


def _same(one: Sentence, other: Sentence) -> bool:
    """Whether two sentences say the same; a sentence says the same as itself."""
    if one.text == other.text:
        return True
    # Below three terms a question and its answer look the same.
    return len(one.terms & other.terms) >= SAME * max(3, min(len(one.terms), len(other.terms)))


def _weight(score: float, decisive: float) -> float:
    """From 0 to DECISIVE_WEIGHT; of what is decisive from there to 1, the surer and the fuller the more."""
    said = 1 - math.exp(-score / WEIGHT_SCALE)
    if decisive < DECISIVE:
        return round(min(DECISIVE_WEIGHT, said), 3)
    return round(DECISIVE_WEIGHT + (1 - DECISIVE_WEIGHT) * decisive * (1 + said) / 2, 4)
