"""The hook server: a Unix socket that receives envelopes, and a thread that takes in what hooks left in the spool."""

from __future__ import annotations

import logging
import os
import select
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

from agent_memory.capture import STORED, STORED_WITH_REPLY, notes, peer_uid
from agent_memory.capture.envelope import HEADER_MAX_BYTES, lengths, unpack
from agent_memory.capture.privacy import ignore
from agent_memory.capture.wire import HookCall
from agent_memory.command_call import COMMAND_CALL
from agent_memory.errors import AgentMemoryError, WriterBusy
from agent_memory.process.logs import line
from agent_memory.process.vital_thread import vital_thread
from agent_memory.query.commands.command_calls import CommandCalls
from agent_memory.query.hooks.hook_inbox import described
from agent_memory.query.hooks.hook_socket import CALLERS_MAX, HookSocket
from agent_memory.query.hooks.recall import Recall
from agent_memory.query.hooks.spool_drain import SpoolDrain
from agent_memory.query.hooks.store_inboxes import StoreInboxes
from agent_memory.query.store_context import Stores

log = logging.getLogger(__name__)

# Agents call their hooks a few at a time.
THREADS: Final = 8
# Only one envelope larger than this is in memory at a time; the next goes to the spool.
LARGE_BYTES: Final = 4 << 20
# A hook gives up after a fraction of this.
PATIENCE_S: Final = 2.0
# Listing an empty folder takes some microseconds.
LOOK_EVERY_S: Final = 1.0
# When no more callers can be accepted, for want of file descriptors.
REST_S: Final = 0.1


class HookServer:
    """Serves the socket and watches the spool, each in its own thread."""

    def __init__(self, stores: Stores, hook_socket: HookSocket, commands: CommandCalls) -> None:
        self._settings = stores.default.settings
        self._stopping = threading.Event()
        self._listener = hook_socket.listener
        self._inboxes = StoreInboxes(stores, hook_socket.spool)
        self._drain = SpoolDrain(hook_socket.spool, self._inboxes, self._stopping)
        self._commands = commands
        self._pool = ThreadPoolExecutor(THREADS, "hook")
        self._callers = threading.BoundedSemaphore(CALLERS_MAX)
        self._large = threading.Lock()
        self._wakes, self._waker = socket.socketpair()
        self._threads = [
            vital_thread(self._listen, "hooks"),
            vital_thread(self._watch, "spool"),
        ]

    def start(self) -> None:
        """Begin to accept callers; raises AgentMemoryError if hooks can't be given the rules."""
        try:
            ignore.publish(self._settings.db_path, self._settings.ignore)
            notes.publish(self._settings.db_path, allowed=self._settings.agent_notes)
        except OSError as error:
            raise AgentMemoryError(f"The rules for what to ignore can't be written for hooks: {error}.") from error
        self._inboxes.start()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop taking in; returns when everything under way is done."""
        self._stopping.set()
        self._waker.send(b"\0")
        for thread in self._threads:
            thread.join()
        self._listener.close()
        self._pool.shutdown()
        self._inboxes.stop()
        self._wakes.close()
        self._waker.close()

    def close_idle(self) -> None:
        """Let go of the project stores that no hook has come for lately."""
        self._inboxes.close_idle()

    def _listen(self) -> None:
        while True:
            ready, _, _ = select.select([self._listener, self._wakes], [], [])
            if self._wakes in ready:
                return
            try:
                connection, _ = self._listener.accept()
            except OSError as error:
                log.warning(line("a hook could not be accepted", error=error))
                self._stopping.wait(REST_S)
                continue
            if self._callers.acquire(blocking=False):
                self._pool.submit(self._serve, connection)
            else:
                connection.close()

    def _serve(self, connection: socket.socket) -> None:
        """Answer a command call, or take one envelope in and confirm it.

        A hook that gets no confirmation puts its envelope into the spool.
        """
        try:
            with connection, connection.makefile("rb") as stream:
                connection.settimeout(PATIENCE_S)
                if peer_uid(connection) != os.getuid():
                    return
                header = stream.readline(HEADER_MAX_BYTES)
                if header.startswith(COMMAND_CALL):
                    connection.sendall(self._commands.answer(header, stream))
                    return
                fields, payload = lengths(header)
                with self._room_for(payload):
                    envelope = unpack(stream.read(fields), stream.read(payload))
                    if len(envelope.payload) < payload:
                        return  # the hook was killed
                    with self._inboxes.of(envelope) as store:
                        (taken,) = store.inbox.take([envelope])
                        if taken.failure:
                            raise taken.failure
                        # What its first hook brought the model need not come twice.
                        self._answer(connection, store.recall, None if taken.is_repeat else taken.call)
        except (OSError, AgentMemoryError) as error:
            log.info(line("a hook was sent to the spool", error=error))
        except Exception as error:
            log.error(line("a hook was sent to the spool", **described(error)))
        finally:
            self._callers.release()

    def _answer(self, connection: socket.socket, recall: Recall, call: HookCall | None) -> None:
        """Confirm that the event is on disk; then send what the session is to begin with, if anything."""
        if call is None or not recall.is_wanted(call):
            connection.sendall(STORED)
            return
        # First the confirmation: it must not wait for the rest, nor fail with it.
        connection.sendall(STORED_WITH_REPLY)
        try:
            connection.sendall(recall.answer(call))
        except OSError:
            log.info("a session began before its recall was ready")
        except Exception:
            log.exception("a session begins without its recall")

    @contextmanager
    def _room_for(self, size: int) -> Iterator[None]:
        """Reserve memory for an envelope; raises WriterBusy while another large one has it."""
        if size <= LARGE_BYTES:
            yield
        elif self._large.acquire(blocking=False):
            try:
                yield
            finally:
                self._large.release()
        else:
            raise WriterBusy(f"an envelope of {size} bytes must wait for another large one")

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK_EVERY_S):
            self._drain.look(time.time(), time.monotonic())
