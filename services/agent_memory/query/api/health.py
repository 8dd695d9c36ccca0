"""Health: SERVING only while the writer answers and the reader sees everything the writer acknowledged."""

from __future__ import annotations

import logging
import threading
from typing import Final

from grpc_health.v1 import health, health_pb2

from agent_memory.bus.client import Bus
from agent_memory.process.logs import line
from agent_memory.process.vital_thread import vital_thread
from agent_memory.rpc import bus_pb2 as bus
from agent_memory.rpc_methods import SERVICE
from agent_memory.store import erasures, records
from agent_memory.store.reader import Reader

log = logging.getLogger(__name__)

# While all is well. A look wakes five threads of two processes, and that the writer has gone is known without one. It
# also catches up the reader: reads do that by themselves; this keeps their backlog small. Less often is better: by then
# the writer has flushed more of it, and what is flushed need not be replayed.
PERIOD_S: Final = 5.0
# While it is not.
TROUBLE_PERIOD_S: Final = 1.0
PING_TIMEOUT_S: Final = 2.0
SERVICES: Final = ("", SERVICE)


class Health:
    """Keeps the health service's answers up to date, in its own thread."""

    def __init__(self, writer: Bus, reader: Reader) -> None:
        self.servicer = health.HealthServicer()
        self._writer = writer
        self._reader = reader
        self._stopping = threading.Event()
        self._serving: bool | None = None
        self._thread = vital_thread(self._run, "health")

    @property
    def serving(self) -> bool:
        """Whether the last look found all well."""
        return bool(self._serving)

    def start(self) -> None:
        self._look()
        self._thread.start()

    def stop(self) -> None:
        """Answer NOT_SERVING to everyone who watches, and end the thread."""
        self._stopping.set()
        self._writer.connection_changed.set()
        self._thread.join()
        self.servicer.enter_graceful_shutdown()

    def _run(self) -> None:
        while True:
            self._writer.connection_changed.wait(PERIOD_S if self._serving else TROUBLE_PERIOD_S)
            self._writer.connection_changed.clear()
            if self._stopping.is_set():
                return
            self._look()

    def _look(self) -> None:
        trouble = self._trouble()
        serving = trouble is None
        if serving == self._serving:
            return
        self._serving = serving
        log.log(
            logging.INFO if serving else logging.WARNING, line("health", serving=serving, trouble=trouble or "none")
        )
        status = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
        for service in SERVICES:
            self.servicer.set(service, status)

    def _trouble(self) -> str | None:
        """What keeps us from serving, None when nothing does."""
        try:
            pong = self._writer.ask(bus.Command(ping=bus.Ping()), PING_TIMEOUT_S).pong
            self._reader.catch_up(idly=True)
            erasures.let_go_of_erased(self._reader)
            seen = records.counters(self._reader).sequence
        except Exception as error:  # a damaged store raises bare Exceptions, and this thread must outlive it
            return str(error)
        return None if seen >= pong.sequence else f"the reader is {pong.sequence - seen} events behind the writer"
