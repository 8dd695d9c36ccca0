"""`memory-daemon`: the root of all its commands."""

from __future__ import annotations

import importlib
import io
import keyword
import os
import sys
from typing import Any

import click

from agent_memory.cli.options import HELP, settings_options
from agent_memory.errors import AgentMemoryError

# Where each command is. A module is imported when its command is wanted: `status` must not wait for what `query` needs.
COMMANDS = {
    "start": "lifecycle",
    "stop": "lifecycle",
    "restart": "lifecycle",
    "status": "lifecycle",
    "logs": "lifecycle",
    "doctor": "doctor",
    "pause-capture": "capturing",
    "resume-capture": "capturing",
    "query": "query",
    "admin": "admin",
    "scheduler": "scheduler",
    "hooks": "hooks",
    "backfill": "history",
    "reconcile": "history",
    "import": "history",
    "config": "config",
    "demo": "demo",
    "completion": "completion",
}


class _Told(click.ClickException):
    """An error of ours, shown as click shows its own, with the exit code that its class names."""

    def __init__(self, error: AgentMemoryError) -> None:
        super().__init__(str(error))
        self.exit_code = error.exit_code  # type: ignore[misc]


class _Root(click.Group):
    """Finds commands by name, and turns our errors into words and exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"agent_memory.cli.{COMMANDS[cmd_name]}")
        # No function can be called import, and none has a hyphen in its name.
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(module, f"{name}_" if keyword.iskeyword(name) else name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AgentMemoryError as error:
            raise _Told(error) from error


@click.group(cls=_Root, context_settings=HELP)
@settings_options
@click.version_option(package_name="agent-memory", message="%(prog)s %(version)s")
def cli() -> None:
    """Remember what you and your coding agents said and did, and find it again.

    Example: memory-daemon start
    """


def main() -> None:
    """Run the command line; ends the process with the command's exit code."""
    os.umask(0o077)  # what we write is for this user
    for stream in (sys.stdout, sys.stderr):
        # Stored text has every script; a terminal that has not must not end the command.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    cli(prog_name="memory-daemon")


if __name__ == "__main__":
    main()
