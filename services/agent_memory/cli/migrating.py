"""`admin migrate`."""

from __future__ import annotations

from pathlib import Path

import click

from agent_memory.cli.exchange import import_batches
from agent_memory.cli.options import command_line, current, json_option, settings_options
from agent_memory.errors import UsageError
from agent_memory.present.text import counted, printable


@click.command()
@click.option("--from", "from_version", type=int, metavar="V", help="Rewrite what may be of this schema or later.")
@click.option("--to", "to_version", type=int, metavar="V", help="The schema to migrate to; it must be the newest.")
@click.option(
    "--source", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
    help="Store the events of this store of an earlier program, whose values are JSON.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only show what would be done.")
@json_option
@settings_options
@click.pass_context
def migrate(
    context: click.Context,
    from_version: int | None,
    to_version: int | None,
    source: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Bring the store to the newest schema.

    Makes a backup first. The daemon must be stopped; if the command is interrupted, run it again. With --source, the
    running daemon stores the events of another store, which stays as it is.

    Example: memory-daemon admin migrate
    """
    import json

    from agent_memory.cli.render import progress
    from agent_memory.control.upkeep import migrating
    from agent_memory.exchange import json_events
    from agent_memory.store import schema

    settings = current(context)
    if source is not None:
        if from_version or to_version or dry_run:
            raise UsageError("--source goes with none of the other options.")
        with json_events.batches_of(source.expanduser().absolute()) as batches:
            import_batches(context, batches, 0, as_json=as_json)
        return
    found = migrating.due(settings, from_version, to_version)
    made, rewritten = None, 0
    if not (found.is_done or dry_run):
        made = migrating.back_up(settings)
        with progress("Migrating", 0) as show:
            rewritten = migrating.migrate(settings, found, show)
    if as_json:
        outcome = {"from": found.oldest, "to": schema.SCHEMA_VERSION, "rewritten": rewritten, "dry_run": dry_run}
        click.echo(json.dumps({**outcome, "backup": str(made.folder) if made else None}, indent=2))
    elif found.is_done:
        click.echo(f"The store has schema {found.version}, the newest. There is nothing to do.")
    elif made is None:
        click.echo(f"Rows of schema {found.oldest} would be rewritten in schema {schema.SCHEMA_VERSION}.")
    else:
        click.echo(f"Backed up {counted(made.manifest.events, 'event')} to {printable(str(made.folder))}")
        click.echo(f"The store has schema {schema.SCHEMA_VERSION}; {counted(rewritten, 'row')} rewritten.")
        click.echo(f"Start the daemon with: {command_line(context, 'start')}")
