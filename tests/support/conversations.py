"""Conversations made up from a seed: overlapping sessions with pauses, ends, long texts and equal instants."""

from __future__ import annotations

from random import Random

from agent_memory.model import Event, EventRole, EventType

# 2025-10-20 04:00 UTC: a Monday, six days before the clocks of Europe change.
BEGIN_MS = 1_760_932_800_000
# A time by which all of it has fallen silent.
LATER_MS = BEGIN_MS + 90 * 86_400_000

_MINUTE_MS = 60_000
_PAUSES_MS = (0, 1_000, 20_000, 60_000, 60_000, 200_000, 600_000, 31 * _MINUTE_MS, 9 * 60 * _MINUTE_MS)
_SENTENCES = (
    "We decided to use Postgres because the queue needs transactions.",
    "The login test fails only when two workers start at the same second.",
    "Please find out why the deploy on Friday took forty minutes.",
    "I found the race in the cache: the lock is released before the write.",
    "デプロイは金曜日に行うことに決めました。",
    "Die Rechnung 10482 wird kaufmännisch gerundet, nicht abgeschnitten.",
    "Should the importer read the whole file into memory?",
    "All 214 tests pass now and the benchmark went from 9 to 3 seconds.",
    "Не удаляй старую таблицу до конца недели 🙂.",
)
_SPEAKERS = (
    (EventType.USER_MESSAGE, EventRole.USER),
    (EventType.USER_MESSAGE, EventRole.USER),
    (EventType.ASSISTANT_STOP, EventRole.ASSISTANT),
    (EventType.ASSISTANT_STOP, EventRole.ASSISTANT),
    (EventType.TOOL_RESULT, EventRole.TOOL),
    (EventType.SESSION_END, EventRole.SYSTEM),
)
_WEIGHTS = (5, 5, 5, 5, 4, 1)


def conversations(seed: int, sessions: int = 4, events_each: int = 40, begin_ms: int = BEGIN_MS) -> list[Event]:
    """All events of some sessions, in order of time; the same for the same arguments."""
    random = Random(seed)
    found = [
        event
        for number in range(sessions)
        for event in _session(f"session-{seed}-{number}", events_each, begin_ms, random)
    ]
    return sorted(found, key=lambda event: event.position)


def _session(session_id: str, events: int, begin_ms: int, random: Random) -> list[Event]:
    at = begin_ms + random.randrange(3 * 86_400_000)
    # Of every third session nobody knows the project.
    project = {"project": "/home/dev/shop"} if int(session_id.rpartition("-")[2]) % 3 else {}
    found = []
    for number in range(events):
        at += random.choice(_PAUSES_MS)
        kind, role = random.choices(_SPEAKERS, _WEIGHTS)[0]
        text = " ".join(random.choices(_SENTENCES, k=random.choice((1, 1, 2, 5, 60))))
        # Ids of the same instant are not in the order they were made in: nothing may rely on that.
        metadata = {"turn": str(number), **project}
        event_id = f"{session_id}/{random.randrange(1000):03}-{number}"
        found.append(Event(event_id, session_id, at, kind, role, text, metadata, "claude-code"))
    return found
