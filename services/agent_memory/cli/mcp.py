"""`memory-daemon mcp`: the memory as tools of an agent."""

from __future__ import annotations

import click

from agent_memory.cli.options import HELP, current, settings_options


@click.command(context_settings=HELP)
@settings_options
@click.pass_context
def mcp(context: click.Context) -> None:
    """Serve the memory to an agent as tools.

    Speaks the Model Context Protocol on standard input and output until the agent is gone. Agents start it by
    themselves, once they know it: see docs/agents.md.

    Example: memory-daemon mcp
    """
    from agent_memory.mcp import server

    server.main(["--db-path", str(current(context).db_path)])
