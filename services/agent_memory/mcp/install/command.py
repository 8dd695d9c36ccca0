"""The command in an agent's settings: the server's program in its leanest form."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

from agent_memory.agents.payload import Payload
from agent_memory.hook.install.formats import State
from agent_memory.mcp import protocol

_FILE: Final = "run.py"
_PROGRAM: Final = "memory-daemon"
# The word by which that program serves.
_SERVES: Final = "mcp"
_NAMES_STORE: Final = "--project-store"


def command(store: Path, choice: Sequence[str] = ()) -> list[str]:
    """The words to start the server with. All paths are whole: agents pass few variables on, and no store's name.

    `choice` are the options that choose one of the daemon's stores.
    """
    run = Path(protocol.__file__).with_name(_FILE)
    return [sys.executable, "-I", "-S", str(run), "--db-path", str(store.absolute()), *choice]


def store_in(words: Sequence[str]) -> list[str]:
    """The options by which such a command names one of the daemon's stores; empty where it names none."""
    return next(([word, name] for word, name in pairwise(words) if word == _NAMES_STORE), [])


def is_ours(words: Sequence[str]) -> bool:
    """Whether they start our server, in its leanest form or as `memory-daemon mcp`, of any installation."""
    is_program = any(Path(word).name == _PROGRAM and following == _SERVES for word, following in pairwise(words))
    return is_program or any(word.endswith(f"/agent_memory/mcp/{_FILE}") for word in words)


def command_in(entry: object) -> list[str]:
    """The command of a server's entry: a program and its arguments, or all in one list; empty where there is none."""
    match entry:
        case {"command": str(program), "args": [*arguments]}:
            return [program, *map(str, arguments)]
        case {"command": str(program)}:
            return [program]
        case {"command": [*words]}:
            return [*map(str, words)]
        case _:
            return []


def ours_in(servers: Payload) -> dict[str, list[str]]:
    """By their names, the commands of those servers that are ours."""
    found = {name: command_in(entry) for name, entry in servers.items()}
    return {name: words for name, words in found.items() if is_ours(words)}


def state_of(found: Mapping[str, Sequence[str]], wanted: Sequence[str]) -> State:
    """The state of a file with these servers of ours; what a user wrote beside the command makes nothing outdated."""
    if not found:
        return State.ABSENT
    return State.CURRENT if found == {protocol.NAME: [*wanted]} else State.OUTDATED


def state_problem(servers: Payload) -> str:
    """What is wrong with servers that have our name: not every one that has it is ours."""
    has_name = protocol.NAME in servers and not is_ours(command_in(servers[protocol.NAME]))
    return f"there is a server {protocol.NAME} that is not ours" if has_name else ""
