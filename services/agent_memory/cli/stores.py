"""`stores`: the isolated stores that one daemon serves."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict

import click

from agent_memory import project_stores
from agent_memory.cli.options import HELP, echo_next, for_daemon, json_option, settings_options, unattended
from agent_memory.errors import AgentMemoryError, joined
from agent_memory.present.text import printable

_MEGABYTE = 1_000_000


@click.group(context_settings=HELP)
@settings_options
def stores() -> None:
    """Keep memories apart: stores that share nothing but the daemon.

    Each project store has its own events, index, jobs, backups and settings. No store answers with what is in another,
    unless --all-stores asks them all. A command is about the store that --project-store or MEMORY_PROJECT names. (What
    `query projects` lists are not stores, but the repositories that one store remembers.)

    Example: memory-daemon stores create acme
    """


@stores.command("list")
@json_option
@settings_options
@click.pass_context
def list_(context: click.Context, as_json: bool) -> None:
    """Show the stores, and which of them are in use or in trouble.

    Example: memory-daemon stores list
    """
    from agent_memory.control.upkeep import store_keeping
    from agent_memory.present.times import relative

    found = store_keeping.stores(for_daemon(context))
    if as_json:
        click.echo(json.dumps({"stores": [asdict(store) for store in found]}, indent=2))
        return
    now_ms = time.time_ns() // 1_000_000
    wide = max(5, *(len(store.name) for store in found))
    click.echo(f"{'STORE':<{wide}}  {'SIZE':>9}  {'LAST WRITTEN':<16}  STATE")
    for store in found:
        state = "damaged" if store.error else "open" if store.is_open else "closed"
        written = relative(store.written_ms, now_ms) if store.written_ms else "never"
        click.echo(f"{store.name:<{wide}}  {store.size_bytes / _MEGABYTE:>6.1f} MB  {written:<16}  {state}")
    for store in found:
        if store.error:
            click.echo(f"\n{store.name}: {printable(joined(store.error, store.remedy))}")
    if len(found) == 1:
        echo_next(context, "stores create NAME")


@stores.command()
@click.argument("name")
@settings_options
@click.pass_context
def create(context: click.Context, name: str) -> None:
    """Make a project store.

    A hook that finds its name in MEMORY_PROJECT makes it by itself, and so does a rule in project_stores.

    Example: memory-daemon stores create acme
    """
    settings = for_daemon(context)
    parsed = project_stores.parse_name(name)
    try:
        is_new = project_stores.create(settings.db_path, parsed)
    except OSError as error:
        raise AgentMemoryError(f"The store {parsed!r} can't be made: {error.strerror} ({error.filename}).") from error
    folder = project_stores.folder_of(settings.db_path, parsed)
    click.echo(f"The store {parsed} is {'made' if is_new else 'there already'}: {folder}")
    click.echo("To fill it, do one of these:")
    click.echo(f"- for one session: start the agent with {project_stores.VARIABLE}={parsed}")
    click.echo("- for a folder, with all below it: add to the config file, and restart the daemon:")
    click.echo(f'    [project_stores]\n    "/path/of/the/folder" = "{parsed}"')
    click.echo(f"- from a file: memory-daemon import FILE --project-store {parsed}")


@stores.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@settings_options
@click.pass_context
def remove(context: click.Context, name: str, yes: bool) -> None:
    """Remove a project store and everything that it remembers.

    Backups outside its folder stay, and so do agents' transcripts, but nothing of them is taken in again. A
    session makes the store again, empty, where a rule in project_stores, MEMORY_PROJECT, an agent's hooks or
    multi_agent_mode still names it; this command warns of a rule.

    Example: memory-daemon stores remove acme
    """
    from agent_memory.control.upkeep import store_keeping

    settings = for_daemon(context)
    parsed = project_stores.require(settings.db_path, name)
    folder = project_stores.folder_of(settings.db_path, parsed)
    if not yes:
        question = f'{folder} will be gone for good. Type "{parsed}" to remove it'
        with unattended("Nothing was changed."):
            typed = click.prompt(question, default="", show_default=False)
        if str(typed).strip() != parsed:
            click.echo("Nothing was changed.")
            return
    store_keeping.remove(settings, parsed)
    click.echo(f"The store {parsed} is removed.")
    _warn_of_rules(settings.project_stores, parsed)


@stores.command()
@click.argument("name")
@click.argument("new_name")
@settings_options
@click.pass_context
def move(context: click.Context, name: str, new_name: str) -> None:
    """Give a project store another name.

    Example: memory-daemon stores move acme acme-2026
    """
    from agent_memory.control.upkeep import store_keeping

    settings = for_daemon(context)
    store_keeping.move(settings, name, new_name)
    old, new = project_stores.parse_name(name), project_stores.parse_name(new_name)
    click.echo(f"The store {old} is called {new} now: {project_stores.folder_of(settings.db_path, new)}")
    _warn_of_rules(settings.project_stores, old)


def _warn_of_rules(rules: Mapping[str, str], name: str) -> None:
    if name in rules.values():
        click.echo(f"A rule in project_stores still names {name}: its next session makes that store again.", err=True)
