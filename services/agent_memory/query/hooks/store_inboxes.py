"""The inbox of each store, and which of them an envelope is for.

A session belongs to the store that the hook's environment names, else to the one that a rule names for its folder, else
to its agent's where each has one, else to the default one. So an envelope that waits in the spool, or comes twice, goes
where it would have gone at once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Final

from agent_memory.capture import wire
from agent_memory.capture.envelope import Envelope
from agent_memory.capture.session_stores import SessionStores
from agent_memory.capture.spool import Spool
from agent_memory.errors import AgentMemoryError
from agent_memory.model import DEFAULT_STORE
from agent_memory.project_stores import FolderRules
from agent_memory.query.hooks.hook_inbox import HookInbox, Taken
from agent_memory.query.hooks.recall import Recall
from agent_memory.query.open_stores import OpenStores
from agent_memory.query.store_context import StoreContext, Stores
from agent_memory.recent import keep

# Sessions whose store is known, from their last call that named a folder.
SESSIONS_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class StoreInbox:
    """What takes in the hooks of one store, and what they are answered with."""

    inbox: HookInbox
    recall: Recall
    # Keeps a project store open; empty for the default one.
    held: ExitStack

    def close(self) -> None:
        self.inbox.stop()
        self.held.close()


class StoreInboxes:
    """The inboxes of all stores. For any thread."""

    def __init__(self, stores: Stores, spool: Spool) -> None:
        self._stores = stores
        self._spool = spool
        self._noted = SessionStores(stores.default.settings.db_path)
        self._rules = FolderRules(stores.default.settings.project_stores)
        self._default = self._made(stores.default, ExitStack())
        self._projects = OpenStores(self._opened, StoreInbox.close)
        self._sessions: OrderedDict[str, str] = OrderedDict()

    def start(self) -> None:
        self._default.inbox.start()

    def stop(self) -> None:
        self._projects.close()
        self._default.close()

    def close_idle(self) -> None:
        self._projects.close_idle()

    def of(self, envelope: Envelope) -> AbstractContextManager[StoreInbox]:
        """The inbox that the envelope is for. Raises AgentMemoryError where its store can't be opened."""
        return self._named(self._store_of(envelope))

    def take(self, envelopes: Sequence[Envelope]) -> list[Taken]:
        """Take each envelope in, in its store; see `HookInbox.take`. One store's trouble is none of the others'."""
        places: dict[str, list[int]] = {}
        for place, envelope in enumerate(envelopes):
            places.setdefault(self._store_of(envelope), []).append(place)
        taken: dict[int, Taken] = {}
        for name, theirs in places.items():
            taken |= zip(theirs, self._taken_by(name, [envelopes[place] for place in theirs]), strict=True)
        return [taken[place] for place in range(len(envelopes))]

    def reject(self, name: str, data: bytes, reason: str) -> None:
        """Keep aside an input that holds no event; raises OSError."""
        self._default.inbox.reject(name, data, reason)

    def _taken_by(self, name: str, envelopes: Sequence[Envelope]) -> Sequence[Taken]:
        if name == DEFAULT_STORE:
            return self._default.inbox.take(envelopes)
        try:
            with self._named(name) as store:
                return store.inbox.take(envelopes)
        except AgentMemoryError as error:
            failure = type(error)(f"The store {name!r}: {error.message}", error.remedy)
            return [Taken(failure=failure)] * len(envelopes)

    def _named(self, name: str) -> AbstractContextManager[StoreInbox]:
        return nullcontext(self._default) if name == DEFAULT_STORE else self._projects.using(name)

    def _store_of(self, envelope: Envelope) -> str:
        if envelope.store or not (self._rules or self._stores.agents.is_on):
            return envelope.store or DEFAULT_STORE
        try:
            call = wire.parse(envelope.payload, agent=envelope.agent, event=envelope.event, project=envelope.project)
        except Exception:
            return DEFAULT_STORE  # where it is no event either
        folder = call.project or call.cwd
        if not folder and (known := self._sessions.get(call.session_id)):
            return known
        name = self._rules.store_of(folder) or self._stores.agents.store_of(call.session_id, call.agent)
        if not folder:
            return name
        return keep(self._sessions, call.session_id, name, SESSIONS_MAX)

    def _opened(self, name: str) -> StoreInbox:
        with ExitStack() as stack:
            # What a hook brings is never lost for want of a store.
            store = self._made(stack.enter_context(self._stores.using_made(name)), stack)
            store.inbox.start()
            return StoreInbox(store.inbox, store.recall, stack.pop_all())

    def _made(self, store: StoreContext, held: ExitStack) -> StoreInbox:
        # The default store needs no notes: it has what no other has.
        note = None if store.name == DEFAULT_STORE else partial(self._noted.note, store=store.name)
        inbox = HookInbox(store, self._spool, note)
        return StoreInbox(inbox, Recall(store, inbox.note_recalled), held)
