"""The other end of a TCP connection within this machine: the kernel knows whose socket it is."""

from __future__ import annotations

import ipaddress
import socket
import struct
import sys
from pathlib import Path
from typing import Final, TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

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


def user_at(host: str, port: int, our_port: int) -> int | None:
    """The user whose socket, at that address and `port`, is connected to our port.

    GONE where nobody has it any more; None where it is on another machine, and where this kernel tells nobody.
    """
    address: Address = ipaddress.ip_address(host)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if not address.is_loopback or sys.platform != "linux":
        return None
    found = _asked(address, port, our_port)
    return _listed(address, port, our_port) if found is None else found


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
