"""The writer's door: takes commands from a ZeroMQ socket, commits what is pending as one group, then answers all."""

from __future__ import annotations

import logging
import os
import socket as sockets
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import zmq
from google.protobuf.message import DecodeError

from agent_memory.bus import frames
from agent_memory.errors import StoreError
from agent_memory.ingest import handlers
from agent_memory.ingest.handlers.outcome import Outcome
from agent_memory.ingest.writer import Group, Writer
from agent_memory.lifetime import PARENT_CHECK_MS, Lifetime
from agent_memory.logs import line
from agent_memory.paths import RuntimePaths
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import schema
from agent_memory.store.commit_counter import CommitCounter

log = logging.getLogger(__name__)

# Beyond this the fsync is no longer the cost, and the last in the group wait for the first. There is no lingering for
# more to come: that was measured to cost two to three times what it saves.
GROUP_COMMANDS: Final = 256
GROUP_BYTES: Final = 1 << 20
# What ZeroMQ may hold for a client that is slow to read or to be read; clients bound themselves far below it.
QUEUE_MESSAGES: Final = 4096

Address = tuple[bytes, bytes]  # the client's and the request's


class Server:
    """Serves one open store on the runtime folder's sockets until told to stop."""

    def __init__(self, writer: Writer, runtime: RuntimePaths) -> None:
        self._writer = writer
        self._context = zmq.Context()
        # The store is open, so this process is the only writer: a socket that is still there has no owner.
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
        self._commit_counter = CommitCounter(runtime.commits, writing=True)
        # Compaction takes minutes and runs beside the writing; its ends come back through a queue and a waking byte.
        self._compactor = ThreadPoolExecutor(1, "compaction")
        self._compacted: deque[tuple[Address, pb.Reply]] = deque()
        self._wakes, self._waker = sockets.socketpair()
        self._wakes.setblocking(False)

    def run(self, lifetime: Lifetime) -> None:
        """Serve until `lifetime` says stop, or until only a fresh start helps; what came by then is answered."""
        poller = zmq.Poller()
        for each in (self._commands, lifetime, self._wakes):
            poller.register(each, zmq.POLLIN)
        while not lifetime.stopping:
            ready = dict(poller.poll(PARENT_CHECK_MS))
            if self._wakes.fileno() in ready:
                self._answer_compactions()
            while commands := self._pending():
                self._commit(commands)
            if self._writer.is_stuck:
                # The supervisor starts it anew; senders send again what was not acknowledged.
                log.error("the disk has room again and the store does not take it: starting over")
                return

    def close(self) -> None:
        """Stop taking commands; a compaction under way is waited for."""
        self._compactor.shutdown(cancel_futures=True)
        self._commands.close()
        self._announcements.close()
        self._context.term()
        self._commit_counter.close()

    def _pending(self) -> list[tuple[Address, pb.Command]]:
        """The commands that have come, as many as make one group."""
        commands: list[tuple[Address, pb.Command]] = []
        size = 0
        while len(commands) < GROUP_COMMANDS and size < GROUP_BYTES and frames.has_message(self._commands):
            try:
                client, request, content = self._commands.recv_multipart()
            except ValueError:
                log.warning("message without a request number ignored")
                continue
            address = (client, request)
            try:
                commands.append((address, pb.Command.FromString(content)))
            except DecodeError as error:
                self._reply(address, frames.refused(pb.Refused.INVALID, f"This is no command: {error}"))
            size += len(content)
        return commands

    def _commit(self, commands: list[tuple[Address, pb.Command]]) -> None:
        group = Group(self._writer)
        outcomes: list[tuple[Address, Outcome]] = []
        for address, command in commands:
            if command.WhichOneof("body") == "compact":
                self._compact(address, command.compact.column_family)
                continue
            try:
                outcomes.append((address, handlers.handle(group, command)))
            except Exception:
                # The group may hold half of it, so it is given up whole; one by one, only the culprit is refused.
                log.exception(line("command failed", of=len(commands)))
                self._commit_each(commands)
                return
        try:
            if self._writer.commit(group):
                self._commit_counter.advance()
        except StoreError as error:
            log.error(line("group not committed", commands=len(outcomes), error=error))
            no = Outcome(frames.refused(pb.Refused.UNAVAILABLE, str(error)))
            outcomes = [(address, no) for address, _ in outcomes]
        for address, outcome in outcomes:
            self._reply(address, outcome.reply)
        for topic in dict.fromkeys(outcome.announce for _, outcome in outcomes if outcome.announce):
            self._announcements.send(topic)
        log.debug(line("group committed", commands=len(outcomes), sequence=self._writer.counters.sequence))

    def _commit_each(self, commands: list[tuple[Address, pb.Command]]) -> None:
        for address, command in commands:
            if len(commands) > 1:
                self._commit([(address, command)])
            else:
                no = frames.refused(pb.Refused.INVALID, "The writer failed on this; see: memory-daemon logs ingest")
                self._reply(address, no)

    def _reply(self, address: Address, reply: pb.Reply) -> None:
        try:
            self._commands.send_multipart([*address, reply.SerializeToString()], zmq.NOBLOCK)
        except zmq.ZMQError as error:
            # It is gone, or reads nothing; it will ask again under the same event ids.
            log.info(line("client gone before its reply", error=error))

    def _compact(self, address: Address, family: str) -> None:
        if family and family not in schema.COLUMN_FAMILIES:
            message = f"There is no column family {family}; there are {', '.join(schema.COLUMN_FAMILIES)}."
            self._reply(address, frames.refused(pb.Refused.INVALID, message))
            return

        def answer(done: Future[pb.Reply]) -> None:
            self._compacted.append((address, _compaction_reply(done)))
            self._waker.send(b"\0")

        families = [family] if family else list(schema.COLUMN_FAMILIES)
        self._compactor.submit(self._run_compaction, families).add_done_callback(answer)

    def _run_compaction(self, families: list[str]) -> pb.Reply:
        for family in families:
            self._writer.compact(family)
            log.info(line("compacted", column_family=family))
        return pb.Reply(protocol=frames.PROTOCOL, compacted=pb.Compacted(column_families=families))

    def _answer_compactions(self) -> None:
        self._wakes.recv(4096)
        while self._compacted:
            self._reply(*self._compacted.popleft())


def _compaction_reply(done: Future[pb.Reply]) -> pb.Reply:
    if done.cancelled():
        return frames.refused(pb.Refused.UNAVAILABLE, "The writer is stopping; compact again when it is back.")
    if error := done.exception():
        return frames.refused(pb.Refused.UNAVAILABLE, f"The compaction failed: {error}")
    return done.result()
