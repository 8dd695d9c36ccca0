"""`admin`: inspect and maintain the store, with or without a running daemon."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import click

from agent_memory.cli.backups import backup, restore
from agent_memory.cli.erasing import forget, receipt, redact, retention
from agent_memory.cli.exchange import export, import_
from agent_memory.cli.migrating import migrate
from agent_memory.cli.options import HELP, command_line, current, json_option, settings_options
from agent_memory.cli.rebuilding import rebuild, rebuild_toc, set_timezone
from agent_memory.cli.summaries import summaries
from agent_memory.errors import AgentMemoryError, NotRunning
from agent_memory.present.text import counted, printable
from agent_memory.present.times import relative
from agent_memory.settings import Settings

if TYPE_CHECKING:  # protobuf costs 50 ms, and --help has no use for it
    from agent_memory.rpc.memory_pb2 import (
        GetIndexStatusResponse,
        GetStatsResponse,
        RebuildTocRequest,
        VerifyReport,
    )
    from agent_memory.store.maintenance.findings import Findings

# How often to ask for a rebuild's progress.
_LOOK_S: Final = 0.2


@click.group(context_settings=HELP)
@settings_options
def admin() -> None:
    """Inspect and maintain the store.

    Commands that only read work without a daemon, too; so do compact, backup and restore.

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
    from agent_memory.present.json_text import reply_json

    reply = _stats(current(context))
    click.echo(reply_json(reply) if as_json else _table(reply))


@admin.command()
@click.option("--cf", "column_family", default="", metavar="NAME", help="Only this column family.")
@settings_options
@click.pass_context
def compact(context: click.Context, column_family: str) -> None:
    """Rewrite the store's files without old rows.

    Drops deleted and overwritten rows; returns when done.

    Example: memory-daemon admin compact --cf events
    """
    for name in _compact(current(context), column_family):
        click.echo(f"Compacted {name}")


@admin.command("rebuild-index")
@click.option(
    "--type",
    "kind",
    type=click.Choice(["bm25", "vector", "all"]),
    default="all",
    show_default=True,
    help="Which index: of words (bm25), or of vectors (there is none).",
)
@click.option("--all", "kind", flag_value="all", help="The same as --type all.")
@settings_options
@click.pass_context
def rebuild_index(context: click.Context, kind: str) -> None:
    """Make the search index again from the events.

    The old index answers until the new one is complete. If you interrupt the command, the rebuild goes on.

    Example: memory-daemon admin rebuild-index --type bm25
    """
    from agent_memory.control.connection import connect_to_store

    if kind == "vector":
        click.echo("No vectors are kept, so there is nothing to rebuild.")
        return
    with connect_to_store(current(context)) as client:
        asked_ms = client.rebuild_index().asked_ms
        while (status := client.index_status()).is_rebuilding and status.rebuild_asked_ms == asked_ms:
            time.sleep(_LOOK_S)
    size = f"{status.segments} segments, {status.size_bytes / 1e6:.2f} MB"
    click.echo(f"Rebuilt the search index: {size}")


@admin.command("reset-checkpoint")
@click.option("--job", required=True, help="The job's name, from scheduler status.")
@settings_options
@click.pass_context
def reset_checkpoint(context: click.Context, job: str) -> None:
    """Reset a scheduled job, as if it had never run.

    Its next run goes through everything again.

    Example: memory-daemon admin reset-checkpoint --job toc_rollup_day
    """
    from agent_memory.control.connection import connect_to_store

    with connect_to_store(current(context)) as client:
        reply = client.reset_checkpoint(job)
    if not reply.success:
        raise AgentMemoryError(reply.error)
    click.echo(f"Checkpoint of {job} is reset")


@admin.command()
@click.option("--repair", is_flag=True, help="Have the daemon rebuild what is wrong.")
@json_option
@settings_options
@click.pass_context
def verify(context: click.Context, repair: bool, as_json: bool) -> None:
    """Check the whole store.

    Checks that every reference leads somewhere, that every excerpt is in its events, and that the counters are right.
    Exits 1 if it found a fault.

    Example: memory-daemon admin verify --db-path ~/copy-of-db
    """
    from agent_memory.present.json_text import reply_json

    settings = current(context)
    found = _verify(settings)
    if repair and not found.is_sound:
        click.echo(f"{_things(found.problem_count)} wrong:", err=True)
        for problem in found.problems:
            click.echo(f"  {printable(problem.subject)} {printable(problem.message)}", err=True)
        status = rebuild(settings, _repair_of(found))
        click.echo(f"Repaired: {status.nodes_written} nodes were rebuilt or removed", err=True)
        found = _verify(settings)
    report = _report(found)
    repairing = command_line(context, "admin", "verify", "--repair")
    click.echo(reply_json(report) if as_json else _verdict(report, repairing))
    context.exit(0 if found.is_sound else 1)


admin.add_command(backup)
admin.add_command(export)
admin.add_command(forget)
admin.add_command(import_)
admin.add_command(migrate)
admin.add_command(receipt)
admin.add_command(rebuild_toc)
admin.add_command(redact)
admin.add_command(restore)
admin.add_command(retention)
admin.add_command(set_timezone)
admin.add_command(summaries)


def _stats(settings: Settings) -> GetStatsResponse:
    from agent_memory.control.connection import connect_to_store

    try:
        with connect_to_store(settings) as client:
            return client.stats()
    except NotRunning:
        from agent_memory.store.maintenance.stats import read_stats

        return read_stats(settings.db_path)


def _compact(settings: Settings, column_family: str) -> list[str]:
    from agent_memory.control.connection import connect_to_store

    try:
        with connect_to_store(settings) as client:
            return list(client.compact(column_family).column_families)
    except NotRunning:
        from agent_memory.ingest.offline import compact as compact_offline

        return compact_offline(settings.db_path, column_family)


def _verify(settings: Settings) -> Findings:
    from agent_memory.cli.render import progress
    from agent_memory.store import records
    from agent_memory.store.maintenance.verify import verify as verify_store
    from agent_memory.store.reader import open_snapshot

    with (
        open_snapshot(settings.db_path) as reader,
        progress("Verifying", records.counters(reader).events) as show,
    ):
        return verify_store(reader, show)


def _repair_of(found: Findings) -> RebuildTocRequest:
    from agent_memory.rpc.memory_pb2 import RebuildTocRequest

    sessions = () if found.too_many else sorted(found.sessions)
    return RebuildTocRequest(session_ids=sessions, mend=True, keep_sessions=not found.sessions)


def _report(found: Findings) -> VerifyReport:
    from agent_memory.rpc.memory_pb2 import VerifyProblem, VerifyReport

    return VerifyReport(
        sound=found.is_sound,
        events=found.events,
        segments=found.segments,
        toc_nodes=found.toc_nodes,
        grips_intact=found.grips_intact,
        grips_removed=found.grips_removed,
        grips_without_checksum=found.grips_without_checksum,
        sessions_waiting=found.sessions_waiting,
        problem_count=found.problem_count,
        problems=[VerifyProblem(subject=each.subject, message=each.message) for each in found.problems],
    )


def _verdict(report: VerifyReport, repair: str) -> str:
    lines = [
        f"Events: {report.events}, in {report.segments} segments",
        f"TOC Nodes: {report.toc_nodes}",
        f"Grips: {report.grips_intact} intact, {report.grips_removed} removed on purpose",
    ]
    if report.grips_without_checksum:
        lines.append(f"Grips without a checksum: {report.grips_without_checksum}; rebuild-toc adds it")
    if report.sessions_waiting:
        lines.append(f"Sessions not checked, their events are still on the way: {report.sessions_waiting}")
    lines.append("")
    if report.sound:
        return "\n".join([*lines, "The store is sound."])
    lines += [f"{printable(each.subject)} {printable(each.message)}" for each in report.problems]
    if report.problem_count > len(report.problems):
        lines.append(f"and {report.problem_count - len(report.problems)} more")
    return "\n".join([*lines, "", f"{_things(report.problem_count)} wrong. Repair with: {repair}"])


def _things(count: int) -> str:
    return "1 thing is" if count == 1 else f"{count} things are"


def _table(reply: GetStatsResponse) -> str:
    lines = [
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
    if reply.HasField("search_index"):
        lines += ["", f"Search Index: {_index_line(reply.search_index)}"]
    if reply.redacted:
        kinds = sorted(reply.redacted.items(), key=lambda item: (-item[1], item[0]))
        counts = ", ".join(f"{kind} {count}" for kind, count in kinds)
        lines += ["", f"Secrets redacted: {sum(reply.redacted.values())} ({counts})"]
    return "\n".join(lines)


def _index_line(status: GetIndexStatusResponse) -> str:
    if not status.available:
        return "none yet" if not status.problem else "being made"
    written = relative(status.written_ms, time.time_ns() // 1_000_000)
    segments, behind = counted(status.segments, "segment"), counted(status.behind, "event")
    parts = [segments, f"{status.size_bytes / 1e6:.2f} MB", f"{behind} behind"]
    parts += [f"written {written}"] if status.written_ms else []
    parts += ["being completed"] if status.is_partial else []
    return ", ".join(parts)
