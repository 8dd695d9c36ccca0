"""Replies on their way: callers who don't read them must not fill this process's memory with them."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import grpc

from agent_memory.errors import RepliesUnread
from agent_memory.query.api.errors import abort
from agent_memory.query.api.interceptor import Handler, HandlerInterceptor

# What all replies on their way may take. The largest reply is sent even if it is larger, then by itself.
TOTAL_BYTES: Final = 64 << 20
# A reply as small as this never waits: there are CALLS_MAX of them at most.
SMALL_BYTES: Final = 64 << 10
# A caller who has not taken a reply in this time is given up when others need the room.
STUCK_S: Final = 5.0
# The longest that a reply waits for room.
WAIT_S: Final = 20.0


class RepliesOnTheirWay:
    """Which replies were sent and not yet taken."""

    def __init__(self, total_bytes: int = TOTAL_BYTES, stuck_s: float = STUCK_S) -> None:
        self._total_bytes = total_bytes
        self._stuck_s = stuck_s
        self._changed = threading.Condition()
        self._sent: dict[int, tuple[float, int, grpc.ServicerContext]] = {}

    def admit(self, context: grpc.ServicerContext, size: int) -> bool:
        """Wait until there is room for a reply of `size` bytes, and note that it is sent; False where there is none."""
        if size <= SMALL_BYTES:
            return True
        deadline = time.monotonic() + WAIT_S
        with self._changed:
            while self._sent and size + sum(each for _, each, _ in self._sent.values()) > self._total_bytes:
                if time.monotonic() >= deadline or not context.is_active():
                    return False
                self._give_up_stuck()
                self._changed.wait(1.0)
            self._sent[id(context)] = time.monotonic(), size, context
        if not context.add_callback(lambda: self._done(context)):
            self._done(context)
        return True

    def _give_up_stuck(self) -> None:
        now = time.monotonic()
        for since, _, context in list(self._sent.values()):
            if now - since > self._stuck_s:
                context.cancel()

    def _done(self, context: grpc.ServicerContext) -> None:
        with self._changed:
            self._sent.pop(id(context), None)
            self._changed.notify_all()


class BoundedReplies(HandlerInterceptor):
    """Holds back large replies while others are not taken.

    `pools` names methods whose calls have threads of their own: as many large requests are read at once, no more.
    """

    def __init__(self, pools: dict[str, ThreadPoolExecutor]) -> None:
        super().__init__()
        self._pools = pools
        self._on_their_way = RepliesOnTheirWay()

    def wrapped(self, method: str, handler: Handler) -> Handler:
        answer, serialize = handler.unary_unary, handler.response_serializer
        if answer is None or serialize is None:
            return handler

        def bounded(request: Any, context: grpc.ServicerContext) -> bytes:
            content: bytes = serialize(answer(request, context))
            if not self._on_their_way.admit(context, len(content)):
                abort(context, RepliesUnread("Too many replies wait to be read.", "Read them, or ask again later."))
            return content

        if pool := self._pools.get(method):
            bounded.experimental_thread_pool = pool  # type: ignore[attr-defined]
        return grpc.unary_unary_rpc_method_handler(bounded, handler.request_deserializer, None)
