"""Statuses: whether an agent has our hooks or tools, in one of the places where it looks for such."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from agent_memory.hook.install.formats import State

# Of a file that can't be read, or that somebody else has written.
UNUSABLE: Final = "unusable"
PLUGIN: Final = "plugin"


@dataclass(frozen=True, slots=True)
class Status:
    """Our hooks or tools in one of an agent's places."""

    agent: str
    # "user" or "project"; "plugin" for what comes with our plugin.
    scope: str
    # The program on PATH and its version; empty where there is none, or it does not say.
    program: str
    version: str
    file: str
    # A State's words, or UNUSABLE.
    state: str
    # What is wrong with the file, or keeps ours from running; empty where nothing does.
    problem: str

    @property
    def is_there(self) -> bool:
        return self.state in (State.CURRENT.value, State.OUTDATED.value)


_Status = TypeVar("_Status", bound=Status)


def by_plugin(found: Iterable[Status]) -> set[str]:
    """The agents that have ours by a plugin."""
    return {each.agent for each in found if each.scope == PLUGIN}


def twice(found: Sequence[_Status]) -> list[_Status]:
    """What stands in the settings of agents that also have it by a plugin."""
    agents = by_plugin(found)
    return [each for each in found if each.scope != PLUGIN and each.agent in agents and each.is_there]
