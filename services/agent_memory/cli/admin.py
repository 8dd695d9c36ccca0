"""`admin`: the store's figures and its upkeep, beside a running daemon or without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from agent_memory.cli.options import HELP, current, json_option, settings_options
from agent_memory.errors import NotRunning
from agent_memory.settings import Settings

if TYPE_CHECKING:  # protobuf costs 50 ms, and --help has no use for it
    from agent_memory.rpc.memory_pb2 import GetStatsResponse


@click.group(context_settings=HELP)
@settings_options
def admin() -> None:
    """Look after the store, whether a daemon serves it or not.

    Example: memory-daemon admin stats
    """


@admin.command()
@json_option
@settings_options
@click.pass_context
def stats(context: click.Context, as_json: bool) -> None:
    """Show how much the store holds.

    Example: memory-daemon admin stats --db-path ~/copy-of-db
    """
    from agent_memory.cli.json_text import reply_json

    reply = _stats(current(context))
    click.echo(reply_json(reply) if as_json else _table(reply))


@admin.command()
@click.option("--cf", "column_family", default="", metavar="NAME", help="One column family instead of all.")
@settings_options
@click.pass_context
def compact(context: click.Context, column_family: str) -> None:
    """Rewrite the store's files without what was overwritten; returns when done.

    Example: memory-daemon admin compact --cf events
    """
    for name in _compact(current(context), column_family):
        click.echo(f"Compacted {name}")


def _stats(settings: Settings) -> GetStatsResponse:
    from agent_memory.cli.connection import connect_to_store

    try:
        with connect_to_store(settings) as client:
            return client.stats()
    except NotRunning:
        from agent_memory.store.stats import read_stats

        return read_stats(settings.db_path)


def _compact(settings: Settings, column_family: str) -> list[str]:
    from agent_memory.cli.connection import connect_to_store

    try:
        with connect_to_store(settings) as client:
            return list(client.compact(column_family).column_families)
    except NotRunning:
        from agent_memory.ingest.offline import compact as compact_offline

        return compact_offline(settings.db_path, column_family)


def _table(reply: GetStatsResponse) -> str:
    return "\n".join(
        [
            "Database Statistics",
            "===================",
            f"Path: {reply.db_path}",
            "",
            f"Events: {reply.events}",
            f"TOC Nodes: {reply.toc_nodes}",
            f"Grips: {reply.grips}",
            f"Outbox: {reply.outbox}",
            "",
            f"Disk Usage: {reply.disk_usage_bytes / 1e6:.2f} MB",
        ]
    )
