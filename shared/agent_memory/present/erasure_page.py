"""Pages of erasures: what would go, and the receipt of what has gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Final

from agent_memory.present.text import printable
from agent_memory.present.width import one_line
from agent_memory.rpc import memory_pb2 as pb

_SAMPLE: Final = 50  # cells of a terminal


def preview(found: pb.EraseResponse, verb: str, zone: tzinfo) -> Iterator[str]:
    """What would be erased; times are shown in the zone."""
    if not found.events:
        yield "No stored event is meant." if verb == "forget" else "Today's rules find nothing in the stored events."
    else:
        span = f"from {_at(found.first_ms, zone)} to {_at(found.last_ms, zone)}"
        what = f"{_count(found.events, 'event')} of {_count(found.sessions, 'session')}"
        yield f"{what}, {span}:"
        for event in found.samples:
            shown = one_line(event.text, _SAMPLE) if verb == "forget" else printable(event.event_id)
            yield f"  {_at(event.timestamp_ms, zone)}  {shown}"
        if found.events > len(found.samples):
            yield f"  and {found.events - len(found.samples)} more"
    if found.redacted:
        counts = sorted(found.redacted.items(), key=lambda item: (-item[1], item[0]))
        yield f"Secrets in them: {', '.join(f'{kind} {count}' for kind, count in counts)}"
    if found.inputs:
        yield f"{_count(found.inputs, 'input')} of hooks, waiting in the spool or kept aside as unreadable"


def receipt(receipt: pb.ErasureReceipt) -> Iterator[str]:
    """What was erased, and what the proof found."""
    done = "Redacted" if receipt.kind == pb.ERASURE_KIND_REDACT else "Forgotten"
    yield f"{done}: {_count(receipt.events, 'event')} of {_count(receipt.sessions, 'session')}"
    if receipt.keep_summaries:
        yield "The summaries that retention kept stay, without proofs."
    if receipt.inputs:
        yield f"Deleted: {_count(receipt.inputs, 'input')} of hooks"
    yield ""
    if not receipt.passages:
        yield "There was nothing to look for in the files."
        return
    where = f"{_count(receipt.rows, 'row')} and {_count(receipt.files, 'file')} ({receipt.bytes / 1e6:.1f} MB)"
    yield f"Looked through {where}"
    yield f"for {_count(receipt.passages, 'passage')} of what is erased."
    if receipt.elsewhere:
        yield f"Left out, since they also stand in events that stay: {receipt.elsewhere}."
    if receipt.in_summaries:
        yield f"Left out, since kept summaries quote them: {receipt.in_summaries}."
    if receipt.proved:
        yield "Nothing was found. Copies elsewhere, such as the agents' own transcripts,"
        yield "were not looked at."
        yield from _backup_lines(receipt)
        return
    if receipt.hidden_entries:
        yield f"{receipt.hidden_entries} entries of the files could not be looked at. Try admin compact."
    if receipt.controls_found < receipt.controls:
        yield "The search did not find what is still there, so it proves nothing."
    yield from (f"Found in {printable(place)}" for place in receipt.problems)
    yield "NOT PROVED: something may be left. Look again with: memory-daemon admin receipt"
    yield from _backup_lines(receipt)


def _backup_lines(receipt: pb.ErasureReceipt) -> Iterator[str]:
    if receipt.backups:
        yield ""
        yield "These still hold some of it. Delete them to be rid of it:"
        yield from (f"  {printable(folder)}" for folder in receipt.backups)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _at(at_ms: int, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, zone):%Y-%m-%d %H:%M}"
