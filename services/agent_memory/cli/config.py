"""`config`: the settings, and where each comes from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from agent_memory import credentials
from agent_memory.cli import completing
from agent_memory.cli.lifecycle import warn
from agent_memory.cli.options import HELP, current, echo_next, given, json_option, settings_options
from agent_memory.control import config_file
from agent_memory.control.doctor.surroundings import other_zone
from agent_memory.control.upkeep.store_zone import zone_of_store
from agent_memory.errors import AgentMemoryError, SettingsError
from agent_memory.local_zone import local_zone
from agent_memory.paths import default_config_path
from agent_memory.settings import VARIABLES, Settings, config_in_environment, read_toml, setting_of
from agent_memory.worker.llm.library import check_library

# What becomes of what is stored, where events go to other stores from now on.
_MOVES_NOTHING: Final = {
    "separate": (
        "Note: New sessions go to a store for each agent. What there is stays where it is; --all-stores asks all of "
        "them. To have agents ask their own: memory-daemon mcp install --all-found"
    ),
    "unified": (
        "Note: New sessions go to the default store. What agents' own stores hold stays there; --all-stores asks all "
        "of them."
    ),
}


@click.group(context_settings=HELP)
@settings_options
def config() -> None:
    """Show, check and change the settings.

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
        shown_value = json.dumps(_plain(value), ensure_ascii=False)
        click.echo(f"{name:<{width}} = {shown_value}  ({_about(settings, name, source)})")


@config.command()
@json_option
@settings_options
@click.pass_context
def validate(context: click.Context, as_json: bool) -> None:
    """Check the settings.

    Checks the config file, the environment and the command line, and the files with the token and the certificate that
    they name. Exits 2 with the reason if a setting is wrong, or needs a library that is not installed. Warns of what is
    probably not meant, such as a misspelt variable.

    Example: memory-daemon --config new.toml config validate
    """
    settings = current(context)
    check_library(settings)
    credentials.check(settings)
    warn(settings)
    path = _config_path(context)
    if as_json:
        click.echo(json.dumps({"valid": True, "config": str(path), "exists": path.exists()}, indent=2))
        return
    click.echo(f"The settings are valid ({path if path.exists() else 'no config file'})")


@config.command()
@settings_options
@click.pass_context
def init(context: click.Context) -> None:
    """Write a config file that explains every setting and sets none.

    Leaves an existing one as it is.

    Example: memory-daemon config init
    """
    path = _config_path(context)
    if path.exists():
        raise AgentMemoryError(f"There is a config file already: {path}.", "Change it with: memory-daemon config edit")
    config_file.write(path, config_file.beginning())
    click.echo(f"Written: {path}")
    echo_next(context, "config edit")


@config.command("set", context_settings={"ignore_unknown_options": True})  # a value such as -1
@click.argument("name", shell_complete=completing.settings)
@click.argument("value")
@settings_options
@click.pass_context
def set_(context: click.Context, name: str, value: str) -> None:
    """Set a setting in the config file.

    Keeps the file's comments and order. A value that is not usable changes nothing. A list or a table is written as in
    TOML or JSON.

    Example: memory-daemon config set retention_days 365
    """
    path, setting = _config_path(context), setting_of(name)
    before = config_file.read(path)
    read_toml(path, before)
    content = config_file.changed(before, setting, value)
    _save(path, content, [setting])


@config.command()
@settings_options
@click.pass_context
def edit(context: click.Context) -> None:
    """Edit the config file, and check it before it is saved.

    Opens it in $VISUAL or $EDITOR. A new file begins with every setting explained.

    Example: EDITOR=nano memory-daemon config edit
    """
    path = _config_path(context)
    before = config_file.read(path)
    content = before or config_file.beginning()
    while True:
        edited = click.edit(content, extension=".toml")
        if edited is None or edited == before:
            click.echo(f"Nothing was changed ({path})")
            return
        try:
            _save(path, edited, [])
            return
        except SettingsError as error:
            click.echo(f"Error: {error}", err=True)
            click.confirm("Edit again?", default=True, abort=True, err=True)
            content = edited


@config.command()
@settings_options
@click.pass_context
def path(context: click.Context) -> None:
    """Print the path of the config file, whether it exists or not.

    Example: $EDITOR "$(memory-daemon config path)"
    """
    click.echo(_config_path(context))


def _save(path: Path, content: str, names: Sequence[str]) -> None:
    """Write the checked content, and say what else it takes for it; raises SettingsError, and then nothing changed.

    `names` are the settings that must not be set elsewhere, too.
    """
    new = config_file.check(path, content)
    check_library(new)
    config_file.write(path, content)
    click.echo(f"Written: {path}")
    for name in names:
        if new.sources[name] == VARIABLES[name]:
            click.echo(f"Note: {VARIABLES[name]} is set in the environment here, and wins over the file.", err=True)
    if "multi_agent_mode" in names:
        click.echo(_MOVES_NOTHING[new.multi_agent_mode], err=True)
    if "timezone" in names:
        for hint in other_zone(new.timezone, zone_of_store(new)):
            click.echo(f"Note: {hint.message}. To change it: {hint.remedy}", err=True)
    try:
        credentials.check(new)
    except SettingsError as error:  # the settings that go together may be set one after another
        click.echo(f"Note: No daemon starts with these settings yet. {error}", err=True)
    if new.runtime.pid_file.exists():
        click.echo("It takes effect with: memory-daemon restart")


def _about(settings: Settings, name: str, source: str) -> str:
    """Where the value is from, or that there is none; of the time zone, which one is in force instead."""
    value = getattr(settings, name)
    if name != "timezone":
        return source if value != "" else "not set"
    kept = zone_of_store(settings)
    if value:
        return f"{source}; the store keeps {kept}" if kept not in ("", value) else source
    return f"not set; the store's is {kept}" if kept else f"not set; a new store's is this machine's, {local_zone()}"


def _config_path(context: click.Context) -> Path:
    named = given(context).get("config")
    return Path(named).expanduser() if named else config_in_environment() or default_config_path()


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value
