"""`backfill`, `reconcile` and `import`: sessions from before the memory, that hooks missed, or of other programs."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from agent_memory.agents import registry
from agent_memory.agents.replayed_call import Broken
from agent_memory.backfill import transcript_paths
from agent_memory.backfill.bookmarks import Bookmarks, Comparison
from agent_memory.cli.options import current, echo_next, json_option, settings_options
from agent_memory.errors import AgentMemoryError, UsageError
from agent_memory.model import DEFAULT_STORE
from agent_memory.present.text import counted
from agent_memory.settings import Settings

if TYPE_CHECKING:  # gRPC costs 100 ms, and --help has no use for it
    from agent_memory.backfill.importer import Importer
    from agent_memory.backfill.report import Report
    from agent_memory.backfill.store_importers import StoreImporters
    from agent_memory.backfill.transcript_paths import Transcript

# A transcript that was written to this recently is still being written to; its last words may not be the last.
SETTLED_NS: Final = 60_000_000_000
# The daemon looks into its spool every second.
SPOOL_PATIENCE_S: Final = 30.0
_LOOK_S: Final = 0.1
_MEGABYTE: Final = 1_000_000
# Of files that are passed over, so many are named where there is no other.
_REASONS_MAX: Final = 5

Advance = Callable[[int], None]


@click.command(
    help=f"""Import past sessions from the agents' own transcripts.

    They become the same events that hooks would have sent. AGENT is one of {", ".join(registry.AGENTS)}; without it,
    all agents. PATH is a transcript, or a folder of them, outside the agent's usual folder. Events that are
    stored already stay as they are, so an interrupted command can be run again.

    Example: memory-daemon backfill claude-code --since "last month" --dry-run
    """
)
@click.argument("agent", required=False, metavar="[AGENT]")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--since", metavar="TIME", help="Only events since TIME.")
@click.option("--dry-run", is_flag=True, help="Only show what would be imported.")
@json_option
@settings_options
@click.pass_context
def backfill(
    context: click.Context, agent: str | None, path: Path | None, since: str | None, dry_run: bool, as_json: bool
) -> None:
    if agent is not None and agent not in registry.AGENTS:
        if path is not None or not os.path.lexists(agent):
            raise UsageError(f"There is no agent {agent!r}; there are {', '.join(registry.AGENTS)}.")
        path, agent = Path(agent), None
    since_ms = _since_ms(since)
    passed_over: list[Broken] = []
    found = kept_transcripts(agent, path, passed_over.append)
    transcripts = [each for each in found if each.changed_ns // 1_000_000 >= since_ms]
    if not transcripts:
        where = f"in {path}" if path else "where agents keep them"
        reasons = "".join(f"\n{each.path}: {each.reason}" for each in passed_over[:_REASONS_MAX])
        raise AgentMemoryError(f"There are no transcripts{f' of {agent}' if agent else ''} {where}.{reasons}")
    settings = current(context)
    size = sum(each.size for each in transcripts)
    # A file that is named is read again; and one that was read in part gets no bookmark.
    bookmarks = Bookmarks(None if path or since or dry_run else _store(settings))
    with importing_each(settings, "Reading", size, dry_run=dry_run) as (importer, report, advance):
        for broken in passed_over:
            report.add_broken(broken)
        _take(settings, importer, report, advance, transcripts, bookmarks, since_ms)
    _show(context, report, as_json)


@click.command()
@json_option
@settings_options
@click.pass_context
def reconcile(context: click.Context, as_json: bool) -> None:
    """Import what the hooks missed from recent transcripts.

    Runs every night by itself, before agents delete their transcripts. Reads only transcripts that were written to
    since the last time, and only in the agents' own folders.

    Example: memory-daemon reconcile
    """
    from agent_memory.backfill.report import Report

    settings = current(context)
    began_ms = time.time_ns() // 1_000_000
    until_ns = began_ms * 1_000_000 - SETTLED_NS
    found = kept_transcripts(None, None, lambda broken: None)
    settled = [each for each in found if each.changed_ns <= until_ns]
    report, bookmarks = Report(), Bookmarks(_store(settings))
    if settled:
        with importing_each(settings, "Comparing", sum(each.size for each in settled)) as (importer, report, advance):
            _take(settings, importer, report, advance, settled, bookmarks)
    left_out = len(found) - len(settled)
    bookmarks.note_comparison(Comparison(began_ms, report.stored, left_out))
    content = {**_saved(report), "files_being_written": left_out, **report.content()}
    click.echo(json.dumps(content, indent=2) if as_json else _verdict(content, report))


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--dry-run", is_flag=True, help="Only check the lines.")
@json_option
@settings_options
@click.pass_context
def import_(context: click.Context, file: Path, dry_run: bool, as_json: bool) -> None:
    """Import another program's history from JSON lines.

    FILE may be - for standard input. A line is an object with text and timestamp and, if known, role, session_id,
    agent, event_type, event_id and metadata.

    Example: memory-daemon import chats.jsonl
    """
    from agent_memory.backfill.generic import events_of

    is_stdin = str(file) == "-"
    if file.is_dir():
        raise UsageError(f"{str(file)!r} is a folder.", "Name a file of lines.")
    if not is_stdin and not file.exists():
        raise UsageError(f"There is no file {str(file)!r}.")
    # A pipe, such as the shell makes of <(command), is read like standard input.
    is_pipe = not is_stdin and not file.is_file()
    size = 0 if is_stdin or is_pipe else file.stat().st_size
    with ExitStack() as opened:
        source = sys.stdin.buffer if is_stdin else opened.enter_context(file.open("rb")) if is_pipe else file
        importer, report, advance = opened.enter_context(
            importing(current(context), "Importing", size, dry_run=dry_run, names_events=True)
        )
        session_id = "import" if is_stdin or is_pipe else f"import:{file.name}"
        for event in events_of(source, session_id, report.add_broken, advance):
            tally = report.tally(event.agent or "-")
            tally.files = 1
            importer.take([event], tally)
        importer.flush()
    _show(context, report, as_json)
    if report.broken_count and not report.tallies:
        raise AgentMemoryError(f"Nothing was imported: {counted(report.broken_count, 'line')} can't be read as events.")


@contextmanager
def importing(
    settings: Settings, label: str, size: int, *, dry_run: bool = False, names_events: bool = False
) -> Iterator[tuple[Importer, Report, Advance]]:
    """What an import needs: where events go, the report, and a function to call with the bytes that were read."""
    from agent_memory.backfill.importer import Importer
    from agent_memory.backfill.report import Report
    from agent_memory.cli.render import progress
    from agent_memory.control.connection import connect_to_store

    with ExitStack() as stack:
        client = None if dry_run else stack.enter_context(connect_to_store(settings))
        if client is not None:
            client.stats()  # fails at once where no daemon answers
            _wait_for_spool(settings)
        show = stack.enter_context(progress(f"{label}, MB", size // _MEGABYTE))
        report = Report(dry_run=dry_run)
        done = 0

        def advance(read: int) -> None:
            nonlocal done
            before, done = done, done + read
            if before // _MEGABYTE < done // _MEGABYTE:
                show(done // _MEGABYTE)

        yield Importer(client, report, names_events=names_events), report, advance


@contextmanager
def importing_each(
    settings: Settings, label: str, size: int, *, dry_run: bool = False
) -> Iterator[tuple[StoreImporters, Report, Advance]]:
    """What an import of sessions needs: each goes to the store that it belongs to."""
    from agent_memory import project_stores
    from agent_memory.backfill.agent_stores import agents_store
    from agent_memory.backfill.importer import Importer
    from agent_memory.backfill.store_importers import StoreImporters
    from agent_memory.capture.session_stores import SessionStores
    from agent_memory.control.connection import connect_to_store

    with importing(settings, label, size, dry_run=dry_run) as (own, report, advance), ExitStack() as stack:

        def importer(name: str) -> Importer:
            if name == settings.store:
                return own
            if dry_run:
                return Importer(None, report)
            project_stores.create(settings.main_path, name)
            return Importer(stack.enter_context(connect_to_store(settings).of_store(name)), report)

        sessions, rules = SessionStores(settings.main_path), project_stores.FolderRules(settings.project_stores)
        exists = partial(project_stores.exists, settings.main_path)
        default = None if dry_run else stack.enter_context(connect_to_store(settings).of_store(DEFAULT_STORE))
        agents = agents_store(settings, default)
        note = (lambda session_id, store: None) if dry_run else sessions.note
        yield StoreImporters(settings.store, importer, sessions, rules, exists, agents, note), report, advance


def _take(
    settings: Settings,
    importer: StoreImporters,
    report: Report,
    advance: Advance,
    transcripts: Sequence[Transcript],
    bookmarks: Bookmarks,
    since_ms: int = 0,
) -> None:
    """Take in the events of these transcripts from that time on. Transcripts with a bookmark are skipped."""
    from agent_memory.backfill.reading import events_of
    from agent_memory.capture.project.projects import Projects
    from agent_memory.capture.spool import excluded_sessions

    projects = Projects(settings.project_names)
    excluded = excluded_sessions(settings.main_path)
    for transcript in transcripts:
        tally = report.tally(transcript.agent)
        if bookmarks.has_read(transcript):
            tally.unchanged_files += 1
            advance(transcript.size)
            continue
        tally.files += 1
        events = events_of(transcript, projects, report.add_broken, advance, settings.tool_max_bytes)
        wanted = (each for each in events if each.timestamp_ms >= since_ms and each.session_id not in excluded)
        importer.take(wanted, tally)
        importer.flush()
        bookmarks.add(transcript)
    bookmarks.save()


def _store(settings: Settings) -> Path | None:
    """The store's folder; None if it is not on this machine."""
    return settings.db_path if "MEMORY_DAEMON_ADDR" not in os.environ and settings.db_path.is_dir() else None


def _wait_for_spool(settings: Settings) -> None:
    """Let what hooks have spooled go first: the import finds those events then, whatever clock they are timed by."""
    from agent_memory.capture.spool import Spool

    spool, deadline_s = Spool(settings.main_path), time.monotonic() + SPOOL_PATIENCE_S
    while spool.on_its_way(1) and time.monotonic() < deadline_s:
        time.sleep(_LOOK_S)


def _saved(report: Report) -> dict[str, int]:
    return {
        "sessions_saved": report.sessions_saved,
        "sessions_completed": report.sessions_completed,
        "events_saved": report.stored,
    }


def _verdict(content: Mapping[str, Any], report: Report) -> str:
    lines = [report.text()] if content["events_saved"] or content["broken_count"] else []
    if content["events_saved"]:
        saved, completed = counted(content["sessions_saved"], "session"), content["sessions_completed"]
        lines.append(f"Saved {saved} that the hooks had missed entirely, and the missing parts of {completed}")
    elif not content["files_being_written"]:
        lines.append("Nothing is missing: everything in the agents' transcripts is stored")
    elif report.tallies:
        lines.append("Nothing is missing from the transcripts that were compared")
    if being_written := content["files_being_written"]:
        verb = "was" if being_written == 1 else "were"
        lines.append(f"{counted(being_written, 'transcript')} {verb} not compared: still being written to. Next time")
    return "\n".join(lines)


def kept_transcripts(agent: str | None, path: Path | None, passed_over: Callable[[Broken], None]) -> list[Transcript]:
    if path is None:
        agents = [registry.named(agent)] if agent else registry.AGENTS.values()
        return [
            each for agent_ in agents for each in transcript_paths.found(agent_, os.environ, Path.home(), passed_over)
        ]
    try:
        return transcript_paths.named(path, agent or "", passed_over)
    except OSError as error:
        raise UsageError(f"{str(path)!r} can't be read: {error.strerror}") from error


def _since_ms(text: str | None) -> int:
    from agent_memory.cli.times import now
    from agent_memory.present.typed_times import parse_time

    return parse_time(text, now()) if text else 0


def _show(context: click.Context, report: Report, as_json: bool) -> None:
    click.echo(json.dumps(report.content(), indent=2) if as_json else report.text())
    if report.stored and not as_json:
        echo_next(context, "query map", "query projects")
