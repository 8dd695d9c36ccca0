"""Scopes: what a filter leaves of the memory. The segments of a project, an agent, a session, or of all three at once.

They are found by rows: a project's and a session's segments have rows of their own, in order of time, and the ledger
knows the days of an agent. Nothing is read only to be left out, but for other agents' segments of such a day.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from itertools import islice
from operator import attrgetter
from typing import Final, Protocol

from agent_memory.model import TocNode
from agent_memory.periods import Period, day_of, parse_period
from agent_memory.present.text import last_part
from agent_memory.query.views.project_list import PROJECTS_MAX
from agent_memory.store import ledger, records
from agent_memory.store.codec import SegmentRow
from agent_memory.store.keys import TIMESTAMP_MAX_MS
from agent_memory.store.reader import Reader

# No segment is longer: it ends at half an hour's pause, at the end of its session, or when it is full.
LONGEST_MS: Final = 2 * 86_400_000
# A note names so many of what there is.
_NAMES_SHOWN: Final = 6
_NAME_MAX: Final = 100


class Filtered(Protocol):
    """A request with filters."""

    @property
    def project(self) -> str: ...
    @property
    def agent(self) -> str: ...
    @property
    def session_id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Filed:
    """A segment as it was found: its first event's time and id, its session and its node."""

    first_ms: int
    first_event_id: str
    session_id: str
    node_id: str


@dataclass(frozen=True, slots=True)
class Scope:
    """What a filter leaves. Without a name of any kind it is everything, and is false."""

    # The names that the project's events are stored under.
    projects: tuple[str, ...] = ()
    agent: str = ""
    session_id: str = ""

    def __bool__(self) -> bool:
        return bool(self.projects or self.agent or self.session_id)

    def segments(self, reader: Reader, from_ms: int, to_ms: int, *, oldest_first: bool = False) -> Iterator[Filed]:
        """The segments that begin at `from_ms <= t < to_ms`, newest first."""
        # A timestamp of 14 digits would sort among those of this century.
        to_ms = min(to_ms, TIMESTAMP_MAX_MS)
        if self.session_id:
            yield from self._of_session(reader, from_ms, to_ms, oldest_first=oldest_first)
        elif self.projects:
            yield from self._of_projects(reader, from_ms, to_ms, oldest_first=oldest_first)
        elif self.agent:
            yield from self._of_agent(reader, from_ms, to_ms, oldest_first=oldest_first)

    def holds(self, reader: Reader, node: TocNode) -> bool:
        """Whether the segment of that node is one of these."""
        if self.session_id and node.session_id != self.session_id:
            return False
        if self.agent and self.agent not in node.agents:
            return False
        found = records.segment_of(reader, node) if self.projects else None
        return not self.projects or (found is not None and found[1].project in self.projects)

    def _of_session(self, reader: Reader, from_ms: int, to_ms: int, *, oldest_first: bool) -> Iterator[Filed]:
        for first, row in records.session_segments(reader, self.session_id, from_ms, to_ms, oldest_first=oldest_first):
            if self._is_of_agent(row) and (not self.projects or row.project in self.projects):
                yield Filed(*first, self.session_id, row.node_id)

    def _of_projects(self, reader: Reader, from_ms: int, to_ms: int, *, oldest_first: bool) -> Iterator[Filed]:
        each = [
            records.project_segments(reader, name, from_ms, to_ms, oldest_first=oldest_first) for name in self.projects
        ]
        for first, row in heapq.merge(*each, key=lambda found: found[0], reverse=not oldest_first):
            if self.agent:
                segment = records.segment_at(reader, row.session_id, first)
                if segment is None or not self._is_of_agent(segment):
                    continue
            yield Filed(*first, row.session_id, row.node_id)

    def _of_agent(self, reader: Reader, from_ms: int, to_ms: int, *, oldest_first: bool) -> Iterator[Filed]:
        zone = records.time_zone(reader)
        # A segment is filed under the day it began on, the ledger counts each event on its own.
        first_day, last_day = (day_of(max(0, at_ms), zone) for at_ms in (from_ms, max(from_ms, to_ms - 1)))
        days = _with_days_before(ledger.days_of(reader, self.agent, str(first_day.first), str(last_day.after)))
        for day in days if oldest_first else reversed(days):
            if not first_day <= day <= last_day:
                continue
            nodes = records.nodes(reader, list(records.child_ids(reader, day)))
            own = (node for node in nodes if self.agent in node.agents and from_ms <= node.start_ms < to_ms)
            for node in sorted(own, key=attrgetter("start_ms", "node_id"), reverse=not oldest_first):
                yield Filed(node.start_ms, "", node.session_id, node.node_id)

    def _is_of_agent(self, row: SegmentRow) -> bool:
        return not self.agent or any(ledger.day_and_agent(name)[1] == self.agent for name in row.counts)


def scope_of(reader: Reader, request: Filtered, project_names: Callable[[str], Sequence[str]]) -> Scope:
    """The scope that the request asks for; `project_names` knows the names of a folder's project.

    A session may be named by a beginning that no other has.
    """
    projects = _projects(reader, request.project, project_names) if request.project else ()
    sessions = records.sessions_named(reader, request.session_id, 2) if request.session_id else []
    return Scope(projects, request.agent.lower(), sessions[0] if len(sessions) == 1 else request.session_id)


def note(reader: Reader, scope: Scope, request: Filtered) -> str:
    """Why a filter has left nothing; empty without a filter."""
    return unknown(reader, scope, request) or ("Nothing fits all of these filters here." if scope else "")


def unknown(reader: Reader, scope: Scope, request: Filtered) -> str:
    """A filter's name that nothing has, with those there are; empty where all names are known."""
    if scope.session_id and records.sessions_named(reader, scope.session_id, 1) != [scope.session_id]:
        return no_session(reader, request.session_id)
    if scope.projects and not any(_has_segments(reader, name) for name in scope.projects):
        known = [_bare(name) for name in islice(records.projects(reader), PROJECTS_MAX)]
        return _unknown("project", request.project, sorted(set(known)))
    if scope.agent and scope.agent not in (known := ledger.agents(reader)):
        return _unknown("agent", request.agent, known)
    return ""


def no_session(reader: Reader, named: str) -> str:
    """Why that name is not a session's: no id is that, or begins so, or several begin so."""
    found = records.sessions_named(reader, named, _NAMES_SHOWN)
    begin_so = f" These begin so: {', '.join(_short(name) for name in found)}." if found else ""
    return f"There is no session {_short(named)!r}.{begin_so}"


def of_projects(names: Sequence[str]) -> Scope:
    """The scope of one project, by its names."""
    return Scope(projects=tuple(names))


def _projects(reader: Reader, named: str, project_names: Callable[[str], Sequence[str]]) -> tuple[str, ...]:
    """The names under which that project is stored: a folder's, or all that are called so or end so."""
    is_folder = named.startswith("/")
    names = tuple(project_names(named) if is_folder else dict.fromkeys([named, *project_names(named)]))
    if any(_has_segments(reader, name) for name in names):
        return names
    bare = _bare(named).casefold()
    ending = [name for name in islice(records.projects(reader), PROJECTS_MAX) if _bare(name).casefold() == bare]
    return tuple(ending) or names


def _has_segments(reader: Reader, name: str) -> bool:
    return any(True for _ in records.project_segments(reader, name, 0, TIMESTAMP_MAX_MS))


def _bare(name: str) -> str:
    """What people call a project: the last part of its folder or address."""
    return last_part(name).removesuffix(".git") or name


def _with_days_before(days: Sequence[str]) -> list[Period]:
    found: dict[Period, None] = {}
    for day in days:
        period = parse_period(day)
        if period is not None:
            found[Period(period.level, period.first - timedelta(days=1))] = None
            found[period] = None
    return sorted(found)


def _unknown(kind: str, named: str, known: Sequence[str]) -> str:
    near = get_close_matches(named, known, _NAMES_SHOWN)
    shown = list(dict.fromkeys([*near, *known]))[:_NAMES_SHOWN]
    more = ", ..." if len(known) > len(shown) else ""
    known_are = f" Known: {', '.join(_short(name) for name in shown)}{more}." if shown else ""
    return f"Nothing is remembered about the {kind} {_short(named)}.{known_are}"


def _short(name: str) -> str:
    return name if len(name) <= _NAME_MAX else f"{name[:_NAME_MAX]}…"
