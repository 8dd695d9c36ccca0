"""Conversations and questions of BEAM (Tavakoli et al., 2025), from the folder of one of its sizes, as chats/100K."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent_memory.model import Event, EventRole, EventType
from bench.locomo import TURN_MS, Conversation, Question, Session

BATCH_MS = 86_400_000
# Of chats without a date.
BEGAN_MS = 1_704_067_200_000
_UNANSWERABLE = "abstention"


def read(folder: Path) -> list[Conversation]:
    """The conversations there are, in the order of their numbers; those without questions are left out."""
    chats = sorted(folder.glob("*/chat.json"), key=lambda path: path.parent.name.zfill(8))
    return [_conversation(path) for path in chats if _questions_file(path).exists()]


def _questions_file(chat: Path) -> Path:
    return chat.parent / "probing_questions" / "probing_questions.json"


def _conversation(path: Path) -> Conversation:
    name = f"beam {path.parent.name}"
    sessions = tuple(_sessions(name, json.loads(path.read_text(encoding="utf-8"))))
    said = {event.event_id for session in sessions for event in session.events}
    asked = json.loads(_questions_file(path).read_text(encoding="utf-8"))
    return Conversation(name, sessions, tuple(_questions(name, asked, said)))


def _sessions(name: str, batches: Sequence[Mapping[str, Any]]) -> Iterator[Session]:
    """Each batch of turns is a sitting."""
    began_ms = BEGAN_MS
    for number, batch in enumerate(batches):
        messages = [message for turn in batch["turns"] for message in turn]
        began_ms = max(began_ms + BATCH_MS, _dated(messages))
        events = (_event(name, number, place, began_ms, message) for place, message in enumerate(messages))
        yield Session(tuple(events), "")


def _dated(messages: Sequence[Mapping[str, Any]]) -> int:
    anchor = next((message["time_anchor"] for message in messages if message.get("time_anchor")), "")
    try:
        return int(datetime.strptime(anchor, "%B-%d-%Y").replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        return 0


def _event(name: str, session: int, place: int, began_ms: int, message: Mapping[str, Any]) -> Event:
    by_user = message["role"] == "user"
    return Event(
        event_id=f"{name} {message['id']}",
        session_id=f"{name} {session}",
        timestamp_ms=began_ms + place * TURN_MS,
        event_type=EventType.USER_MESSAGE if by_user else EventType.ASSISTANT_MESSAGE,
        role=EventRole.USER if by_user else EventRole.ASSISTANT,
        text=str(message["content"]).partition(" ->-> ")[0],
    )


def _questions(name: str, asked: Mapping[str, Any], said: set[str]) -> Iterator[Question]:
    for kind, questions in asked.items():
        for each in questions if kind != _UNANSWERABLE else ():
            evidence = said.intersection(f"{name} {number}" for number in _numbers(each.get("source_chat_ids")))
            if evidence:
                yield Question(each["question"], frozenset(evidence))


def _numbers(value: Any) -> Iterator[int]:
    """The message ids in a list, a list of lists, or an object of lists."""
    if isinstance(value, int):
        yield value
    elif isinstance(value, dict):
        yield from (number for each in value.values() for number in _numbers(each))
    elif isinstance(value, list):
        yield from (number for each in value for number in _numbers(each))
