"""Calls: which store a request is about, and what becomes of an error."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from agent_memory.client import STORE_KEY
from agent_memory.errors import AgentMemoryError
from agent_memory.query.api.errors import Context, abort
from agent_memory.query.store_context import StoreContext, Stores

log: Final = logging.getLogger(__name__)

Service = TypeVar("Service", bound="ServesStores")
Request = TypeVar("Request")
Reply = TypeVar("Reply")


class ServesStores(Protocol):
    """A gRPC service over several stores."""

    @property
    def stores(self) -> Stores: ...


def on_store(
    method: Callable[[Service, Request, StoreContext], Reply],
) -> Callable[[Service, Request, Context], Reply]:
    """The RPC that has `method` answer from the store that the call's metadata names.

    What the method raises ends the call with the status that stands for it.
    """

    @functools.wraps(method)
    def answered(self: Service, request: Request, context: Context) -> Reply:
        try:
            with self.stores.using(store_named(context)) as store:
                return method(self, request, store)
        except AgentMemoryError as error:
            abort(context, error)
        except Exception as error:
            log.exception("call failed")
            abort(context, AgentMemoryError(str(error) or type(error).__name__, reason="INTERNAL"))

    return answered


def store_named(context: Context) -> str:
    """The name of the store that the call is about; empty where it names none."""
    return next((str(value) for key, value in context.invocation_metadata() if key == STORE_KEY), "")
