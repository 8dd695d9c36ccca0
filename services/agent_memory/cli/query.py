"""`query`: ask the memory, from the years down to single events."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

from agent_memory.cli.options import HELP, Number, current, invocation, json_option, settings_options
from agent_memory.cli.search import search
from agent_memory.cli.times import as_of_ms, from_to_ms, here, project_named, then
from agent_memory.errors import AgentMemoryError, UsageError
from agent_memory.periods import parse_period

if TYPE_CHECKING:  # rich and protobuf cost 100 ms, and --help has no use for them
    from google.protobuf.message import Message

    from agent_memory.present.lines import Line
    from agent_memory.present.pages import CutReply, View
    from agent_memory.rpc.memory_pb2 import BrowseTocResponse, GetNodeResponse, GetNodeVersionsResponse

    NodeReply = GetNodeResponse | BrowseTocResponse | GetNodeVersionsResponse

# Enough of what was typed to recognize it.
_NAME_SHOWN = 100
_SEE_ROOT = "See what there is with: memory-daemon query root"


@click.group(context_settings=HELP)
@settings_options
def query() -> None:
    """Ask the memory, from the years down to single events.

    Example: memory-daemon query root
    """


def _as_of_option(command: Callable[..., None]) -> Callable[..., None]:
    """`--as-of`: what was known at an earlier time."""
    what = "Show what was known at that time, or at the end of that day."
    return click.option("--as-of", metavar="TIME", help=what)(command)


def _tokens_option(command: Callable[..., None]) -> Callable[..., None]:
    """`--tokens`: an answer within a budget."""
    what = "The most tokens that the answer may cost to read; only whole items are left out. No limit by default."
    return click.option("--tokens", "max_tokens", default=0, type=Number(0), metavar="N", help=what)(command)


@query.command()
@_as_of_option
@_tokens_option
@json_option
@settings_options
@click.pass_context
def root(context: click.Context, as_of: str | None, max_tokens: int, as_json: bool) -> None:
    """Show the years that are remembered, newest first.

    Example: memory-daemon query root
    """
    from agent_memory.control.connection import connect
    from agent_memory.present import pages

    with connect(current(context)) as client:
        reply = client.root(as_of_ms(as_of), max_tokens)
    more = _with_more_tokens(context, reply, max_tokens, "root", *_as_of_words(as_of))
    _show(context, reply, as_json, lambda view: pages.root(view, reply, more, as_of), reply if max_tokens else None)


@query.command()
@click.argument("node_id", required=False)
@click.option("--node-id", "node_id_option", metavar="NODE_ID", help="The same as the argument.")
@click.option("--version", type=Number(1), metavar="N", help="Show this version instead of the latest.")
@click.option("--history", is_flag=True, help="Show the versions that are kept, newest first.")
@_as_of_option
@_tokens_option
@json_option
@settings_options
@click.pass_context
def node(
    context: click.Context,
    node_id: str | None,
    node_id_option: str | None,
    version: int | None,
    history: bool,
    as_of: str | None,
    max_tokens: int,
    as_json: bool,
) -> None:
    """Show one node: what was asked, decided, done and found.

    NODE_ID is an id, a date, or a time in words. Below each line are the grips that prove it.

    Example: memory-daemon query node "last week"
    """
    from agent_memory.control.connection import connect
    from agent_memory.present import pages

    named = _not_a_grip(_one_of(node_id, node_id_option, "NODE_ID", "node today"))
    if (version is not None) + history + (as_of is not None) > 1:
        raise click.UsageError("--version, --history and --as-of exclude each other; give one of them.")
    if history and max_tokens:
        raise click.UsageError("--history has no budget; leave out --tokens.")
    if history:
        _show_history(context, named, as_json)
        return
    with connect(current(context)) as client:
        reply = client.node(named, version=version, as_of_ms=as_of_ms(as_of), max_tokens=max_tokens)
    exists = reply.HasField("node")
    if as_json or exists:
        which = ("--version", version) if version else _as_of_words(as_of)
        more = _with_more_tokens(context, reply, max_tokens, "node", reply.node.node_id or named, *which)
        _show(context, reply, as_json, lambda view: pages.node(view, reply.node, more), reply if max_tokens else None)
    if not exists and (version or as_of) and _is_node_id(named):
        kept = f"version {version} of" if version else f"version from {as_of} or before of"
        raise AgentMemoryError(
            f"There is no {kept} {named!r}. "
            f"See what is kept with: memory-daemon query node {shlex.quote(named)} --history"
        )
    if not exists:
        raise _no_node(named, reply)


@query.command("map")
@click.option("--tokens", "max_tokens", default=400, show_default=True, type=Number(1), help="The map's size.")
@click.option("--project", metavar="FOLDER", help="Only that folder's project, or the project of that name.")
@_as_of_option
@json_option
@settings_options
@click.pass_context
def toc_map(context: click.Context, max_tokens: int, project: str | None, as_of: str | None, as_json: bool) -> None:
    """Show what is remembered, by time, and what reading it costs.

    Look at this first.

    Example: memory-daemon query map --tokens 1000
    """
    from agent_memory.control.connection import connect
    from agent_memory.present import pages

    with connect(current(context)) as client:
        named = project_named(project) if project else ""
        reply = client.toc_map(max_tokens, named, as_of_ms=as_of_ms(as_of))
    _show(context, reply, as_json, lambda view: pages.toc_map(view, reply, named))


@query.command()
@json_option
@settings_options
@click.pass_context
def projects(context: click.Context, as_json: bool) -> None:
    """Show the projects, the latest worked on first.

    Example: memory-daemon query projects
    """
    from agent_memory.control.connection import connect
    from agent_memory.present import pages

    with connect(current(context)) as client:
        reply = client.projects()
    _show(context, reply, as_json, lambda view: pages.projects(view, reply))


@query.command()
@click.argument("phrase", nargs=-1, required=True)
@_as_of_option
@_tokens_option
@json_option
@settings_options
@click.pass_context
def when(context: click.Context, phrase: tuple[str, ...], as_of: str | None, max_tokens: int, as_json: bool) -> None:
    """Show what a time in words means, and the nodes that cover it.

    Understands English, German, French, Spanish, Italian, Portuguese, Japanese and Chinese.

    Example: memory-daemon query when between Monday and Wednesday
    """
    from agent_memory.control.connection import connect
    from agent_memory.present import pages

    with connect(current(context)) as client:
        reply = client.resolve_time(" ".join(phrase), as_of_ms(as_of), max_tokens=max_tokens)
    more = _with_more_tokens(context, reply, max_tokens, "when", *phrase, *_as_of_words(as_of))
    _show(context, reply, as_json, lambda view: pages.when(view, reply, more), reply if max_tokens else None)


@query.command()
@click.argument("parent_id", required=False)
@click.option("--parent-id", "parent_id_option", metavar="NODE_ID", help="The same as the argument.")
@click.option("--limit", default=20, show_default=True, type=Number(1), help="Children per page.")
@click.option("--token", help="Where the last page ended.")
@_as_of_option
@_tokens_option
@json_option
@settings_options
@click.pass_context
def browse(
    context: click.Context,
    parent_id: str | None,
    parent_id_option: str | None,
    limit: int,
    token: str | None,
    as_of: str | None,
    max_tokens: int,
    as_json: bool,
) -> None:
    """Show the children of a node, oldest first.

    PARENT_ID is an id, a date, or a time in words.

    Example: memory-daemon query browse 2026-W05
    """
    from agent_memory.control.connection import connect
    from agent_memory.present import pages

    named = _not_a_grip(_one_of(parent_id, parent_id_option, "PARENT_ID", "browse 2026-W05"))
    with connect(current(context)) as client:
        reply = client.browse(named, limit, token, as_of_ms=as_of_ms(as_of), max_tokens=max_tokens)
    parent = reply.parent_id
    more = _command(
        context,
        *("query", "browse", parent, "--limit", limit),
        *(("--token", reply.continuation_token) if reply.continuation_token else ()),
        *_as_of_words(as_of),
        *_tokens_words(reply, max_tokens),
    )
    if as_json or parent:
        _show(
            context, reply, as_json, lambda view: pages.browse(view, parent, reply, more), reply if max_tokens else None
        )
    if not parent:
        raise _no_node(named, reply, as_of)


@query.command()
@click.option("--from", "from_", metavar="TIME", help="The first time; by default, the first event.")
@click.option("--to", metavar="TIME", help="The last time, or the last day or week; by default, the last event.")
@click.option("--limit", default=50, show_default=True, type=Number(1), help="Events per page.")
@click.option("--session", metavar="ID", help="Only this session's events.")
@click.option("--agent", metavar="NAME", help="Only this agent's events.")
@click.option("--newest-first", is_flag=True, help="Show the last event first.")
@click.option("--cursor", help="Where the last page ended.")
@_as_of_option
@_tokens_option
@json_option
@settings_options
@click.pass_context
def events(
    context: click.Context,
    from_: str | None,
    to: str | None,
    limit: int,
    session: str | None,
    agent: str | None,
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
    from agent_memory.present import pages
    from agent_memory.rpc.memory_pb2 import GetEventsRequest

    from_ms, to_ms = from_to_ms(from_, to, then(as_of))
    request = GetEventsRequest(
        from_timestamp_ms=from_ms,
        to_timestamp_ms=to_ms,
        limit=limit,
        cursor=cursor,
        newest_first=newest_first,
        session_id=session,
        agent=agent,
        as_of_ms=as_of_ms(as_of),
        max_tokens=max_tokens,
    )
    with connect(current(context)) as client:
        reply = client.events(request)
    more = _command(
        context,
        *("query", "events"),
        *(("--from", request.from_timestamp_ms) if from_ else ()),
        *(("--to", request.to_timestamp_ms) if to else ()),
        *("--limit", limit),
        *(("--session", session) if session else ()),
        *(("--agent", agent) if agent else ()),
        *(("--newest-first",) if newest_first else ()),
        *(("--cursor", reply.cursor) if reply.cursor else ()),
        *_as_of_words(as_of),
        *_tokens_words(reply, max_tokens),
    )
    _show(context, reply, as_json, lambda view: pages.events(view, reply, more), reply if max_tokens else None)


@query.command()
@click.argument("grip_id", required=False)
@click.option("--grip-id", "grip_id_option", metavar="GRIP_ID", help="The same as the argument.")
@click.option("--before", default=3, show_default=True, type=Number(0), help="Events before it.")
@click.option("--after", default=3, show_default=True, type=Number(0), help="Events after it.")
@_as_of_option
@_tokens_option
@json_option
@settings_options
@click.pass_context
def expand(
    context: click.Context,
    grip_id: str | None,
    grip_id_option: str | None,
    before: int,
    after: int,
    as_of: str | None,
    max_tokens: int,
    as_json: bool,
) -> None:
    """Show the events behind a grip, and those around them.

    Example: memory-daemon query expand grip:1769763600000:01KG7M4T00ABCDEFGHJKMNPQRS
    """
    from agent_memory.control.connection import connect
    from agent_memory.present import pages

    wanted = _one_of(grip_id, grip_id_option, "GRIP_ID", "expand grip:1769763600000:01KG7M4T00ABCDEFGHJKMNPQRS")
    if _is_node_id(wanted):
        raise UsageError(
            f"{wanted!r} is a node; only the grips below its lines have events behind them. "
            f"See them with: memory-daemon query node {shlex.quote(wanted)}"
        )
    with connect(current(context)) as client:
        reply = client.expand(wanted, before, after, as_of_ms=as_of_ms(as_of), max_tokens=max_tokens)
    if as_json or reply.HasField("grip"):
        around = ("--before", before, "--after", after, *_as_of_words(as_of))
        more = _with_more_tokens(context, reply, max_tokens, "expand", wanted, *around)
        _show(context, reply, as_json, lambda view: pages.grip(view, reply, more), reply if max_tokens else None)
    if not reply.HasField("grip"):
        changed = "its node was summarized again"
        why = f"{changed}, or it is later than --as-of {as_of}" if as_of else f"or {changed}"
        raise AgentMemoryError(
            f"There is no grip {wanted!r}: the id is incomplete, {why}. "
            "Find grips below the bullets of: memory-daemon query node NODE_ID"
        )


def _one_of(argument: str | None, option: str | None, name: str, example: str) -> str:
    """The id, given either way; raises click.UsageError if neither is given, or both."""
    if argument and option:
        raise click.UsageError(f"{name} was given twice, as an argument and as an option.")
    wanted = argument or option
    if not wanted:
        raise click.UsageError(f"Missing {name}. Example: memory-daemon query {example}")
    return wanted


def _not_a_grip(named: str) -> str:
    """The name itself; raises UsageError for a grip's id."""
    if named.startswith("grip:"):
        raise UsageError(
            f"{named!r} is a grip, not a node. See the events behind it with: "
            f"memory-daemon query expand {shlex.quote(named)}"
        )
    return named


def _is_node_id(named: str) -> bool:
    return named.startswith("toc:") or parse_period(named) is not None


def _no_node(named: str, reply: NodeReply, as_of: str | None = None) -> AgentMemoryError:
    """Why nothing was found: nothing is remembered of that time, there is no such node, or it is no name of one."""
    if reply.HasField("span"):
        return AgentMemoryError(f"Nothing is remembered of {named!r}: {reply.span.text}. {_SEE_ROOT}")
    if not _is_node_id(named):
        return UsageError(
            f"{named[:_NAME_SHOWN]!r} is neither a node's id nor a time that is understood. Try: today, last week, "
            "2026-W05, 12 March 2026, or an id from: memory-daemon query root"
        )
    incomplete = "the id is incomplete"
    why = f"{incomplete}, or it is later than --as-of {as_of}" if as_of else f"or {incomplete}"
    return AgentMemoryError(f"There is no node {named!r}: nothing is remembered of that time, {why}. {_SEE_ROOT}")


def _show_history(context: click.Context, named: str, as_json: bool) -> None:
    """Print the versions of a node that are kept; raises AgentMemoryError if there are none."""
    from agent_memory.control.connection import connect
    from agent_memory.present import pages

    with connect(current(context)) as client:
        reply = client.history(named)
    if as_json or reply.versions:
        _show(context, reply, as_json, lambda view: pages.history(view, reply))
    if not reply.versions:
        raise _no_node(named, reply)


def _as_of_words(as_of: str | None) -> tuple[str, ...]:
    return ("--as-of", as_of) if as_of else ()


def _with_more_tokens(context: click.Context, reply: CutReply, max_tokens: int, *words: object) -> str:
    """The same command with a larger budget, which brings more; empty if nothing was left out."""
    if not reply.has_more:
        return ""
    return _command(context, "query", *words, "--tokens", max(2 * max_tokens, reply.needed_tokens))


def _tokens_words(reply: CutReply, max_tokens: int) -> tuple[object, ...]:
    """The next page's budget: this page's, or the cost of the next item if that is more."""
    first = reply.needed_tokens - reply.size_tokens + bool(reply.size_tokens)
    return ("--tokens", max(max_tokens, first)) if max_tokens else ()


def _command(context: click.Context, *words: object) -> str:
    return shlex.join([*invocation(context), *map(str, words)])


def _show(
    context: click.Context,
    reply: Message,
    as_json: bool,
    page: Callable[[View], Iterable[Line]],
    priced: CutReply | None = None,
) -> None:
    """Print the reply as JSON, or its page; below the page, what the reply cost where it was given a budget."""
    if as_json:
        from agent_memory.present.json_text import reply_json

        click.echo(reply_json(reply))
        return
    from agent_memory.cli import render
    from agent_memory.present import pages

    console = render.console()
    program = shlex.join(invocation(context))
    view = pages.View(time.time_ns() // 1_000_000, here(), program, render.width(console))
    render.draw(console, page(view))
    if priced is not None:
        render.draw(console, [pages.price(priced)])


query.add_command(search)
