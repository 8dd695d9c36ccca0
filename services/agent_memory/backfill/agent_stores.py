"""A store for each agent: which one a session of a transcript belongs to, as the daemon decides for live sessions."""

from __future__ import annotations

from collections.abc import Callable

from agent_memory.client import Client
from agent_memory.model import DEFAULT_STORE
from agent_memory.project_stores import of_agent
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.settings import Settings
from agent_memory.store.forgotten import ForgottenFile
from agent_memory.store.keys import TIMESTAMP_MAX_MS


def agents_store(settings: Settings, default: Client | None) -> Callable[[str, str], str]:
    """The function from a session and its agent to the name of its store.

    `default` asks the default store: a session that it knows, or has forgotten, belongs there. Without a client, none
    is known.
    """
    if not settings.has_agent_stores:
        return lambda session_id, agent: DEFAULT_STORE
    forgotten = {session_id for session_id, _ in ForgottenFile(settings.main_path).sessions()}

    def store_of(session_id: str, agent: str) -> str:
        request = pb.GetEventsRequest(session_id=session_id, to_timestamp_ms=TIMESTAMP_MAX_MS, limit=1)
        is_known = session_id in forgotten or (default is not None and bool(default.events(request).events))
        return DEFAULT_STORE if is_known else of_agent(agent)

    return store_of
