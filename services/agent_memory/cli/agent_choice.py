"""Agents on a command line: named one by one, or all whose program is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import click

from agent_memory.cli.options import Command
from agent_memory.errors import AgentMemoryError, UsageError
from agent_memory.hook.install import programs
from agent_memory.hook.install.programs import Named

_Named = TypeVar("_Named", bound=Named)


def agents_argument(known: Iterable[str]) -> Callable[[Command], Command]:
    """Any number of these names, as `agents`."""
    return click.argument("agents", metavar="[AGENT]...", nargs=-1, type=click.Choice(list(known)))


def chosen(agents: Sequence[str], known: Mapping[str, _Named], *, all_found: bool) -> list[_Named]:
    """Those that are named and, with `all_found`, those on PATH; raises UsageError or AgentMemoryError for none."""
    present = programs.on_path(known.values()) if all_found else []
    names = dict.fromkeys([*agents, *(each.name for each in present)])
    if not names and all_found:
        wanted = ", ".join(each.program for each in known.values())
        raise AgentMemoryError(f"None of the agents is on PATH: {wanted}.")
    if not names:
        raise none_named(known)
    return [known[name] for name in names]


def none_named(known: Iterable[str]) -> UsageError:
    return UsageError(f"Name an agent, or give --all-found. There are {', '.join(known)}.")
