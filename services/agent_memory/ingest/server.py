"""The writer's server: takes commands from a ZeroMQ socket, commits those of a store as one group, then replies."""

from __future__ import annotations

import logging
import os
import socket as sockets
import time
from collections import deque
from typing import Final

import zmq
from google.protobuf.message import DecodeError

from agent_memory.bus import frames
from agent_memory.errors import StoreError
from agent_memory.ingest import handlers
from agent_memory.ingest.handlers.outcome import Outcome
from agent_memory.ingest.stores import Store, Stores
from agent_memory.ingest.writer import Group, Writer
from agent_memory.model import DEFAULT_STORE
from agent_memory.paths import RuntimePaths
from agent_memory.process.lifetime import PARENT_CHECK_MS, Lifetime
from agent_memory.process.logs import line
from agent_memory.rpc import bus_pb2 as pb

log = logging.getLogger(__name__)

# Beyond this the fsync is no longer the cost, and the last in the group wait for the first. There is no lingering for
# more to come: that was measured to cost two to three times what it saves.
GROUP_COMMANDS: Final = 256
GROUP_BYTES: Final = 1 << 20
# What ZeroMQ may hold for a client that is slow to read or to be read; clients bound themselves far below it.
QUEUE_MESSAGES: Final = 4096
# Commands that wait for a store to be opened: as many as a client sends without a reply.
WAITING_MAX: Final = 1024

Address = tuple[bytes, bytes]  # the client's and the request's
Request = tuple[Address, pb.Command]


class Server:
    """Serves the stores on the runtime folder's sockets until told to stop. To be made once per runtime folder."""

    def __init__(self, stores: Stores, runtime: RuntimePaths) -> None:
        self._stores = stores
        self._context = zmq.Context()
        self._commands = self._context.socket(zmq.ROUTER)
        self._commands.linger = 1000
        self._commands.sndhwm = self._commands.rcvhwm = QUEUE_MESSAGES
        self._commands.maxmsgsize = frames.MESSAGE_MAX_BYTES
        self._commands.router_mandatory = True
        self._commands.setsockopt(zmq.IPC_FILTER_UID, os.getuid())
        self._commands.bind(f"ipc://{runtime.ingest_socket}")
        self._announcements = self._context.socket(zmq.PUB)
        self._announcements.linger = 0
        self._announcements.bind(f"ipc://{runtime.announce_socket}")
        # Commands for stores that are being opened: their senders wait, as they do for a writer that is not there yet.
        self._waiting: dict[str, list[Request]] = {}
        # Other threads leave replies here, and wake this one by a byte.
        self._finished: deque[tuple[Address, pb.Reply]] = deque()
        self._wakes, self._waker = sockets.socketpair()
        self._wakes.setblocking(False)

    def run(self, lifetime: Lifetime) -> None:
        """Open the stores, and serve until `lifetime` says stop; what came by then is answered."""
        poller = zmq.Poller()
        for each in (self._commands, lifetime, self._wakes):
            poller.register(each, zmq.POLLIN)
        self._stores.open(self._wake)
        while not lifetime.stopping:
            ready = dict(poller.poll(PARENT_CHECK_MS))
            if self._wakes.fileno() in ready:
                self._take_over()
            while requests := self._pending():
                self._serve(requests)
            for store in self._stores:
                if store.writer and store.writer.is_stuck:
                    # Senders send again what was not acknowledged.
                    log.error(line("the disk has room again and RocksDB refuses it: reopening", store=store.name))
                    store.reopen(self._wake)
                elif store.writer:
                    store.writer.flush_at_rest(time.monotonic())
            self._stores.close_idle()

    def close(self) -> None:
        """Stop taking commands."""
        self._commands.close()
        self._announcements.close()
        self._context.term()

    def _wake(self) -> None:
        """Have the loop look at what other threads have done; for any thread."""
        self._waker.send(b"\0")

    def _take_over(self) -> None:
        """Send the replies of other threads, and serve what waited for a store that is opened, or can't be."""
        self._wakes.recv(4096)
        while self._finished:
            self._reply(*self._finished.popleft())
        waiting, self._waiting = self._waiting, {}
        for requests in waiting.values():
            self._serve(requests)

    def _serve(self, requests: list[Request]) -> None:
        """Commit the commands, those of each store as one group."""
        by_store: dict[str, list[Request]] = {}
        for request in requests:
            by_store.setdefault(request[1].store, []).append(request)
        for name, each in by_store.items():
            if not (theirs := self._without_those_about_stores(each)):
                continue
            store = self._stores.get(name)
            if store is None:
                self._refuse(theirs, self._stores.unknown(name))
                continue
            # In this order: the thread that opens the store sets the writer first.
            writer, error = store.writer, store.error
            if writer:
                self._commit(store, writer, [each for each in theirs if not self._is_begun_beside(store, writer, each)])
            elif error:
                self._refuse(theirs, frames.refused(pb.Refused.STORE_UNAVAILABLE, error.message, error.remedy))
            else:
                self._keep_waiting(name, theirs)

    def _without_those_about_stores(self, requests: list[Request]) -> list[Request]:
        """The commands that are about what is in a store. Those about stores as such are answered, or wait."""
        rest = []
        for request in requests:
            address, command = request
            about = command.WhichOneof("body")
            if about == "list_stores":
                self._reply(address, pb.Reply(protocol=frames.PROTOCOL, stores_listed=self._stores.states()))
            elif about == "close_store":
                self._release(command.close_store.name, request)
            else:
                rest.append(request)
        return rest

    def _release(self, name: str, request: Request) -> None:
        """Close the store, and answer when it is closed."""
        if name in ("", DEFAULT_STORE):
            self._reply(request[0], frames.refused(pb.Refused.INVALID, "The default store is never closed."))
        elif self._stores.release(name):
            self._announcements.send(frames.topic(name, frames.ANNOUNCE_RELEASE))
            self._reply(request[0], pb.Reply(protocol=frames.PROTOCOL, store_closed=pb.StoreClosed()))
        else:
            self._keep_waiting(name, [request])

    def _keep_waiting(self, name: str, requests: list[Request]) -> None:
        waiting = self._waiting.setdefault(name, [])
        waiting += requests
        # The first ones have waited longest: their senders have given up, or soon will.
        excess, self._waiting[name] = waiting[:-WAITING_MAX], waiting[-WAITING_MAX:]
        self._refuse(excess, frames.refused(pb.Refused.UNAVAILABLE, "The store is still being opened."))

    def _refuse(self, requests: list[Request], reply: pb.Reply) -> None:
        for address, _ in requests:
            self._reply(address, reply)

    def _pending(self) -> list[Request]:
        """The commands that have come, as many as make one group."""
        requests: list[Request] = []
        size = 0
        while len(requests) < GROUP_COMMANDS and size < GROUP_BYTES and frames.has_message(self._commands):
            try:
                client, request, content = self._commands.recv_multipart()
            except ValueError:
                log.warning("message without a request number ignored")
                continue
            address = (client, request)
            try:
                requests.append((address, pb.Command.FromString(content)))
            except DecodeError as error:
                self._reply(address, frames.refused(pb.Refused.INVALID, f"This is no command: {error}"))
            size += len(content)
        return requests

    def _commit(self, store: Store, writer: Writer, requests: list[Request]) -> None:
        began_s = time.monotonic()
        group = Group(writer)
        outcomes: list[tuple[Address, Outcome]] = []
        for address, command in requests:
            try:
                outcomes.append((address, handlers.handle(group, command)))
            except Exception as error:
                # The group may hold half of the command's rows, so it is given up whole. One by one, only the command
                # that failed is refused.
                log.exception(line("command failed", store=store.name, of=len(requests)))
                self._commit_each(store, writer, requests, error)
                return
        try:
            if writer.commit(group):
                store.count_commit()
                writer.figures.committed(len(requests), began_s, writer.counters.sequence)
        except StoreError as error:
            log.error(line("group not committed", store=store.name, commands=len(outcomes), error=error))
            no = Outcome(frames.refused(pb.Refused.UNAVAILABLE, error.message, error.remedy))
            outcomes = [(address, no) for address, _ in outcomes]
        for address, outcome in outcomes:
            self._reply(address, outcome.reply)
        for announcement in dict.fromkeys(outcome.announce for _, outcome in outcomes if outcome.announce):
            self._announcements.send(frames.topic(store.name, announcement))
        log.debug(line("group committed", store=store.name, commands=len(outcomes), sequence=writer.counters.sequence))

    def _commit_each(self, store: Store, writer: Writer, requests: list[Request], error: Exception) -> None:
        for request in requests:
            if len(requests) > 1:
                self._commit(store, writer, [request])
            elif isinstance(error, StoreError):
                store.damage = error
                self._reply(request[0], frames.refused(pb.Refused.STORE_DAMAGED, error.message, error.remedy))
            else:
                no = frames.refused(pb.Refused.INVALID, "The writer failed on this; see: memory-daemon logs ingest")
                self._reply(request[0], no)

    def _is_begun_beside(self, store: Store, writer: Writer, request: Request) -> bool:
        """Whether the command asks for something that takes long, which is begun then."""
        address, command = request

        def answer(reply: pb.Reply) -> None:
            self._finished.append((address, reply))
            self._wake()

        return store.begin_beside(writer, command, answer)

    def _reply(self, address: Address, reply: pb.Reply) -> None:
        try:
            self._commands.send_multipart([*address, reply.SerializeToString()], zmq.NOBLOCK)
        except zmq.ZMQError as error:
            # It is gone, or reads nothing; it will ask again under the same event ids.
            log.info(line("client gone before its reply", error=error))
