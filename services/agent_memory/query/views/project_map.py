"""The map of one project, or of what another filter leaves: where it was left off, and its conversations of today, this
week and the months before.

Its segments are found by time among rows of their own, so no other project's rows are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from agent_memory.model import TocLevel, TocNode
from agent_memory.periods import Period, day_of
from agent_memory.query.views import session_lines
from agent_memory.query.views.scope import Scope
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import records
from agent_memory.store.reader import Reader

# The most that a day or a week shows, and how many of a month's segments are ranked by what they hold.
SECTION_MAX: Final = 20
# How many months are shown, the latest that have something.
MONTHS_MAX: Final = 6
# Several conversations may be open in a project; the latest active one is looked for among so many.
UNDER_WAY_MAX: Final = 8
LEFT_OFF_BULLETS: Final = 3
# A session's start, a question, and a query to the memory for its answer.
BEGUN_EVENTS: Final = 3
# At most so many segments are examined for a section.
EXAMINED_MAX: Final = 100

Section = tuple[str, Iterator[pb.TocLine]]


def sections(reader: Reader, scope: Scope, now_ms: int, as_of_ms: int | None = None) -> Iterator[Section]:
    """The sections of the scope, such as a project, latest first; each session is one line of one of them."""
    zone = records.time_zone(reader)
    today = day_of(now_ms, zone)
    midnight_ms, _ = today.span_ms(zone)
    monday_ms, _ = next(today.ancestors()).span_ms(zone)
    project = _Project(reader, scope, as_of_ms)
    left_off = max(project.newest(0, now_ms + 1, UNDER_WAY_MAX), key=_left_last, default=None)
    if left_off is None:
        return
    project.shown.add(left_off.session_id)
    yield "Where we left off", iter([_with_bullets(session_lines.line(reader, left_off, as_of_ms), left_off)])
    yield "Today", project.lines(midnight_ms, now_ms + 1)
    yield "This week", project.lines(monday_ms, midnight_ms)
    until_ms = monday_ms
    for _ in range(MONTHS_MAX):
        latest_ms = project.last_before(until_ms)
        if latest_ms is None:
            return
        month = Period(TocLevel.MONTH, day_of(latest_ms, zone).first.replace(day=1))
        first_ms, _ = month.span_ms(zone)
        yield month.title, project.lines(first_ms, until_ms, fullest_first=True)
        until_ms = first_ms


def since(reader: Reader, scope: Scope, session_id: str, from_ms: int, now_ms: int) -> Iterator[Section]:
    """What went on in the scope since then, without that session: for whoever comes back to it."""
    project = _Project(reader, scope, None)
    project.shown.add(session_id)
    when = session_lines.span_in_words(from_ms, from_ms, records.time_zone(reader))
    yield f"Since this session was left, {when}", project.lines(from_ms, now_ms + 1)


@dataclass(slots=True)
class _Project:
    reader: Reader
    scope: Scope
    as_of_ms: int | None
    # The sessions that have a line; a session that went on for days stands where it was last.
    shown: set[str] = field(default_factory=set)

    def lines(self, from_ms: int, to_ms: int, *, fullest_first: bool = False) -> Iterator[pb.TocLine]:
        """The sessions with a segment that begins in the span, by the last of these, newest first, or those that hold
        most first; read one by one."""
        found = {node.session_id: node for node in reversed(self.newest(from_ms, to_ms, SECTION_MAX))}
        left = [node for session_id, node in reversed(found.items()) if session_id not in self.shown]
        self.shown.update(found)
        if fullest_first:
            left.sort(key=lambda node: node.event_count, reverse=True)
        yield from (session_lines.line(self.reader, node, self.as_of_ms) for node in left)

    def newest(self, from_ms: int, to_ms: int, limit: int) -> list[TocNode]:
        """The last segments that begin in the span and have bullets: of some sessions only the start is known."""
        rows = islice(self.scope.segments(self.reader, from_ms, to_ms), EXAMINED_MAX)
        found: list[TocNode] = []
        while len(found) < limit and (page := [row.node_id for row in islice(rows, limit)]):
            nodes = records.nodes(self.reader, page, self.as_of_ms)
            found += [node for node in nodes if node.bullets and node.keywords]
        return found[:limit]

    def last_before(self, at_ms: int) -> int | None:
        """When the last segment before that time began; None if there is none."""
        return next((row.first_ms for row in self.scope.segments(self.reader, 0, at_ms)), None)


def _left_last(node: TocNode) -> tuple[bool, int]:
    """The later, the greater; a session that has only just begun ranks last, for it may be the one that asks."""
    has_just_begun = node.is_open and node.event_count <= BEGUN_EVENTS
    return not has_just_begun, node.end_ms


def _with_bullets(line: pb.TocLine, node: TocNode) -> pb.TocLine:
    # Bullets are in the order of time, so the last ones are where the project was left.
    line.bullets.extend(bullet.text for bullet in node.bullets[-LEFT_OFF_BULLETS:])
    return line
