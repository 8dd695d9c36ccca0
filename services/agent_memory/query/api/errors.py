"""Errors over gRPC: a status code and a text for people, a reason and a remedy for programs."""

from __future__ import annotations

from typing import Any, Final, NoReturn, Protocol

import grpc

from agent_memory.errors import (
    AgentMemoryError,
    CallerRefused,
    CommandRefused,
    InvalidEvent,
    RepliesUnread,
    StoreError,
    StoreMissing,
    StoreNotReady,
    UnknownNode,
    UnknownStore,
    UsageError,
    WriterBusy,
    WriterUnavailable,
)
from agent_memory.messages import ERROR_KEY, error_to_bytes

# The first that fits, so a class stands before those it is derived from.
_CODES: Final = (
    (UnknownNode, grpc.StatusCode.NOT_FOUND),
    (UnknownStore, grpc.StatusCode.NOT_FOUND),
    (InvalidEvent, grpc.StatusCode.INVALID_ARGUMENT),
    (UsageError, grpc.StatusCode.INVALID_ARGUMENT),
    (CommandRefused, grpc.StatusCode.INVALID_ARGUMENT),
    (CallerRefused, grpc.StatusCode.PERMISSION_DENIED),
    (RepliesUnread, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (WriterBusy, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (WriterUnavailable, grpc.StatusCode.UNAVAILABLE),
    (StoreNotReady, grpc.StatusCode.UNAVAILABLE),
    (StoreMissing, grpc.StatusCode.UNAVAILABLE),
    (StoreError, grpc.StatusCode.DATA_LOSS),
    (AgentMemoryError, grpc.StatusCode.INTERNAL),
)


class Context(Protocol):
    """What we need of a grpc.ServicerContext."""

    def invocation_metadata(self) -> Any: ...

    def set_trailing_metadata(self, trailing_metadata: Any, /) -> None: ...

    def abort(self, code: grpc.StatusCode, details: str) -> NoReturn: ...


def abort(context: Context, error: AgentMemoryError) -> NoReturn:
    """End the call with this error."""
    code = next(code for kind, code in _CODES if isinstance(error, kind))
    number: int = code.value[0]
    context.set_trailing_metadata(((ERROR_KEY, error_to_bytes(error, number)),))
    context.abort(code, str(error))
