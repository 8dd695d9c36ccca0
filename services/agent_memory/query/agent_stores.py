"""A store for each agent, with `multi_agent_mode = "separate"`: which store an agent's session belongs to."""

from __future__ import annotations

from collections import OrderedDict
from itertools import islice
from typing import Final

from agent_memory.capture.trials import is_trial
from agent_memory.model import DEFAULT_STORE
from agent_memory.project_stores import of_agent
from agent_memory.recent import keep
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.settings import Settings
from agent_memory.store import keys, records, schema
from agent_memory.store.reader import Reader

# Of so many sessions it is known whether they began in the default store.
SESSIONS_MAX: Final = 1000


class AgentStores:
    """The rule. For any thread."""

    def __init__(self, settings: Settings, default: Reader) -> None:
        """`settings` and `default` are the default store's."""
        self.is_on = settings.has_agent_stores
        self._default = default
        self._began_there: OrderedDict[str, bool] = OrderedDict()

    def store_of(self, session_id: str, agent: str) -> str:
        """The store of a session that no rule for its folder, and no name, has given another.

        One that began in the default store goes on there: no session is in two stores, and what was forgotten of it is
        stored nowhere again.
        """
        name = of_agent(agent) if self.is_on and not is_trial(session_id) else DEFAULT_STORE
        return DEFAULT_STORE if name == DEFAULT_STORE or self._began_in_default(session_id) else name

    def has_forgotten(self, event: pb.Event, store: str) -> bool:
        """Whether the default store has forgotten the event, so that its agent's store, `store`, may not take it in."""
        if not self.is_on or store == DEFAULT_STORE or of_agent(event.agent) != store:
            return False
        self._default.catch_up()
        return self._default.get(schema.EVENTS, keys.removed_event(event.event_id)) is not None

    def _began_in_default(self, session_id: str) -> bool:
        found = self._began_there.get(session_id)
        if found is None:
            found = keep(self._began_there, session_id, self._is_known(session_id), SESSIONS_MAX)
        return found

    def _is_known(self, session_id: str) -> bool:
        self._default.catch_up()
        if self._default.get(schema.CHECKPOINTS, keys.forgotten_session(session_id)) is not None:
            return True
        return any(True for _ in islice(records.session_events(self._default, session_id), 1))
