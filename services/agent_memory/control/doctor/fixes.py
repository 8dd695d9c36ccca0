"""Fixes: what the doctor may do by itself. Each changes nothing that anybody has made, and may be done twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path

from agent_memory.control import stack_lock, store_lock
from agent_memory.control.runtime_files import clear
from agent_memory.errors import AgentMemoryError
from agent_memory.settings import Settings


class Fix(StrEnum):
    """The kinds of fixes, by what they are about."""

    NONE = ""
    MODES = "modes"
    LEFTOVERS = "leftovers"
    SEARCH_INDEX = "search index"


def apply(fix: Fix, settings: Settings, exposed: Iterable[tuple[Path, int]]) -> Iterator[str]:
    """Do it; what was done, a line for each thing. Raises AgentMemoryError, OSError.

    `exposed` are the paths that others can read, each with the mode it should have.
    """
    match fix:
        case Fix.MODES:
            for path, mode in exposed:
                path.chmod(mode)
                yield f"{path} is yours alone (mode {mode:o})"
        case Fix.LEFTOVERS:
            yield _without_leftovers(settings)
        case Fix.SEARCH_INDEX:
            yield _index_again(settings)
        case Fix.NONE:
            return


def _without_leftovers(settings: Settings) -> str:
    runtime = settings.runtime
    lock = stack_lock.take(runtime, 0)
    if lock is None or store_lock.is_open(settings.db_path):
        raise AgentMemoryError("A daemon was started meanwhile, or is still ending.")
    with lock:
        clear(runtime)
    return f"what a killed daemon left in {runtime.folder} is removed"


def _index_again(settings: Settings) -> str:
    from agent_memory.control.connection import connect_to_store

    with connect_to_store(settings) as client:
        client.rebuild_index()
    return "the search index is being made again"
