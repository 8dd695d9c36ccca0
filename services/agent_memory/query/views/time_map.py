"""The map of time: what is going on, today, this week, and back to the first year, within a budget of tokens.

An agent reads it first. It fits its budget by construction: sections take turns, each giving its newest remaining node,
and what no longer fits is left out whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Final

from agent_memory.model import TocLevel, TocNode
from agent_memory.periods import Period, day_of
from agent_memory.present import map_text
from agent_memory.query.views import project_map, session_lines, toc
from agent_memory.query.views.project_map import Section
from agent_memory.query.views.scope import Scope
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import records
from agent_memory.store.reader import Reader
from agent_memory.text import tokens

TOKENS_DEFAULT: Final = 400
# The most that a section holds, whatever the budget; the rest is found by browsing.
SECTION_MAX: Final = 30
# The latest active conversations are looked for among so many open ones.
OPEN_MAX: Final = 200
# What a period was about, in so many words: enough to choose by.
KEYWORDS_MAX: Final = 3
# The line that the map ends with.
_END_TOKENS: Final = tokens.of_text(f"{map_text.LEGEND_MORE}\n")


def toc_map(
    reader: Reader, request: pb.GetTocMapRequest, now_ms: int, scope: Scope = toc.EVERYTHING
) -> pb.GetTocMapResponse:
    """The sections that have something of the scope, with the nodes that fit; a bounded number of rows is read."""
    asked_ms, as_of_ms = toc.asked_ms(request, now_ms), toc.as_of_ms_of(request)
    budget = request.max_tokens if request.max_tokens > 0 else TOKENS_DEFAULT
    found = project_map.sections(reader, scope, asked_ms, as_of_ms) if scope else _sections(reader, asked_ms, as_of_ms)
    return fitted(found, budget)


def fitted(found: Iterable[Section], budget: int) -> pb.GetTocMapResponse:
    """The sections, as far as they fit the budget of tokens."""
    sections = [(pb.TocMapSection(title=title), lines) for title, lines in found]
    size, has_more = _deal(sections, budget - _END_TOKENS)
    return pb.GetTocMapResponse(
        sections=[section for section, _ in sections if section.nodes],
        tokens=size + _END_TOKENS if size else 0,
        has_more=has_more,
    )


def _deal(sections: Sequence[tuple[pb.TocMapSection, Iterator[pb.TocLine]]], room: int) -> tuple[int, bool]:
    """Give the sections their lines in turns while there is room; the tokens taken, and whether some are left.

    A section ends with the first line that does not fit: no line of it is skipped for a shorter one after it.
    """
    taken = 0
    has_more = False
    waiting = list(sections)
    while waiting:
        served = []
        for section, lines in waiting:
            if (line := next(lines, None)) is None:
                continue
            size = map_text.size_tokens(line)
            size += 0 if section.nodes else tokens.of_text(f"{section.title}\n")
            if taken + size > room:
                has_more = True
                if not taken:  # without its first line a map would begin in the middle
                    return 0, True
                continue
            section.nodes.append(line)
            taken += size
            served.append((section, lines))
        waiting = served
    return taken, has_more


def _sections(reader: Reader, now_ms: int, as_of_ms: int | None) -> Iterator[Section]:
    for title, nodes in _nodes(reader, now_ms, as_of_ms):
        yield title, map(partial(_line, reader, as_of_ms), nodes)


def _line(reader: Reader, as_of_ms: int | None, node: TocNode) -> pb.TocLine:
    if node.level == TocLevel.SEGMENT:
        return session_lines.line(reader, node, as_of_ms)
    found = toc.line(reader, node, as_of_ms)
    found.keywords.extend(node.keywords[:KEYWORDS_MAX])
    return found


def _nodes(reader: Reader, now_ms: int, as_of_ms: int | None) -> Iterator[tuple[str, Sequence[TocNode]]]:
    today = day_of(now_ms, records.time_zone(reader))
    week, month, year = today.ancestors()
    newest = partial(_newest, reader, as_of_ms)
    yield "Going on", _going_on(reader, now_ms, as_of_ms)
    yield "Today", _last_of_each(node for node in newest(records.segment_prefix(today)) if not node.is_open)
    yield "This week", records.nodes(reader, _days(week, today), as_of_ms)
    yield "Weeks", newest("toc:week:", week)
    yield "Months", newest("toc:month:", month)
    yield "Years", newest("toc:year:", year)


def _going_on(reader: Reader, now_ms: int, as_of_ms: int | None) -> list[TocNode]:
    """The conversations that have not ended, the latest active first."""
    found = sorted(islice(records.open_segments(reader), OPEN_MAX), key=lambda each: each[2], reverse=True)
    rows = [records.segment_before(reader, session_id, first) for session_id, first, _ in found[:SECTION_MAX]]
    nodes = records.nodes(reader, [row.node_id for _, row in filter(None, rows)], as_of_ms)
    return [node for node in nodes if node.is_open and node.start_ms <= now_ms]


def _last_of_each(nodes: Iterable[TocNode]) -> list[TocNode]:
    """The first of each session's."""
    return list({node.session_id: node for node in reversed(list(nodes))}.values())[::-1]


def _newest(reader: Reader, as_of_ms: int | None, prefix: str, until: Period | None = None) -> list[TocNode]:
    ids = records.newest_ids(reader, prefix, until.node_id if until else prefix, SECTION_MAX)
    return records.nodes(reader, ids, as_of_ms)


def _days(week: Period, today: Period) -> list[str]:
    """The week's days up to today, latest first."""
    back = range((today.first - week.first).days + 1)
    return [Period(TocLevel.DAY, today.first - timedelta(days=offset)).node_id for offset in back]
