"""The table of contents as a value to compare, and what must hold of it at any time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from agent_memory.messages import event_from_bytes
from agent_memory.model import Event, Grip, TocLevel, TocNode
from agent_memory.periods import parse_period
from agent_memory.store import codec, keys, records, schema
from agent_memory.store.codec import SegmentRow
from agent_memory.store.reader import Reader


@dataclass(frozen=True, slots=True)
class Entry:
    """A node without its version and the time it was written, with its children and its grips."""

    node: TocNode
    children: tuple[str, ...]
    grips: tuple[Grip, ...]


Tree = dict[str, Entry]


def tree_of(reader: Reader) -> Tree:
    """Everything that is reached from the root, by node id."""
    reader.catch_up()
    tree: Tree = {}
    waiting = records.year_ids(reader)
    while waiting:
        node_id = waiting.pop()
        node = records.node(reader, node_id)
        assert node is not None
        period = parse_period(node_id)
        children = tuple(records.child_ids(reader, period)) if period else ()
        named = dict.fromkeys(grip_id for bullet in node.bullets for grip_id in bullet.grip_ids)
        grips = tuple(grip for grip_id in named if (grip := records.grip(reader, grip_id)) is not None)
        assert len(grips) == len(named), f"{node_id} names grips that are not there"
        tree[node_id] = Entry(replace(node, version=1, written_ms=0), children, grips)
        waiting.extend(children)
    return tree


def check_sound(reader: Reader, events: Iterable[Event]) -> Tree:
    """Assert what holds of every store whose worker has caught up with these events; the tree."""
    tree = tree_of(reader)
    stored = {
        event.event_id: event for event in map(event_from_bytes, _values(reader, schema.EVENTS, keys.EVENT_PREFIX))
    }
    assert stored == {event.event_id: event for event in events}
    _check_every_event_is_in_one_segment(reader, stored.values())
    _check_grips_prove(tree, stored)
    _check_nothing_is_orphaned(reader, tree)
    _check_projects_find_their_segments(reader, stored.values())
    counters = records.counters(reader)
    assert counters == codec.Counters(
        events=len(stored),
        toc_nodes=len(tree),
        grips=len(list(_keys(reader, schema.GRIPS, b"grip:"))),
        sequence=records.consumer(reader, records.TOC).cursor,
    )
    assert len(stored) == counters.sequence
    return tree


def _check_every_event_is_in_one_segment(reader: Reader, events: Iterable[Event]) -> None:
    segments = dict(_segment_rows(reader))
    held: Counter[str] = Counter()
    for event in events:
        (segment,) = [
            row
            for (session_id, first), row in segments.items()
            if session_id == event.session_id and first <= event.position <= (row.last_ms, row.last_event_id)
        ]
        held[segment.node_id] += 1
    counted = {
        row.node_id: node.event_count for row in segments.values() if (node := records.node(reader, row.node_id))
    }
    assert held == counted


def _check_grips_prove(tree: Tree, events: dict[str, Event]) -> None:
    for entry in tree.values():
        for grip in entry.grips:
            first, last = events[grip.event_id_start], events[grip.event_id_end]
            assert first.session_id == last.session_id == grip.session_id
            assert (first.timestamp_ms, last.timestamp_ms) == (grip.timestamp_ms, grip.end_timestamp_ms)
            quoted = [
                event.text
                for event in events.values()
                if event.session_id == grip.session_id and first.position <= event.position <= last.position
            ]
            assert any(grip.excerpt in text for text in quoted), grip
        if entry.node.level == TocLevel.SEGMENT:
            assert all(bullet.grip_ids for bullet in entry.node.bullets)


def _check_nothing_is_orphaned(reader: Reader, tree: Tree) -> None:
    latest = [keys.node_id_of_latest(key) for key in _keys(reader, schema.TOC_LATEST, keys.LATEST_PREFIX)]
    assert sorted(latest) == sorted(tree)
    versions = {
        key.rpartition(b":v")[0].removeprefix(b"toc:").decode() for key in _keys(reader, schema.TOC_NODES, b"toc:")
    }
    assert versions == set(tree)
    segments = {node_id for node_id, entry in tree.items() if entry.node.level == TocLevel.SEGMENT}
    assert sorted(row.node_id for _, row in _segment_rows(reader)) == sorted(segments)
    owned = {(node_id, grip_id) for node_id in segments for grip_id in _named_by_versions(reader, node_id)}
    assert {grip_id for _, grip_id in owned} == {key.decode() for key in _keys(reader, schema.GRIPS, b"grip:")}
    assert {keys.node_grip(*each) for each in owned} == set(_keys(reader, schema.GRIPS, b"node:"))
    named = {grip.grip_id for entry in tree.values() for grip in entry.grips}
    assert named == {grip.grip_id for node_id in segments for grip in tree[node_id].grips}
    still_open = {row.node_id for _, row in _segment_rows(reader) if row.is_open}
    assert still_open == {node_id for node_id in segments if tree[node_id].node.is_open}
    assert len(list(records.open_segments(reader))) == len(still_open)


def _named_by_versions(reader: Reader, node_id: str) -> set[str]:
    """The grips that any kept version of the node leads to."""
    return {
        grip_id
        for each in records.node_versions(reader, node_id)
        for bullet in each.bullets
        for grip_id in bullet.grip_ids
    }


def _check_projects_find_their_segments(reader: Reader, events: Iterable[Event]) -> None:
    projects = {event.session_id: event.project for event in events}
    filed = {
        (keys.project_segment_first(key), row.session_id, row.node_id): row.project
        for key, value in reader.scan(schema.CHECKPOINTS, keys.PROJECT_PREFIX, keys.after(keys.PROJECT_PREFIX))
        if (row := codec.project_row(value)) and key.startswith(keys.project(row.project))
    }
    assert filed == {
        (first, session_id, row.node_id): projects[session_id]
        for (session_id, first), row in _segment_rows(reader)
        if projects[session_id]
    }


def _segment_rows(reader: Reader) -> Iterator[tuple[tuple[str, tuple[int, str]], SegmentRow]]:
    for key, value in reader.scan(schema.CHECKPOINTS, keys.SEGMENT_PREFIX, keys.after(keys.SEGMENT_PREFIX)):
        session_id = key[len(keys.SEGMENT_PREFIX) : key.index(b"\0")].decode()
        yield (session_id, keys.segment_first(key)), codec.segment_row(value)


def _keys(reader: Reader, family: str, prefix: bytes) -> Iterator[bytes]:
    return (key for key, _ in reader.scan(family, prefix, keys.after(prefix)))


def _values(reader: Reader, family: str, prefix: bytes) -> Iterator[bytes]:
    return (value for _, value in reader.scan(family, prefix, keys.after(prefix)))
