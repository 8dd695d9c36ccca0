"""What systemd is told of a service of `Type=notify`: that it is ready, stops, and lives. See sd_notify(3)."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, MutableMapping
from contextlib import suppress

_SOCKET = "NOTIFY_SOCKET"
_WATCHDOG = "WATCHDOG_USEC"
_WATCHDOG_PID = "WATCHDOG_PID"


class ServiceNotice:
    """Tells the service manager that started this process, if one did; nobody otherwise.

    Takes the manager's variables out of `environ`: a child must not speak for the service.
    """

    def __init__(self, environ: MutableMapping[str, str] = os.environ) -> None:
        address = environ.pop(_SOCKET, "")
        # An abstract socket's name begins with a zero byte.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        limit, pid = environ.pop(_WATCHDOG, ""), environ.pop(_WATCHDOG_PID, "")
        is_watched = limit.isdecimal() and pid in ("", str(os.getpid()))
        # Twice within the limit, as sd_watchdog_enabled(3) advises.
        self._interval_s = int(limit) / 2e6 if is_watched else 0.0
        self._next_s = 0.0

    def ready(self, state: str) -> None:
        """The daemon serves; `state` is what `systemctl status` shows."""
        self._send(f"READY=1\nSTATUS={' '.join(state.split())}")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def alive(self, is_well: Callable[[], bool], now_s: Callable[[], float] = time.monotonic) -> None:
        """Call often: when it is time, and all is well, the watchdog hears it. Silent ones are ended and restarted."""
        if self._address and self._interval_s and now_s() >= self._next_s:
            self._next_s = now_s() + self._interval_s
            if is_well():
                self._send("WATCHDOG=1")

    def _send(self, state: str) -> None:
        if self._address:
            with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.sendto(state.encode(), self._address)
