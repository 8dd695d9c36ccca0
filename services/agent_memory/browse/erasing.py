"""Erasing: what the cursor may mean by it, and how it is done and proved. Its calls are for a lane's thread."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from google.protobuf.json_format import ParseDict

from agent_memory import own_command
from agent_memory.browse.rows import Kind, Target
from agent_memory.client import Client
from agent_memory.errors import AgentMemoryError
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.settings import Settings

_PROOF_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Victim:
    """Something that can be forgotten, as it is called, and how it is selected."""

    name: str
    selection: Callable[[Client], pb.EventSelection]


def victims(target: Target, place: Target | None) -> list[Victim]:
    """What may be meant, the smallest first, by the cursor's target on a page that shows `place`."""
    found = []
    if target.kind in (Kind.EVENT, Kind.WHOLE):
        found.append(Victim("this event", lambda client: pb.EventSelection(event_ids=[target.id])))
    elif target.kind is Kind.NODE:
        found.append(Victim("all that was said in this time", lambda client: _of_node(client, target)))
        if target.session_id:
            found[0] = Victim("this part of the conversation", found[0].selection)
    elif place and place != target:
        return victims(place, None)
    session_id = target.session_id
    if session_id:
        found.append(Victim("the whole conversation", lambda client: pb.EventSelection(session_ids=[session_id])))
    return found


def preview(client: Client, selection: pb.EventSelection) -> pb.EraseResponse:
    """What would go."""
    return client.erase(pb.EraseRequest(kind=pb.ERASURE_KIND_FORGET, selection=selection, dry_run=True))


def forget(client: Client, selection: pb.EventSelection, events: int, settings: Settings) -> pb.ErasureReceipt:
    """Erase these, if they are still so many, and have it proved; raises AgentMemoryError.

    The proof looks through all files, so a process of its own makes it. If this one ends before, the daemon has it
    made.
    """
    request = pb.EraseRequest(kind=pb.ERASURE_KIND_FORGET, selection=selection, expected_events=events)
    client.erase(request)
    of_store = ("--db-path", str(settings.main_path), "--project-store", settings.store)
    done = own_command.run("admin", "receipt", *of_store, timeout_s=_PROOF_S)
    if not done.stdout:
        raise AgentMemoryError(done.stderr.strip().removeprefix("Error: ") or f"it ended with {done.returncode}")
    return ParseDict(json.loads(done.stdout), pb.ErasureReceipt(), ignore_unknown_fields=True)


def _of_node(client: Client, target: Target) -> pb.EventSelection:
    """The events of a node: those of its time, of a segment only its session's."""
    node = client.node(target.id).node
    is_segment = node.level == pb.TOC_LEVEL_SEGMENT
    return pb.EventSelection(
        session_ids=[node.session_id] if is_segment else [],
        from_ms=node.start_time_ms,
        to_ms=node.end_time_ms + is_segment,  # a segment's end is its last event's time
    )
