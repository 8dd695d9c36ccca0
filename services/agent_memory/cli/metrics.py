"""`metrics`: figures for a monitor."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from agent_memory.cli.options import daemon_and_store, settings_options
from agent_memory.errors import AgentMemoryError
from agent_memory.project_stores import require
from agent_memory.settings.of_store import of_store

# Whoever collects the file is another user, and there is nothing in it but figures.
_READABLE: Final = 0o644


@click.command()
@click.option(
    "--textfile", type=click.Path(path_type=Path), metavar="PATH", help="Write to a file, whole or not at all."
)
@settings_options
@click.pass_context
def metrics(context: click.Context, textfile: Path | None) -> None:
    """Print figures for a monitor, in Prometheus' text format.

    Exits 0 even without a daemon; agent_memory_up is 0 then. With --project-store, prints that store's figures.

    Example: memory-daemon metrics --textfile /var/lib/node_exporter/agent_memory.prom
    """
    from agent_memory.control.metrics.collecting import collect
    from agent_memory.control.metrics.exposition import text
    from agent_memory.files import atomic_write

    daemon, store = daemon_and_store(context)
    page = text(collect(of_store(daemon, require(daemon.db_path, store)) if store else daemon))
    if textfile is None:
        click.echo(page, nl=False)
        return
    try:
        atomic_write(textfile, page.encode(), _READABLE)
    except OSError as error:
        raise AgentMemoryError(
            f"The metrics can't be written to {textfile}: {error.strerror}.",
            "Name a file in a folder that you can write.",
        ) from error
