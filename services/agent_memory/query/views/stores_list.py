"""The list of stores: what there is by its folder, and how it is by the writer's word."""

from __future__ import annotations

from agent_memory import project_stores
from agent_memory.model import DEFAULT_STORE
from agent_memory.query.store_context import StoreContext
from agent_memory.rpc import bus_pb2 as bus
from agent_memory.rpc import memory_pb2 as pb


def stores(store: StoreContext) -> pb.ListStoresResponse:
    """The default store, then the project stores by name; `store` may be any of them."""
    main = store.settings.main_path
    reply = store.writer.ask(bus.Command(list_stores=bus.ListStores())).stores_listed
    states = {state.name: state for state in reply.stores}
    found = pb.ListStoresResponse()
    for name in (DEFAULT_STORE, *project_stores.names(main)):
        state = states.get(name, bus.StoreState())
        found.stores.add(
            name=name,
            db_path=str(project_stores.db_path_of(main, name)),
            is_open=state.is_open,
            error=state.error,
            remedy=state.remedy,
        )
    return found
