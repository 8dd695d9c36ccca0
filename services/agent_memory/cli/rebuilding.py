"""`admin rebuild-toc` and `admin set-timezone`: the table of contents made again from the events."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

import click

from agent_memory.cli.options import current, settings_options
from agent_memory.cli.summaries import bill, rebuild_cost
from agent_memory.errors import NotRunning, UsageError
from agent_memory.model import LOCAL
from agent_memory.settings import Settings, zone_named

if TYPE_CHECKING:  # protobuf costs 50 ms, and --help has no use for it
    from agent_memory.rpc.memory_pb2 import GetRebuildStatusResponse, RebuildTocRequest, RebuildTocResponse

# How often to ask for a rebuild's progress.
_LOOK_S: Final = 0.2


@click.command("rebuild-toc")
@click.option("--from-date", metavar="YYYY-MM-DD", default="", help="Rebuild only from that day on.")
@click.option("--dry-run", is_flag=True, help="Only show what would be done.")
@click.option("--yes", is_flag=True, help="Do not ask, whatever it costs.")
@settings_options
@click.pass_context
def rebuild_toc(context: click.Context, from_date: str, dry_run: bool, yes: bool) -> None:
    """Rebuild the table of contents from the events.

    The daemon serves as usual meanwhile. Ctrl-C ends the command, not the rebuild.

    Example: memory-daemon admin rebuild-toc --from-date 2026-01-01
    """
    from agent_memory.rpc.memory_pb2 import RebuildTocRequest

    settings = current(context)
    found = _rebuild_scope(settings, from_date)
    if dry_run:
        click.echo("\n".join([_plan(found), *_bill(settings, found)]))
        return
    if not yes:
        _confirm(f"Rebuild the table of contents from {found.events} events?", _bill(settings, found))
    status = rebuild(settings, RebuildTocRequest(from_date=from_date))
    click.echo(f"Rebuilt from {status.events} events; {status.nodes_written} nodes changed")


@click.command("set-timezone")
@click.argument("zone", metavar="ZONE")
@click.option("--dry-run", is_flag=True, help="Only show what would be done.")
@click.option("--yes", is_flag=True, help="Do not ask, whatever it costs.")
@settings_options
@click.pass_context
def set_timezone(context: click.Context, zone: str, dry_run: bool, yes: bool) -> None:
    """Cut the store's days in another time zone.

    Rebuilds the table of contents: events move to the days that they fall on there, and the old days are served until
    all are made. The daemon goes on meanwhile. Ctrl-C ends the command, not the rebuild; the same command again shows
    how far it is.

    Example: memory-daemon admin set-timezone Europe/Berlin
    """
    from agent_memory.control.connection import connect_to_store
    from agent_memory.rpc.memory_pb2 import RebuildTocRequest

    settings, wanted = current(context), _zone(zone)
    with connect_to_store(settings) as client:
        was = client.stats().timezone
        goes_on = client.rebuild_status().is_running
    if was == wanted and not goes_on:
        click.echo(f"The store's days are cut in {wanted} already. Nothing was changed.")
        return
    found = _rebuild_scope(settings, "")
    if dry_run:
        change = f"The store's days are cut in {was}; they would be cut in {wanted}"
        click.echo("\n".join([_plan(found), change, *_bill(settings, found)]))
        return
    if not yes and not goes_on:
        question = f"Cut the days in {wanted}, and no more in {was}? {found.events} events are read for it."
        _confirm(question, _bill(settings, found))
    status = rebuild(settings, RebuildTocRequest(timezone=wanted, mend=True))
    click.echo(f"The store's days are cut in {wanted}; {status.nodes_written} nodes changed")
    if settings.timezone not in ("", wanted):
        source = settings.sources["timezone"]
        click.echo(f"Note: timezone is still {settings.timezone} for new stores ({source}).", err=True)


def _zone(text: str) -> str:
    try:
        return zone_named(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is not usable: {error}.") from None


def _rebuild_scope(settings: Settings, from_date: str) -> RebuildTocResponse:
    from agent_memory.control.connection import connect_to_store
    from agent_memory.rpc.memory_pb2 import RebuildTocRequest

    try:
        with connect_to_store(settings) as client:
            return client.rebuild_toc(RebuildTocRequest(from_date=from_date, dry_run=True))
    except NotRunning:
        from agent_memory.store.maintenance.rebuild_scope import read_rebuild_scope

        found = read_rebuild_scope(settings.db_path, from_date)
        found.summarized_by = settings.summarized_by
        return found


def _bill(settings: Settings, found: RebuildTocResponse) -> list[str]:
    """What the rebuild will cost, in words; empty if it costs nothing."""
    # Empty: from a daemon too old to say.
    if found.summarized_by in (LOCAL, "") or not found.events:
        return []
    cost = rebuild_cost(settings, found.from_ms, found.events)
    return [bill(settings, found.summarized_by, cost)] if cost.requests else []


def _confirm(question: str, costs: list[str]) -> None:
    """Ask before anything is done; raises UsageError if it costs something and nobody is there to ask."""
    if sys.stdin.isatty():
        click.confirm("\n".join([*costs, question]), abort=True)
    elif costs:
        raise UsageError("\n".join([*costs, "Add --yes to spend that, or --dry-run to see only what there is."]))


def _plan(found: RebuildTocResponse) -> str:
    lines = ["DRY RUN - No changes will be made", f"Found {found.events} events to process"]
    if found.events:
        lines += [
            f"Would process events from {found.from_ms} to {found.to_ms}",
            f"First event timestamp: {found.first_event_ms}",
            f"Last event timestamp: {found.last_event_ms}",
        ]
    return "\n".join(lines)


def rebuild(settings: Settings, request: RebuildTocRequest) -> GetRebuildStatusResponse:
    """Have the daemon rebuild, show its progress, and return when it is done."""
    from agent_memory.cli.render import progress
    from agent_memory.control.connection import connect_to_store

    with connect_to_store(settings) as client:
        events = client.rebuild_toc(request).events
        with progress("Rebuilding", 0 if request.keep_sessions else events) as show:
            while (status := client.rebuild_status()).is_running:
                show(status.events_done)
                time.sleep(_LOOK_S)
    return status
