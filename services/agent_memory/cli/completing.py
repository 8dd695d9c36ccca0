"""Completing: what a shell offers for the word that is being typed, as the daemon knows it.

Without a daemon, or where it is slow, nothing is offered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

import click
from click.shell_completion import CompletionItem

from agent_memory.cli.options import current
from agent_memory.errors import AgentMemoryError

if TYPE_CHECKING:  # gRPC costs 100 ms
    from agent_memory.client import Client

# A person waits for it.
_TIMEOUT_S: Final = 2.0
_OFFERED_MAX: Final = 50
_EVENTS_LOOKED_AT: Final = 500
_MAP_TOKENS: Final = 4000
_TIMES: Final = ("today", "yesterday", "this week", "last week", "last month")

Completion = list[CompletionItem]


def projects(context: click.Context, parameter: click.Parameter, typed: str) -> Completion:
    """The projects, by the last parts of their names where one is enough, the latest worked on first."""
    return _offered(context, typed, _projects)


def agents(context: click.Context, parameter: click.Parameter, typed: str) -> Completion:
    """The agents, the one with most events first."""
    return _offered(context, typed, lambda client: ((agent.agent_id, "") for agent in client.agents().agents))


def sessions(context: click.Context, parameter: click.Parameter, typed: str) -> Completion:
    """The latest sessions, each with its agent and project."""
    return _offered(context, typed, _latest)


def nodes(context: click.Context, parameter: click.Parameter, typed: str) -> Completion:
    """Times in words, and the nodes of the map: the latest segments, days, weeks, months and years."""
    return _offered(context, typed, _nodes)


def jobs(context: click.Context, parameter: click.Parameter, typed: str) -> Completion:
    """The scheduled jobs."""
    from agent_memory.jobs import JOBS

    return [CompletionItem(name) for name in JOBS if name.startswith(typed)]


def settings(context: click.Context, parameter: click.Parameter, typed: str) -> Completion:
    """The settings."""
    from agent_memory.settings import VARIABLES

    return [CompletionItem(name) for name in VARIABLES if name.startswith(typed)]


def _offered(context: click.Context, typed: str, names: Callable[[Client], Iterable[tuple[str, str]]]) -> Completion:
    """Those of the names that begin as typed; each comes with its help."""
    from agent_memory.control.connection import connect

    try:
        with connect(current(context)) as client:
            client.timeout_s = _TIMEOUT_S
            found = [
                CompletionItem(name, help=about or None) for name, about in names(client) if name.startswith(typed)
            ]
    except (AgentMemoryError, OSError, ValueError):
        return []
    return found[:_OFFERED_MAX]


def _projects(client: Client) -> Iterable[tuple[str, str]]:
    from agent_memory.present.text import last_part

    ids = [project.project_id for project in client.projects().projects]
    last_parts = [last_part(each) for each in ids]
    yield from ((name, each) for name, each in zip(last_parts, ids, strict=True) if last_parts.count(name) == 1)
    yield from ((each, "") for each in ids)


def _latest(client: Client) -> Iterable[tuple[str, str]]:
    """The sessions of the last events, each with its project and agent."""
    from agent_memory.present.event_pages import project_of
    from agent_memory.present.text import last_part
    from agent_memory.rpc.memory_pb2 import GetEventsRequest

    found: dict[str, str] = {}
    for event in client.events(GetEventsRequest(newest_first=True, limit=_EVENTS_LOOKED_AT)).events:
        about = " ".join(filter(None, (event.agent, last_part(project_of(event)))))
        found.setdefault(event.session_id, about)
    return found.items()


def _nodes(client: Client) -> Iterable[tuple[str, str]]:
    yield from ((time, "") for time in _TIMES)
    for section in client.toc_map(_MAP_TOKENS).sections:
        yield from ((node.node_id, node.title) for node in section.nodes)
