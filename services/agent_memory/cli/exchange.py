"""`admin export` and `admin import`."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import click

from agent_memory.cli.answers import selection_options
from agent_memory.cli.options import current, json_option, settings_options
from agent_memory.cli.times import from_to_ms, now, project_named
from agent_memory.errors import AgentMemoryError, UsageError
from agent_memory.present.text import counted, printable
from agent_memory.settings import Settings

if TYPE_CHECKING:
    from agent_memory.erasure.selection import Selection
    from agent_memory.model import Event
    from agent_memory.rpc.memory_pb2 import IngestResult
    from agent_memory.store.reader import Reader

# What is shown of lines and events that could not be imported.
_SHOWN: Final = 10


@click.command("export")
@click.option(
    "--output", required=True, metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="A new file."
)
@click.option(
    "--format", "form", type=click.Choice(["jsonl", "markdown"]), default="jsonl", show_default=True,
    help="Lines for programs, or pages for people.",
)  # fmt: skip
@selection_options
@settings_options
@click.pass_context
def export(
    context: click.Context,
    output: Path,
    form: str,
    from_: str | None,
    to: str | None,
    session_ids: tuple[str, ...],
    agent: str,
    project: str,
) -> None:
    """Write events to a file, for other programs or for people.

    Lines of JSON hold every event as it is stored, and `admin import` reads them. Works beside a daemon, without one,
    and on a backup.

    Example: memory-daemon admin export --output memory.jsonl
    """
    from importlib.metadata import version

    from agent_memory.cli.render import progress
    from agent_memory.erasure.selection import Selection
    from agent_memory.exchange import exporting, lines
    from agent_memory.present import markdown
    from agent_memory.store import records
    from agent_memory.store.reader import open_snapshot

    settings = current(context)
    if output.exists():
        raise UsageError(f"{output} is there already.", "Name another file, or remove that one.")
    from_ms, last_ms = from_to_ms(from_, to, now())
    selection = Selection(session_ids=frozenset(session_ids), agent=agent, projects=_names_of(project, settings))
    try:
        with (
            open_snapshot(settings.db_path) as reader,
            exporting.new_file(output) as file,
            progress("Exporting", records.counters(reader).events) as show,
        ):
            zone = records.time_zone(reader)
            found = exporting.events_of(reader, from_ms, last_ms + 1, selection.fits)
            first = next(found, None)
            if first is None:
                _refuse_unknown(reader, selection, project)
            found = chain([first] if first else [], found)
            if form == "jsonl":
                header = lines.header(time.time_ns() // 1_000_000, version("agent-memory"), zone.key)
                written = counted(exporting.write_lines(file, found, header, show), "event")
            else:
                written = counted(_write(file, markdown.document(found, zone)), "line")
    except OSError as error:
        raise AgentMemoryError(f"{output} can't be written: {error.strerror or error}.") from error
    click.echo(f"Exported {written} to {printable(str(output))}")


@click.command("import")
@click.option("--input", "input_", required=True, metavar="FILE", type=click.Path(path_type=Path), help="An export.")
@click.option("--partial", is_flag=True, help="Import what can be read of a damaged file.")
@json_option
@settings_options
@click.pass_context
def import_(context: click.Context, input_: Path, partial: bool, as_json: bool) -> None:
    """Store the events of an export.

    What is stored already stays as it is, so an import that was interrupted is simply run again. The table of contents
    is made again from the events.

    Example: memory-daemon admin import --input memory.jsonl
    """
    from agent_memory.exchange import importing

    try:
        total = 0 if partial else importing.check(input_)
        import_batches(context, importing.batches(input_, partial=partial), total, as_json=as_json)
    except OSError as error:
        raise AgentMemoryError(f"{input_} can't be read: {error.strerror or error}.") from error


def import_batches(
    context: click.Context, batches: Iterable[tuple[list[Event], list[str]]], total: int, *, as_json: bool
) -> None:
    """Have the daemon store the events, tell how that went, and exit 1 where one failed; `total` is 0 if unknown."""
    import json

    from agent_memory.cli.render import progress
    from agent_memory.control.connection import connect_to_store

    counts: Counter[str] = Counter()
    problems: list[str] = []
    with connect_to_store(current(context)) as client, progress("Importing", total) as show:
        for events, unreadable in batches:
            for result in client.ingest_many(events) if events else []:
                counts[_outcome(result)] += 1
                if result.error:
                    problems.append(f"{result.event_id}: {result.error}")
            counts["failed"] += len(unreadable)
            problems = [*problems, *unreadable][:_SHOWN]
            show(counts.total())
    if as_json:
        outcomes = {name: counts[name] for name in ("stored", "known", "excluded", "forgotten", "failed")}
        click.echo(json.dumps({**outcomes, "problems": problems}, indent=2))
    else:
        click.echo(f"Imported {counted(counts['stored'], 'event')}; {counts['known']} were stored already")
        if counts["excluded"] or counts["forgotten"]:
            click.echo(f"Left out: {counts['excluded']} excluded, {counts['forgotten']} forgotten")
        for problem in problems:
            click.echo(printable(problem), err=True)
    context.exit(1 if counts["failed"] else 0)


def _refuse_unknown(reader: Reader, selection: Selection, project: str) -> None:
    """Raise AgentMemoryError where a name of the selection is that of no event at all."""
    from agent_memory.erasure.selection import FOREVER_MS, Selection
    from agent_memory.exchange import exporting

    named = [("session", each, Selection(session_ids=frozenset([each]))) for each in sorted(selection.session_ids)]
    if selection.agent:
        named.append(("agent", selection.agent, Selection(agent=selection.agent)))
    if selection.projects:
        named.append(("project", project, Selection(projects=selection.projects)))
    for kind, name, alone in named:
        if next(exporting.events_of(reader, 0, FOREVER_MS, alone.fits), None) is None:
            raise AgentMemoryError(f"Nothing is remembered about the {kind} {name}.", "No file was written.")


def _names_of(project: str, settings: Settings) -> frozenset[str]:
    """All that a project is called that is named so, or by a folder of it."""
    from agent_memory.capture.project.projects import Projects

    named = project_named(project) if project else ""
    names = {named, *(Projects(settings.project_names).names(named) if named.startswith("/") else ())}
    return frozenset(filter(None, names))


def _outcome(result: IngestResult) -> str:
    if result.error:
        return "failed"
    if result.forgotten:
        return "forgotten"
    if result.ignored:
        return "excluded"
    return "stored" if result.created else "known"


def _write(file: BinaryIO, lines: Iterable[str]) -> int:
    """Write the lines; returns how many there were."""
    return sum(1 for line in lines if file.write(line.encode(errors="replace") + b"\n"))
