"""`query events`, `query event` and `query session`: what was said, word for word."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import click

from agent_memory.cli import completing
from agent_memory.cli.answers import (
    as_of_option,
    as_of_words,
    filter_options,
    filter_words,
    filters_of,
    page_words,
    refuse,
    show,
    show_within,
    tokens_option,
    view_of,
    whole_session_id,
)
from agent_memory.cli.caller import not_served
from agent_memory.cli.options import Number, current, json_option, settings_options
from agent_memory.cli.times import as_of_ms, from_to_ms, then
from agent_memory.errors import AgentMemoryError

if TYPE_CHECKING:  # protobuf costs 50 ms, and --help has no use for it
    from agent_memory.client import Client
    from agent_memory.present.lines import Line
    from agent_memory.present.view import View
    from agent_memory.rpc.memory_pb2 import GetEventsRequest, GetEventsResponse, Session

_LIMIT = 50
# The most that the daemon sends at once.
_PAGE_EVENTS = 1000


@click.command()
@click.option("--from", "from_", metavar="TIME", help="The first time; by default, the first event.")
@click.option("--to", metavar="TIME", help="The last time, or the last day or week; by default, the last event.")
@click.option("--limit", default=_LIMIT, show_default=True, type=Number(1), help="The most events to show.")
@filter_options
@click.option("--newest-first", is_flag=True, help="Show the last event first.")
@click.option("--cursor", metavar="CURSOR", help="Where the last page ended.")
@as_of_option
@tokens_option
@json_option
@settings_options
@click.pass_context
def events(
    context: click.Context,
    from_: str | None,
    to: str | None,
    limit: int,
    project: str,
    agent: str,
    session_id: str,
    newest_first: bool,
    cursor: str | None,
    as_of: str | None,
    max_tokens: int,
    as_json: bool,
) -> None:
    """Show the events of a span of time.

    TIME is an ISO date or time, milliseconds, or words.

    Example: memory-daemon query events --from yesterday --to "2 hours ago"
    """
    from agent_memory.control.connection import connect
    from agent_memory.present import event_pages
    from agent_memory.rpc.memory_pb2 import GetEventsRequest

    from_ms, to_ms = from_to_ms(from_, to, then(as_of))
    filters = filters_of(project, agent, session_id)
    request = GetEventsRequest(
        from_timestamp_ms=from_ms,
        to_timestamp_ms=to_ms,
        cursor=cursor,
        newest_first=newest_first,
        session_id=session_id or None,
        agent=agent or None,
        project=filters.project,
        as_of_ms=as_of_ms(as_of),
    )
    repeated = filter_words(project, agent, session_id)

    def more(view: View, cut: GetEventsResponse) -> str:
        at = cut.cursor or cursor
        return view.filtered(
            *("query", "events"),
            # A cursor is where the next page begins.
            *(("--from", from_ms) if from_ and (newest_first or not at) else ()),
            *(("--to", to_ms) if to and not (newest_first and at) else ()),
            *(("--limit", limit) if limit != _LIMIT else ()),
            *(("--newest-first",) if newest_first else ()),
            *(("--cursor", at) if at else ()),
            *as_of_words(as_of),
            *page_words(cut, max_tokens),
        )

    with connect(current(context)) as client:
        if session_id:
            request.session_id = whole_session_id(client, session_id)
        replies = _pages(client, request, limit)
        if max_tokens:
            # The first page with something on it is more than any budget.
            reply = next((each for each in replies if each.events or not each.has_more), None)
            if reply is not None:
                show_within(
                    context,
                    reply,
                    max_tokens,
                    lambda view, cut: event_pages.events(view, cut, more(view, cut)),
                    as_json=as_json,
                    filters=repeated,
                )
                refuse(reply.note)
            return
        note = _print_json(replies) if as_json else _print_list(context, replies, more, repeated)
        refuse(note)


@click.command()
@click.argument("event_id")
@json_option
@settings_options
@click.pass_context
def event(context: click.Context, event_id: str, as_json: bool) -> None:
    """Show one event in full.

    Example: memory-daemon query event 01KG7M4T00ABCDEFGHJKMNPQRS
    """
    from agent_memory.control.connection import connect
    from agent_memory.present import event_pages

    with connect(current(context)) as client:
        reply = client.event(event_id)
    if as_json or reply.HasField("event"):
        show(context, reply, lambda view: event_pages.event(view, reply), as_json=as_json)
    if not reply.HasField("event"):
        raise AgentMemoryError(
            f"There is no event {event_id!r}. Events' ids are below their lines in: memory-daemon query events"
        )


@click.command()
@click.argument("session_id", shell_complete=completing.sessions)
@click.option("--limit", default=0, type=Number(0), metavar="N", help="The most events to show; by default, all.")
@click.option("--cursor", metavar="CURSOR", help="Where the last page ended.")
@click.option("--pager/--no-pager", default=True, help="On a terminal, use a pager, as by default.")
@json_option
@settings_options
@click.pass_context
def session(
    context: click.Context, session_id: str, limit: int, cursor: str | None, pager: bool, as_json: bool
) -> None:
    """Read a whole conversation.

    SESSION_ID may be shortened, as long as no other session begins the same. Tool results show their first lines.

    Example: memory-daemon query session 3f2a9c10
    """
    from agent_memory.control.connection import connect
    from agent_memory.present.json_text import events_json, reply_json
    from agent_memory.rpc.memory_pb2 import GetEventsRequest

    with connect(current(context)) as client:
        reply = client.session(session_id)
        if not reply.HasField("session"):
            if as_json:
                click.echo(reply_json(reply))
            raise AgentMemoryError(f"{reply.note} See: memory-daemon query events --newest-first")
        request = GetEventsRequest(session_id=reply.session.session_id, cursor=cursor)
        replies = _pages(client, request, limit)
        if as_json:
            for text in events_json(replies, {"session": reply.session}):
                click.echo(text, nl=False)
            click.echo()
            return
        _print_conversation(context, reply.session, replies, limit, is_paged=pager)


def _pages(client: Client, request: GetEventsRequest, limit: int) -> Iterator[GetEventsResponse]:
    """The pages of an answer up to so many events, 0 for all, one after another; empty ones as well."""
    left = limit
    while True:
        request.limit = min(left, _PAGE_EVENTS) if limit else _PAGE_EVENTS
        reply = client.events(request)
        left -= len(reply.events)
        yield reply
        if not reply.has_more or (limit and left <= 0):
            return
        not_served("one page after another")
        request.cursor = reply.cursor


def _print_json(replies: Iterator[GetEventsResponse]) -> str:
    """Print one object; the note of the answer."""
    from agent_memory.present.json_text import events_json

    notes: list[str] = []

    def noted() -> Iterator[GetEventsResponse]:
        for reply in replies:
            notes.append(reply.note)
            yield reply

    for text in events_json(noted()):
        click.echo(text, nl=False)
    click.echo()
    return "".join(notes)


def _print_list(
    context: click.Context,
    replies: Iterator[GetEventsResponse],
    more: Callable[[View, GetEventsResponse], str],
    filters: tuple[str, ...],
) -> str:
    """Print the events page by page, and what to type for the rest; the note of an empty answer."""
    from agent_memory.cli import render
    from agent_memory.present import event_pages
    from agent_memory.present.view import following

    console = render.console()
    view = view_of(context, render.width(console), filters)
    printed = 0
    reply = None
    for reply in replies:
        render.draw(console, event_pages.listed(view, reply))
        printed += len(reply.events)
    if reply is None:
        return ""
    if not printed:
        if not reply.note:
            render.draw(console, event_pages.events(view, reply, more(view, reply)))
        return reply.note
    if reply.has_more:
        render.draw(console, following(view, more(view, reply)))
    return ""


def _print_conversation(
    context: click.Context, found: Session, replies: Iterator[GetEventsResponse], limit: int, *, is_paged: bool
) -> None:
    from agent_memory.cli import render
    from agent_memory.present import event_pages
    from agent_memory.present.view import following

    console = render.console()
    view = view_of(context, render.width(console))

    def lines() -> Iterable[Line]:
        yield from event_pages.session(view, found)
        day = ""
        for reply in replies:
            yield from event_pages.turns(view, reply, day)
            if reply.events:
                day = event_pages.day_of(view, reply.events[-1])
        if reply.has_more:
            at = ("--limit", limit, "--cursor", reply.cursor)
            yield from following(view, view.command("query", "session", found.session_id, *at))

    if is_paged and console.is_terminal:
        not_served("a pager needs a terminal")
        click.echo_via_pager(render.texts(console, lines()))
    else:
        render.draw(console, lines())
