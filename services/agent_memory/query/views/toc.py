"""The table of contents: its root, its nodes, their versions and their children."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, takewhile
from typing import Final

from agent_memory.errors import UsageError
from agent_memory.messages import node_to_pb
from agent_memory.model import TocLevel, TocNode
from agent_memory.page_tokens import no_token
from agent_memory.periods import Period, parse_period
from agent_memory.query.views import scoped
from agent_memory.query.views.budget import Budget
from agent_memory.query.views.reading_cost import reading_tokens
from agent_memory.query.views.scope import Scope
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import keys, records
from agent_memory.store.reader import Reader

BROWSE_DEFAULT: Final = 20
BROWSE_MAX: Final = 500
# Requests for what is known now, or was then.
AsOfRequest = (
    pb.GetTocRootRequest
    | pb.GetNodeRequest
    | pb.BrowseTocRequest
    | pb.GetTocMapRequest
    | pb.ResolveTimeRequest
    | pb.SearchRequest
)
# A node names so many children; BrowseToc pages through all of them.
CHILD_IDS_MAX: Final = 1000
EVERYTHING: Final = Scope()
_SEGMENT_PREFIX: Final = "toc:segment:"
# A segment as it is short to type: its day and the rest of its id.
_SHORT_SEGMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}:[0-9A-Z]{26}")


def as_of_ms_of(request: AsOfRequest) -> int | None:
    """The time as of which the request asks; None for now."""
    return request.as_of_ms if request.HasField("as_of_ms") else None


def asked_ms(request: pb.GetTocMapRequest | pb.ResolveTimeRequest | pb.SearchRequest, now_ms: int) -> int:
    """The time of asking: the request's own, else the time as of which it asks, else now. Raises UsageError."""
    asked = request.now_ms if request.HasField("now_ms") else as_of_ms_of(request)
    if asked is not None and not 0 <= asked <= keys.TIMESTAMP_MAX_MS:
        raise UsageError(f"{asked} is not a time in milliseconds; it must be from 0 to {keys.TIMESTAMP_MAX_MS}")
    return now_ms if asked is None else asked


def toc_root(reader: Reader, request: pb.GetTocRootRequest) -> pb.GetTocRootResponse:
    """The years, newest first."""
    as_of_ms = as_of_ms_of(request)
    budget = Budget(request.max_tokens)
    nodes = _that_fit(_messages(reader, records.year_ids(reader)[::-1], as_of_ms, EVERYTHING), budget)
    waiting = records.waiting(reader)[records.TOC]
    return pb.GetTocRootResponse(nodes=nodes, has_more=budget.has_more, waiting=waiting, **budget.price)


def node(
    reader: Reader, request: pb.GetNodeRequest, meant: str | None = None, scope: Scope = EVERYTHING
) -> pb.GetNodeResponse:
    """The node by any spelling of its id; absent where there is no such node or version, or was none then.

    `meant` is the id that the request's words mean, where it does not name one itself.
    """
    node_id = canonical(_named(request.node_id if meant is None else meant))
    as_of_ms = as_of_ms_of(request)
    if request.HasField("version") and as_of_ms is not None:
        raise UsageError("version and as_of_ms each name a version; give one of them")
    if request.HasField("version") and scope:
        raise UsageError("a node that is summarized from a filter's segments has no versions; leave out version")
    message: pb.TocNode | None
    if request.HasField("version"):
        found = records.node_version(reader, node_id, max(0, request.version))
        message = _whole(reader, found, as_of_ms) if found else None
    else:
        message = node_message(reader, node_id, as_of_ms, scope)
    if message is None:
        return pb.GetNodeResponse()
    budget = Budget(request.max_tokens)
    if budget.is_limited:
        message.ClearField("summary")
        message = _shortened(message, budget)
    else:
        budget.charge(message)
    return pb.GetNodeResponse(node=message, has_more=budget.has_more, **budget.price)


def node_versions(reader: Reader, node_id: str) -> pb.GetNodeVersionsResponse:
    """The versions of a node that are kept, newest first; none when there is no such node."""
    found = records.node_versions(reader, canonical(_named(node_id)))
    return pb.GetNodeVersionsResponse(versions=[node_to_pb(version, []) for version in found])


def browse(
    reader: Reader, request: pb.BrowseTocRequest, meant: str | None = None, scope: Scope = EVERYTHING
) -> pb.BrowseTocResponse:
    """A page of a node's children in order of time. A token names the last child seen, so pages stay true.

    `meant` is the id that the request's words mean, where it does not name one itself.
    """
    if not request.parent_id:
        raise UsageError("parent_id is empty", "GetTocRoot names the nodes to begin with.")
    as_of_ms = as_of_ms_of(request)
    parent_id = canonical(request.parent_id if meant is None else meant)
    parent = parse_period(parent_id)
    if parent is None:
        return pb.BrowseTocResponse(parent_id=_if_there(reader, parent_id, as_of_ms))
    limit = min(request.limit, BROWSE_MAX) if request.limit > 0 else BROWSE_DEFAULT
    after = _child_after(parent, request.continuation_token) if request.continuation_token else ""
    ids = list(islice(_child_ids(reader, parent, after, as_of_ms, scope), limit + 1))
    budget = Budget(request.max_tokens)
    children = _that_fit(_messages(reader, ids[:limit], as_of_ms, scope), budget)
    if budget.has_more:
        after = children[-1].node_id if children else after
    elif len(ids) > limit:
        after = ids[limit - 1]
    has_more = budget.has_more or len(ids) > limit
    return pb.BrowseTocResponse(
        children=children,
        continuation_token=after if has_more and after else None,
        has_more=has_more,
        parent_id=parent_id if ids else _if_there(reader, parent_id, as_of_ms),
        **budget.price,
    )


def line(reader: Reader, found: TocNode, as_of_ms: int | None = None) -> pb.TocLine:
    """A node in one line, with the price of reading it; with `as_of_ms`, the price it had then."""
    return line_of(_whole(reader, found, as_of_ms))


def lines(reader: Reader, found: Iterable[TocNode], as_of_ms: int | None, scope: Scope) -> Iterator[pb.TocLine]:
    """The nodes that have something of the scope, a line each, with what they cost when summarized from it."""
    for each in found:
        message = node_message(reader, each.node_id, as_of_ms, scope) if scope else _whole(reader, each, as_of_ms)
        if message is not None:
            yield line_of(message)


def line_of(message: pb.TocNode) -> pb.TocLine:
    """The node in one line, with the price of reading it."""
    return pb.TocLine(
        node_id=message.node_id,
        level=message.level,
        title=message.title,
        is_open=message.is_open,
        tokens=reading_tokens(message),
        start_time_ms=message.start_time_ms,
        end_time_ms=message.end_time_ms,
        agents=message.agents,
        project=message.project,
    )


def canonical(node_id: str) -> str:
    """The id that a spelling of it stands for: "2026-W05", or a segment's without its beginning."""
    period = parse_period(node_id)
    if period is not None:
        return period.node_id
    return f"{_SEGMENT_PREFIX}{node_id}" if _SHORT_SEGMENT.fullmatch(node_id) else node_id


def _whole(reader: Reader, found: TocNode, as_of_ms: int | None = None) -> pb.TocNode:
    """The node as a message, with its children's ids, and with its project if it is a segment."""
    period = parse_period(found.node_id) if found.level != TocLevel.SEGMENT else None
    children = islice(_child_ids(reader, period, "", as_of_ms, EVERYTHING), CHILD_IDS_MAX) if period else ()
    message = node_to_pb(found, list(children))
    if period is None and (segment := records.segment_of(reader, found)) is not None:
        message.project = segment[1].project
    return message


def node_message(reader: Reader, node_id: str, as_of_ms: int | None, scope: Scope) -> pb.TocNode | None:
    """The node, summarized from the scope; None where there is none, or nothing of the scope in it."""
    period = parse_period(node_id)
    if scope and period is not None:
        return scoped.node(reader, period, scope, as_of_ms)
    found = records.node(reader, node_id, as_of_ms)
    return None if found is None or (scope and not scope.holds(reader, found)) else _whole(reader, found, as_of_ms)


def _messages(reader: Reader, node_ids: list[str], as_of_ms: int | None, scope: Scope) -> Iterator[pb.TocNode]:
    """The nodes of a list, each with its price, and with where it leads if there is no choice."""
    if scope and any(parse_period(node_id) for node_id in node_ids):
        filtered = (node_message(reader, node_id, as_of_ms, scope) for node_id in node_ids)
        found = (message for message in filtered if message is not None)
    else:
        found = (_whole(reader, each, as_of_ms) for each in records.nodes(reader, node_ids, as_of_ms))
    for message in found:
        message.tokens = reading_tokens(message)
        message.leads_to = _leads_to(reader, message.child_node_ids, as_of_ms, scope)
        yield message


def _leads_to(reader: Reader, child_ids: Sequence[str], as_of_ms: int | None, scope: Scope) -> str:
    """The first node below with more than one child, or a segment; empty where these children are a choice already."""
    found = ""
    while len(child_ids) == 1:
        found = child_ids[0]
        period = parse_period(found)
        child_ids = list(islice(_child_ids(reader, period, "", as_of_ms, scope), 2)) if period else ()
    return found


def _that_fit(messages: Iterator[pb.TocNode], budget: Budget) -> list[pb.TocNode]:
    """The first nodes, as many as the budget takes."""
    found: list[pb.TocNode] = []
    for message in messages:
        if budget.is_limited:
            message.ClearField("summary")
        if not budget.takes(message):
            break
        found.append(message)
    return found


def _shortened(whole: pb.TocNode, budget: Budget) -> pb.TocNode:
    """The node with what fits the budget: always its heading, then bullets, keywords and children, in this order."""
    cut = pb.TocNode()
    cut.CopyFrom(whole)
    for name in ("summary", "bullets", "keywords", "child_node_ids"):
        cut.ClearField(name)
    budget.charge(cut)
    cut.bullets.extend(takewhile(budget.takes, whole.bullets))
    cut.keywords.extend(takewhile(budget.takes, whole.keywords))
    cut.child_node_ids.extend(takewhile(budget.takes, whole.child_node_ids))
    return cut


def _child_ids(reader: Reader, parent: Period, after: str, as_of_ms: int | None, scope: Scope) -> Iterator[str]:
    """The children after the child `after`; with `as_of_ms`, those that existed then."""
    if scope:
        return scoped.child_ids(reader, parent, scope, after)
    ids = records.child_ids(reader, parent, after)
    return ids if as_of_ms is None else (each for each in ids if records.node(reader, each, as_of_ms) is not None)


def _named(node_id: str) -> str:
    if not node_id:
        raise UsageError("node_id is empty", "GetTocRoot names the nodes to begin with.")
    return node_id


def _if_there(reader: Reader, node_id: str, as_of_ms: int | None) -> str:
    """The id of a node that exists, or existed then; empty for any other."""
    return node_id if records.node(reader, node_id, as_of_ms) is not None else ""


def _child_after(parent: Period, token: str) -> str:
    period = parse_period(token)
    is_child = (
        period.parent == parent
        if period is not None
        else parent.level == TocLevel.DAY and token.startswith(records.segment_prefix(parent))
    )
    if not is_child:
        raise no_token(f"continuation_token {token!r} belongs to another parent than {parent.node_id}")
    return token
