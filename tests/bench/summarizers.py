"""Who takes part where summaries are compared: the built-in summarizer, simple ones, published ones if installed."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from agent_memory.model import Event
from agent_memory.worker.summarizer.summary import BULLET_MAX, BULLETS_MAX, KEYWORDS_MAX, DraftBullet, Summary
from support.segments import summarize

LEDE_CHARS = 800  # about the length of what the others say


@dataclass(frozen=True, slots=True)
class Summarizer:
    """A way to put events into words; None for a library that is not installed."""

    name: str
    words: Callable[[Sequence[Event]], Summary] | None


def summarizers() -> list[Summarizer]:
    """The built-in one first."""
    return [
        Summarizer("local", summarize),
        Summarizer("lead-3", lambda events: _quoting(events[:3])),
        Summarizer("lead-5", lambda events: _quoting(events[:BULLETS_MAX])),
        Summarizer("longest 5 turns", lambda events: _quoting(_longest(events))),
        Summarizer("rapid-textrank", _rapid_textrank()),
        Summarizer("lede", _lede()),
    ]


def turn(event: Event) -> str:
    """The turn as everybody is given it: who speaks, and what is said."""
    return f"{event.metadata['speaker']}: {event.text}"


def _quoting(events: Sequence[Event]) -> Summary:
    return _saying([turn(event) for event in events])


def _saying(texts: Sequence[str], keywords: Sequence[str] = ()) -> Summary:
    # The more a line holds, the more it says: those who chose it have no other measure that is alike between segments.
    return Summary("", tuple(DraftBullet(text, min(1.0, len(text) / 1000)) for text in texts), tuple(keywords))


def _longest(events: Sequence[Event]) -> Sequence[Event]:
    """The five longest turns, in order."""
    chosen = sorted(range(len(events)), key=lambda place: -len(events[place].text))[:BULLETS_MAX]
    return [events[place] for place in sorted(chosen)]


def _rapid_textrank() -> Callable[[Sequence[Event]], Summary] | None:
    """The sentences that hold most of its key phrases: the library itself only finds phrases."""
    if (library := _installed("rapid_textrank")) is None:
        return None

    def words(events: Sequence[Event]) -> Summary:
        phrases = library.extract_keywords(" ".join(event.text for event in events), 30, "en")
        found = [f"{event.metadata['speaker']}: {sentence}" for event in events for sentence in _sentences(event.text)]
        worth = [sum(phrase.score for phrase in phrases if phrase.text.lower() in text.lower()) for text in found]
        chosen = sorted(range(len(found)), key=lambda place: -worth[place])[:BULLETS_MAX]
        return _saying([found[place] for place in sorted(chosen)], [phrase.text for phrase in phrases[:KEYWORDS_MAX]])

    return words


def _lede() -> Callable[[Sequence[Event]], Summary] | None:
    if (library := _installed("lede")) is None:
        return None
    return lambda events: _saying(
        _packed(str(library.summarize("\n\n".join(map(turn, events)), LEDE_CHARS)).split("\n"))
    )


def _packed(texts: Sequence[str]) -> list[str]:
    """The same text in lines as long as a line may be, cut between sentences."""
    lines = [""]
    for sentence in (sentence for text in texts for sentence in _sentences(text)):
        if len(lines[-1]) + len(sentence) >= BULLET_MAX:
            lines.append("")
        lines[-1] = f"{lines[-1]} {sentence}".strip()
    return lines


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s+", text)


def _installed(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None
