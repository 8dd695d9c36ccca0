"""The gRPC server: at the address and at the socket, with our service, health and reflection."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from agent_memory.client import MESSAGE_MAX_BYTES
from agent_memory.credentials import Certificate
from agent_memory.errors import AgentMemoryError
from agent_memory.paths import socket_target
from agent_memory.process.logs import line
from agent_memory.query.api.callers import OwnCallersOnly
from agent_memory.query.api.core_calls import CoreCalls, is_known
from agent_memory.query.api.interceptor import Handler, HandlerInterceptor, wrapped_by
from agent_memory.query.api.malformed import MalformedRefused
from agent_memory.query.api.measured import Measured
from agent_memory.query.api.reflection import Reflection
from agent_memory.query.api.replies import BoundedReplies
from agent_memory.query.call_figures import CallFigures
from agent_memory.query.own_sockets import own_socket
from agent_memory.rpc import memory_pb2
from agent_memory.rpc_methods import SERVICE, handlers
from agent_memory.settings import Settings

if TYPE_CHECKING:
    from agent_memory.query.store_context import Stores

log = logging.getLogger(__name__)

# Beyond this, callers are refused at once instead of waiting in a queue of ours.
CALLS_MAX: Final = 1024
# The largest event (16 MiB) behind an import's batch that was not full yet (8 MiB), and what is around them. A larger
# message is refused by its length, before it is read.
REQUEST_MAX_BYTES: Final = 25 << 20
# Batches that are taken apart at once, which takes several times their size.
BATCHES_MAX: Final = 2
# Of the TCP port, and of the socket. Each is a file descriptor.
CONNECTIONS_MAX: Final = 256
# A connection without a call for this long is closed; a client opens another when it needs one.
IDLE_MS: Final = 15 * 60 * 1000
GRACE_S: Final = 5.0


class Server:
    """Serves `service`, which has its methods, and `health`, to those who may call.

    Raises AgentMemoryError where the address can't be had.
    """

    def __init__(
        self,
        current: Settings,
        service: Any,
        health: health.HealthServicer,
        calls: CallFigures,
        token: str,
        certificate: Certificate | None,
    ) -> None:
        self._guards: Sequence[HandlerInterceptor] = (
            OwnCallersOnly(current.grpc_port, token, is_open=certificate is not None),
            MalformedRefused(),
        )
        self._figures = calls
        measured = Measured(calls)
        bounded = BoundedReplies({"IngestEvents": ThreadPoolExecutor(BATCHES_MAX, "batches")})
        pool = ThreadPoolExecutor(current.memory.rpc_threads, "rpc")
        self._server = grpc.server(
            pool,
            interceptors=[bounded, *self._guards, measured],
            maximum_concurrent_rpcs=CALLS_MAX,
            options=[
                ("grpc.max_allowed_incoming_connections", CONNECTIONS_MAX),
                ("grpc.max_connection_idle_ms", IDLE_MS),
                ("grpc.http2.bdp_probe", 0),
                # Who replaces this one listens beside it for a while. A start looks whether the port is free.
                ("grpc.so_reuseport", 1),
                ("grpc.max_receive_message_length", REQUEST_MAX_BYTES),
                ("grpc.max_send_message_length", MESSAGE_MAX_BYTES),
            ],
        )
        ours = handlers(service)
        wrapped = {name: wrapped_by((bounded, *self._guards, measured), name, each) for name, each in ours.items()}
        self._calls = _core_calls(self._server, wrapped, pool)
        if self._calls is None:
            log.warning(line("this grpcio is new to us, and calls take longer", version=grpc.__version__))
            self._server.add_registered_method_handlers(SERVICE, ours)
        health_pb2_grpc.add_HealthServicer_to_server(health, self._server)
        health_name = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
        self._server.add_generic_rpc_handlers((Reflection((SERVICE, health_name)),))
        remedy = "Another program uses that port: choose another with --port."
        _bind(self._server, current.address, remedy, certificate)
        own = own_socket(current.runtime.grpc_socket)
        # Nobody else has this slot, so a socket that is still there was left by one that was killed.
        own.unlink(missing_ok=True)
        _bind(self._server, socket_target(own), f"Check the permissions of {current.runtime.folder}.")

    def start(self) -> None:
        """Take calls."""
        (self._calls or self._server).start()

    def stop(self) -> None:
        """Take no more calls, and wait for those under way."""
        self._server.stop(GRACE_S).wait()
        if self._calls:
            self._calls.join()

    def answer_together(self, stores: Stores) -> None:
        """From now on, have single events that come at the same time stored together."""
        if self._calls:
            from agent_memory.query.api.ingest_together import IngestTogether

            request: Handler = grpc.unary_unary_rpc_method_handler(
                lambda request, context: request, memory_pb2.IngestEventRequest.FromString, None
            )
            checked = wrapped_by(self._guards, "IngestEvent", request)
            self._calls.answer_together("IngestEvent", IngestTogether(stores, checked, self._figures.of("IngestEvent")))


def _core_calls(server: grpc.Server, wrapped: dict[str, Handler], pool: ThreadPoolExecutor) -> CoreCalls | None:
    """What serves the methods within the server; None where the server itself has to."""
    if not is_known(server):
        return None
    calls = CoreCalls(server, CALLS_MAX)
    calls.add(SERVICE, wrapped, pool)
    return calls


def _bind(server: grpc.Server, address: str, remedy: str, certificate: Certificate | None = None) -> None:
    try:
        if certificate is None:
            server.add_insecure_port(address)
        else:
            secured_by = grpc.ssl_server_credentials([(certificate.key, certificate.chain)])
            server.add_secure_port(address, secured_by)
    except RuntimeError as error:
        raise AgentMemoryError(f"Can't listen at {address}.", remedy) from error
