"""Questions: what the panes ask the daemon, where it takes more than one call. They run in a lane's thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from agent_memory.browse.time_tree import ROOT
from agent_memory.client import Client, Filters
from agent_memory.rpc import memory_pb2 as pb

_PAGE: Final = 100
# Of one day's segments, the newest; a day of more is read by searching it.
CHILDREN_MAX: Final = 1000
# Of a conversation, at once.
EVENTS_BEFORE: Final = 20
EVENTS_AFTER: Final = 60
# Whoever reads on beyond this has only what is around.
EVENTS_MAX: Final = 500

Children = dict[str, list[pb.TocNode]]


def children_of(client: Client, node_ids: Sequence[str], filters: Filters) -> Children:
    """The children of each, newest first."""
    return {node_id: _children(client, node_id, filters) for node_id in node_ids}


def latest(client: Client, filters: Filters) -> Children:
    """The years, and the children of the latest year, month, week and day."""
    found: Children = {}
    node_id = ROOT
    while True:
        found[node_id] = _children(client, node_id, filters)
        if not found[node_id] or found[node_id][0].level == pb.TOC_LEVEL_SEGMENT:
            return found
        node_id = found[node_id][0].node_id


def _children(client: Client, node_id: str, filters: Filters) -> list[pb.TocNode]:
    if node_id == ROOT:
        return _years(client, filters)
    found: list[pb.TocNode] = []
    token: str | None = None
    while len(found) < CHILDREN_MAX:
        reply = client.browse(node_id, _PAGE, token, filters=filters)
        found += reply.children
        token = reply.continuation_token
        if not reply.has_more:
            break
    return found[::-1]


def _years(client: Client, filters: Filters) -> list[pb.TocNode]:
    years = list(client.root().nodes)
    if not filters:
        return years
    replies = [client.node(each.node_id, filters=filters) for each in years]
    return [reply.node for reply in replies if reply.HasField("node")]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a conversation, and where more of it begins on either side; empty where it ends there."""

    events: tuple[pb.Event, ...]
    earlier: str = ""
    later: str = ""
    about: pb.Session | None = None


def conversation(client: Client, session_id: str, at_ms: int) -> Stretch:
    """What was said in a session about that time; at 0, from its beginning."""
    reply = client.session(session_id)
    about = reply.session if reply.HasField("session") else None
    later = _page(client, pb.GetEventsRequest(session_id=session_id, from_timestamp_ms=at_ms, limit=EVENTS_AFTER))
    if not at_ms:
        return Stretch(tuple(later.events), later=later.cursor, about=about)
    request = pb.GetEventsRequest(
        session_id=session_id, to_timestamp_ms=at_ms - 1, newest_first=True, limit=EVENTS_BEFORE
    )
    earlier = _page(client, request)
    return Stretch((*reversed(earlier.events), *later.events), earlier.cursor, later.cursor, about)


def extended(client: Client, session_id: str, stretch: Stretch, *, earlier: bool) -> Stretch:
    """The stretch with what was said before it, or after it."""
    if len(stretch.events) > EVENTS_MAX:
        return conversation(client, session_id, stretch.events[0 if earlier else -1].timestamp_ms)
    cursor = stretch.earlier if earlier else stretch.later
    request = pb.GetEventsRequest(session_id=session_id, newest_first=earlier, cursor=cursor, limit=EVENTS_AFTER)
    found = _page(client, request)
    if earlier:
        return replace(stretch, events=(*reversed(found.events), *stretch.events), earlier=found.cursor)
    return replace(stretch, events=(*stretch.events, *found.events), later=found.cursor)


def _page(client: Client, request: pb.GetEventsRequest) -> pb.GetEventsResponse:
    """A page; it has a cursor only where more follows."""
    reply = client.events(request)
    if not reply.has_more:
        reply.ClearField("cursor")
    return reply
