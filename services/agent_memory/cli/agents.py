"""`agents`: who has spoken, how much, and when."""

from __future__ import annotations

import click

from agent_memory.cli import completing
from agent_memory.cli.answers import refuse, show
from agent_memory.cli.each_store import all_stores_option
from agent_memory.cli.options import HELP, current, json_option, settings_options
from agent_memory.cli.times import from_to_ms, now


@click.group(context_settings=HELP)
@settings_options
def agents() -> None:
    """Show which agents are remembered, and how active they were.

    Example: memory-daemon agents list
    """


@agents.command("list")
@json_option
@settings_options
@click.pass_context
@all_stores_option
def list_(context: click.Context, as_json: bool) -> None:
    """Show the agents, the busiest first.

    Example: memory-daemon agents list
    """
    from agent_memory.control.connection import connect
    from agent_memory.present import agent_pages

    with connect(current(context)) as client:
        reply = client.agents()
    show(context, reply, lambda view: agent_pages.agents(view, reply), as_json=as_json)


@agents.command()
@click.argument("agent", required=False, shell_complete=completing.agents)
@click.option("--from", "from_", metavar="TIME", help="The first time; by default, 30 days ago.")
@click.option("--to", metavar="TIME", help="The last time; by default, now.")
@click.option("--by", "bucket", type=click.Choice(["day", "week"]), default="day", help="What to count by.")
@json_option
@settings_options
@click.pass_context
@all_stores_option
def activity(
    context: click.Context, agent: str | None, from_: str | None, to: str | None, bucket: str, as_json: bool
) -> None:
    """Count each agent's events, by day or by week.

    Example: memory-daemon agents activity claude-code --by week
    """
    from agent_memory.control.connection import connect
    from agent_memory.present import agent_pages
    from agent_memory.rpc.memory_pb2 import GetAgentActivityRequest

    from_ms, to_ms = from_to_ms(from_, to, now())
    request = GetAgentActivityRequest(
        agent_id=agent.lower() if agent else None,
        from_ms=from_ms if from_ else None,
        to_ms=to_ms if to else None,
        bucket=bucket,
    )
    with connect(current(context)) as client:
        reply = client.agent_activity(request)
        known = [each.agent_id for each in client.agents().agents] if agent and not reply.buckets else []
    is_unknown = bool(agent and not reply.buckets and request.agent_id not in known)
    if as_json or not is_unknown:
        show(context, reply, lambda view: agent_pages.activity(view, reply, bucket), as_json=as_json)
    if is_unknown:
        named = f" Known: {', '.join(known)}." if known else ""
        refuse(f"Nothing is remembered about the agent {agent}.{named}")
