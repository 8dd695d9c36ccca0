"""`note`: keep a sentence that is worth keeping, as one's own words or as an agent's."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from agent_memory.capture import NOTE_KINDS
from agent_memory.cli.caller import caller
from agent_memory.cli.options import current, json_option, settings_options
from agent_memory.command_call import READER
from agent_memory.errors import AgentMemoryError


@click.command()
@click.argument("text", nargs=-1, required=True)
@click.option("--kind", type=click.Choice(NOTE_KINDS), default="fact", show_default=True, help="What it is.")
@click.option("--session", "session_id", metavar="ID", default="", help="The session it belongs to.")
@click.option("--agent", metavar="AGENT", default="", help="The agent that notes it; without one, it is you.")
@json_option
@settings_options
@click.pass_context
def note(context: click.Context, text: tuple[str, ...], kind: str, session_id: str, agent: str, as_json: bool) -> None:
    """Keep a decision, a fact, what was rejected, or something to do.

    It belongs to the project of the current folder. Summaries tell it first. The same note twice is one.

    Example: memory-daemon note --kind decision We pin the compiler to 1.81
    """
    from agent_memory.capture.notes import Noting, event_of
    from agent_memory.capture.project.projects import Projects
    from agent_memory.control.connection import connect

    settings = current(context)
    if caller().environ.get(READER) == "agent" and not settings.agent_notes:
        raise AgentMemoryError(
            "Agents may not keep notes here.",
            "The user may allow it: memory-daemon config set agent_notes true",
        )
    noting = Noting(str(caller().folder or Path.cwd()), session_id, agent)
    event = event_of(" ".join(text), kind, noting, Projects(settings.project_names), datetime.now())
    with connect(settings) as client:
        reply = client.ingest(event)
    if reply.ignored or reply.forgotten:
        raise AgentMemoryError(f"Not stored: {_reason(forgotten=reply.forgotten)}.")
    if as_json:
        click.echo(json.dumps({"event_id": reply.event_id, "created": reply.created}, indent=2))
    else:
        # Not its words: what the memory says to an agent is cut out of what the agent says.
        click.echo("Noted." if reply.created else "This was noted before.")


def _reason(*, forgotten: bool) -> str:
    if forgotten:
        return "the user had this forgotten"
    return "capture is paused, or a rule says to ignore this folder"
