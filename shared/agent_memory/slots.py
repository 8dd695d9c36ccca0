"""Slots: a process is replaced by one that is started beside it, in its other slot, with files of its own."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final

# The names of supervisord's programs, by the process's own. One of the two runs. Nobody waits for the worker.
SLOTS: Final[Mapping[str, tuple[str, str]]] = {"ingest": ("ingest", "ingest-2"), "query": ("query", "query-2")}
# By the program's name, the process's own.
PROCESS_OF: Final = {slot: process for process, slots in SLOTS.items() for slot in slots}


def own_slot(process: str) -> str:
    """The slot in which this process runs, as supervisord has told it; its own name where it has no second one."""
    named = os.environ.get("SUPERVISOR_PROCESS_NAME", "")
    return named if PROCESS_OF.get(named) == process else process


def is_listening(path: Path) -> bool:
    """Whether somebody listens at this Unix socket: the process that this one may have been started to replace."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(str(path)) == 0
