"""Errors as gRPC answers them: a status code and a text for people, a reason and a remedy for programs."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeVar

import grpc

from agent_memory.errors import (
    AgentMemoryError,
    CommandRefused,
    InvalidEvent,
    UnknownStore,
    UsageError,
    WriterBusy,
    WriterUnavailable,
)
from agent_memory.messages import ERROR_KEY, error_to_bytes

log = logging.getLogger(__name__)

# The first that fits, so a class stands before those it is derived from.
_CODES: Final = (
    (UnknownStore, grpc.StatusCode.NOT_FOUND),
    (InvalidEvent, grpc.StatusCode.INVALID_ARGUMENT),
    (UsageError, grpc.StatusCode.INVALID_ARGUMENT),
    (CommandRefused, grpc.StatusCode.INVALID_ARGUMENT),
    (WriterBusy, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (WriterUnavailable, grpc.StatusCode.UNAVAILABLE),
    (AgentMemoryError, grpc.StatusCode.INTERNAL),
)

Method = TypeVar("Method", bound=Callable[..., Any])


def translating_errors(method: Method) -> Method:
    """The RPC's method; what it raises ends the call with the status that stands for it."""

    @functools.wraps(method)
    def answered(self: Any, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except AgentMemoryError as error:
            abort(context, error)
        except Exception as error:
            log.exception("call failed")
            abort(context, AgentMemoryError(str(error) or type(error).__name__, reason="INTERNAL"))

    return answered  # type: ignore[return-value]


def abort(context: grpc.ServicerContext, error: AgentMemoryError) -> NoReturn:
    """End the call with this error."""
    code = next(code for kind, code in _CODES if isinstance(error, kind))
    number: int = code.value[0]
    context.set_trailing_metadata(((ERROR_KEY, error_to_bytes(error, number)),))
    context.abort(code, str(error))
