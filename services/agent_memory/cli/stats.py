"""`stats`: how one works."""

from __future__ import annotations

import click

from agent_memory.cli.answers import show
from agent_memory.cli.each_store import all_stores_option
from agent_memory.cli.options import Number, current, json_option, settings_options
from agent_memory.cli.times import as_of_ms


@click.command()
@click.option("--days", default=28, show_default=True, type=Number(1, 366), metavar="N", help="How many days.")
@click.option("--to", metavar="TIME", help="The last day; by default, today.")
@json_option
@settings_options
@click.pass_context
@all_stores_option
def stats(context: click.Context, days: int, to: str | None, as_json: bool) -> None:
    """Show how you work: by day, hour, weekday, agent and project.

    Example: memory-daemon stats --days 90
    """
    from agent_memory.control.connection import connect
    from agent_memory.present import habit_page

    with connect(current(context)) as client:
        reply = client.habits(days, as_of_ms(to))
    show(context, reply, lambda view: habit_page.habits(view, reply), as_json=as_json)
