"""Pages of agents: who has spoken, how much, and when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from agent_memory.present.lines import Line, line, pieces
from agent_memory.present.text import counted
from agent_memory.present.view import View, following
from agent_memory.present.width import one_line
from agent_memory.rpc import memory_pb2 as pb

_NAME_CELLS: Final = 40
_BAR_CELLS: Final = 24


def agents(view: View, reply: pb.ListAgentsResponse) -> Iterator[Line]:
    """Each agent with its events and sessions, and when it was first and last seen."""
    if not reply.agents:
        yield line("No agent is remembered yet.")
        yield from following(view, view.command("hooks", "install", "--all-found"))
        return
    names = [one_line(agent.agent_id, _NAME_CELLS) for agent in reply.agents]
    wide = max(5, *map(len, names))
    yield line(f"{'AGENT':<{wide}}  {'EVENTS':>8}  {'SESSIONS':>8}  FIRST SEEN  LAST SEEN", "bold")
    for name, agent in zip(names, reply.agents, strict=True):
        first, last = (f"{view.local(at_ms):%Y-%m-%d}" for at_ms in (agent.first_seen_ms, agent.last_seen_ms))
        yield line(f"{name:<{wide}}  {agent.event_count:>8}  {agent.session_count:>8}  {first}  {last}")
    yield from following(view, view.command("agents", "activity", reply.agents[0].agent_id))


def activity(view: View, reply: pb.GetAgentActivityResponse, bucket: str) -> Iterator[Line]:
    """A line for each day or week and agent, oldest first."""
    if not reply.buckets:
        yield line("Nothing was said by it in that time.")
        yield from following(view, view.command("agents", "list"))
        return
    most = max(each.event_count for each in reply.buckets)
    names = max(len(one_line(each.agent_id, _NAME_CELLS)) for each in reply.buckets)
    digits = len(str(most))
    for each in reply.buckets:
        day = f"{view.local(each.start_ms):{'%a %Y-%m-%d' if bucket == 'day' else '%G-W%V'}}"
        head = f"{day}  {one_line(each.agent_id, _NAME_CELLS):<{names}}  {each.event_count:>{digits}}  "
        yield pieces((head, ""), ("█" * -(-each.event_count * _BAR_CELLS // max(1, most)), "green"))
    total = sum(each.event_count for each in reply.buckets)
    yield line(counted(total, "event"), "dim")
