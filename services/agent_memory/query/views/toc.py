"""The table of contents: its root, its nodes, their versions and their children."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, takewhile
from typing import Final

from agent_memory.errors import UsageError
from agent_memory.messages import node_to_pb
from agent_memory.model import TocLevel, TocNode
from agent_memory.periods import Period
from agent_memory.query.views.budget import Budget, price
from agent_memory.query.views.page_tokens import decoded, encoded, no_token
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import keys, records
from agent_memory.store.reader import Reader

BROWSE_DEFAULT: Final = 20
BROWSE_MAX: Final = 500
# Requests for nodes, as they are or as they were.
AsOfRequest = (
    pb.GetTocRootRequest | pb.GetNodeRequest | pb.BrowseTocRequest | pb.GetTocMapRequest | pb.ResolveTimeRequest
)
# A node names so many children; BrowseToc pages through all of them.
CHILD_IDS_MAX: Final = 1000


def as_of_ms_of(request: AsOfRequest) -> int | None:
    """The time as of which the request asks; None for now."""
    return request.as_of_ms if request.HasField("as_of_ms") else None


def asked_ms(request: pb.GetTocMapRequest | pb.ResolveTimeRequest, now_ms: int) -> int:
    """The time of asking: the request's own, else the time as of which it asks, else now. Raises UsageError."""
    asked = request.now_ms if request.HasField("now_ms") else as_of_ms_of(request)
    if asked is not None and not 0 <= asked <= keys.TIMESTAMP_MAX_MS:
        raise UsageError(f"{asked} is not a time in milliseconds; it must be from 0 to {keys.TIMESTAMP_MAX_MS}")
    return now_ms if asked is None else asked


def toc_root(reader: Reader, request: pb.GetTocRootRequest) -> pb.GetTocRootResponse:
    """The years, newest first."""
    as_of_ms = as_of_ms_of(request)
    budget = Budget(request.max_tokens)
    years = records.nodes(reader, records.year_ids(reader)[::-1], as_of_ms)
    nodes = _that_fit(reader, years, as_of_ms, budget)
    return pb.GetTocRootResponse(nodes=nodes, has_more=budget.has_more, **budget.price)


def node(reader: Reader, request: pb.GetNodeRequest, meant: str | None = None) -> pb.GetNodeResponse:
    """The node by any spelling of its id; absent where there is no such node or version, or was none then.

    `meant` is the id that the request's words mean, where it does not name one itself.
    """
    node_id = _canonical(_named(request.node_id if meant is None else meant))
    as_of_ms = as_of_ms_of(request)
    if request.HasField("version") and as_of_ms is not None:
        raise UsageError("version and as_of_ms each name a version; give one of them")
    if request.HasField("version"):
        found = records.node_version(reader, node_id, max(0, request.version))
    else:
        found = records.node(reader, node_id, as_of_ms)
    if found is None:
        return pb.GetNodeResponse()
    budget = Budget(request.max_tokens)
    message = _with_children(reader, found, as_of_ms, is_brief=budget.is_limited)
    if budget.is_limited:
        message = _shortened(message, budget)
    else:
        budget.charge(message)
    return pb.GetNodeResponse(node=message, has_more=budget.has_more, **budget.price)


def node_versions(reader: Reader, node_id: str) -> pb.GetNodeVersionsResponse:
    """The versions of a node that are kept, newest first; none when there is no such node."""
    found = records.node_versions(reader, _canonical(_named(node_id)))
    return pb.GetNodeVersionsResponse(versions=[node_to_pb(version, []) for version in found])


def browse(reader: Reader, request: pb.BrowseTocRequest, meant: str | None = None) -> pb.BrowseTocResponse:
    """A page of a node's children in order of time. A token names the last child seen, so pages stay true.

    `meant` is the id that the request's words mean, where it does not name one itself.
    """
    if not request.parent_id:
        raise UsageError("parent_id is empty", "GetTocRoot names the nodes to begin with.")
    as_of_ms = as_of_ms_of(request)
    parent_id = _canonical(request.parent_id if meant is None else meant)
    parent = records.period(parent_id)
    if parent is None:
        return pb.BrowseTocResponse(parent_id=_if_there(reader, parent_id, as_of_ms))
    limit = min(request.limit, BROWSE_MAX) if request.limit > 0 else BROWSE_DEFAULT
    after = _child_after(parent, request.continuation_token) if request.continuation_token else ""
    ids = list(islice(_child_ids(reader, parent, after, as_of_ms), limit + 1))
    budget = Budget(request.max_tokens)
    page = records.nodes(reader, ids[:limit], as_of_ms)
    children = _that_fit(reader, page, as_of_ms, budget)
    if budget.has_more:
        after = children[-1].node_id if children else after
    elif len(ids) > limit:
        after = ids[limit - 1]
    has_more = budget.has_more or len(ids) > limit
    return pb.BrowseTocResponse(
        children=children,
        continuation_token=encoded(f"{parent.node_id} {after}") if has_more and after else None,
        has_more=has_more,
        parent_id=parent_id if ids else _if_there(reader, parent_id, as_of_ms),
        **budget.price,
    )


def line(reader: Reader, found: TocNode, as_of_ms: int | None = None) -> pb.TocLine:
    """A node in one line, with the price of reading it; with `as_of_ms`, the price it had then."""
    return pb.TocLine(
        node_id=found.node_id,
        level=pb.TocLevel.ValueType(found.level),
        title=found.title,
        is_open=found.is_open,
        tokens=price(_with_children(reader, found, as_of_ms)),
    )


def _with_children(
    reader: Reader, found: TocNode, as_of_ms: int | None = None, *, is_brief: bool = False
) -> pb.TocNode:
    """The node as a message; with `is_brief`, without the summary that repeats its bullets."""
    period = records.period(found.node_id) if found.level != TocLevel.SEGMENT else None
    children = islice(_child_ids(reader, period, "", as_of_ms), CHILD_IDS_MAX) if period else ()
    message = node_to_pb(found, list(children))
    if is_brief:
        message.ClearField("summary")
    return message


def _that_fit(reader: Reader, found: list[TocNode], as_of_ms: int | None, budget: Budget) -> list[pb.TocNode]:
    """The first nodes, as many as the budget takes."""
    messages = (_with_children(reader, each, as_of_ms, is_brief=budget.is_limited) for each in found)
    return list(takewhile(budget.takes, messages))


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


def _child_ids(reader: Reader, parent: Period, after: str, as_of_ms: int | None) -> Iterator[str]:
    """The children after the child `after`; with `as_of_ms`, those that existed then."""
    ids = records.child_ids(reader, parent, after)
    return ids if as_of_ms is None else (each for each in ids if records.node(reader, each, as_of_ms) is not None)


def _named(node_id: str) -> str:
    if not node_id:
        raise UsageError("node_id is empty", "GetTocRoot names the nodes to begin with.")
    return node_id


def _if_there(reader: Reader, node_id: str, as_of_ms: int | None) -> str:
    """The id of a node that exists, or existed then; empty for any other."""
    return node_id if records.node(reader, node_id, as_of_ms) is not None else ""


def _canonical(node_id: str) -> str:
    period = records.period(node_id)
    return period.node_id if period else node_id


def _child_after(parent: Period, token: str) -> str:
    parent_id, _, child_id = decoded("continuation_token", token).partition(" ")
    if parent_id != parent.node_id:
        raise no_token(f"continuation_token {token!r} belongs to another parent than {parent.node_id}")
    return child_id
