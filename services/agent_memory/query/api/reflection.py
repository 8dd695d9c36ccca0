"""Reflection: tells tools what services there are and what their messages look like. Loaded when one asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import grpc

# v1 has v1alpha's messages under another service name; grpcio-reflection knows only the old name.
NAMES: Final = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")
_PATHS: Final = tuple(f"/{name}/ServerReflectionInfo" for name in NAMES)


class Reflection(grpc.GenericRpcHandler):
    """Answers for these services and for itself."""

    def __init__(self, services: Sequence[str]) -> None:
        self._names = (*services, *NAMES)
        self._handler: Any = None

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        if handler_call_details.method not in _PATHS:
            return None
        if self._handler is None:
            from grpc_reflection.v1alpha import reflection, reflection_pb2

            self._handler = grpc.stream_stream_rpc_method_handler(
                reflection.ReflectionServicer(self._names).ServerReflectionInfo,
                request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
                response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
            )
        return self._handler
