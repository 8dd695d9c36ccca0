"""Measured calls: how long each method takes, from its request to its reply."""

from __future__ import annotations

from typing import Any

import grpc

from agent_memory.query.api.interceptor import Handler, HandlerInterceptor
from agent_memory.query.call_figures import CallFigures


class Measured(HandlerInterceptor):
    """Measures the calls with one reply, those that fail too."""

    def __init__(self, figures: CallFigures) -> None:
        super().__init__()
        self._figures = figures

    def wrapped(self, method: str, handler: Handler) -> Handler:
        answer = handler.unary_unary
        if answer is None:
            return handler
        took = self._figures.of(method)

        def measured(request: Any, context: grpc.ServicerContext) -> Any:
            with took.timed():
                return answer(request, context)

        if pool := getattr(answer, "experimental_thread_pool", None):
            measured.experimental_thread_pool = pool  # type: ignore[attr-defined]
        return grpc.unary_unary_rpc_method_handler(measured, handler.request_deserializer, handler.response_serializer)
