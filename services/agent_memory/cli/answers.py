"""Answers: printing what the daemon replied, as a page or as JSON, and within a budget."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from agent_memory.cli import completing
from agent_memory.cli.options import Number, invocation
from agent_memory.cli.times import project_named, zone
from agent_memory.errors import AgentMemoryError

if TYPE_CHECKING:  # rich and protobuf cost 100 ms, and --help has no use for them
    from google.protobuf.message import Message

    from agent_memory.client import Client, Filters
    from agent_memory.present.lines import Line
    from agent_memory.present.view import View
    from agent_memory.present.within import Answer

Reply = TypeVar("Reply", bound="Message")


def as_of_option(command: Callable[..., None]) -> Callable[..., None]:
    """`--as-of`: what was known at an earlier time."""
    what = "Show what was known at that time, or at the end of that day."
    return click.option("--as-of", metavar="TIME", help=what)(command)


def tokens_option(command: Callable[..., None]) -> Callable[..., None]:
    """`--tokens`: an answer within a budget."""
    what = "The most tokens that the answer may cost to read, as it is printed; whole items are left out."
    return click.option("--tokens", "max_tokens", default=0, type=Number(0), metavar="N", help=what)(command)


def filter_options(command: Callable[..., None]) -> Callable[..., None]:
    """`--project`, `--agent` and `--session`: what an answer is made from."""
    for names, metavar, what, complete in (
        (("--session", "session_id"), "ID", "Only this session.", completing.sessions),
        (("--agent",), "NAME", "Only this agent's sessions.", completing.agents),
        (("--project",), "NAME", "Only this project, by its name or its folder.", completing.projects),
    ):
        command = click.option(*names, metavar=metavar, default="", help=what, shell_complete=complete)(command)
    return command


def selection_options(command: Callable[..., None]) -> Callable[..., None]:
    """`--session`, `--from`, `--to`, `--agent` and `--project`: which events the command is about."""
    project = "Only that folder's project, or the project of that name."
    sessions = "This session; may be given several times."
    for option in (
        click.option("--project", default="", metavar="FOLDER", help=project, shell_complete=completing.projects),
        click.option(
            "--agent", default="", metavar="NAME", help="Only this agent's.", shell_complete=completing.agents
        ),
        click.option("--to", metavar="TIME", help="Only up to this time."),
        click.option("--from", "from_", metavar="TIME", help="Only from this time on."),
        click.option(
            "--session", "session_ids", multiple=True, metavar="ID", help=sessions, shell_complete=completing.sessions
        ),
    ):
        command = option(command)
    return command


def filters_of(project: str, agent: str, session_id: str) -> Filters:
    """The filters as they were typed; a folder by its full path."""
    from agent_memory.client import Filters

    return Filters(project_named(project) if project else "", agent, session_id)


def filter_words(project: str, agent: str, session_id: str) -> tuple[str, ...]:
    """The options that repeat the filters."""
    return option_words(("--project", project), ("--agent", agent), ("--session", session_id))


def option_words(*given: tuple[str, str | None]) -> tuple[str, ...]:
    """Those of the options that were given, as they are typed."""
    return tuple(word for option, value in given if value for word in (option, value))


def as_of_words(as_of: str | None) -> tuple[str, ...]:
    """The option that repeats the time as of which was asked."""
    return ("--as-of", as_of) if as_of else ()


def more_words(reply: Answer, max_tokens: int) -> tuple[object, ...]:
    """The budget for the same question that brings more, at least twice this one; none if nothing was left out."""
    from agent_memory.rpc.memory_pb2 import GetTocMapResponse

    if isinstance(reply, GetTocMapResponse) or not reply.needed_tokens:
        return ()
    return ("--tokens", max(2 * max_tokens, reply.needed_tokens))


def page_words(reply: Answer, max_tokens: int) -> tuple[object, ...]:
    """The budget for the next page: this page's, or more where not even one item fitted."""
    from agent_memory.present.within import items

    return (more_words(reply, max_tokens) if not items(reply) else ("--tokens", max_tokens)) if max_tokens else ()


def view_of(context: click.Context, width: int, filters: tuple[str, ...] = ()) -> View:
    """How pages look in lines of so many cells."""
    from agent_memory.present.view import View

    program = shlex.join(invocation(context))
    return View(time.time_ns() // 1_000_000, zone(), program, width, filters)


def show(
    context: click.Context,
    reply: Message,
    page: Callable[[View], Iterable[Line]],
    *,
    as_json: bool,
    filters: tuple[str, ...] = (),
) -> None:
    """Print the reply as JSON, or its page."""
    if as_json:
        from agent_memory.present.json_text import reply_json

        click.echo(reply_json(reply))
        return
    from agent_memory.cli import render

    console = render.console()
    render.draw(console, page(view_of(context, render.width(console), filters)))


def show_within(
    context: click.Context,
    reply: Reply,
    max_tokens: int,
    page: Callable[[View, Reply], Iterable[Line]],
    *,
    as_json: bool,
    filters: tuple[str, ...] = (),
) -> None:
    """Print as much of the reply as the budget allows, and below a page what it costs to read."""
    if as_json:
        from agent_memory.present.json_text import reply_json

        click.echo(reply_json(_within(reply, max_tokens, lambda cut: f"{reply_json(cut)}\n")))
        return
    from agent_memory.cli import render
    from agent_memory.present import pages

    console = render.console()
    view = view_of(context, render.width(console), filters)

    def lines(cut: Any) -> list[Line]:
        return [*page(view, cut), *([pages.price(cut)] if max_tokens else [])]

    shown = _within(reply, max_tokens, lambda cut: "".join(f"{each.text}\n" for each in lines(cut)))
    render.draw(console, lines(shown))


def refuse(note: str) -> None:
    """End the command where a filter names something that is not there; raises AgentMemoryError."""
    if note:
        raise AgentMemoryError(note)


def whole_session_id(client: Client, named: str) -> str:
    """The id of the one session that begins so; else the name itself, which the daemon knows nothing by."""
    reply = client.session(named)
    return reply.session.session_id if reply.HasField("session") else named


def _within(reply: Any, max_tokens: int, text: Callable[[Any], str]) -> Any:
    from agent_memory.present.within import within

    return within(reply, max_tokens, text)
