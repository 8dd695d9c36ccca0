"""What one event says, read once: as prose, for a summary, and as it was written, for what proves the summary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from agent_memory.model import Event, EventRole, EventType
from agent_memory.text.graphemes import boundary
from agent_memory.worker.summarizer.prose import paragraphs
from agent_memory.worker.summarizer.speakers import speaker_of
from agent_memory.worker.summarizer.text import cut, ends, sentences, terms

PASSAGE_MAX = 280  # characters; a longer sentence is quoted in parts
TOOL_CHARS = 4_000  # of a tool's result; what it printed after that is seldom what a summary speaks of
_TYPES = frozenset({EventType.USER_MESSAGE, EventType.ASSISTANT_MESSAGE, EventType.ASSISTANT_STOP, EventType.NOTE})
# How surely a note tells what its kind says; of no known kind it is a fact.
_NOTED = {"decision": 1.0, "rejected": 0.95, "fact": 0.85, "todo": 0.7}
_ROLES = frozenset({EventRole.USER, EventRole.ASSISTANT})


@dataclass(frozen=True, slots=True)
class Passage:
    """A span of an event's text that can be quoted, `text[start:end]`, and the terms in it."""

    start: int
    end: int
    terms: frozenset[str]


class EventText:
    """The text of one event. Each reading of it is made when it is first asked for, and kept."""

    def __init__(self, event: Event) -> None:
        self.event = event

    @property
    def is_said(self) -> bool:
        """Whether a person or an agent said it; tools and the machinery around a session say nothing."""
        return self.event.event_type in _TYPES and self.event.role in _ROLES

    @property
    def noted(self) -> float:
        """How surely it tells, as a note, what is worth keeping, from 0 to 1; 0 for anything else."""
        if self.event.event_type != EventType.NOTE:
            return 0.0
        return _NOTED.get(self.event.metadata.get("note", ""), _NOTED["fact"])

    @cached_property
    def speaker(self) -> str:
        """The name of who said it; empty where nobody is named."""
        return speaker_of(self.event)

    @property
    def opening(self) -> str:
        """What a line of its words begins with, `Caroline: `; empty where nobody is named."""
        return f"{self.speaker}: " if self.speaker else ""

    @cached_property
    def paragraphs(self) -> list[list[str]]:
        """The sentences of each paragraph, without markup, code and the output of machines."""
        return [[each[start:end] for start, end in sentences(each)] for each in paragraphs(self.event.text)]

    @cached_property
    def passages(self) -> list[Passage]:
        """The sentences as they were written, those too long to quote in parts."""
        return list(self._passages())

    @cached_property
    def terms(self) -> set[str]:
        """What the event speaks of, the name of its tool included."""
        text = self.event.text
        named = terms(self.event.metadata.get("tool_name", ""))
        return named.union(*(terms(text[start:end]) for start, end in self._regions()))

    def _passages(self) -> Iterator[Passage]:
        text = self.event.text
        for region in self._regions():
            for start, end in sentences(text, *region):
                while start < end:
                    stop = start + cut(text[start:end], PASSAGE_MAX)
                    yield Passage(start, stop, frozenset(terms(text[start:stop])))
                    start = stop + (text[stop : stop + 1] == " ")

    def _regions(self) -> Iterator[tuple[int, int]]:
        """The spans of the text that are looked at."""
        text = self.event.text
        return iter([(0, boundary(text, TOOL_CHARS))]) if self.event.role == EventRole.TOOL else ends(text)
