"""The late service: takes the calls while what answers them is still being loaded."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from agent_memory.rpc_methods import methods


class LateService:
    """Has the methods of the service, which wait for it: a tenth of a second in a process's life."""

    def __init__(self) -> None:
        self._service: Future[Any] = Future()
        self._names = {method.name for method in methods()}

    def is_loaded_as(self, service: Any) -> None:
        """Let the calls go on."""
        self._service.set_result(service)

    def fails(self, error: BaseException) -> None:
        """Let the calls end: there will be no service."""
        self._service.set_exception(error)

    def __getattr__(self, name: str) -> Callable[[Any, Any], Any]:
        if name not in self._names:
            raise AttributeError(name)

        def answered(request: Any, context: Any) -> Any:
            return getattr(self._service.result(), name)(request, context)

        return answered
