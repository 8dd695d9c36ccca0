"""`query`: ask the memory, from the years down to single events."""

from __future__ import annotations

from collections.abc import Iterable

import click

from agent_memory.cli import query_events, query_nodes
from agent_memory.cli.answers import (
    as_of_option,
    as_of_words,
    filter_options,
    filter_words,
    filters_of,
    more_words,
    refuse,
    show,
    show_within,
    tokens_option,
)
from agent_memory.cli.each_store import all_stores_option
from agent_memory.cli.options import HELP, Number, current, json_option, settings_options
from agent_memory.cli.search import search
from agent_memory.cli.times import as_of_ms


@click.group(context_settings=HELP)
@settings_options
def query() -> None:
    """Ask the memory, from the years down to single events.

    Example: memory-daemon query root
    """


@query.command()
@as_of_option
@tokens_option
@json_option
@settings_options
@click.pass_context
@all_stores_option
def root(context: click.Context, as_of: str | None, max_tokens: int, as_json: bool) -> None:
    """Show the years that are remembered, newest first.

    Example: memory-daemon query root
    """
    from agent_memory.control.connection import connect
    from agent_memory.present import pages
    from agent_memory.present.lines import Line
    from agent_memory.present.view import View
    from agent_memory.rpc.memory_pb2 import GetTocRootResponse

    with connect(current(context)) as client:
        reply = client.root(as_of_ms(as_of))

    def page(view: View, cut: GetTocRootResponse) -> Iterable[Line]:
        budget = more_words(cut, max_tokens)
        more = view.command("query", "root", *budget, *as_of_words(as_of)) if budget else ""
        return pages.root(view, cut, more, as_of)

    show_within(context, reply, max_tokens, page, as_json=as_json)


@query.command("map")
@click.option("--tokens", "max_tokens", default=400, show_default=True, type=Number(1), help="The map's size.")
@filter_options
@as_of_option
@json_option
@settings_options
@click.pass_context
@all_stores_option
def toc_map(
    context: click.Context,
    max_tokens: int,
    project: str,
    agent: str,
    session_id: str,
    as_of: str | None,
    as_json: bool,
) -> None:
    """Show what is remembered, by time, and what reading it costs.

    Look at this first.

    Example: memory-daemon query map --tokens 1000
    """
    from agent_memory.control.connection import connect
    from agent_memory.present import pages

    filters = filters_of(project, agent, session_id)
    with connect(current(context)) as client:
        reply = client.toc_map(
            max_tokens,
            filters.project,
            as_of_ms=as_of_ms(as_of),
            agent=filters.agent,
            session_id=filters.session_id,
        )
    if as_json:
        show_within(context, reply, max_tokens, pages.toc_map, as_json=True)
    else:
        repeated = filter_words(project, agent, session_id)
        show(context, reply, lambda view: pages.toc_map(view, reply), as_json=False, filters=repeated)


@query.command()
@json_option
@settings_options
@click.pass_context
@all_stores_option
def projects(context: click.Context, as_json: bool) -> None:
    """Show the projects, the most recent first.

    Example: memory-daemon query projects
    """
    from agent_memory.control.connection import connect
    from agent_memory.present import pages

    with connect(current(context)) as client:
        reply = client.projects()
    show(context, reply, lambda view: pages.projects(view, reply), as_json=as_json)


@query.command()
@click.argument("phrase", nargs=-1, required=True)
@filter_options
@as_of_option
@tokens_option
@json_option
@settings_options
@click.pass_context
@all_stores_option
def when(
    context: click.Context,
    phrase: tuple[str, ...],
    project: str,
    agent: str,
    session_id: str,
    as_of: str | None,
    max_tokens: int,
    as_json: bool,
) -> None:
    """Show what a time in words means, and the nodes that cover it.

    Understands English, German, French, Spanish, Italian, Portuguese, Japanese and Chinese.

    Example: memory-daemon query when between Monday and Wednesday
    """
    from agent_memory.control.connection import connect
    from agent_memory.present import pages
    from agent_memory.present.lines import Line
    from agent_memory.present.view import View
    from agent_memory.rpc.memory_pb2 import ResolveTimeResponse

    with connect(current(context)) as client:
        filters = filters_of(project, agent, session_id)
        reply = client.resolve_time(" ".join(phrase), as_of_ms(as_of), filters=filters)
    repeated = filter_words(project, agent, session_id)

    def page(view: View, cut: ResolveTimeResponse) -> Iterable[Line]:
        budget = more_words(cut, max_tokens)
        more = view.filtered("query", "when", *phrase, *as_of_words(as_of), *budget) if budget else ""
        return pages.when(view, cut, more)

    if as_json or not reply.note:
        show_within(context, reply, max_tokens, page, as_json=as_json, filters=repeated)
    refuse(reply.note)


for command in (
    *(query_nodes.node, query_nodes.browse, query_nodes.expand),
    *(query_events.events, query_events.event, query_events.session),
    search,
):
    query.add_command(command)
