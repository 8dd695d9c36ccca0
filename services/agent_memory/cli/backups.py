"""`admin backup` and `admin restore`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from agent_memory.cli.options import (
    HELP,
    Number,
    command_line,
    current,
    daemon_and_store,
    json_option,
    settings_options,
)
from agent_memory.errors import AgentMemoryError
from agent_memory.present.text import printable

if TYPE_CHECKING:
    from agent_memory.backup.backups import Backup

_FOLDER = click.Path(path_type=Path, file_okay=False)


class _BackupGroup(click.Group):
    """A group whose first command needs no name: `backup DIR` is `backup create DIR`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in {*self.commands, *ctx.help_option_names}:
            args = ["create", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_BackupGroup, context_settings=HELP)
def backup() -> None:
    """Back the store up, while the daemon works.

    `admin backup DIR` is short for `admin backup create DIR`.

    Example: memory-daemon admin backup ~/backups --keep 7
    """


@backup.command()
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--keep", type=Number(1), metavar="COUNT", help="Then keep only the newest COUNT backups.")
@json_option
@settings_options
@click.pass_context
def create(context: click.Context, folder: Path, keep: int | None, as_json: bool) -> None:
    """Make a backup in DIR, in a folder named after the time.

    A backup takes room only for what is new since the one before it. On the store's own disk it shares files with the
    store: it protects against mistakes, but not against a broken disk.

    Example: memory-daemon admin backup ~/backups --keep 7
    """
    from agent_memory.control.upkeep import backing_up

    made = backing_up.make(current(context), folder.expanduser().absolute(), keep or 0)
    if as_json:
        _print_json(_record(made))
        return
    click.echo(f"Backed up {made.manifest.events} events to {printable(str(made.folder))}")
    click.echo(f"{_megabytes(made.manifest.size_bytes)}, {_megabytes(made.manifest.new_bytes)} of it new")


@backup.command("list")
@click.argument("folder", metavar="DIR", type=_FOLDER)
@json_option
@settings_options
@click.pass_context
def list_(context: click.Context, folder: Path, as_json: bool) -> None:
    """List the backups in DIR, newest first.

    Example: memory-daemon admin backup list ~/backups
    """
    from agent_memory.backup import backups, manifest

    with backups.reading(folder):
        folders = backups.folders(folder)
    found: list[Backup] = []
    for path in reversed(folders):
        try:
            found.append(backups.Backup(path, manifest.read(path)))
        except manifest.BackupUnusable as error:
            click.echo(str(error), err=True)
    if as_json:
        _print_json({"backups": [_record(each) for each in found]})
        return
    if not found:
        click.echo(f"There is no backup in {printable(str(folder))}.")
        return
    click.echo(f"{'backup':<24}{'events':>10}{'size':>14}{'new':>14}")
    for each in found:
        size, new = _megabytes(each.manifest.size_bytes), _megabytes(each.manifest.new_bytes)
        click.echo(f"{each.folder.name:<24}{each.manifest.events:>10}{size:>14}{new:>14}")


@backup.command("verify")
@click.argument("folder", metavar="DIR", type=_FOLDER)
@json_option
@settings_options
@click.pass_context
def verify_(context: click.Context, folder: Path, as_json: bool) -> None:
    """Check every file of a backup, or of all backups in DIR.

    Reads everything, changes nothing. Exits 4 if one is damaged.

    Example: memory-daemon admin backup verify ~/backups
    """
    from agent_memory.backup import backups, checking
    from agent_memory.cli.render import progress

    with backups.reading(folder):
        folders = [folder] if backups.is_backup(folder) else backups.folders(folder)
    if not folders:
        raise AgentMemoryError(f"There is no backup in {folder}.", "Name a backup, or the folder that holds them.")
    problems: dict[str, list[str]] = {}
    for path in folders:
        with progress(f"Verifying {path.name}", 0) as show:
            problems[str(path)] = checking.problems_of(path, show)
    if as_json:
        _print_json({"backups": [{"folder": name, "problems": each} for name, each in problems.items()]})
    else:
        for name, each in problems.items():
            click.echo(f"{printable(name)}: {'damaged' if each else 'sound'}")
            for problem in each:
                click.echo(f"  {printable(problem)}")
    context.exit(4 if any(problems.values()) else 0)


@click.command()
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option(
    "--replace", "replaces", is_flag=True, help="Replace the store that is there; it is kept under another name."
)
@json_option
@settings_options
@click.pass_context
def restore(context: click.Context, folder: Path, replaces: bool, as_json: bool) -> None:
    """Make a store from a backup, or from the newest one in DIR.

    Checks every file, and puts the store in its place only when all is there. The daemon must be stopped.

    Example: memory-daemon admin restore ~/backups --replace
    """
    from agent_memory.cli.render import progress
    from agent_memory.control import stack
    from agent_memory.control.upkeep import backing_up

    chosen = backing_up.found(folder.expanduser().absolute())
    with progress("Restoring", chosen.manifest.size_bytes) as show:
        done = backing_up.restore(current(context), chosen, replaces=replaces, show=show)
    old = str(done.old_store) if done.old_store else ""
    if as_json:
        _print_json({**_record(chosen), "db_path": str(done.db_path), "old_store": old})
        return
    click.echo(f"Restored {chosen.manifest.events} events from {printable(str(chosen.folder))}")
    if old:
        click.echo(f"The store that was there is now {printable(old)}; delete it when you are sure.")
    if stack.status(daemon_and_store(context)[0]).running:
        click.echo("The daemon serves it.")
    else:
        click.echo(f"Start the daemon with: {command_line(context, 'start', of_store=False)}")


def _record(backup: Backup) -> dict[str, Any]:
    described = backup.manifest
    return {
        "folder": str(backup.folder),
        "made_ms": described.made_ms,
        "db_path": described.db_path,
        "version": described.version,
        "schema_version": described.schema_version,
        "events": described.events,
        "toc_nodes": described.toc_nodes,
        "grips": described.grips,
        "size_bytes": described.size_bytes,
        "new_bytes": described.new_bytes,
        "files": len(described.files),
    }


def _print_json(record: dict[str, Any]) -> None:
    import json

    click.echo(json.dumps(record, indent=2))


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.2f} MB"
