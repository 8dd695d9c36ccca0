"""`admin forget`, `redact` and `retention`: look first, ask, erase, and prove it."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

from agent_memory.cli.answers import selection_options, whole_session_id
from agent_memory.cli.options import Number, current, json_option, settings_options
from agent_memory.cli.times import from_to_ms, now, project_named, zone
from agent_memory.errors import AgentMemoryError, UsageError

if TYPE_CHECKING:
    from agent_memory.client import Client
    from agent_memory.rpc.memory_pb2 import (
        EraseRequest,
        EraseResponse,
        ErasureReceipt,
        EventSelection,
    )


@click.command()
@click.option("--event", "event_ids", multiple=True, metavar="ID", help="This event; may be given several times.")
@selection_options
@click.option("--text", default="", metavar="TEXT", help="Only events that hold this text, whatever its case.")
@click.option("--file", default="", metavar="PATH", help="Only tool calls that name this file, by its last parts.")
@click.option("--dry-run", is_flag=True, help="Only show what would be forgotten.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--expect", type=Number(1), metavar="N", help="Forget nothing unless it is N events.")
@json_option
@settings_options
@click.pass_context
def forget(
    context: click.Context,
    event_ids: tuple[str, ...],
    session_ids: tuple[str, ...],
    from_: str | None,
    to: str | None,
    text: str,
    agent: str,
    project: str,
    file: str,
    dry_run: bool,
    yes: bool,
    expect: int | None,
    as_json: bool,
) -> None:
    """Erase events for good, and all that was made of them.

    Shows what would go and asks first. What is forgotten is not stored again. If you interrupt the command once it
    erases, the erasure goes on.

    Example: memory-daemon admin forget --project ~/clients/acme --from "last week"
    """
    from agent_memory.rpc.memory_pb2 import ERASURE_KIND_FORGET, EraseRequest, EventSelection

    if not (event_ids or session_ids or from_ or to or text or agent or project or file):
        raise UsageError("Nothing says what to forget.", "Give --session, --text, --from or another of the options.")
    selection = EventSelection(
        event_ids=event_ids,
        session_ids=session_ids,
        text=text,
        agent=agent,
        project=project_named(project) if project else "",
        file=file,
    )
    from_ms, to_ms = from_to_ms(from_, to, now())
    if from_:
        selection.from_ms = from_ms
    if to:
        selection.to_ms = to_ms + 1
    request = EraseRequest(kind=ERASURE_KIND_FORGET, selection=selection, expected_events=expect)
    _erase(context, request, "forget", dry_run=dry_run, yes=yes, as_json=as_json)


@click.command()
@click.option("--rescan", is_flag=True, help="Look through all stored events.")
@click.option("--dry-run", is_flag=True, help="Only show what would be taken out.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@settings_options
@click.pass_context
def redact(context: click.Context, rescan: bool, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Take out secrets that today's rules find in stored events.

    Events keep their ids and their places; what was made of them is made again. Shows what would be taken out and asks
    first.

    Example: memory-daemon admin redact --rescan
    """
    from agent_memory.rpc.memory_pb2 import ERASURE_KIND_REDACT, EraseRequest

    if not rescan:
        raise UsageError("Nothing says what to look through.", "Give --rescan to look through all stored events.")
    _erase(context, EraseRequest(kind=ERASURE_KIND_REDACT), "redact", dry_run=dry_run, yes=yes, as_json=as_json)


@click.command()
@click.option(
    "--older-than", metavar="AGE", help="Such as 2y, 18 months or 90d; by default the setting retention_days."
)
@click.option(
    "--keep-summaries/--no-keep-summaries",
    default=None,
    help="Keep the summaries of what is forgotten; by default as the setting retention_keep_summaries says.",
)
@click.option("--dry-run", is_flag=True, help="Only show what would be forgotten.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@settings_options
@click.pass_context
def retention(
    context: click.Context, older_than: str | None, keep_summaries: bool | None, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Forget the events that are older than AGE.

    The same as `forget --to`. If retention_days is set, the scheduled job of this name does it, too.

    With --keep-summaries, the titles, lines and keywords that were made of them stay; a part of a conversation goes
    when all of it is older than AGE. Nothing proves such a line any more, and searches and filters do not lead to it.
    The proof is that nothing is left but what summaries quote.

    Example: memory-daemon admin retention --older-than 2y
    """
    from agent_memory.present.times import parse_age
    from agent_memory.rpc.memory_pb2 import ERASURE_KIND_FORGET, EraseRequest, EventSelection

    settings = current(context)
    keep_summaries = settings.retention_keep_summaries if keep_summaries is None else keep_summaries
    days = parse_age(older_than) if older_than else settings.retention_days
    if not days:
        raise UsageError("Nothing says how long events are kept.", "Give --older-than, or set retention_days.")
    to_ms = int((time.time() - days * 86_400) * 1000)
    selection = EventSelection(to_ms=max(0, to_ms))
    request = EraseRequest(kind=ERASURE_KIND_FORGET, selection=selection, keep_summaries=keep_summaries)
    _erase(context, request, "forget", dry_run=dry_run, yes=yes, as_json=as_json)


def _erase(
    context: click.Context, request: EraseRequest, verb: str, *, dry_run: bool, yes: bool, as_json: bool
) -> None:
    from agent_memory.cli.render import progress
    from agent_memory.control.connection import connect_to_store
    from agent_memory.control.upkeep import proving
    from agent_memory.present import erasure_page
    from agent_memory.present.json_text import reply_json

    settings = current(context)
    with connect_to_store(settings) as client:
        _name_whole_sessions(client, request.selection, yes=yes)
        request.dry_run = True
        found = client.erase(request)
        unknown = "" if found.events or found.inputs else _unknown_name(client, request.selection)
        if unknown:
            if as_json:
                click.echo(reply_json(found))
            raise AgentMemoryError(f"No stored event is meant. {unknown}")
        if not as_json:
            if dry_run:
                click.echo("DRY RUN - No changes were made\n")
            click.echo("\n".join(erasure_page.preview(found, verb, zone())))
        is_agreed = not dry_run and (yes or _is_agreed(found, verb, as_json=as_json))
        if not is_agreed:
            found.passages[:] = []
            if as_json:
                click.echo(reply_json(found))
            return
        request.dry_run = False
        if not request.HasField("expected_events"):
            request.expected_events = found.events
        with proving.turn(settings):
            # Of an erasure whose command was interrupted.
            if not client.erasure_status().is_running:
                proving.prove_pending(settings, client)
            begun = client.erase(request)
            with progress("Erasing", begun.events) as show:
                receipt = proving.prove_pending(settings, client, show) if begun.number else None
            if receipt is None:
                receipt = _of_nothing(begun)
                # Of what was erased before, the text itself can still be looked for.
                from agent_memory.erasure.passages import PASSAGE_MIN

                text = request.selection.text
                proving.prove_gone(settings, receipt, [text] if len(text) >= PASSAGE_MIN else [])
    click.echo(reply_json(receipt) if as_json else "\n".join(erasure_page.receipt(receipt)))
    context.exit(0 if receipt.proved else 1)


@click.command()
@json_option
@settings_options
@click.pass_context
def receipt(context: click.Context, as_json: bool) -> None:
    """Show the receipt of the last erasure.

    Waits for an erasure that is still going on, and makes its proof if there is none yet. Exits 1 if something may be
    left.

    Example: memory-daemon admin receipt
    """
    from agent_memory.cli.render import progress
    from agent_memory.control.connection import connect_to_store
    from agent_memory.control.upkeep import proving
    from agent_memory.erasure.receipts import Receipts
    from agent_memory.present import erasure_page
    from agent_memory.present.json_text import reply_json

    settings = current(context)
    receipts = Receipts(settings.db_path)
    if pending := receipts.pending():
        with connect_to_store(settings) as client, progress("Erasing", pending.receipt.events) as show:
            proving.follow(client, pending.receipt.number, show)
            with proving.turn(settings):
                proving.prove_pending(settings, client, show)
    last = receipts.last()
    if last is None:
        raise AgentMemoryError("Nothing was erased from this store yet.")
    click.echo(reply_json(last) if as_json else "\n".join(erasure_page.receipt(last)))
    context.exit(0 if last.proved else 1)


def _name_whole_sessions(client: Client, selection: EventSelection, *, yes: bool) -> None:
    """Put whole ids in the place of their beginnings; raises UsageError where nobody would look at what they mean."""
    named = list(selection.session_ids)
    selection.session_ids[:] = [whole_session_id(client, each) for each in named]
    for short, whole in zip(named, selection.session_ids, strict=True):
        if yes and short != whole:
            raise UsageError(
                f"{short!r} is only the beginning of a session's id.", f"With --yes, give all of it: {whole}"
            )


def _unknown_name(client: Client, selection: EventSelection) -> str:
    """The note about a name in the selection that the store does not know; empty where it knows them all."""
    maps = [
        *(client.toc_map(session_id=each) for each in selection.session_ids),
        *([client.toc_map(project=selection.project)] if selection.project else []),
        *([client.toc_map(agent=selection.agent)] if selection.agent else []),
    ]
    return next((each.note for each in maps if each.note), "")


def _is_agreed(found: EraseResponse, verb: str, *, as_json: bool) -> bool:
    """Whether somebody types the words that say so."""
    if not (found.events or found.inputs):
        return False
    words = f"{verb} {found.events}"
    if not sys.stdin.isatty():
        click.echo("Nothing was changed. Add --yes to do it.", err=as_json)
        return False
    typed = click.prompt(f'This can\'t be undone. Type "{words}" to do it', default="", show_default=False, err=as_json)
    if " ".join(str(typed).split()) != words:
        click.echo("Nothing was changed.", err=as_json)
        return False
    return True


def _of_nothing(begun: EraseResponse) -> ErasureReceipt:
    """The receipt where no event was erased."""
    from agent_memory.rpc.memory_pb2 import ErasureReceipt

    return ErasureReceipt(inputs=begun.inputs, redacted=begun.redacted)
