"""Served commands: the query service answers them with the command line's own code.

So an answer is the full command's to the byte, whatever options and pages there are, and so is an error that names what
is not there. Everything else, such as help, or an option that does not exist, is left to the full command.
"""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Final, Protocol

import click
import tzlocal

from agent_memory.cli.caller import Caller, NotServed, on_behalf_of
from agent_memory.cli.main import PROGRAM, CliError, cli
from agent_memory.client import Client
from agent_memory.command_call import PLACES, READER
from agent_memory.control.connection import answering_with
from agent_memory.control.metrics.collecting import collect
from agent_memory.control.metrics.exposition import text
from agent_memory.mcp.for_agent import error_for_agent, for_agent
from agent_memory.settings import Settings

log = logging.getLogger("agent_memory.query.commands")

# A daemon that is older than the command, or newer, may have other options.
OWN_VERSION: Final = version("agent-memory")
# These only read, or do the same once, so the full command may run after an attempt.
SERVED: Final = {
    "status": None,
    "search": None,
    "note": None,
    "query": None,
    "stats": None,
    "agents": None,
    "admin": ("stats",),
    "scheduler": ("status", "history"),
}
_WITH_VALUE: Final = ("--config", "--db-path", "--log-level", "--project-store", "--store")
_PATHS: Final = ("--config", "--db-path")
_LEFT_TO_THE_FULL_COMMAND: Final = ("-h", "--help", "--version")
# Beyond this, a program should not be kept in memory twice.
_TEXT_MAX_CHARACTERS: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed to standard output and to standard error, and its exit code."""

    exit_code: int
    text: bytes
    error: bytes


class Call(Protocol):
    """A command line, and what of its caller the answer may depend on; see `command_call`."""

    @property
    def version(self) -> str: ...
    @property
    def folder(self) -> str: ...
    @property
    def is_terminal(self) -> bool: ...
    @property
    def environ(self) -> Mapping[str, str]: ...
    @property
    def words(self) -> Sequence[str]: ...


class _Output(io.StringIO):
    """What stands for the caller's standard output."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


def answer(call: Call, client: Client, own: Settings) -> Answer | None:
    """The answer to the command line; None where the full command has to run. For one thread at a time."""
    if call.version not in ("", OWN_VERSION) or not is_served(call.words) or not _lives_here(call.environ):
        return None
    folder = Path(call.folder) if call.folder else None
    is_agent = call.environ.get(READER) == "agent"
    environ = {**os.environ, **call.environ} if is_agent else call.environ or os.environ
    caller = Caller(environ, folder, own.db_path.resolve())
    output, errors = _Output(is_terminal=call.is_terminal), io.StringIO()
    tzlocal.reload_localzone()  # it may be another one by now
    try:
        with on_behalf_of(caller), answering_with(client), redirect_stdout(output), redirect_stderr(errors):
            code = cli.main(list(call.words), prog_name=PROGRAM, standalone_mode=False)
    except CliError as error:
        code = error.exit_code
        error.show(errors)
    except (click.ClickException, click.Abort, NotServed):
        return None
    if output.tell() > _TEXT_MAX_CHARACTERS:
        return None
    printed, refused = output.getvalue(), errors.getvalue()
    if is_agent:
        printed, refused = for_agent(printed), error_for_agent(refused)
    text, error_text = (each.encode(errors="replace") for each in (printed, refused))
    return Answer(code if isinstance(code, int) else 0, text, error_text)


def metrics_page(client: Client, own: Settings) -> str:
    """The figures of this daemon, as `metrics` prints them."""
    with answering_with(client):
        return text(collect(own))


def is_served(words: Sequence[str]) -> bool:
    """Whether the command line is one to answer here."""
    if any(word in _LEFT_TO_THE_FULL_COMMAND for word in words) or _has_relative_path(words):
        return False
    command, rest = _first_command(words)
    if command not in SERVED:
        return False
    below = SERVED[command]
    return below is None or _first_command(rest)[0] in below


def _lives_here(environ: Mapping[str, str]) -> bool:
    """Whether the caller has its files where this process has them, and its time zone; none said is this process's."""
    return not environ or READER in environ or all(environ.get(name) == os.environ.get(name) for name in PLACES)


def _first_command(words: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The first word that is neither an option nor its value, and what follows it."""
    place = 0
    while place < len(words) and words[place].startswith("-"):
        place += 2 if words[place] in _WITH_VALUE else 1
    return (words[place], words[place + 1 :]) if place < len(words) else ("", ())


def _has_relative_path(words: Sequence[str]) -> bool:
    """Whether a path is named that begins at the caller's folder."""
    named = [value for option, value in pairwise(words) if option in _PATHS]
    named += [value for word in words for option, _, value in [word.partition("=")] if option in _PATHS and value]
    return not all(value.startswith("/") for value in named)
