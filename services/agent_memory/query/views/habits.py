"""Habits: how one works, by day, agent, project and hour, from the ledger and the names of segments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from agent_memory.errors import UsageError
from agent_memory.ids import began_ms
from agent_memory.periods import Period, day_of, parse_period
from agent_memory.query.views.project_list import PROJECTS_MAX
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import records
from agent_memory.store.keys import TIMESTAMP_MAX_MS
from agent_memory.store.ledger import day_and_agent, entries
from agent_memory.store.reader import Reader

DAYS_DEFAULT: Final = 28
DAYS_MAX: Final = 366


def habits(
    reader: Reader, request: pb.GetHabitsRequest, now_ms: int, renamed: Mapping[str, str]
) -> pb.GetHabitsResponse:
    """The last days up to that of `now_ms`; `renamed` maps a stored project's name to the one it belongs to."""
    asked_ms = request.now_ms if request.HasField("now_ms") else now_ms
    if not 0 <= asked_ms <= TIMESTAMP_MAX_MS or not 0 <= request.days <= DAYS_MAX:
        raise UsageError(f"days is {request.days}, now_ms {asked_ms}", f"Ask for 1 to {DAYS_MAX} days.")
    zone = records.time_zone(reader)
    last = day_of(asked_ms, zone)
    days = [Period(last.level, last.first - timedelta(days=back)) for back in range(request.days or DAYS_DEFAULT)][::-1]
    response = pb.GetHabitsResponse(hours=[0] * 24, weekdays=[0] * 7)
    by_day, by_agent = _events(reader, days)
    for day in days:
        segments = 0
        for node_id in records.child_ids(reader, day):
            began = datetime.fromtimestamp(began_ms(node_id) // 1000, zone)
            response.hours[began.hour] += 1
            segments += 1
        response.weekdays[day.first.weekday()] += segments
        response.days.add(day=day.first.isoformat(), events=by_day[day], segments=segments)
    for agent, events in by_agent.most_common():
        response.agents.add(agent=agent, events=events)
    for project, segments in _projects(reader, days, renamed).most_common():
        response.projects.add(project_id=project, segments=segments)
    return response


def _events(reader: Reader, days: list[Period]) -> tuple[Counter[Period], Counter[str]]:
    """The number of events by day and by agent."""
    by_day: Counter[Period] = Counter()
    by_agent: Counter[str] = Counter()
    for name, entry in entries(reader, days[0].first.isoformat()):
        day, agent = day_and_agent(name)
        period = parse_period(day)
        if period is None or period > days[-1]:
            break
        by_day[period] += entry.stored
        by_agent[agent] += entry.stored
    return by_day, +by_agent


def _projects(reader: Reader, days: list[Period], renamed: Mapping[str, str]) -> Counter[str]:
    """The number of segments by project."""
    zone = records.time_zone(reader)
    span = (max(0, days[0].span_ms(zone)[0]), days[-1].span_ms(zone)[1])
    found: Counter[str] = Counter()
    for name in islice(records.projects(reader), PROJECTS_MAX):
        found[renamed.get(name, name)] += sum(1 for _ in records.project_segments(reader, name, *span))
    return +found
