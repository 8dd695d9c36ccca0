"""`metrics`: figures for a monitor."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from agent_memory.cli.options import for_daemon, settings_options
from agent_memory.errors import AgentMemoryError

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

    Exits 0 also without a daemon: agent_memory_up is 0 then.

    Example: memory-daemon metrics --textfile /var/lib/node_exporter/agent_memory.prom
    """
    from agent_memory.control.exposition import text
    from agent_memory.control.metrics import collect
    from agent_memory.files import atomic_write

    page = text(collect(for_daemon(context)))
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
