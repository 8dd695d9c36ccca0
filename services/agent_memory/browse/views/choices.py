"""View of what can be shown: the projects, agents and stores there are, and which of them are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from agent_memory.browse.rows import BLANK, Kind, Row, Target, row
from agent_memory.client import Filters
from agent_memory.present.lines import line
from agent_memory.present.width import one_line

# What a choice is of; a target's id has its name behind it.
ALL: Final = "all"
PROJECT: Final = "project"
AGENT: Final = "agent"
STORE: Final = "store"
_NAME_CELLS: Final = 400


@dataclass(frozen=True, slots=True)
class Choices:
    """The names there are."""

    projects: Sequence[str]
    agents: Sequence[str]
    stores: Sequence[str]


def choices(found: Choices, chosen: Filters, store: str) -> list[Row]:
    """All of them by what they are, those that are chosen marked."""
    everything = _choice(ALL, "", "everything", is_chosen=not chosen)
    return [
        everything,
        *_group("Only a project", PROJECT, found.projects, chosen.project),
        *_group("Only an agent", AGENT, found.agents, chosen.agent),
        *(_group("Another store", STORE, found.stores, store) if len(found.stores) > 1 else ()),
    ]


def _group(title: str, kind: str, names: Sequence[str], chosen: str) -> Iterator[Row]:
    if names:
        yield BLANK
        yield row(line(title, "bold"))
    for name in names:
        yield _choice(kind, name, one_line(name, _NAME_CELLS), is_chosen=name == chosen)


def _choice(kind: str, name: str, shown: str, *, is_chosen: bool) -> Row:
    mark, style = ("•", "green") if is_chosen else (" ", "")
    return row(line(f"{mark} {shown}", style), target=Target(Kind.CHOICE, f"{kind} {name}"))
