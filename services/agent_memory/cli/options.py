"""The options that every command takes, and the settings they lead to."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from agent_memory import settings
from agent_memory.cli.caller import NotServed, caller
from agent_memory.command_call import AGENT
from agent_memory.errors import AgentMemoryError, SettingsError, UsageError
from agent_memory.model import DEFAULT_STORE
from agent_memory.paths import default_db_path
from agent_memory.project_stores import VARIABLE, FolderRules, exists, of_agent, parse_name, require
from agent_memory.settings import LOG_LEVELS, Settings
from agent_memory.settings.broken import meant_store
from agent_memory.settings.of_store import of_store

Command = TypeVar("Command", bound=Callable[..., Any])

HELP = {"help_option_names": ["-h", "--help"]}
# The largest number that the daemon's messages hold.
NUMBER_MAX = 2**31 - 1
SHOW_VERSION = "show_version"
VERSION = "memory-daemon %(version)s"
_GIVEN = "agent_memory.given"
_STORE = "project_store"
# Whether commands are part of a conversation, which itself says what comes next.
QUIET = "agent_memory.quiet"


class Number(click.IntRange):
    """A whole number from `least` to `most`; anything else is refused in a sentence."""

    def __init__(self, least: int, most: int = NUMBER_MAX, must: str = "it must be") -> None:
        super().__init__(least, most)
        self._rule = f"{must} a whole number from {least} to {most}."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is not usable: {self._rule}", param, ctx)


class _NonEmptyPath(click.Path):
    """A path. An empty one would mean the current folder, which nobody named."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not value:
            self.fail("The path is empty. Give a path, or leave the option out.", param, ctx)
        return super().convert(value, param, ctx)


class _Everywhere(click.Option):
    """An option that every command takes: explained by the root alone, so that each one's help is about its own."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        return super().get_help_record(ctx) if ctx.parent is None else None


def _remember(context: click.Context, parameter: click.Parameter, value: object) -> None:
    """Note what was given; the innermost command is parsed last, so it wins."""
    if value is not None and parameter.name:
        context.meta.setdefault(_GIVEN, {})[parameter.name] = value


def remembered(*names: str, cls: type[click.Option] = click.Option, **attributes: Any) -> Callable[[Command], Command]:
    """An option that is a setting: `current` finds it, and the command's function does not get it."""
    return click.option(*names, cls=cls, expose_value=False, callback=_remember, **attributes)


def settings_options(command: Command) -> Command:
    """`--config`, `--log-level`, `--db-path` and `--project-store`, to be given before or after the command's name."""
    path = _NonEmptyPath(path_type=Path)
    command = remembered(
        "--project-store", "--store", "project_store", metavar="NAME", help="The store to use, by its name.",
        cls=_Everywhere,
    )(command)  # fmt: skip
    command = remembered("--db-path", cls=_Everywhere, type=path, metavar="PATH", help="The store's folder.")(command)
    levels = click.Choice(LOG_LEVELS, case_sensitive=False)
    command = remembered("--log-level", cls=_Everywhere, type=levels, help="How much the processes log.")(command)
    return remembered("--config", cls=_Everywhere, type=path, metavar="PATH", help="The config file to read.")(command)


def json_option(command: Command) -> Command:
    """`--json`: one object for programs instead of text for people."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs.")(command)


def current(context: click.Context) -> Settings:
    """The settings of the store that the command is about: `for_daemon`, and over them the store's own.

    The store is the one that the command line names, else the environment, else a rule for the folder, else the one of
    the agent that asks; else the default one, as well where a path is named.

    Raises SettingsError, UsageError, UnknownStore.
    """
    daemon = _of_daemon(context, {})
    given = context.meta.get(_GIVEN, {})
    if named := given.get(_STORE) or ("" if "db_path" in given else caller().environ.get(VARIABLE, "")):
        # What stores there are, only the daemon knows where it is another machine's.
        is_elsewhere = "MEMORY_DAEMON_ADDR" in caller().environ
        return of_store(daemon, named if is_elsewhere else require(daemon.db_path, named))
    if "db_path" not in given:
        name = FolderRules(daemon.project_stores).store_of(_folder()) or _agents_store(daemon)
        # Before its first session there is none.
        return of_store(daemon, name) if name and exists(daemon.db_path, name) else daemon
    return daemon


def _agents_store(daemon: Settings) -> str:
    """The store of the agent that asks; empty where it has none of its own."""
    agent = caller().environ.get(AGENT, "") if daemon.has_agent_stores else ""
    return of_agent(agent) if agent else ""


def for_daemon(context: click.Context, kept: Mapping[str, str] | None = None) -> Settings:
    """The settings in force: `kept` < command line, over everything else. For a command about the whole daemon.

    Raises SettingsError; UsageError where the command line names a store.
    """
    named = context.meta.get(_GIVEN, {}).get(_STORE)
    if named and parse_name(named) != DEFAULT_STORE:
        raise UsageError("This command is about the whole daemon, not about one store.", "Leave --project-store out.")
    return _of_daemon(context, kept or {})


def daemon_and_store(context: click.Context) -> tuple[Settings, str]:
    """The settings of the whole daemon, and the project store that the command line names; empty for none."""
    values = context.meta.get(_GIVEN, {})
    named = parse_name(values.get(_STORE, ""))
    return _of_daemon(context, {}), "" if named == DEFAULT_STORE else named


@contextmanager
def of_store_named(context: click.Context, name: str) -> Iterator[None]:
    """In the block, the command line names that store."""
    values = context.meta.setdefault(_GIVEN, {})
    before = dict(values)
    values[_STORE] = name
    try:
        yield
    finally:
        context.meta[_GIVEN] = before


def _of_daemon(context: click.Context, kept: Mapping[str, str]) -> Settings:
    values = {**kept, **context.meta.get(_GIVEN, {})}
    values.pop(_STORE, None)
    config = values.pop("config", None)
    found = settings.load(Path(config) if config else None, environ=caller().environ, **values)
    if caller().store not in (None, found.db_path.resolve()):
        raise NotServed("another store is meant")
    return found


def found_settings(context: click.Context) -> tuple[Settings, SettingsError | None]:
    """The settings in force. Where they are broken: those of the store that they mean, and the error.

    If they don't say which, it is the only one whose daemon runs; raises the error where that is not clear either.
    """
    try:
        return for_daemon(context), None
    except SettingsError as error:
        values, environ = context.meta.get(_GIVEN, {}), caller().environ
        config, path = values.get("config"), values.get("db_path")
        try:
            store = meant_store(Path(config) if config else None, environ, str(path) if path else None)
        except FileNotFoundError:
            raise error from None
        if store is None:
            from agent_memory.control.stack_lock import running_stores

            running = running_stores()
            if len(running) > 1:
                raise SettingsError(
                    f"{error} Which daemon is meant can't be told: {', '.join(map(str, running))} are running.",
                    "Name its store with --db-path.",
                ) from error
            store = running[0] if running else default_db_path()
        return settings.for_path(store), error


def _folder() -> str:
    """The folder in which the command was typed; empty where that is not known."""
    if caller().store:
        return str(caller().folder or "")
    try:
        return str(Path.cwd())
    except OSError:
        return ""  # it was removed


@contextmanager
def unattended(undone: str) -> Iterator[None]:
    """Say what is undone, and what to add, where a question in the block finds nobody; raises AgentMemoryError."""
    try:
        yield
    except click.Abort:
        if sys.stdin.isatty():  # they interrupted it
            raise
        click.echo()
        raise AgentMemoryError(undone, "Add --yes to do it.") from None


def invocation(context: click.Context) -> list[str]:
    """How a command begins that reaches the same daemon as this one."""
    return ["memory-daemon", *_daemon_options(context)]


def command_line(context: click.Context, *words: str, of_store: bool = True) -> str:
    """A command to type that reaches the same daemon as this one, and the same of its stores."""
    return shlex.join(["memory-daemon", *words, *_daemon_options(context, of_store=of_store)])


def echo_next(context: click.Context, *commands: str) -> None:
    """Print what to type next, a line for each command."""
    if context.meta.get(QUIET):
        return
    click.echo()
    for number, command in enumerate(commands):
        click.echo(f"{'      ' if number else 'Next: '}{command_line(context, *command.split())}")


def with_common_options(command: click.Command) -> click.Command:
    """The command, and those below it, with `--version`, except where that means something else.

    What its help does not explain, because every command takes it, is named below.
    """
    if not any("--version" in parameter.opts for parameter in command.params):
        click.version_option(
            None, "--version", SHOW_VERSION, package_name="agent-memory", message=VERSION, cls=_Everywhere
        )(command)
    common = [parameter.opts[0] for parameter in command.params if isinstance(parameter, _Everywhere)]
    command.epilog = f"It takes {', '.join(common)}, too; memory-daemon --help explains them."
    if isinstance(command, click.Group):
        for below in command.commands.values():
            with_common_options(below)
    return command


def _daemon_options(context: click.Context, *, of_store: bool = True) -> list[str]:
    values = given(context)
    names = [name for name in ("config", "db_path", *([_STORE] if of_store else [])) if name in values]
    return [word for name in names for word in (f"--{name.replace('_', '-')}", values[name])]


def given(context: click.Context) -> dict[str, str]:
    """The command line's settings, as text that means the same in any folder; a restart keeps them."""
    values: dict[str, Any] = context.meta.get(_GIVEN, {})
    return {
        name: str(value.expanduser().absolute() if isinstance(value, Path) else value) for name, value in values.items()
    }
