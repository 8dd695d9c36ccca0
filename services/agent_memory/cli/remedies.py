"""Remedies: what to type after an error. Its reason leads to the commands that help."""

from __future__ import annotations

from typing import Final

import click

from agent_memory.cli.options import command_line
from agent_memory.errors import AgentMemoryError, joined

# For each reason: how the advice begins, and the commands.
_ADVICE: Final = {
    "NOT_RUNNING": ("Start it with", ("start",)),
    "ALREADY_RUNNING": ("To start it again", ("restart",)),
    "UNDER_WAY": ("Look again with", ("status",)),
    "STILL_STOPPING": ("See", ("logs supervisor",)),
    "UNKNOWN_STORE": ("See", ("stores list",)),
    "STORE_MISSING": ("Create it with", ("start",)),
    "STORE_IN_USE": ("See", ("status",)),
    "STORE_UNAVAILABLE": ("See", ("status", "logs ingest")),
    "WRITER_UNAVAILABLE": ("See", ("status", "logs ingest")),
    "DEADLINE_EXCEEDED": ("See", ("status",)),
    "INTERNAL": ("See", ("logs query",)),
}


def explained(error: AgentMemoryError, context: click.Context) -> str:
    """The error with its remedy, and the commands to type if there are any."""
    lead, commands = _ADVICE.get(error.reason, ("", ()))
    lines = ", ".join(command_line(context, *words.split(), of_store=False) for words in commands)
    return joined(str(error), f"{lead}: {lines}" if lines else "")
