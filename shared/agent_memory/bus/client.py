"""The writer, as a function to call: `Bus.ask(command) -> reply`, from any thread; `Bus.send` does not wait.

One thread owns the socket. A command under way is lost when the writer dies, so every command that waits is sent again
when the connection comes back. Repeating one is harmless: appends are told apart by event id, commits by their fence.
"""

from __future__ import annotations

import logging
import socket as sockets
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

import zmq

from agent_memory.bus import frames
from agent_memory.bus.frames import (
    MESSAGE_MAX_BYTES,
    PROTOCOL,
    REQUEST_ID_BYTES,
    has_message,
    raise_if_refused,
)
from agent_memory.errors import AgentMemoryError, WriterBusy, WriterSilent, WriterUnavailable
from agent_memory.process.logs import line
from agent_memory.process.vital_thread import vital_thread
from agent_memory.rpc import bus_pb2 as pb

log = logging.getLogger(__name__)

# What may be waiting for the writer at once, in commands and in bytes; beyond it callers are told to come back.
WINDOW_COMMANDS: Final = 1024
WINDOW_BYTES: Final = 128 << 20
TIMEOUT_S: Final = 10.0
# When a caller has waited that long, the writer hangs or is gone: new callers are refused at once, so that threads that
# could serve readers do not pile up.
STALLED_S: Final = 3.0
# Below this, sharing memory with ZeroMQ costs more than copying it.
COPIED_BYTES: Final = 64 << 10
_RECONNECT_MS: Final = (20, 200)
# More than there are stores with something new while the worker is busy.
_ANNOUNCEMENTS_MAX: Final = 4096
# More bytes than there can be callers that wake the thread at once.
_WAKES_MAX: Final = 4096


# What came of a command.
Outcome: TypeAlias = pb.Reply | AgentMemoryError


class _Request:
    """One caller's command, and what is to be done with what comes of it."""

    __slots__ = ("content", "end", "is_long", "since")

    def __init__(self, content: bytes, end: Callable[[bytes | AgentMemoryError], None], *, is_long: bool) -> None:
        self.content = content
        # Called with the reply, or with the reason for which there is none. For one thread at a time.
        self.end = end
        # It may take minutes, so its waiting says nothing about the writer.
        self.is_long = is_long
        self.since = time.monotonic()


class _Sleeper:
    """A caller who waits. A bare lock wakes him: a Future costs three times as much."""

    __slots__ = ("_asleep", "outcome")

    def __init__(self) -> None:
        self.outcome: bytes | AgentMemoryError | None = None
        self._asleep = threading.Lock()
        self._asleep.acquire()

    def wake(self, outcome: bytes | AgentMemoryError) -> None:
        """Wake the caller with this outcome; the first one counts."""
        if self.outcome is None:
            self.outcome = outcome
            self._asleep.release()

    def is_woken_within(self, timeout_s: float) -> bool:
        """Wait for the outcome; False if the time was over first."""
        return self._asleep.acquire(timeout=timeout_s)


class Bus:
    """A connection to one store of the writer that listens at `socket_path`; the default store without a name.

    What waits is counted by connection, so that one store's trouble costs the callers of another nothing.
    """

    def __init__(self, socket_path: Path, store: str = "") -> None:
        self._store = store
        self._context = zmq.Context()
        self._address = f"ipc://{socket_path}"
        self._waiting: dict[bytes, _Request] = {}
        self._waiting_bytes = 0
        # What the thread has not sent yet; a request whose caller has given up is not sent.
        self._unsent: deque[bytes] = deque()
        # What nobody waits for, so that the thread has to end it: each with its deadline, the earliest first.
        self._unattended: deque[tuple[float, bytes]] = deque()
        self._lock = threading.Lock()
        self._next_id = 0
        self._closing = False
        # Set whenever the connection comes or goes.
        self.connection_changed = threading.Event()
        # The pair wakes the thread: a ZeroMQ socket must not be touched by two threads.
        self._wakes, self._waker = sockets.socketpair()
        self._thread = vital_thread(self._run, "bus")
        self._thread.start()

    def ask(self, command: pb.Command, timeout_s: float = TIMEOUT_S) -> pb.Reply:
        """Send a command and wait for its reply.

        Raises WriterUnavailable after `timeout_s` without one (the command may or may not have been done), WriterBusy
        when too much is waiting already, and what the refusal stands for when the writer refuses.
        """
        sleeper = _Sleeper()
        request_id = self._enqueue(_Request(self._message(command), sleeper.wake, is_long=timeout_s > TIMEOUT_S))
        try:
            if not sleeper.is_woken_within(timeout_s):
                raise _silent(timeout_s)
        finally:
            self._forget(request_id)
        outcome = _read(sleeper.outcome or b"")
        if isinstance(outcome, AgentMemoryError):
            raise outcome
        return outcome

    def send(self, command: pb.Command, end: Callable[[Outcome], None]) -> None:
        """Send a command and return; `end` is called with what came of it, within TIMEOUT_S.

        It is called by the thread that owns the socket, so it must not wait. Raises WriterBusy and WriterUnavailable as
        `ask` does where nothing is sent; then `end` is not called.
        """
        request = _Request(self._message(command), lambda outcome: end(_read(outcome)), is_long=False)
        self._enqueue(request, is_attended=False)

    def answers(self, timeout_s: float = 1.0) -> bool:
        """Whether the writer answers for the store, which is open then."""
        try:
            self.ask(pb.Command(ping=pb.Ping()), timeout_s)
        except WriterUnavailable:
            return False
        return True

    def close(self) -> None:
        """Stop the thread; callers that still wait get WriterUnavailable."""
        self._closing = True
        with self._lock:
            self._wake()
        self._thread.join()
        with self._lock:
            left = list(self._waiting.values())
            self._waiting.clear()
        for request in left:
            request.end(WriterUnavailable("This process is stopping.", "The same request may be sent again."))
        self._waker.close()
        self._wakes.close()
        self._context.term()

    def _message(self, command: pb.Command) -> bytes:
        command.protocol = command.protocol or PROTOCOL
        command.store = self._store
        return command.SerializeToString()

    def _enqueue(self, request: _Request, *, is_attended: bool = True) -> bytes:
        with self._lock:
            size = self._waiting_bytes + len(request.content)
            if len(self._waiting) >= WINDOW_COMMANDS or (self._waiting and size > WINDOW_BYTES):
                raise WriterBusy(
                    f"{len(self._waiting)} requests are waiting for the writer already; nothing was stored.",
                    "Send this one again in a moment.",
                )
            oldest = next((each.since for each in self._waiting.values() if not each.is_long), request.since)
            raise_if_stalled(oldest)
            self._next_id += 1
            request_id = self._next_id.to_bytes(REQUEST_ID_BYTES, "big")
            self._waiting[request_id] = request
            self._waiting_bytes = size
            self._unsent.append(request_id)
            if not is_attended:
                self._unattended.append((request.since + TIMEOUT_S, request_id))
            # The thread itself looks before it waits.
            if len(self._unsent) == 1 and threading.get_ident() != self._thread.ident:
                self._wake()
        return request_id

    def _forget(self, request_id: bytes) -> None:
        with self._lock:
            request = self._waiting.pop(request_id, None)
            self._waiting_bytes -= len(request.content) if request else 0

    def _wake(self) -> None:
        self._waker.send(b"\0")

    def _run(self) -> None:
        socket = self._context.socket(zmq.DEALER)
        socket.linger = 0
        socket.sndhwm = socket.rcvhwm = 0  # the window above is the bound
        socket.maxmsgsize = MESSAGE_MAX_BYTES
        socket.reconnect_ivl, socket.reconnect_ivl_max = _RECONNECT_MS
        monitor = socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED)
        socket.connect(self._address)
        poller = zmq.Poller()
        for each in (socket, self._wakes, monitor):
            poller.register(each, zmq.POLLIN)
        connected = False
        while not self._closing:
            ready = dict(poller.poll(self._patience_ms()))
            if monitor in ready:
                # The first two bytes are the event's number. zmq.utils.monitor can tell it, too, and imports asyncio.
                event = int.from_bytes(monitor.recv_multipart()[0][:2], sys.byteorder)
                connected = event == zmq.EVENT_HANDSHAKE_SUCCEEDED
                log.info(line("writer", connected=connected, waiting=len(self._waiting)))
                self.connection_changed.set()
                if connected:
                    with self._lock:
                        self._unsent = deque(self._waiting)
                    self._send(socket)
            if self._wakes.fileno() in ready:
                self._wakes.recv(_WAKES_MAX)
            if socket in ready:
                self._receive(socket)
            self._end_unattended()
            # Without a connection nothing is sent: ZeroMQ would keep it long after its caller has given up.
            if connected:
                self._send(socket)
        socket.disable_monitor()
        monitor.close(0)
        socket.close(0)

    def _send(self, socket: zmq.Socket[bytes]) -> None:
        while True:
            with self._lock:
                if not self._unsent:
                    return
                request_id = self._unsent.popleft()
                request = self._waiting.get(request_id)
            if request is not None:
                socket.send_multipart([request_id, request.content], copy=len(request.content) < COPIED_BYTES)

    def _receive(self, socket: zmq.Socket[bytes]) -> None:
        while has_message(socket):
            request_id, content = socket.recv_multipart()
            request = self._waiting.get(request_id)
            if request is not None:
                # Before it ends: what follows it may be sent then.
                self._forget(request_id)
                request.end(content)

    def _patience_ms(self) -> int | None:
        """How long the thread may wait: until the time of what nobody else waits for is over."""
        with self._lock:
            while self._unattended and self._unattended[0][1] not in self._waiting:
                self._unattended.popleft()
            if not self._unattended:
                return None
            return max(0, int((self._unattended[0][0] - time.monotonic()) * 1000) + 1)

    def _end_unattended(self) -> None:
        """End what nobody waits for and whose time is over."""
        now = time.monotonic()
        while self._unattended and self._unattended[0][0] <= now:
            _, request_id = self._unattended.popleft()
            request = self._waiting.get(request_id)
            if request is not None:
                self._forget(request_id)
                request.end(_silent(TIMEOUT_S))


def _silent(timeout_s: float) -> WriterSilent:
    return WriterSilent(f"The writer did not answer within {timeout_s:g} s.", "The same request may be sent again.")


def _read(outcome: bytes | AgentMemoryError) -> Outcome:
    """The reply as a message; the error that it stands for where it is a refusal."""
    if isinstance(outcome, AgentMemoryError):
        return outcome
    try:
        return raise_if_refused(pb.Reply.FromString(outcome))
    except AgentMemoryError as error:
        return error


def raise_if_stalled(waiting_since: float) -> None:
    """Raise WriterUnavailable where a caller has waited for long; `waiting_since` is on the monotonic clock."""
    waited_s = time.monotonic() - waiting_since
    if waited_s > STALLED_S:
        raise WriterUnavailable(
            f"The writer has not answered for {waited_s:.0f} s; nothing was stored.", "Send this request again later."
        )


class Announcements:
    """What the writer announces after commits to one store, or to any for None. To be used by one thread."""

    def __init__(self, socket_path: Path, store: str | None, *announcements: bytes) -> None:
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.SUB)
        self._socket.linger = 0
        self._socket.reconnect_ivl, self._socket.reconnect_ivl_max = _RECONNECT_MS
        # Only the fact counts, so a few are enough of a store: any more say the same.
        self._socket.rcvhwm = 16 if store is not None else _ANNOUNCEMENTS_MAX
        for topic in [frames.topic(store, each) for each in announcements] if store is not None else [b""]:
            self._socket.subscribe(topic)
        self._socket.connect(f"ipc://{socket_path}")

    def wait(self, timeout_ms: int, *also: object) -> set[tuple[str, bytes]]:
        """Wait for an announcement, or for one of `also` (objects with a file descriptor) to become readable.

        Everything announced by then, each with the name of its store.
        """
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        for each in also:
            poller.register(each, zmq.POLLIN)
        announced: set[tuple[str, bytes]] = set()
        if self._socket in dict(poller.poll(timeout_ms)):
            while has_message(self._socket):
                announced.add(frames.announcement(self._socket.recv()))
        return announced

    def close(self) -> None:
        self._socket.close(0)
        self._context.term()
