"""`memory-daemon`: the root of all its commands."""

from __future__ import annotations

import errno
import importlib
import io
import keyword
import os
import sys
import traceback
from difflib import get_close_matches
from typing import Any

import click

from agent_memory.cli.caller import NotServed, caller
from agent_memory.cli.options import HELP, VERSION, given, settings_options, with_common_options
from agent_memory.cli.remedies import explained
from agent_memory.errors import AgentMemoryError

PROGRAM = "memory-daemon"
# Each command's module, and what it does. A module is imported when its command runs: `status` must not wait for what
# `query` imports, nor the list of commands for all of them.
COMMANDS = {
    "setup": ("setup", "Set everything up, step by step."),
    "uninstall": ("setup", "Undo what setup did, and keep what is remembered."),
    "start": ("lifecycle", "Start the daemon and return when it serves."),
    "stop": ("lifecycle", "Stop the daemon and wait until it has ended."),
    "restart": ("lifecycle", "Restart the daemon with the options it had."),
    "status": ("lifecycle", "Show whether the daemon is running, where, and its health."),
    "service": ("service", "Run the daemon whenever you are logged in."),
    "logs": ("lifecycle", "Show the last lines of the logs."),
    "doctor": ("doctor", "Check everything, and say what to type to fix it."),
    "metrics": ("metrics", "Print figures for a monitor, in Prometheus' text format."),
    "pause-capture": ("capturing", "Stop remembering, for a while or until resumed."),
    "resume-capture": ("capturing", "Start remembering again."),
    "search": ("search", "Find what was said, by words or with a question."),
    "note": ("note", "Keep a decision, a fact, what was rejected, or something to do."),
    "query": ("query", "Ask the memory, from the years down to single events."),
    "browse": ("browse", "Read the memory on a whole terminal."),
    "stats": ("stats", "Show how you work: by day, hour, weekday, agent and project."),
    "web": ("web", "Look at the memory in a browser."),
    "agents": ("agents", "Show which agents are remembered, and how active they were."),
    "stores": ("stores", "Keep memories apart: stores that share nothing but the daemon."),
    "admin": ("admin", "Inspect and maintain the store."),
    "scheduler": ("scheduler", "Show, pause, resume and run the scheduled jobs."),
    "hooks": ("hooks", "Connect coding agents, so that their sessions are remembered."),
    "mcp": ("mcp", "Serve the memory to an agent as tools."),
    "backfill": ("backfill", "Import past sessions from the agents' own transcripts."),
    "reconcile": ("backfill", "Import what the hooks missed from recent transcripts."),
    "import": ("backfill", "Import another program's history from JSON lines."),
    "config": ("config", "Show, check and change the settings."),
    "demo": ("demo", "Watch sample conversations become answers."),
    "completion": ("completion", "Print the script that lets a shell complete commands."),
}


_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


class CliError(click.ClickException):
    """One of our errors, shown as click shows its own, with the exit code of its class."""

    def __init__(self, error: AgentMemoryError, context: click.Context) -> None:
        super().__init__(explained(error, context))
        self.exit_code = error.exit_code  # type: ignore[misc]


class _Root(click.Group):
    """Finds commands by name, and turns errors into messages and exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"agent_memory.cli.{COMMANDS[cmd_name][0]}")
        # No function can be called import, and none has a hyphen in its name.
        name = cmd_name.replace("-", "_")
        return with_common_options(getattr(module, f"{name}_" if keyword.iskeyword(name) else name))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = get_close_matches(args[0], COMMANDS, n=1)
            if not near:
                raise
            raise click.UsageError(f"{error.message} Did you mean '{near[0]}'?", ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, what) for name, (_, what) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        arguments = tuple(ctx.args)
        try:
            return super().invoke(ctx)
        except AgentMemoryError as error:
            raise CliError(error, ctx) from error
        except (click.ClickException, click.exceptions.Exit, click.Abort, EOFError, BrokenPipeError, NotServed):
            raise  # click handles these itself
        except Exception as error:
            # Not checked when arguments are parsed: a file's name need not be UTF-8, what goes to the daemon must.
            if isinstance(error, UnicodeEncodeError) and not all(map(_is_utf8, arguments)):
                raise click.UsageError(
                    "An argument is not UTF-8. Type it again in a terminal that uses UTF-8."
                ) from error
            if caller().store:
                raise NotServed("a defect") from error
            if isinstance(error, OSError) and error.errno in _DISK_FULL:
                raise click.ClickException(
                    f"What is written to has no room left: {error.strerror}. Free some, or write elsewhere."
                ) from error
            _report_unexpected(error, with_traceback=given(ctx).get("log_level") in ("debug", "trace"))
            ctx.exit(1)


def _is_utf8(argument: str) -> bool:
    """False for lone surrogates, in which Python keeps bytes that are not text."""
    return not any("\ud800" <= character <= "\udfff" for character in argument)


def _report_unexpected(error: Exception, *, with_traceback: bool) -> None:
    """Print a defect on one line, below its traceback if that is wanted."""
    if with_traceback:
        traceback.print_exception(error)
    what = " ".join(f"{type(error).__name__}: {error}".split())
    click.echo(f"Unexpected: {what}; please report it, with the log (--log-level debug shows where it was).", err=True)


@click.group(cls=_Root, context_settings=HELP)
@settings_options
@click.version_option(package_name="agent-memory", message=VERSION)
def cli() -> None:
    """Remember what you and your coding agents said and did, and find it again.

    Example: memory-daemon start
    """


def main() -> None:
    """Run the command line; ends the process with the command's exit code."""
    os.umask(0o077)  # what we write is for this user
    for stream in (sys.stdout, sys.stderr):
        # Stored text may hold any script; a terminal that can't show it must not end the command.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    cli(prog_name=PROGRAM)


if __name__ == "__main__":
    main()
