"""Agents: how much each has said, and when, from the ledger and the index."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import Final

from agent_memory.errors import UsageError
from agent_memory.model import TocLevel
from agent_memory.periods import Period, day_of, parse_period
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.search.format import IndexUnusable
from agent_memory.search.reader import IndexReader
from agent_memory.store import records
from agent_memory.store.keys import TIMESTAMP_MAX_MS
from agent_memory.store.ledger import day_and_agent, entries
from agent_memory.store.reader import Reader

DAYS_DEFAULT: Final = 30
_DAY_MS: Final = 86_400_000


def list_agents(reader: Reader, index: IndexReader) -> pb.ListAgentsResponse:
    """Every agent, the one with most events first. Without an index, sessions are not counted and times are days."""
    zone = records.time_zone(reader)
    events: Counter[str] = Counter()
    seen: dict[str, list[Period]] = {}
    for name, entry in entries(reader):
        day, agent = day_and_agent(name)
        period = parse_period(day)
        if agent and entry.stored and period:
            events[agent] += entry.stored
            seen.setdefault(agent, []).append(period)
    response = pb.ListAgentsResponse()
    for agent, count in events.most_common():
        first_ms, last_ms = seen[agent][0].span_ms(zone)[0], seen[agent][-1].span_ms(zone)[1] - 1
        sessions = 0
        with suppress(IndexUnusable):
            sessions, first_ms, last_ms = index.of_agent(agent) or (0, first_ms, last_ms)
        response.agents.add(
            agent_id=agent, event_count=count, session_count=sessions, first_seen_ms=first_ms, last_seen_ms=last_ms
        )
    return response


def activity(reader: Reader, request: pb.GetAgentActivityRequest, now_ms: int) -> pb.GetAgentActivityResponse:
    """Events per agent and day or week, oldest first; of the last 30 days by default. Raises UsageError."""
    bucket = request.bucket or "day"
    if bucket not in ("day", "week"):
        raise UsageError(f"bucket is {bucket!r}", "Say day or week.")
    zone = records.time_zone(reader)
    to_ms = request.to_ms if request.HasField("to_ms") else now_ms
    from_ms = request.from_ms if request.HasField("from_ms") else max(0, to_ms - DAYS_DEFAULT * _DAY_MS)
    first, last = (day_of(min(max(0, at_ms), TIMESTAMP_MAX_MS), zone) for at_ms in (from_ms, to_ms))
    counts: Counter[tuple[Period, str]] = Counter()
    for name, entry in entries(reader, f"{first.first}"):
        day, agent = day_and_agent(name)
        period = parse_period(day)
        if period is None or period > last or (request.HasField("agent_id") and agent != request.agent_id):
            continue
        whole = next(each for each in period.ancestors() if each.level == TocLevel.WEEK) if bucket == "week" else period
        counts[whole, agent] += entry.stored
    response = pb.GetAgentActivityResponse()
    for (period, agent), count in sorted(counts.items()):
        start_ms, end_ms = period.span_ms(zone)
        response.buckets.add(start_ms=start_ms, end_ms=end_ms, event_count=count, agent_id=agent)
    return response
