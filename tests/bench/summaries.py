"""Scores the built-in summarizer beside simple and published ones on conversations with reference summaries.

    python tests/bench/summaries.py LOCOMO_JSON

Each session is one segment; what a summarizer says of it (title, lines and keywords as one text) is compared with the
reference by ROUGE-1, -2 and -L (F1) and by the share of the content words of the reference that it holds (recall).
What was tried on the way was tried on the first table's conversations only. Two libraries are compared where they are
installed: rapid-textrank and lede.
"""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent_memory.worker.summarizer.stopwords import STOP_WORDS
from agent_memory.worker.summarizer.summary import Summary
from bench import locomo
from bench.locomo import Conversation
from bench.summarizers import summarizers


def main(path: Path) -> None:
    tried, held_out = locomo.read(path)
    _print_scores("tried with", tried)
    _print_scores("held out", held_out)


def _print_scores(title: str, conversations: Sequence[Conversation]) -> None:
    sessions = [session for each in conversations for session in each.sessions if session.reference]
    size = fmean(sum(len(event.text) for event in session.events) for session in sessions)
    turns = fmean(len(session.events) for session in sessions)
    print(f"{title}: {len(sessions)} sessions, {turns:.0f} turns and {size:.0f} characters each\n")
    print(f"{'':16} {'words':>6} {'R-1':>6} {'R-2':>6} {'R-L':>6} {'recall':>7} {'ms':>8}")
    for summarizer in summarizers():
        if summarizer.words is None:
            print(f"{summarizer.name:16} not installed")
            continue
        started = time.perf_counter()
        texts = [_text(summarizer.words(session.events)) for session in sessions]
        took_ms = (time.perf_counter() - started) * 1000 / len(sessions)
        scores = [score(text, session.reference) for text, session in zip(texts, sessions, strict=True)]
        means = " ".join(f"{fmean(column):6.3f}" for column in zip(*scores, strict=True))
        words = fmean(len(tokens(text)) for text in texts)
        print(f"{summarizer.name:16} {words:6.0f} {means} {took_ms:9.2f}")
    print()


def _text(words: Summary) -> str:
    return "\n".join((words.title, *(line.text for line in words.bullets), " ".join(words.keywords)))


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
