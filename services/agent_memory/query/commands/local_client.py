"""The local client: the daemon as a Python object within the query service itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agent_memory.client import Client, Reply
from agent_memory.model import DEFAULT_STORE
from agent_memory.query.api.health import Health
from agent_memory.query.api.service import MemoryService


class LocalClient(Client):
    """Calls the service's methods as they are, and lets their errors through. For any thread."""

    def __init__(self, service: MemoryService, health: Health, store: str = DEFAULT_STORE) -> None:
        self.target = f"unix:{service.stores.default.settings.runtime.grpc_socket}"
        self._service = service
        self._stub: Any = _Methods(service, store)
        self._health = health

    def of_store(self, name: str) -> LocalClient:
        """The client of another of the daemon's stores."""
        return LocalClient(self._service, self._health, name)

    def close(self) -> None:
        """There is nothing to close."""

    def health(self, service: str = "") -> str:
        return "SERVING" if self._health.serving else "NOT_SERVING"

    def _call(self, method: Callable[..., Reply], request: Any, timeout_s: float | None = None) -> Reply:
        return method(request)


class _Methods:
    """The service's methods, by the names of their RPCs, for one store."""

    def __init__(self, service: MemoryService, store: str) -> None:
        self._service = service
        self._store = store

    def __getattr__(self, name: str) -> Callable[[Any], Any]:
        method = getattr(type(self._service), name).__wrapped__  # behind `on_store`, which is about gRPC
        took = self._service.calls.of(name)

        def measured(request: Any) -> Any:
            with took.timed(), self._service.stores.using(self._store) as store:
                return method(self._service, request, store)

        return measured
