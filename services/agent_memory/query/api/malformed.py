"""Malformed requests: refused with the cause, where gRPC by itself says only that something failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import grpc
from google.protobuf.message import DecodeError

from agent_memory.errors import UsageError
from agent_memory.query.api.errors import abort
from agent_memory.query.api.interceptor import Handler, HandlerInterceptor

_REMEDY: Final = (
    "Send protobuf as in memory.proto, its strings as valid UTF-8: cut texts between characters, and send no lone "
    "surrogates."
)


class MalformedRefused(HandlerInterceptor):
    """Answers INVALID_ARGUMENT to bytes that are not the method's message."""

    def wrapped(self, method: str, handler: Handler) -> Handler:
        if handler.unary_unary is None or handler.request_deserializer is None:
            return handler
        return grpc.unary_unary_rpc_method_handler(
            _answering(handler.unary_unary), _parsing(handler.request_deserializer), handler.response_serializer
        )


def _parsing(parse: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Parses, or returns the error for the answer: a deserializer has no way to abort the call with a cause."""

    def parsed(content: bytes) -> Any:
        try:
            return parse(content)
        except DecodeError as error:
            return error

    return parsed


def _answering(answer: Callable[[Any, grpc.ServicerContext], Any]) -> Callable[[Any, grpc.ServicerContext], Any]:
    def answered(request: Any, context: grpc.ServicerContext) -> Any:
        if isinstance(request, DecodeError):
            abort(context, UsageError(f"The request can't be parsed: {request}.", _REMEDY, reason="MALFORMED"))
        return answer(request, context)

    return answered
