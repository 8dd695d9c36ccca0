"""Who calls over TCP: loopback keeps other machines out, but not the other users of this one.

The kernel knows whose socket is at the other end of a loopback connection. This process's user and root are served;
everybody else, and those of whom the kernel does not tell, need the daemon's token. At another address all need it.
The Unix socket needs no look: it lies in a folder that only its owner may enter.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final, TypeAlias

import grpc

from agent_memory import credentials
from agent_memory.errors import CallerRefused
from agent_memory.query.api.errors import abort
from agent_memory.query.api.interceptor import Handler, HandlerInterceptor

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

# A connection that ends leaves its port to others, a second later at the earliest (net.ipv4.tcp_tw_reuse).
_KNOWN_S: Final = 1.0
_KNOWN_MAX: Final = 1024

# <linux/sock_diag.h>, <linux/inet_diag.h>
_NETLINK_SOCK_DIAG: Final = 4
_SOCK_DIAG_BY_FAMILY: Final = 20
_NLM_F_REQUEST: Final = 1
_HEADER: Final = struct.Struct("=IHHII")
_REQUEST: Final = struct.Struct("=BBBxI")
_SOCKET_ID: Final = struct.Struct("!HH16s16sIII")
_NO_COOKIE: Final = 0xFFFFFFFF
# The user and the inode, behind three other numbers.
_OWNER: Final = struct.Struct("=II")
_OWNER_AT: Final = _HEADER.size + 4 + _SOCKET_ID.size + 12
_ANSWER_S: Final = 1.0


# In place of a user: the other end was closed. The kernel gives such a socket to root, so it must not count as one.
GONE: Final = -1


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
    """The user whose socket is connected to our `port`, gRPC calling its address `peer`.

    GONE where nobody has it any more; None where it is on another machine, and where this kernel tells nobody.
    """
    host, _, their_port = peer.replace("%5B", "[").replace("%5D", "]").partition(":")[2].rpartition(":")
    address: Address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if not address.is_loopback or sys.platform != "linux":
        return None
    found = _asked(address, int(their_port), port)
    return _listed(address, int(their_port), port) if found is None else found


def _asked(address: Address, port: int, our_port: int) -> int | None:
    """By a question for this one connection, 20 us; None where the kernel has no sock_diag or does not know it."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    packed = address.packed.ljust(16, b"\0")
    # Both ends have the same address where one connects to a loopback address without binding to another first.
    ends = _SOCKET_ID.pack(port, our_port, packed, packed, 0, _NO_COOKIE, _NO_COOKIE)
    body = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0xFFFFFFFF) + ends
    message = _HEADER.pack(_HEADER.size + len(body), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 1, 0) + body
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as kernel:
            kernel.settimeout(_ANSWER_S)
            kernel.sendto(message, (0, 0))
            answer = kernel.recv(4096)
    except OSError:
        return None
    if len(answer) < _OWNER_AT + _OWNER.size or _HEADER.unpack_from(answer)[1] != _SOCK_DIAG_BY_FAMILY:
        return None
    uid, inode = _OWNER.unpack_from(answer, _OWNER_AT)
    return int(uid) if inode else GONE


def _listed(address: Address, port: int, our_port: int) -> int | None:
    """By the list of all connections: a line holds both ends, in hexadecimal, the user and the inode."""
    words = struct.unpack(f"<{len(address.packed) // 4}I", address.packed)
    local = "".join(f"{word:08X}" for word in words) + f":{port:04X}"
    name = "tcp" if address.version == 4 else "tcp6"
    try:
        with Path(f"/proc/net/{name}").open() as lines:
            for line in lines:
                fields = line.split()
                if fields[1] == local and fields[2].endswith(f":{our_port:04X}"):
                    return int(fields[7]) if int(fields[9]) else GONE
    except (OSError, ValueError, IndexError):
        return None
    return GONE
