"""`backfill` and `import`: what was said before there was a memory, and elsewhere, taken in."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from agent_memory.capture.history import places
from agent_memory.cli.options import current, json_option, settings_options
from agent_memory.errors import AgentMemoryError, UsageError
from agent_memory.settings import Settings

if TYPE_CHECKING:  # gRPC costs 100 ms, and --help has no use for it
    from agent_memory.capture.history.places import Transcript
    from agent_memory.cli.import_report import Report
    from agent_memory.cli.importing import Importer

_MEGABYTE: Final = 1_000_000

Advance = Callable[[int], None]


@click.command()
@click.argument("agent", required=False, metavar="[AGENT]")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--since", metavar="TIME", help="Only what was said from then on.")
@click.option("--dry-run", is_flag=True, help="Only say what there is.")
@json_option
@settings_options
@click.pass_context
def backfill(
    context: click.Context, agent: str | None, path: Path | None, since: str | None, dry_run: bool, as_json: bool
) -> None:
    """Take in the sessions that agents have kept themselves, as if their hooks had told of them.

    AGENT is claude-code, codex, gemini-cli, opencode or copilot-cli; without it, all of them. PATH is a transcript, or
    a folder of them, that lies elsewhere than where the agents keep them. What is there already stays as it is: the
    same command again goes on where it was ended.

    Example: memory-daemon backfill claude-code --since "last month" --dry-run
    """
    if agent is not None and agent not in places.AGENTS:
        if path is not None or not os.path.lexists(agent):
            raise UsageError(f"There is no agent {agent!r}; there are {', '.join(places.AGENTS)}.")
        path, agent = Path(agent), None
    since_ms = _moment_ms(since)
    transcripts = [each for each in _transcripts(agent, path) if each.changed_ns // 1_000_000 >= since_ms]
    if not transcripts:
        where = f"in {path}" if path else "where agents keep them"
        raise AgentMemoryError(f"There are no transcripts{f' of {agent}' if agent else ''} {where}.")
    settings = current(context)
    with importing(settings, "Reading", sum(each.size for each in transcripts), dry_run=dry_run) as (
        importer,
        report,
        advance,
    ):
        take_transcripts(settings, importer, report, advance, transcripts, since_ms)
    _tell(report, as_json)


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--dry-run", is_flag=True, help="Only check the lines.")
@json_option
@settings_options
@click.pass_context
def import_(context: click.Context, file: Path, dry_run: bool, as_json: bool) -> None:
    """Take in a history of any other program in JSON lines; - is standard input.

    A line is an object with text and timestamp and, where they are known, role, session_id, agent, event_type,
    event_id and metadata.

    Example: memory-daemon import chats.jsonl
    """
    from agent_memory.capture.history.generic import events_of

    is_stdin = str(file) == "-"
    if not is_stdin and not file.is_file():
        raise UsageError(f"There is no file {str(file)!r}.")
    size = 0 if is_stdin else file.stat().st_size
    with importing(current(context), "Importing", size, dry_run=dry_run) as (importer, report, advance):
        source = sys.stdin.buffer if is_stdin else file
        session_id = "import" if is_stdin else f"import:{file.name}"
        for event in events_of(source, session_id, report.add_broken, advance):
            tally = report.tally(event.agent or "-")
            tally.files = 1
            importer.take([event], tally)
        importer.flush()
    _tell(report, as_json)


@contextmanager
def importing(
    settings: Settings, label: str, size: int, *, dry_run: bool
) -> Iterator[tuple[Importer, Report, Advance]]:
    """What an import needs: where events go, what is to be told of it, and whom to tell the bytes that were read."""
    from agent_memory.cli.connection import connect
    from agent_memory.cli.import_report import Report
    from agent_memory.cli.importing import Importer
    from agent_memory.cli.render import progress

    with ExitStack() as stack:
        client = None if dry_run else stack.enter_context(connect(settings))
        if client is not None:
            client.stats()  # where there is no daemon nothing is read in vain
        show = stack.enter_context(progress(f"{label}, MB", size // _MEGABYTE))
        report = Report(dry_run=dry_run)
        done = 0

        def advance(read: int) -> None:
            nonlocal done
            before, done = done, done + read
            if before // _MEGABYTE < done // _MEGABYTE:
                show(done // _MEGABYTE)

        yield Importer(client, report), report, advance


def take_transcripts(
    settings: Settings,
    importer: Importer,
    report: Report,
    advance: Advance,
    transcripts: Sequence[Transcript],
    since_ms: int,
) -> None:
    """Take in these transcripts, from that moment on."""
    from agent_memory.capture.history.reading import events_of
    from agent_memory.capture.projects import Projects

    projects = Projects(settings.project_names)
    for transcript in transcripts:
        tally = report.tally(transcript.agent)
        tally.files += 1
        events = events_of(transcript, projects, report.add_broken, advance)
        importer.take((event for event in events if event.timestamp_ms >= since_ms), tally)
    importer.flush()


def _transcripts(agent: str | None, path: Path | None) -> list[Transcript]:
    if path is None:
        agents = [agent] if agent else places.AGENTS
        return [each for name in agents for each in places.found(name, os.environ, Path.home())]
    try:
        return places.named(path, agent or "")
    except OSError as error:
        raise UsageError(f"{str(path)!r} can't be read: {error.strerror}") from error


def _moment_ms(text: str | None) -> int:
    from agent_memory.cli.times import parse_moment

    return parse_moment(text, datetime.now().astimezone()) if text else 0


def _tell(report: Report, as_json: bool) -> None:
    click.echo(json.dumps(report.content(), indent=2) if as_json else report.text())
