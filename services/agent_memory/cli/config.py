"""`config`: the settings, and where each comes from."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import click

from agent_memory.cli.options import HELP, current, given, json_option, settings_options
from agent_memory.errors import AgentMemoryError
from agent_memory.local_zone import local_zone
from agent_memory.paths import default_config_path
from agent_memory.settings import Settings, config_in_environment
from agent_memory.worker.llm.library import check_library


@click.group(context_settings=HELP)
@settings_options
def config() -> None:
    """Show and check the settings.

    Example: memory-daemon config show
    """


@config.command()
@json_option
@settings_options
@click.pass_context
def show(context: click.Context, as_json: bool) -> None:
    """Show every setting, its value, and where the value comes from.

    Example: memory-daemon config show --json
    """
    settings = current(context)
    rows = {name: (getattr(settings, name), source) for name, source in settings.sources.items()}
    if as_json:
        shown = {name: {"value": _plain(value), "source": source} for name, (value, source) in rows.items()}
        click.echo(json.dumps(shown, indent=2))
        return
    width = max(len(name) for name in rows)
    for name, (value, source) in rows.items():
        about = _unset(settings, name) if value == "" else source
        click.echo(f"{name:<{width}} = {json.dumps(_plain(value), ensure_ascii=False)}  ({about})")


@config.command()
@json_option
@settings_options
@click.pass_context
def validate(context: click.Context, as_json: bool) -> None:
    """Check the settings.

    Checks the config file, the environment and the command line. Exits 2 with the reason if a setting is wrong, or
    needs a library that is not installed.

    Example: memory-daemon --config new.toml config validate
    """
    check_library(current(context))
    path = _config_path(context)
    if as_json:
        click.echo(json.dumps({"valid": True, "config": str(path), "exists": path.exists()}, indent=2))
        return
    click.echo(f"The settings are valid ({path if path.exists() else 'no config file'})")


@config.command()
@settings_options
@click.pass_context
def path(context: click.Context) -> None:
    """Print the path of the config file, whether it exists or not.

    Example: $EDITOR "$(memory-daemon config path)"
    """
    click.echo(_config_path(context))


def _unset(settings: Settings, name: str) -> str:
    """What is said of a setting without a value; of the time zone, which one is in force instead."""
    if name != "timezone":
        return "not set"
    if settings.runtime.grpc_socket.exists():
        from agent_memory.control.connection import connect_to_store

        with suppress(AgentMemoryError), connect_to_store(settings) as client:
            return f"not set; the store's is {client.stats().timezone}"
    return f"not set; a new store's is this machine's, {local_zone()}"


def _config_path(context: click.Context) -> Path:
    named = given(context).get("config")
    return Path(named).expanduser() if named else config_in_environment() or default_config_path()


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value
