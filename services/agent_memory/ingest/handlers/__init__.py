"""What each command does to a group, by subject.

A handler decides everything first and stages its rows last, so that one that refuses leaves nothing behind in a group
that others share.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from agent_memory.bus import frames
from agent_memory.ingest.handlers.append import append_events
from agent_memory.ingest.handlers.consumers import move_cursor
from agent_memory.ingest.handlers.erasure import begin_erasure, erase_events, mark_events, refuse_events
from agent_memory.ingest.handlers.jobs import ask_for_run, record_job, reset_job, set_job_paused
from agent_memory.ingest.handlers.maintenance import begin_index_rebuild, begin_rebuild, ping
from agent_memory.ingest.handlers.outcome import Outcome, refused
from agent_memory.ingest.handlers.toc import commit_toc
from agent_memory.ingest.writer import Group
from agent_memory.rpc import bus_pb2 as pb

# By the name of the command's body. Compaction and checkpoints are not among them: they run beside the groups.
_HANDLERS: Final[dict[str, Callable[[Group, pb.Command], Outcome]]] = {
    "append_events": append_events,
    "ask_for_run": ask_for_run,
    "begin_erasure": begin_erasure,
    "begin_index_rebuild": begin_index_rebuild,
    "begin_rebuild": begin_rebuild,
    "commit_toc": commit_toc,
    "erase_events": erase_events,
    "mark_events": mark_events,
    "move_cursor": move_cursor,
    "ping": ping,
    "record_job": record_job,
    "refuse_events": refuse_events,
    "reset_job": reset_job,
    "set_job_paused": set_job_paused,
}


def handle(group: Group, command: pb.Command) -> Outcome:
    """Stage the command's effects in the group."""
    if command.protocol != frames.PROTOCOL:
        return refused(
            f"The writer speaks bus protocol {frames.PROTOCOL}, this command {command.protocol}: processes of two "
            "versions are running. Run: memory-daemon restart"
        )
    handler = _HANDLERS.get(command.WhichOneof("body") or "")
    if handler is None:
        return refused("The writer does not know this command. Run: memory-daemon restart")
    return handler(group, command)
