"""`browse`: the memory on a whole terminal."""

from __future__ import annotations

import shlex
import sys
from importlib.util import find_spec

import click

from agent_memory.cli.options import current, of_store_named, settings_options
from agent_memory.errors import SettingsError, UsageError
from agent_memory.settings import Settings


@click.command()
@settings_options
@click.pass_context
def browse(context: click.Context) -> None:
    """Read the memory on a whole terminal.

    Shows a tree of time, and searches as you type. Press ? there for the keys. It needs the extra browse:

    pip install "agent-memory[browse]"

    Example: memory-daemon browse
    """
    settings = current(context)
    if find_spec("textual") is None:
        command = shlex.join([sys.executable, "-m", "pip", "install", "agent-memory[browse]"])
        raise SettingsError(
            "browse needs the library textual, which is not installed.",
            f"Install it: {command}",
            reason="LIBRARY_MISSING",
        )
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("browse needs a terminal to show itself on.", "For programs: memory-daemon query map --json")
    from agent_memory.browse.app import run
    from agent_memory.cli.hooks import store_named_to_hooks

    def settings_of(store: str) -> Settings:
        with of_store_named(context, store):
            return current(context)

    context.exit(run(settings, store_named_to_hooks(settings), settings_of))
