"""What a summarizer says about a segment, whoever the summarizer is."""

from __future__ import annotations

from dataclasses import dataclass

TITLE_MAX = 80  # characters: one line of a terminal, with its id beside it
BULLET_MAX = 240  # characters: three lines of a terminal at most
BULLETS_MIN = 3
BULLETS_MAX = 5
KEYWORDS_MAX = 7
KEYWORD_MAX = 40  # characters: longer ones are paths and hashes, not words
# Above this stand the lines that tell a decision, a cause or a rule: they win on the way up.
DECISIVE_WEIGHT = 0.9
TRACE_WEIGHT = 0.02  # of what was only done; below anything that was said


@dataclass(frozen=True, slots=True)
class DraftBullet:
    """One thing worth remembering. `weight`, 0 to 1, is how much it says, comparable between segments."""

    text: str
    weight: float
    # The place of the event whose words these are; None for words that nobody said.
    event: int | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """A segment's title, its lines in the order things happened, and what one would search it by."""

    title: str
    bullets: tuple[DraftBullet, ...]
    keywords: tuple[str, ...]
