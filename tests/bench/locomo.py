"""Conversations with reference summaries and questions: those of LoCoMo (Maharana et al., ACL 2024), from its file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent_memory.model import Event, EventRole, EventType

TURN_MS = 60_000  # nobody wrote down when a turn was said; only when its session began
UNANSWERABLE = 5  # the category of questions about what was never said
_TURN = re.compile(r"D\d+:\d+")


@dataclass(frozen=True, slots=True)
class Session:
    """One sitting: what was said, and what somebody wrote about it; empty where nobody did."""

    events: tuple[Event, ...]
    reference: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question that the conversation answers, and the ids of the events that do."""

    text: str
    evidence: frozenset[str]


@dataclass(frozen=True, slots=True)
class Conversation:
    """Two people over months, in the order of time."""

    name: str
    sessions: tuple[Session, ...]
    questions: tuple[Question, ...]


def read(path: Path) -> tuple[list[Conversation], list[Conversation]]:
    """The conversations to try things with, and those held out: every second one."""
    found = [_conversation(sample) for sample in json.loads(path.read_text(encoding="utf-8"))]
    return found[::2], found[1::2]


def _conversation(sample: Mapping[str, Any]) -> Conversation:
    name = sample["sample_id"]
    sessions = tuple(_sessions(name, sample["conversation"], sample["session_summary"]))
    said = {event.event_id for session in sessions for event in session.events}
    return Conversation(name, sessions, tuple(_questions(name, sample["qa"], said)))


def _sessions(of: str, conversation: Mapping[str, Any], references: Mapping[str, str]) -> Iterator[Session]:
    names = [name for name in conversation if re.fullmatch(r"session_\d+", name) and conversation[name]]
    for name in sorted(names, key=lambda name: int(name.removeprefix("session_"))):
        began = datetime.strptime(conversation[f"{name}_date_time"], "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC)
        events = _events(of, conversation[name], conversation["speaker_a"], name, int(began.timestamp() * 1000))
        yield Session(tuple(events), references.get(f"{name}_summary", ""))


def _events(of: str, turns: Sequence[Mapping[str, str]], first: str, session: str, began_ms: int) -> Iterator[Event]:
    for place, turn in enumerate(turns):
        by_first = turn["speaker"] == first
        yield Event(
            event_id=f"{of} {turn['dia_id']}",
            session_id=f"{of} {session}",
            timestamp_ms=began_ms + place * TURN_MS,
            event_type=EventType.USER_MESSAGE if by_first else EventType.ASSISTANT_MESSAGE,
            role=EventRole.USER if by_first else EventRole.ASSISTANT,
            text=turn["text"],
            metadata={"speaker": turn["speaker"]},
        )


def _questions(of: str, asked: Sequence[Mapping[str, Any]], said: set[str]) -> Iterator[Question]:
    for each in asked:
        turns = _TURN.findall(" ".join(each["evidence"]))
        evidence = frozenset(said.intersection(f"{of} {turn}" for turn in turns))
        if evidence and each["category"] != UNANSWERABLE:
            yield Question(each["question"], evidence)
