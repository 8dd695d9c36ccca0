"""`query node`, `query browse` and `query expand`: from a node down to the events that prove it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from agent_memory.cli import completing
from agent_memory.cli.answers import (
    as_of_option,
    as_of_words,
    filter_options,
    filter_words,
    filters_of,
    more_words,
    option_words,
    page_words,
    refuse,
    show,
    show_within,
    tokens_option,
)
from agent_memory.cli.options import Number, current, json_option, settings_options
from agent_memory.cli.times import as_of_ms
from agent_memory.errors import AgentMemoryError, UsageError
from agent_memory.periods import parse_period

if TYPE_CHECKING:  # protobuf costs 50 ms, and --help has no use for it
    from agent_memory.rpc.memory_pb2 import BrowseTocResponse, GetNodeResponse, GetNodeVersionsResponse

    NodeReply = GetNodeResponse | BrowseTocResponse | GetNodeVersionsResponse

# Enough of what was typed to recognize it.
_NAME_SHOWN = 100
_LIMIT = 20
_SEE_ROOT = "See what there is with: memory-daemon query root"


@click.command()
@click.argument("node_id", required=False, shell_complete=completing.nodes)
@click.option("--node-id", "node_id_option", metavar="NODE_ID", help="The same as the argument.")
@click.option("--version", type=Number(1), metavar="N", help="Show this version instead of the latest.")
@click.option("--history", is_flag=True, help="Show the versions that are kept, newest first.")
@filter_options
@as_of_option
@tokens_option
@json_option
@settings_options
@click.pass_context
def node(
    context: click.Context,
    node_id: str | None,
    node_id_option: str | None,
    version: int | None,
    history: bool,
    project: str,
    agent: str,
    session_id: str,
    as_of: str | None,
    max_tokens: int,
    as_json: bool,
) -> None:
    """Show one node: what was asked, decided, done and found.

    NODE_ID is an id, a date, or a time in words. Below each line are the grips that prove it. With --project,
    --agent or --session, a period is summarized from those conversations alone.

    Example: memory-daemon query node "last week" --project .
    """
    from agent_memory.control.connection import connect
    from agent_memory.present import pages
    from agent_memory.present.lines import Line
    from agent_memory.present.view import View

    named = _not_a_grip(_one_of(node_id, node_id_option, "NODE_ID", "node today"))
    if (version is not None) + history + (as_of is not None) > 1:
        raise click.UsageError("--version, --history and --as-of exclude each other; give one of them.")
    if history and max_tokens:
        raise click.UsageError("--history has no budget; leave out --tokens.")
    filters = filters_of(project, agent, session_id)
    if filters and (history or version):
        raise click.UsageError("What a filter leaves has no versions; leave out --version and --history.")
    if history:
        _show_history(context, named, as_json)
        return
    with connect(current(context)) as client:
        reply = client.node(named, version=version, as_of_ms=as_of_ms(as_of), filters=filters)
        is_missing = not reply.HasField("node")
        kept = [each.version for each in client.history(named).versions] if is_missing and version else []
    repeated = filter_words(project, agent, session_id)
    which = ("--version", version) if version else as_of_words(as_of)

    def page(view: View, cut: GetNodeResponse) -> Iterable[Line]:
        budget = more_words(cut, max_tokens)
        more = view.filtered("query", "node", cut.node.node_id, *which, *budget) if budget else ""
        return pages.node(view, cut.node, more)

    if as_json or reply.HasField("node"):
        show_within(context, reply, max_tokens, page, as_json=as_json, filters=repeated)
    if is_missing:
        raise _no_version(named, reply, version, kept, as_of)


@click.command()
@click.argument("parent_id", required=False, shell_complete=completing.nodes)
@click.option("--parent-id", "parent_id_option", metavar="NODE_ID", help="The same as the argument.")
@click.option("--limit", default=_LIMIT, show_default=True, type=Number(1), help="Children per page.")
@click.option("--token", metavar="ID", help="Where the last page ended: its last child.")
@click.option("--about", metavar="WORDS", default="", help="Only what is about this, the most telling first.")
@filter_options
@as_of_option
@tokens_option
@json_option
@settings_options
@click.pass_context
def browse(
    context: click.Context,
    parent_id: str | None,
    parent_id_option: str | None,
    limit: int,
    token: str | None,
    about: str,
    project: str,
    agent: str,
    session_id: str,
    as_of: str | None,
    max_tokens: int,
    as_json: bool,
) -> None:
    """Show what is below a node, or only what is about something.

    Children come oldest first.

    PARENT_ID is an id, a date, or a time in words; with --about it may be left out.

    Example: memory-daemon query browse 2026-W05
    """
    from agent_memory.control.connection import connect
    from agent_memory.present import pages
    from agent_memory.present.lines import Line
    from agent_memory.present.view import View

    if about and not (parent_id or parent_id_option):
        named = ""
    else:
        named = _not_a_grip(_one_of(parent_id, parent_id_option, "PARENT_ID", "browse 2026-W05"))
    with connect(current(context)) as client:
        filters = filters_of(project, agent, session_id)
        reply = client.browse(named, limit, token, as_of_ms=as_of_ms(as_of), filters=filters, about=about)
    parent = reply.parent_id
    repeated = (*filter_words(project, agent, session_id), *option_words(("--about", about)))

    def page(view: View, cut: BrowseTocResponse) -> Iterable[Line]:
        at = cut.continuation_token or token
        more = view.filtered(
            *("query", "browse", *filter(None, (parent,))),
            *(("--limit", limit) if limit != _LIMIT else ()),
            *(("--token", at) if at else ()),
            *as_of_words(as_of),
            *page_words(cut, max_tokens),
        )
        return pages.browse(view, parent, cut, more)

    is_empty = bool(reply.note) and not reply.children
    if as_json or ((parent or not named) and not is_empty):
        show_within(context, reply, max_tokens, page, as_json=as_json, filters=repeated)
    if is_empty and (parent or not named):
        refuse(reply.note)
    if named and not parent:
        raise _no_node(named, reply, as_of)


@click.command()
@click.argument("grip_id", required=False)
@click.option("--grip-id", "grip_id_option", metavar="GRIP_ID", help="The same as the argument.")
@click.option("--before", default=3, show_default=True, type=Number(0), help="Events before it.")
@click.option("--after", default=3, show_default=True, type=Number(0), help="Events after it.")
@as_of_option
@tokens_option
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
    from agent_memory.present import event_pages
    from agent_memory.present.lines import Line
    from agent_memory.present.view import View
    from agent_memory.rpc.memory_pb2 import ExpandGripResponse

    wanted = _one_of(grip_id, grip_id_option, "GRIP_ID", "expand grip:1769763600000:01KG7M4T00ABCDEFGHJKMNPQRS")
    if _is_node_id(wanted):
        raise UsageError(
            f"{wanted!r} is a node; only the grips below its lines have events behind them. "
            f"See them with: memory-daemon query node {shlex.quote(wanted)}"
        )
    with connect(current(context)) as client:
        reply = client.expand(wanted, before, after, as_of_ms=as_of_ms(as_of))

    def page(view: View, cut: ExpandGripResponse) -> Iterable[Line]:
        budget = more_words(cut, max_tokens)
        around = ("--before", before, "--after", after) if (before, after) != (3, 3) else ()
        more = view.command("query", "expand", wanted, *around, *as_of_words(as_of), *budget) if budget else ""
        return event_pages.grip(view, cut, more)

    if as_json or reply.HasField("grip"):
        show_within(context, reply, max_tokens, page, as_json=as_json)
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
    if reply.HasField("span") and reply.span.nodes:
        nodes = ", ".join(each.node_id for each in reply.span.nodes)
        return AgentMemoryError(
            f"There is no node {named!r} of its own: weeks are filed under the month of their Thursday. "
            f"What is remembered of that time is in {nodes}"
        )
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


def _no_version(
    named: str, reply: GetNodeResponse, version: int | None, kept: Sequence[int], as_of: str | None
) -> AgentMemoryError:
    """Why the node was not found, or not in that version; raises the error of a filter that leaves nothing."""
    see = f"memory-daemon query node {shlex.quote(named)} --history"
    if kept:
        there_are = ", ".join(map(str, kept))
        return AgentMemoryError(f"Version {version} of {named!r} is not kept; there are {there_are}. See: {see}")
    if as_of and _is_node_id(named) and not (reply.HasField("span") and reply.span.nodes):
        return AgentMemoryError(
            f"There is no version of {named!r} from {as_of} or before. See what is kept with: {see}"
        )
    refuse(reply.note)
    return _no_node(named, reply)


def _show_history(context: click.Context, named: str, as_json: bool) -> None:
    """Print the versions of a node that are kept; raises AgentMemoryError if there are none."""
    from agent_memory.control.connection import connect
    from agent_memory.present import pages

    with connect(current(context)) as client:
        reply = client.history(named)
    if as_json or reply.versions:
        show(context, reply, lambda view: pages.history(view, reply), as_json=as_json)
    if not reply.versions:
        raise _no_node(named, reply)
