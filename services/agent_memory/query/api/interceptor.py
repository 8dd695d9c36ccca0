"""Interceptors that put something around each method's handler, once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import grpc

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class HandlerInterceptor(grpc.ServerInterceptor):
    """Answers each method with what `wrapped` made of its handler."""

    def __init__(self) -> None:
        # Only of methods that exist: callers can make up any number of others.
        self._handlers: dict[str, Handler] = {}

    @abstractmethod
    def wrapped(self, method: str, handler: Handler) -> Handler:
        """The handler to answer `method` with, by its last name."""

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Handler | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        method: str = handler_call_details.method
        if method not in self._handlers:
            handler = continuation(handler_call_details)
            if handler is None:
                return None
            self._handlers[method] = self.wrapped(method.rpartition("/")[2], handler)
        return self._handlers[method]


def wrapped_by(interceptors: Sequence[HandlerInterceptor], method: str, handler: Handler) -> Handler:
    """The handler as a server with these interceptors would have it, the first of them around all others."""
    for interceptor in reversed(interceptors):
        handler = interceptor.wrapped(method, handler)
    return handler
