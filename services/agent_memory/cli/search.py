"""`search`: find what was said, by its words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from agent_memory.cli import each_store
from agent_memory.cli.answers import filter_options, filter_words, option_words, tokens_option, view_of
from agent_memory.cli.options import Number, current, json_option, settings_options
from agent_memory.cli.times import as_of_ms, from_to_ms, project_named, then

if TYPE_CHECKING:  # protobuf costs 50 ms, and --help has no use for it
    from agent_memory.errors import AgentMemoryError
    from agent_memory.present.lines import Line
    from agent_memory.rpc.memory_pb2 import SearchRequest, SearchResponse


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
@click.option("--when", metavar="TIME", default="", help='Only from that time, in words; "any" ignores one in WORDS.')
@click.option("--from", "from_", metavar="TIME", help="The first time.")
@click.option("--to", metavar="TIME", help="The last time, or the last day or week.")
@filter_options
@click.option("--role", metavar="ROLE", default="", help="Only from user, assistant, system or tool.")
@click.option("--file", metavar="PATH", default="", help="Only what touched this file or speaks of it.")
@click.option("--blame", metavar="FILE[:LINE]", default="", help="Show the session that made the change git blames.")
@click.option(
    "--limit", default=0, type=Number(0), metavar="N", help="The most hits; by default 10, or 100 with --tokens."
)
@tokens_option
@click.option("--as-of", metavar="TIME", help="Only what was said by then.")
@click.option("--explain", is_flag=True, help="Say why each hit is there.")
@click.option("--all-stores", is_flag=True, help=each_store.HELP)
@json_option
@settings_options
@click.pass_context
def search(
    context: click.Context,
    words: tuple[str, ...],
    when: str,
    from_: str | None,
    to: str | None,
    project: str,
    agent: str,
    session_id: str,
    role: str,
    file: str,
    blame: str,
    limit: int,
    max_tokens: int,
    as_of: str | None,
    explain: bool,
    all_stores: bool,
    as_json: bool,
) -> None:
    """Find what was said, by words or with a question.

    "Quotes" keep words together, -word leaves out what has that word, and what was said in a time such as "last week"
    comes first.

    Example: memory-daemon search why did we drop the second worker last week
    """
    from agent_memory.control.connection import connect
    from agent_memory.rpc.memory_pb2 import SearchRequest

    if unknown := next((word for word in words if word.startswith("--")), None):
        raise click.NoSuchOption(unknown)
    filters = (when, from_, to, project, agent, session_id, role, file)
    if blame:
        from agent_memory.cli.blame import show

        if any(words) or any(filters):
            raise click.UsageError("--blame stands alone. Example: memory-daemon search --blame src/app.py:12")
        show(context, blame, as_json=as_json)
        return
    if not any(word.strip() for word in words) and not any(filters):
        raise click.UsageError("Missing WORDS. Example: memory-daemon search why did we choose postgres")
    request = SearchRequest(
        query=" ".join(words),
        when=when,
        project=project_named(project) if project else "",
        agent=agent,
        session_id=session_id,
        role=role,
        file=file,
        limit=limit,
        max_tokens=max_tokens,
        as_of_ms=as_of_ms(as_of),
        explain=explain,
    )
    if from_ or to:
        request.from_timestamp_ms, request.to_timestamp_ms = from_to_ms(from_, to, then(as_of))
    has_failed = False
    if all_stores:
        reply, has_failed = _merged(context, request)
    else:
        with connect(current(context)) as client:
            reply = client.search(request)
    if as_json:
        _print_json(reply, max_tokens)
    else:
        again = (
            *words,
            *option_words(("--when", when), ("--from", from_), ("--to", to)),
            *filter_words(project, agent, session_id),
            *option_words(("--role", role), ("--file", file), ("--limit", str(limit or "")), ("--as-of", as_of)),
            *(("--explain",) if explain else ()),
            *(("--all-stores",) if all_stores else ()),
        )
        _draw(context, reply, max_tokens, again, by_words=any(word.strip() for word in words))
    if not all_stores:
        each_store.tell_of_others(context)
    if has_failed:
        context.exit(1)


def _merged(context: click.Context, request: SearchRequest) -> tuple[SearchResponse, bool]:
    """The answer of all stores, and whether one has failed, which is told on standard error; raises where all have."""
    from agent_memory.control.connection import connect
    from agent_memory.search.limits import limit_of
    from agent_memory.search.merging import merged

    replies: dict[str, SearchResponse] = {}
    failures: dict[str, AgentMemoryError] = {}
    for name in each_store.names(context):
        with each_store.answering_alone(context, name) as failed, connect(current(context)) as client:
            replies[name] = client.search(request)
        if failed:
            failures[name] = failed[0]
    if not replies:
        raise next(iter(failures.values()))
    for name, error in failures.items():
        click.echo(f"Store {name}: {error}", err=True)
    return merged(replies, limit_of(request)), bool(failures)


def _print_json(reply: SearchResponse, max_tokens: int) -> None:
    from agent_memory.present.json_text import reply_json
    from agent_memory.present.search_page import within

    click.echo(reply_json(within(reply, max_tokens, lambda cut: f"{reply_json(cut)}\n")))


def _draw(
    context: click.Context, reply: SearchResponse, max_tokens: int, again: tuple[str, ...], *, by_words: bool
) -> None:
    """Print the hits; `again` is what asks the same."""
    from agent_memory.cli import render
    from agent_memory.present import search_page

    console = render.console()
    view = view_of(context, render.width(console))
    more = view.command("search", *again, "--tokens", max(2 * max_tokens, reply.needed_tokens)) if max_tokens else ""

    def lines(cut: SearchResponse) -> list[Line]:
        return list(search_page.search(view, cut, more, "--when any", by_words=by_words))

    shown = search_page.within(reply, max_tokens, lambda cut: "".join(f"{each.text}\n" for each in lines(cut)))
    render.draw(console, lines(shown))
