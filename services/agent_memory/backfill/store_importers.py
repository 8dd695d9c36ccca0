"""Imports into several stores: each session goes to the store that it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from agent_memory.backfill.importer import Importer
from agent_memory.backfill.report import Tally
from agent_memory.capture.session_stores import SessionStores
from agent_memory.model import DEFAULT_STORE, Event
from agent_memory.project_stores import FolderRules

# No store's name.
_REMOVED: Final = "/"


class StoreImporters:
    """Takes events in, each for its session's store."""

    def __init__(
        self,
        store: str,
        importer: Callable[[str], Importer],
        sessions: SessionStores,
        rules: FolderRules,
        exists: Callable[[str], bool],
        agents: Callable[[str, str], str],
        note: Callable[[str, str], None],
    ) -> None:
        """`store` is the one that is imported into; of the default one, sessions of others go to theirs.

        `agents` has the store of a session and its agent, where neither its hooks nor its folder named one. `note`
        keeps a session's store, as its hooks do: once that is removed, nothing of the session is taken in again.

        A session of a store that does not exist any more goes nowhere: it was removed with what it remembered.
        """
        self._store = store
        self._exists = exists
        self._importer = importer
        self._sessions = sessions
        self._rules = rules
        self._agents_store = agents
        self._note = note
        self._owners: dict[str, str] = {}
        self._agents_owners: dict[tuple[str, str], str] = {}
        self._importers: dict[str, Importer] = {}

    def take(self, events: Iterable[Event], tally: Tally) -> None:
        """Take these events in; `flush` sends the last of them."""
        for event in events:
            owner = self._owner(event)
            if owner == _REMOVED:
                tally.leave_out(event.session_id)
            elif self._store == DEFAULT_STORE:
                store = owner or self._agents(event)
                if store != DEFAULT_STORE:
                    self._note(event.session_id, store)
                self._of(store).take([event], tally)
            elif owner in ("", self._store):
                self._of(self._store).take([event], tally)

    def flush(self) -> None:
        """Send what waits; returns once it is on disk."""
        for importer in self._importers.values():
            importer.flush()

    def _owner(self, event: Event) -> str:
        """The store of the event's session: by its hooks, else by its folder; empty where neither names one."""
        found = self._owners.get(event.session_id)
        if found is None:
            folder = event.metadata.get("project") or event.metadata.get("cwd", "")
            found = self._sessions.store_of(event.session_id)
            if found and not self._exists(found):
                found = _REMOVED
            found = found or self._rules.store_of(folder)
            if found or folder:
                self._owners[event.session_id] = found
        return found

    def _agents(self, event: Event) -> str:
        session = (event.session_id, event.agent or "")
        if session not in self._agents_owners:
            self._agents_owners[session] = self._agents_store(*session)
        return self._agents_owners[session]

    def _of(self, store: str) -> Importer:
        if store not in self._importers:
            self._importers[store] = self._importer(store)
        return self._importers[store]
