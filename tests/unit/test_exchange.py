"""Exports: every event comes back as it was, and nothing else is taken for one."""

from __future__ import annotations

import contextlib
import json
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent_memory.exchange import exporting, importing, json_events, lines
from agent_memory.exchange.batches import in_batches
from agent_memory.exchange.lines import ExportUnusable
from agent_memory.model import Event, EventRole, EventType
from agent_memory.present import markdown
from support.conversations import BEGIN_MS, conversations

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
EVENTS = st.builds(
    Event,
    event_id=TEXTS,
    session_id=TEXTS,
    timestamp_ms=st.integers(0, 9_999_999_999_999),
    event_type=st.sampled_from(EventType),
    role=st.sampled_from(EventRole),
    text=TEXTS,
    metadata=st.dictionaries(TEXTS, TEXTS, max_size=4),
    agent=st.none() | TEXTS,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["event_id", "session_id", "timestamp_ms", "event_type", "role", "text", "metadata", "agent", "type"]
)


@given(EVENTS)
def test_an_event_comes_back_as_it_was(event: Event) -> None:
    """Whatever characters it holds; one line each."""
    line = lines.event_line(event)

    assert lines.event_of(line) == event
    assert line.index(b"\n") == len(line) - 1


@given(EVENTS, FIELDS, JSON)
def test_an_event_with_a_wrong_field_is_refused_or_read(event: Event, field: str, value: object) -> None:
    """Nothing else is raised, and what is read can be sent."""
    record = {**json.loads(lines.event_line(event)), field: value}
    try:
        found = lines.event_of(json.dumps(record).encode())
    except ExportUnusable:
        return
    assert found is None or lines.event_of(lines.event_line(found)) == found


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_other_bytes_are_no_lines_of_an_export(content: bytes) -> None:
    """As a header, an event or an end."""
    with pytest.raises(ExportUnusable):
        lines.check_header(content)
    with contextlib.suppress(ExportUnusable):
        assert lines.event_of(content) is None
    assert lines.end_of(content) is None


def exported(path: Path, events: list[Event]) -> Path:
    file = BytesIO()
    exporting.write_lines(file, events, lines.header(1, "1.0", "UTC"))
    path.write_bytes(file.getvalue())
    return path


def test_a_file_that_is_not_whole_is_told(tmp_path: Path) -> None:
    """A flipped bit, a cut, a line too many: nothing is imported, unless a part is asked for."""
    events = conversations(1, sessions=1, events_each=12)
    path = exported(tmp_path / "export", events)
    assert importing.check(path) == 12
    content = path.read_bytes()

    for damaged in (
        content[:-20],
        content[: len(content) // 2],
        content + b"\n",
        content.replace(b'"text":"', b'"text":"x', 1),
    ):
        path.write_bytes(damaged)
        with pytest.raises(ExportUnusable, match="--partial"):
            importing.check(path)

    path.write_bytes(content[: len(content) // 2])
    ((found, problems),) = importing.batches(path, partial=True)
    assert found == events[: len(found)]
    assert len(found) >= 4
    assert len(problems) <= 1
    path.write_bytes(b'{"type":"header","format":"agent-memory-export","version":2}\n')
    with pytest.raises(ExportUnusable, match="newer version"):
        importing.check(path)


def test_batches_are_bounded(tmp_path: Path) -> None:
    """By number; every event is in one, in order."""
    events = conversations(3, sessions=4, events_each=300)
    path = exported(tmp_path / "export", events)

    found = list(importing.batches(path))

    assert [len(batch) for batch, _ in found] == [500, 500, 200]
    assert [event for batch, _ in found for event in batch] == events


def test_a_file_gets_its_name_when_it_is_whole(tmp_path: Path) -> None:
    """Not before; nothing is left of one that failed, and none is overwritten."""
    path = tmp_path / "export"
    with pytest.raises(TypeError), exporting.new_file(path) as file:
        file.writelines([b"half", None])  # type: ignore[list-item]
    assert list(tmp_path.iterdir()) == []
    path.write_bytes(b"mine")
    with pytest.raises(FileExistsError), exporting.new_file(path) as file:
        file.write(b"new")
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"mine", [path])


def test_markdown_reads_as_a_conversation() -> None:
    """A day, its sessions one after the other, who spoke and when; what was said can't break the page."""

    def said(session: str, minute: int, role: EventRole, text: str) -> Event:
        at_ms = BEGIN_MS + minute * 60_000
        metadata = {"project": "/home/dev/shop", "tool_name": "Bash"}
        return Event(f"{session}{minute}", session, at_ms, EventType.USER_MESSAGE, role, text, metadata, "codex")

    events = [
        said("one", 0, EventRole.USER, "Why is *it* slow?"),
        said("two", 1, EventRole.USER, "# Not a heading\n```"),
        said("one", 2, EventRole.TOOL, "pytest `-q`\n12 passed"),
        said("one", 3, EventRole.ASSISTANT, "The lock."),
    ]

    page = list(markdown.document(events, ZoneInfo("UTC")))

    assert page == [
        "# Monday, 20 October 2025",
        "",
        "## Why is \\*it\\* slow?",
        "",
        "*04:00 to 04:03 · codex · shop · one*",
        "",
        "**You** · 04:00",
        "",
        "> Why is *it* slow?",
        "",
        "- 04:02 Bash: `pytest '-q'`",
        "",
        "**Agent** · 04:03",
        "",
        "> The lock.",
        "",
        "## \\# Not a heading \\`\\`\\`",
        "",
        "*04:01 to 04:01 · codex · shop · two*",
        "",
        "**You** · 04:01",
        "",
        "> # Not a heading",
        "> ```",
        "",
    ]


def test_what_is_no_event_counts_for_a_batch_too() -> None:
    """A file of nothing but damaged lines is told bit by bit, not all at the end."""
    found = list(in_batches((f"Line {number} can't be read.", 20) for number in range(1200)))

    assert [(len(events), len(problems)) for events, problems in found] == [(0, 500), (0, 500), (0, 200)]


@given(JSON, st.sampled_from(["timestamp", "text", "metadata", "event_type", "session_id"]))
@example(float("inf"), "timestamp")
def test_a_row_of_an_earlier_program_is_an_event_or_none(value: object, field: str) -> None:
    """Whatever stands in a field: one row of many must not end the import."""
    row = {"event_id": "1", "session_id": "s", "timestamp": 1, "event_type": "user_message", "role": "user", "text": ""}
    assert json_events.event_of(json.dumps(row).encode()).event_id == "1"

    with contextlib.suppress(*json_events.NO_EVENT):
        assert isinstance(json_events.event_of(json.dumps({**row, field: value}).encode()), Event)
