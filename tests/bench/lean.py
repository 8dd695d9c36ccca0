"""A lean gRPC client: one HTTP/2 connection, requests built beforehand, no library.

What a benchmark of a server measures should be the server. A call costs grpcio's own client as much processor time as
it costs the server, on the same two cores; it costs this one a tenth.
"""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

# RFC 9113, section 6
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1
HEADER_TABLE_SIZE, INITIAL_WINDOW_SIZE = 1, 4
FRAME_MAX: Final = 16_384
# What the other side may send before it is told to go on; one's own may never reach it.
ENDLESS: Final = (1 << 31) - 1
WINDOW_AT_FIRST: Final = 65_535
# The first place in HPACK's table that a connection's own headers get (RFC 7541, section 2.3.3).
FIRST_PLACE: Final = 62
CHUNK: Final = 1 << 18
GOOD_END: Final = b"\x40\x0bgrpc-status\x010"


class LeanClient:
    """Calls one method of the server at `host:port`. To be used by one thread."""

    def __init__(self, address: str, path: str) -> None:
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        headers = {":method": "POST", ":scheme": "http", ":path": path, ":authority": address}
        headers |= {"te": "trailers", "content-type": "application/grpc", "user-agent": "grpc-lean/1"}
        # The first call names them all; the later ones name their places, the last one's first.
        self._first = b"".join(b"\x40" + _text(name) + _text(value) for name, value in headers.items())
        self._later = bytes(0x80 | FIRST_PLACE + place for place in reversed(range(len(headers))))
        self._stream = 1
        # What the server lets us send: on the connection, on a new stream, and on the streams with something to send.
        self._window = self._window_at_first = WINDOW_AT_FIRST
        self._windows: dict[int, int] = {}
        self._unsent: dict[int, memoryview] = {}
        self._rest = b""
        settings = b"".join(
            number.to_bytes(2, "big") + value.to_bytes(4, "big")
            for number, value in ((HEADER_TABLE_SIZE, 0), (INITIAL_WINDOW_SIZE, ENDLESS))
        )
        more = (ENDLESS - WINDOW_AT_FIRST).to_bytes(4, "big")
        hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(SETTINGS, 0, 0, settings)
        self._socket.sendall(hello + _frame(WINDOW_UPDATE, 0, 0, more))

    def close(self) -> None:
        self._socket.close()

    def run(self, requests: Sequence[bytes], in_flight: int, limit_s: float) -> tuple[list[float], float]:
        """Make the calls, so many at a time, until none is left or the time is up: seconds of each, and of all.

        Raises ConnectionError where the server refuses one of them.
        """
        remaining = deque(requests)
        sent: dict[int, float] = {}
        took: list[float] = []
        started = time.perf_counter()
        self._send(remaining, in_flight, sent)
        while sent:
            ended = self._receive()
            now = time.perf_counter()
            took += [now - sent.pop(stream) for stream in ended]
            self._send(remaining, in_flight - len(sent) if now - started < limit_s else 0, sent)
        return took, time.perf_counter() - started

    def _send(self, remaining: deque[bytes], count: int, sent: dict[int, float]) -> None:
        frames: list[bytes] = []
        for _ in range(min(count, len(remaining))):
            content = remaining.popleft()
            frames.append(_frame(HEADERS, END_HEADERS, self._stream, self._later if self._stream > 1 else self._first))
            self._unsent[self._stream] = memoryview(b"\0" + len(content).to_bytes(4, "big") + content)
            self._windows[self._stream] = self._window_at_first
            sent[self._stream] = time.perf_counter()
            self._stream += 2
        for stream in list(self._unsent):
            frames += self._data(stream)
        if frames:
            self._socket.sendall(b"".join(frames))

    def _data(self, stream: int) -> Iterator[bytes]:
        """As much of the stream's message as the server lets us send."""
        message = self._unsent[stream]
        while size := min(len(message), FRAME_MAX, self._window, self._windows[stream]):
            yield _frame(DATA, END_STREAM if size == len(message) else 0, stream, bytes(message[:size]))
            message = message[size:]
            self._window -= size
            self._windows[stream] -= size
        if message:
            self._unsent[stream] = message
        else:
            del self._unsent[stream], self._windows[stream]

    def _receive(self) -> list[int]:
        """Read what has come; the streams that ended with it."""
        came = self._socket.recv(CHUNK)
        if not came:
            raise ConnectionError("The server has closed the connection.")
        data = self._rest + came if self._rest else came
        at, ended, answers = 0, [], b""
        while len(data) - at >= 9 and len(data) - at >= 9 + (length := int.from_bytes(data[at : at + 3], "big")):
            kind, flags, stream = data[at + 3], data[at + 4], int.from_bytes(data[at + 5 : at + 9], "big")
            content_at = at + 9
            at = content_at + length
            if kind == HEADERS and flags & END_STREAM:
                self._check(data[content_at:at])
                ended.append(stream)
            elif kind == SETTINGS and not flags & ACK:
                for place in range(content_at, at, 6):
                    if int.from_bytes(data[place : place + 2], "big") == INITIAL_WINDOW_SIZE:
                        self._open_windows(int.from_bytes(data[place + 2 : place + 6], "big"))
                answers += _frame(SETTINGS, ACK, 0, b"")
            elif kind == PING and not flags & ACK:
                answers += _frame(PING, ACK, 0, data[content_at:at])
            elif kind == WINDOW_UPDATE and not stream:
                self._window += int.from_bytes(data[content_at:at], "big")
            elif kind == WINDOW_UPDATE and stream in self._windows:
                self._windows[stream] += int.from_bytes(data[content_at:at], "big")
            elif kind in (RST_STREAM, GOAWAY):
                raise ConnectionError(f"The server refuses: {data[content_at:at]!r}.")
        self._rest = data[at:]
        if answers:
            self._socket.sendall(answers)
        return ended

    def _open_windows(self, size: int) -> None:
        for stream in self._windows:
            self._windows[stream] += size - self._window_at_first
        self._window_at_first = size

    def _check(self, trailers: bytes) -> None:
        """A good end begins with the same bytes each time: the client keeps no table."""
        if not trailers.startswith(GOOD_END):
            raise ConnectionError(f"The server refuses a call: {trailers!r}.")


def _frame(kind: int, flags: int, stream: int, content: bytes) -> bytes:
    return len(content).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + content


def _text(text: str) -> bytes:
    """A string of HPACK, as it is; shorter than 127 bytes."""
    return bytes((len(text),)) + text.encode()
