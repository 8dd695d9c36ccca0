"""Requests that can't be parsed: refused with the cause, where gRPC by itself says only that something failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import grpc
from google.protobuf.message import DecodeError

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class MalformedRefused(grpc.ServerInterceptor):
    """Answers INVALID_ARGUMENT to bytes that are no message of the method's."""

    def __init__(self) -> None:
        # Of the methods there are; what callers make up is not kept.
        self._handlers: dict[str, Handler] = {}

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
            self._handlers[method] = _refusing(handler)
        return self._handlers[method]


def _refusing(handler: Handler) -> Handler:
    if handler.unary_unary is None or handler.request_deserializer is None:
        return handler
    return grpc.unary_unary_rpc_method_handler(
        _answering(handler.unary_unary), _parsing(handler.request_deserializer), handler.response_serializer
    )


def _parsing(parse: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """What parses, or hands on the error: at this point gRPC has no way to tell it."""

    def parsed(content: bytes) -> Any:
        try:
            return parse(content)
        except DecodeError as error:
            return error

    return parsed


def _answering(answer: Callable[[Any, grpc.ServicerContext], Any]) -> Callable[[Any, grpc.ServicerContext], Any]:
    def answered(request: Any, context: grpc.ServicerContext) -> Any:
        if isinstance(request, DecodeError):
            context.abort(
                grpc.StatusCode.INVALID_ARGUMENT,
                f"The request can't be parsed: {request}. It must be protobuf as in memory.proto, and its strings "
                "valid UTF-8: cut texts between characters, and send no lone surrogates.",
            )
        return answer(request, context)

    return answered
