"""Scores the built-in summarizer beside simple and published ones on conversations with reference summaries.

    python tests/bench/summaries.py LOCOMO_JSON

The file is that of LoCoMo (Maharana et al., ACL 2024). Each session is one segment; what a summarizer says of it
(title, lines and keywords as one text) is compared with the reference by ROUGE-1, -2 and -L (F1) and by the share of
the content words of the reference that it holds (recall). Two libraries are compared where they are installed:
rapid-textrank and lede.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any

from agent_memory.model import Event, EventRole, EventType
from agent_memory.worker.grips import grips_for
from agent_memory.worker.summaries.local import summarize
from agent_memory.worker.summaries.stopwords import STOP_WORDS
from agent_memory.worker.summaries.words import BULLETS_MAX, KEYWORDS_MAX, Words

MINUTE_MS = 60_000
LEDE_CHARS = 800  # about the length of what the others say


@dataclass(frozen=True, slots=True)
class Session:
    events: tuple[Event, ...]
    reference: str


def main(path: Path) -> None:
    sessions = list(read_sessions(path))
    size = fmean(sum(len(event.text) for event in session.events) for session in sessions)
    print(
        f"{len(sessions)} sessions, {fmean(len(s.events) for s in sessions):.0f} turns and {size:.0f} characters each\n"
    )
    print(f"{'':16} {'words':>6} {'R-1':>6} {'R-2':>6} {'R-L':>6} {'recall':>7} {'ms':>8}")
    for name, candidate in candidates().items():
        if candidate is None:
            print(f"{name:16} not installed")
            continue
        started = time.perf_counter()
        texts = [candidate(session.events) for session in sessions]
        took_ms = (time.perf_counter() - started) * 1000 / len(sessions)
        scores = [score(text, session.reference) for text, session in zip(texts, sessions, strict=True)]
        means = [fmean(column) for column in zip(*scores, strict=True)]
        words = fmean(len(tokens(text)) for text in texts)
        print(f"{name:16} {words:6.0f} {means[0]:6.3f} {means[1]:6.3f} {means[2]:6.3f} {means[3]:7.3f} {took_ms:8.2f}")


def read_sessions(path: Path) -> Iterator[Session]:
    """Every session that has a reference summary."""
    for sample in json.loads(path.read_text(encoding="utf-8")):
        conversation = sample["conversation"]
        for name, reference in sample["session_summary"].items():
            session = name.removesuffix("_summary")
            yield Session(tuple(_events(conversation[session], conversation["speaker_a"], session)), reference)


def _events(turns: Sequence[dict[str, str]], first_speaker: str, session: str) -> Iterator[Event]:
    for place, turn in enumerate(turns):
        by_first = turn["speaker"] == first_speaker
        yield Event(
            event_id=f"{place:04}",
            session_id=session,
            timestamp_ms=place * MINUTE_MS,
            event_type=EventType.USER_MESSAGE if by_first else EventType.ASSISTANT_MESSAGE,
            role=EventRole.USER if by_first else EventRole.ASSISTANT,
            text=turn["text"],
        )


# --- who takes part


def candidates() -> dict[str, Callable[[Sequence[Event]], str] | None]:
    """Each summarizer as a function from events to text; None for a library that is not installed."""
    return {
        "local": lambda events: _text(summarize(events, ())),
        "local + grips": lambda events: _text(_with_grips(events)),
        "lead-3": lambda events: " ".join(event.text for event in events[:3]),
        "lead-5": lambda events: " ".join(event.text for event in events[:BULLETS_MAX]),
        "longest 5 turns": longest_turns,
        "rapid-textrank": _rapid_textrank(),
        "lede": _lede(),
    }


def longest_turns(events: Sequence[Event]) -> str:
    """The five longest turns, in order."""
    chosen = sorted(range(len(events)), key=lambda place: -len(events[place].text))[:BULLETS_MAX]
    return " ".join(events[place].text for place in sorted(chosen))


def _with_grips(events: Sequence[Event]) -> Words:
    words = summarize(events, ())
    grips_for("toc:segment:bench", words, events)
    return words


def _text(words: Words) -> str:
    return "\n".join((words.title, *(line.text for line in words.bullets), " ".join(words.keywords)))


def _rapid_textrank() -> Callable[[Sequence[Event]], str] | None:
    """The sentences that hold most of its key phrases: the library itself only finds phrases."""
    if (library := _installed("rapid_textrank")) is None:
        return None

    def summary(events: Sequence[Event]) -> str:
        phrases = library.extract_keywords(" ".join(event.text for event in events), 30, "en")
        found = [sentence for event in events for sentence in re.split(r"(?<=[.!?])\s+", event.text)]
        worth = [sum(phrase.score for phrase in phrases if phrase.text.lower() in text.lower()) for text in found]
        chosen = sorted(range(len(found)), key=lambda place: -worth[place])[:BULLETS_MAX]
        keywords = [phrase.text for phrase in phrases[:KEYWORDS_MAX]]
        return " ".join([*(found[place] for place in sorted(chosen)), *keywords])

    return summary


def _lede() -> Callable[[Sequence[Event]], str] | None:
    if (library := _installed("lede")) is None:
        return None
    return lambda events: str(library.summarize("\n\n".join(event.text for event in events), LEDE_CHARS))


def _installed(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


# --- scores


def score(candidate: str, reference: str) -> tuple[float, float, float, float]:
    """ROUGE-1, ROUGE-2 and ROUGE-L as F1, and the share of the reference's content words that are covered."""
    ours, theirs = tokens(candidate), tokens(reference)
    content = set(theirs) - STOP_WORDS
    return (
        _overlap(Counter(ours), Counter(theirs)),
        _overlap(Counter(pairwise(ours)), Counter(pairwise(theirs))),
        _f1(_common_subsequence(ours, theirs), len(ours), len(theirs)),
        len(content & set(ours)) / len(content),
    )


def tokens(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def _overlap(ours: Counter[Any], theirs: Counter[Any]) -> float:
    return _f1((ours & theirs).total(), ours.total(), theirs.total())


def _f1(common: int, ours: int, theirs: int) -> float:
    return 2 * common / (ours + theirs) if ours + theirs else 0.0


def _common_subsequence(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """The length of the longest common subsequence."""
    row = [0] * (len(theirs) + 1)
    for word in ours:
        diagonal = 0
        for place, other in enumerate(theirs, 1):
            diagonal, row[place] = row[place], diagonal + 1 if word == other else max(row[place], row[place - 1])
    return row[-1]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} LOCOMO_JSON")
    main(Path(sys.argv[1]))
