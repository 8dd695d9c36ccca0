"""The page of a search: turns under their segment and its day, the hits marked, and what to type next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Final

from agent_memory.present.lines import Line, flow, line
from agent_memory.present.text import counted
from agent_memory.present.view import View, following, role_name, short_id, with_facts
from agent_memory.present.width import one_line
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.text.tokens import of_text

_TITLE_CELLS: Final = 70
_NAME_CELLS: Final = 40
_TEXT_CELLS: Final = 1000
_HIT: Final = "▸"
# In whatever language was asked: words are found as they were said.
_OTHER_WORDS: Final = "Try other words for it, in the language it was said in."


def search(
    view: View, reply: pb.SearchResponse, more: str = "", any_time: str = "", *, by_words: bool = True
) -> Iterator[Line]:
    """The hits; `more` is the command for what was left out, `any_time` the one that lifts the window.

    `by_words` says that words were looked for, and not only what fits the filters.
    """
    yield from _said_of_it(view, reply, any_time)
    if not reply.hits:
        yield line("Nothing fits into so few tokens." if reply.has_more else "Nothing was found.", "bold")
        if by_words and not reply.has_more and not reply.note:
            yield line(_OTHER_WORDS, "dim")
    for is_outside, hits in groupby(reply.hits, key=lambda hit: hit.outside_window):
        if is_outside:
            yield line("At other times", "yellow")
        yield from _days(view, list(hits))
    commands = [_opening(view, reply.hits[0])] if reply.hits else []
    commands += [more] if more and reply.has_more else []
    yield from following(view, *commands)


def within(reply: pb.SearchResponse, max_tokens: int, text: Callable[[pb.SearchResponse], str]) -> pb.SearchResponse:
    """The reply with as many hits as fit, the least telling left out first; `text` is how it is printed.

    It states the price of what it has, and the smallest budget that brings more.
    """
    cut = pb.SearchResponse()
    cut.CopyFrom(reply)
    # Its own price is printed with it: numbers as long as these have room.
    cut.size_tokens = max_tokens or reply.size_tokens
    while (size := of_text(text(cut))) > max_tokens > 0 and cut.hits:
        least = min(range(len(cut.hits)), key=lambda place: (not cut.hits[place].outside_window, cut.hits[place].score))
        del cut.hits[least]
        cut.has_more = True
        cut.needed_tokens = max(max_tokens + 1, size)
    cut.size_tokens = size
    return cut


def _opening(view: View, hit: pb.SearchHit) -> str:
    """The command that shows where the hit was said."""
    of_store = ("--project-store", hit.store) if hit.store else ()
    asked = ("node", short_id(hit.node_id)) if hit.node_id else ("session", hit.session_id)
    return view.command("query", *asked, *of_store)


def _said_of_it(view: View, reply: pb.SearchResponse, any_time: str) -> Iterator[Line]:
    """What a reader should know of the answer before reading it."""
    if reply.HasField("window"):
        lift = f"; any time: {any_time}" if any_time else ""
        yield line(f'"{reply.window_text}" is {reply.window.text}{lift}', "dim")
    for each in reply.corrections:
        yield line(f"Nothing has {each.typed!r}; looked for {each.meant!r}.", "yellow")
    if reply.note:
        yield line(reply.note, "yellow")
    if reply.behind and not reply.index_missing:
        lag = f"{counted(reply.behind, 'event')} not indexed yet; the newest were looked through one by one."
        yield line(lag, "yellow")
    if reply.spooled:
        wait = "waits" if reply.spooled == 1 else "wait"
        yield line(
            f"{counted(reply.spooled, 'hook call')} {wait} in the spool and can't be found yet; "
            f"see: {view.command('status')}",
            "yellow",
        )


def _days(view: View, hits: Sequence[pb.SearchHit]) -> Iterator[Line]:
    day: date | None = None
    for _, group in groupby(hits, key=lambda hit: (hit.store, hit.node_id or hit.session_id)):
        own = list(group)
        at = view.local(own[0].timestamp_ms)
        if at.date() != day:
            day = at.date()
            yield line(f"{at:%a} {at.day} {at:%b %Y}", "bold")
        yield from _segment(view, own)


def _segment(view: View, hits: Sequence[pb.SearchHit]) -> Iterator[Line]:
    first = hits[0]
    no_title = "(untitled)" if first.node_id else "(not in the table of contents yet)"
    title = one_line(first.title, min(_TITLE_CELLS, view.room(2))) or no_title
    yield line(f"  {title}", "bold")
    facts = [f"store {first.store}" if first.store else "", f"~{first.tokens} tokens" if first.tokens else ""]
    facts += [one_line(name, _NAME_CELLS) for name in (first.agent, first.project)]
    yield line(f"  {with_facts(view, 2, first.node_id or f'session {first.session_id}', facts)}", "dim")
    for hit in sorted(hits, key=lambda hit: hit.timestamp_ms):
        yield from _turn(view, hit)


def _turn(view: View, hit: pb.SearchHit) -> Iterator[Line]:
    if hit.HasField("before"):
        yield _said(" ", hit.before.role, "", hit.before.text, "dim")
    yield _said(_HIT, hit.role, f"{view.local(hit.timestamp_ms):%H:%M}", hit.snippet, "")
    if hit.HasField("reason"):
        reason = hit.reason
        words = ", ".join(reason.words) or "none of the words"
        yield line(
            f"          {hit.score:.2f}: {words} {reason.of_words:.2f}, meaning {reason.of_meaning:.2f}, "
            f"segment {reason.of_segment:.2f}, beside it {reason.of_neighbours:.2f}; event {hit.event_id}",
            "green",
        )
    if hit.HasField("after"):
        yield _said(" ", hit.after.role, "", hit.after.text, "dim")


def _said(mark: str, role: pb.EventRole.ValueType, clock: str, text: str, style: str) -> Line:
    head = f"  {mark} {clock:5} {role_name(role):9} "
    return flow(head, " " * len(head), one_line(text, _TEXT_CELLS), style)
