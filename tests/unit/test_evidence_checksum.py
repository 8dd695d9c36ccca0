"""The evidence checksum: equal events have equal checksums, and no change of quoted events goes unseen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent_memory.model import TOOL_HEAD_CHARACTERS, Event, EventRole, EventType
from agent_memory.store.evidence_checksum import evidence_checksum

EVENT = Event("e1", "s1", 1_700_000_000_000, EventType.USER_MESSAGE, EventRole.USER, "We decided. 🙂")


def test_equal_events_have_equal_checksums() -> None:
    """The checksum depends on the events only, in every process; metadata, which nobody quotes, does not count."""
    assert (
        evidence_checksum([EVENT])
        == evidence_checksum([replace(EVENT, metadata={"cwd": "/"})])
        == "ba6c977f9cbf80edfff6293f4351c3dc"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"text": "We decided. 🙃"},
        {"event_id": "e2"},
        {"session_id": "s2"},
        {"timestamp_ms": 1_700_000_000_001},
        {"role": EventRole.ASSISTANT},
    ],
)
def test_every_change_changes_the_checksum(change: dict[str, object]) -> None:
    """Who said what and when: each of these counts."""
    assert evidence_checksum([replace(EVENT, **change)]) != evidence_checksum([EVENT])  # type: ignore[arg-type]


def test_a_missing_event_changes_the_checksum() -> None:
    """All events of a span count, in their order."""
    other = replace(EVENT, event_id="e2")

    assert len({evidence_checksum(events) for events in ([], [EVENT], [EVENT, other], [other, EVENT])}) == 4


def test_only_the_head_of_a_tools_result_counts() -> None:
    """The rest is neither read nor quoted, so a worker that has only the head gets the same checksum."""
    result = replace(EVENT, event_type=EventType.TOOL_RESULT, text="x" * (2 * TOOL_HEAD_CHARACTERS))

    assert evidence_checksum([result]) == evidence_checksum([replace(result, text=result.text[:TOOL_HEAD_CHARACTERS])])
    assert evidence_checksum([result]) != evidence_checksum(
        [replace(result, text=result.text[: TOOL_HEAD_CHARACTERS - 1])]
    )
