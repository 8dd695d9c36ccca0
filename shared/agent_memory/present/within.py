"""Answers within a budget of tokens, counted as they are printed: as a page for people, or as JSON for programs.

The daemon sends whole answers; whoever shows one leaves out the last of its items, whole, until the rest fits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from agent_memory import page_tokens
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.text.tokens import of_text

CutReply = (
    pb.GetTocRootResponse
    | pb.GetNodeResponse
    | pb.BrowseTocResponse
    | pb.GetEventsResponse
    | pb.ExpandGripResponse
    | pb.ResolveTimeResponse
)
Answer = CutReply | pb.GetTocMapResponse
Reply = TypeVar(
    "Reply",
    pb.GetTocRootResponse,
    pb.GetNodeResponse,
    pb.BrowseTocResponse,
    pb.GetEventsResponse,
    pb.ExpandGripResponse,
    pb.ResolveTimeResponse,
    pb.GetTocMapResponse,
)


def within(reply: Reply, max_tokens: int, text: Callable[[Reply], str]) -> Reply:
    """The reply with as many of its items as fit, `text` being how it is printed.

    It states the price of what it has, and the smallest budget that brings more. Its heading is always there.
    """
    if max_tokens <= 0:
        return reply
    whole = items(reply)
    # Its own price is printed with it: a number as long as this one has room.
    reply = _priced(reply, max_tokens, needed=0)
    if (size := of_text(text(reply))) <= max_tokens:
        return _priced(reply, size, needed=0)
    fits, too_many = 0, whole
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if of_text(text(_cut(reply, middle, max_tokens))) <= max_tokens:
            fits = middle
        else:
            too_many = middle
    shown = _cut(reply, fits, max_tokens)
    needed = 0
    if fits < whole:
        needed = of_text(text(_cut(reply, fits + 1, max_tokens)))
        # Once more: with a larger budget the numbers in it may be longer.
        needed = max(max_tokens + 1, of_text(text(_cut(reply, fits + 1, needed))))
    return _priced(shown, of_text(text(shown)), needed)


def items(reply: Answer) -> int:
    """How many items there are that a budget may leave out."""
    return sum(len(each) for each in _lists(reply))


def _cut(reply: Reply, kept: int, max_tokens: int) -> Reply:
    """The reply with the first items only, as one that there is more of."""
    shown = type(reply)()
    shown.CopyFrom(reply)
    if kept >= items(reply):
        return _priced(shown, max_tokens, needed=0)
    for each in _lists(shown):
        del each[kept:]
        kept -= len(each)
    match shown:
        case pb.BrowseTocResponse():
            shown.ClearField("continuation_token")
            if shown.children:
                shown.continuation_token = shown.children[-1].node_id
        case pb.GetEventsResponse():
            shown.ClearField("cursor")
            if shown.events:
                shown.cursor = page_tokens.of_event(shown.events[-1].timestamp_ms, shown.events[-1].event_id)
        case pb.ExpandGripResponse():
            _keep_nearest(shown, reply)
        case pb.GetTocMapResponse():
            sections = [section for section in shown.sections if section.nodes]
            del shown.sections[:]
            shown.sections.extend(sections)
        case pb.GetNodeResponse():
            shown.node.ClearField("summary")
    shown.has_more = True
    # Both will be filled in, and numbers as long as these have room.
    return _priced(shown, max_tokens, 10 * max_tokens)


def _lists(reply: Answer) -> Iterator[list[object]]:
    """The items of the reply, the most telling first."""
    lists: list[object]
    match reply:
        case pb.GetTocRootResponse():
            lists = [reply.nodes]
        case pb.GetNodeResponse():
            lists = [reply.node.bullets, reply.node.keywords, reply.node.child_node_ids]
        case pb.BrowseTocResponse():
            lists = [reply.children]
        case pb.GetEventsResponse():
            lists = [reply.events]
        case pb.ExpandGripResponse():
            lists = [reply.excerpt_events, reply.events_after, reply.events_before]
        case pb.ResolveTimeResponse():
            lists = [reply.span.nodes, *(span.nodes for span in reply.alternatives)]
        case pb.GetTocMapResponse():
            lists = [section.nodes for section in reply.sections]
    yield from lists  # type: ignore[misc]


def _keep_nearest(shown: pb.ExpandGripResponse, whole: pb.ExpandGripResponse) -> None:
    """Of the neighbours that are kept, take those nearest to the evidence, on both sides in turns."""
    kept = len(shown.events_after) + len(shown.events_before)
    before = min(len(whole.events_before), max(kept // 2, kept - len(whole.events_after)))
    del shown.events_before[:], shown.events_after[:]
    shown.events_before.extend(whole.events_before[len(whole.events_before) - before :])
    shown.events_after.extend(whole.events_after[: kept - before])


def _priced(reply: Reply, size: int, needed: int) -> Reply:
    if isinstance(reply, pb.GetTocMapResponse):
        reply.tokens = size
    else:
        reply.size_tokens, reply.needed_tokens = size, needed
    return reply
