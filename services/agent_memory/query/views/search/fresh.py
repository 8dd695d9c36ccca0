"""Fresh events: stored, and not in the index yet. Of those the newest are looked at one by one.

The index follows the outbox in order, and behind an import of old sessions that takes minutes. What was said a moment
ago is found meanwhile because no event is newer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Final, TypeAlias

from agent_memory.messages import event_from_bytes
from agent_memory.model import Event
from agent_memory.search import texts
from agent_memory.search.reader import Filters, Found
from agent_memory.store import keys, records, schema
from agent_memory.store.keys import TIMESTAMP_MAX_MS
from agent_memory.store.reader import Reader
from agent_memory.store.records import Position

# What a search looks at while the index is behind: some 10 ms, and as much as is said in half a minute of heavy use.
EVENTS_MAX: Final = 400
# Of so many more it looks at those that plainly hold one of the words, as stored: as much as is said in ten seconds
# by a crowd of agents.
ROWS_MAX: Final = 5_000


# Segments with their events, or with some of them.
Fresh: TypeAlias = Sequence[tuple[Found, Sequence[Event]]]


def segments(reader: Reader, filters: Filters, behind: int, terms: Sequence[str]) -> Fresh:
    """The newest events, of which the index lacks `behind`, as it would have found them: the newest segment first.

    Their scores are 0. What is in no segment yet has no node.
    """
    if behind <= 0:
        return []
    groups: dict[tuple[str, str], list[Event]] = {}
    segment_at = _Segments(reader)
    for event in _newest(reader, filters, behind, [term.encode("utf-8", "surrogatepass") for term in terms]):
        if _may_be_found(event, filters):
            groups.setdefault((event.session_id, segment_at(event)), []).append(event)
    return [_found(node_id, events[::-1]) for (_, node_id), events in groups.items()]


def _newest(reader: Reader, filters: Filters, behind: int, words: Sequence[bytes]) -> Iterator[Event]:
    """The newest events, and of those before them the ones that hold a word as it stands there, latest first."""
    to_ms = TIMESTAMP_MAX_MS + 1 if filters.to_ms is None else filters.to_ms
    start, stop = keys.events_between(filters.from_ms or 0, to_ms)
    rows = reader.scan(schema.EVENTS, start, stop, backwards=True)
    values = (value for _, value in islice(rows, min(behind, ROWS_MAX)))
    newest = islice(values, EVENTS_MAX)
    holding = (value for value in values if any(word in value.lower() for word in words))
    return map(event_from_bytes, chain(newest, islice(holding, EVENTS_MAX)))


def _may_be_found(event: Event, filters: Filters) -> bool:
    """Whether the filters that act on segments let it through; those that act on events come later."""
    for kind, wanted in filters.named():
        names: Iterable[str] = ()
        match kind:
            case "p":
                names = texts.project_names_of(event)
            case "a":
                names = (event.agent or "",)
            case "s":
                names = (event.session_id,)
            case "r":
                names = (texts.role_of(event),)
        if any(wanted) and set(wanted).isdisjoint(names):
            return False
    return True


class _Segments:
    """In which segment an event lies; each is looked up once for events that come side by side."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        # Of each session the segment that was found last: its first and last event's positions, and its node.
        self._last: dict[str, tuple[Position, Position, str]] = {}

    def __call__(self, event: Event) -> str:
        """The segment's node; empty for none yet."""
        first, last, node_id = self._last.get(event.session_id) or self._looked_up(event)
        if not first <= event.position:
            first, last, node_id = self._looked_up(event)
        return node_id if event.position <= last else ""

    def _looked_up(self, event: Event) -> tuple[Position, Position, str]:
        found = records.segment_before(self._reader, event.session_id, event.position)
        begin = (0, "")
        of = (found[0], (found[1].last_ms, found[1].last_event_id), found[1].node_id) if found else (begin, begin, "")
        self._last[event.session_id] = of
        return of


def _found(node_id: str, events: list[Event]) -> tuple[Found, list[Event]]:
    first, last = events[0], events[-1]
    ids = tuple(event.event_id for event in events)
    return Found(node_id, first.session_id, first.timestamp_ms, last.timestamp_ms, ids, 0.0), events
