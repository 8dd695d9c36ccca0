"""`--all-stores`: one question to every store. Nothing else ever reads more than one."""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any, Final

import click

from agent_memory.cli.caller import caller
from agent_memory.cli.options import current, for_daemon, given, of_store_named
from agent_memory.errors import AgentMemoryError, UsageError
from agent_memory.model import DEFAULT_STORE
from agent_memory.project_stores import VARIABLE

OPTION: Final = "all_stores"
HELP: Final = "Ask every store of the daemon, not only one."


def all_stores_option(command: Callable[..., None]) -> Callable[..., None]:
    """`--all-stores` of a command that shows a page: the page of each store, one below the other."""

    @functools.wraps(command)
    def of_each(context: click.Context, *arguments: Any, **options: Any) -> None:
        if not options.pop(OPTION):
            command(context, *arguments, **options)
            tell_of_others(context)
            return
        if options.get("as_json"):
            _print_json(context, functools.partial(command, context, *arguments, **options))
        else:
            _print_pages(context, functools.partial(command, context, *arguments, **options))

    return click.option("--all-stores", OPTION, is_flag=True, help=HELP)(of_each)


def tell_of_others(context: click.Context) -> None:
    """Where each agent has a store, and none was named: say that the default one is not all."""
    settings = current(context)
    is_named = "project_store" in given(context) or VARIABLE in caller().environ
    if settings.has_agent_stores and settings.store == DEFAULT_STORE and not is_named:
        click.echo("Each agent has a store of its own, and this is the default one: --all-stores asks all.", err=True)


def names(context: click.Context) -> list[str]:
    """The stores of the daemon, the default one first."""
    from agent_memory.control.connection import connect

    if "project_store" in given(context):
        raise UsageError("--all-stores and --project-store exclude each other.", "Leave one of them out.")
    with connect(for_daemon(context)) as client:
        return [store.name for store in client.stores().stores]


@contextmanager
def answering_alone(context: click.Context, name: str) -> Iterator[list[AgentMemoryError]]:
    """In the block, that store is the one that is asked; what it fails with is put into the list, and not raised.

    One store's trouble does not keep the others from answering.
    """
    failed: list[AgentMemoryError] = []
    try:
        with of_store_named(context, name):
            yield failed
    except AgentMemoryError as error:
        failed.append(error)


def _print_pages(context: click.Context, show: Callable[[], None]) -> None:
    has_failed = False
    for place, name in enumerate(names(context)):
        click.secho(f"{'' if place == 0 else chr(10)}Store {name}", bold=True)
        with answering_alone(context, name) as failed:
            show()
        for error in failed:
            click.echo(f"Error: {error}", err=True)
            has_failed = True
    context.exit(1 if has_failed else 0)


def _print_json(context: click.Context, show: Callable[[], None]) -> None:
    found: dict[str, Any] = {}
    has_failed = False
    for name in names(context):
        output = io.StringIO()
        with answering_alone(context, name) as failed, redirect_stdout(output):
            show()
        found[name] = {"error": str(failed[0])} if failed else json.loads(output.getvalue())
        has_failed = has_failed or bool(failed)
    click.echo(json.dumps({"stores": found}, indent=2))
    context.exit(1 if has_failed else 0)
