"""Who calls over TCP: loopback keeps other machines out, but not the other users of this one.

The kernel knows whose socket is at the other end of a loopback connection. This process's user and root are served;
everybody else, and those of whom the kernel does not tell, need the daemon's token. At another address all need it.
The Unix socket needs no look: it lies in a folder that only its owner may enter.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Any, Final

import grpc

from agent_memory import credentials
from agent_memory.errors import CallerRefused
from agent_memory.query.api.errors import abort
from agent_memory.query.api.interceptor import Handler, HandlerInterceptor
from agent_memory.tcp_peer import user_at

# A connection that ends leaves its port to others, a second later at the earliest (net.ipv4.tcp_tw_reuse).
_KNOWN_S: Final = 1.0
_KNOWN_MAX: Final = 1024


_NOBODY_TOLD: Final = CallerRefused(
    "The system does not tell whose connection this is, so the daemon wants its token.",
    "Set grpc_token_file, and send the token as the metadata `authorization: Bearer TOKEN`; or use the Unix socket.",
)
_ANOTHER: Final = CallerRefused(
    "This memory is another user's.", "Start your own, on another port; or send the token that its owner gave you."
)
_NO_TOKEN: Final = CallerRefused(
    "This daemon wants its token.",
    "Set grpc_token_file, or send the token as the metadata `authorization: Bearer TOKEN`.",
)


class OwnCallersOnly(HandlerInterceptor):
    """Answers PERMISSION_DENIED to calls over TCP from another user of this machine, unless they show the token.

    `port` is the one listened on; where it `is_open` to other machines, the token is all that counts.
    """

    def __init__(self, port: int, token: str = "", *, is_open: bool = False) -> None:
        super().__init__()
        self._port = port
        self._token = token
        self._is_open = is_open
        self._known: dict[str, tuple[float, CallerRefused | None]] = {}
        self._lock = threading.Lock()

    def wrapped(self, method: str, handler: Handler) -> Handler:
        make, behaviour = next(
            (make, found)
            for make, found in (
                (grpc.unary_unary_rpc_method_handler, handler.unary_unary),
                (grpc.unary_stream_rpc_method_handler, handler.unary_stream),
                (grpc.stream_unary_rpc_method_handler, handler.stream_unary),
                (grpc.stream_stream_rpc_method_handler, handler.stream_stream),
            )
            if found
        )

        def guarded(request: Any, context: grpc.ServicerContext) -> Any:
            if (refusal := self._refusal(context)) is not None:
                abort(context, refusal)
            return behaviour(request, context)

        return make(guarded, handler.request_deserializer, handler.response_serializer)

    def _refusal(self, context: grpc.ServicerContext) -> CallerRefused | None:
        """Why this caller is not served; None where he is."""
        peer = context.peer()
        if not peer.startswith(("ipv4:", "ipv6:")) or self._shows_token(context):
            return None
        return _NO_TOKEN if self._is_open else self._refusal_of(peer)

    def _shows_token(self, context: grpc.ServicerContext) -> bool:
        if not self._token:
            return False
        values = [value for key, value in context.invocation_metadata() if key == credentials.TOKEN_KEY]
        return any(isinstance(value, str) and credentials.shows(value, self._token) for value in values)

    def _refusal_of(self, peer: str) -> CallerRefused | None:
        now = time.monotonic()
        with self._lock:
            looked_s, known = self._known.get(peer, (0.0, None))
        if looked_s and now - looked_s < _KNOWN_S:
            return known
        uid = user_of(peer, self._port)
        refusal = None if uid in (0, os.getuid()) else _NOBODY_TOLD if uid is None else _ANOTHER
        with self._lock:
            if len(self._known) >= _KNOWN_MAX:
                self._known.clear()
            self._known[peer] = now, refusal
        return refusal


def user_of(peer: str, port: int) -> int | None:
    """The user whose socket is connected to our `port`, gRPC calling its address `peer`; see `user_at`."""
    host, _, their_port = peer.replace("%5B", "[").replace("%5D", "]").partition(":")[2].rpartition(":")
    return user_at(host.strip("[]").partition("%")[0], int(their_port), port)
