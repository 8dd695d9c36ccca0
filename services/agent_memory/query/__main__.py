"""The query service's process: open the store, serve gRPC and the hooks' socket, close in reverse order."""

from __future__ import annotations

import logging
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, cast

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2

from agent_memory import credentials, logs, readiness
from agent_memory.bus.client import Bus
from agent_memory.client import MESSAGE_MAX_BYTES, SERVICE
from agent_memory.credentials import Certificate
from agent_memory.errors import AgentMemoryError
from agent_memory.lifetime import PARENT_CHECK_MS, Lifetime, run
from agent_memory.model import DEFAULT_STORE
from agent_memory.query.api.affinity import Affinity
from agent_memory.query.api.callers import OwnCallersOnly
from agent_memory.query.api.health import Health
from agent_memory.query.api.late_service import LateService
from agent_memory.query.api.malformed import MalformedRefused
from agent_memory.query.api.replies import BoundedReplies
from agent_memory.query.hooks.hook_socket import HookSocket
from agent_memory.rpc.memory_pb2_grpc import MemoryServiceServicer, add_MemoryServiceServicer_to_server
from agent_memory.settings import LOOPBACK, Settings
from agent_memory.store.reader import Reader

if TYPE_CHECKING:
    from agent_memory.query.commands.command_calls import Answered, Answers, CommandCall
    from agent_memory.query.commands.local_client import LocalClient
    from agent_memory.query.hooks.hook_server import HookServer
    from agent_memory.query.store_context import StoreContext

log = logging.getLogger("agent_memory.query")

REFLECTION_V1: Final = "grpc.reflection.v1.ServerReflection"
THREADS: Final = 32
# Beyond this, callers are refused at once instead of waiting in a queue of ours.
CALLS_MAX: Final = 1024
# Batches that are read at once, each of MESSAGE_MAX_BYTES at most; others wait in their senders' memory.
BATCHES_MAX: Final = 2
# Of the TCP port, and of the socket. Each is a file descriptor.
CONNECTIONS_MAX: Final = 256
# A connection without a call for this long is closed; a client opens another when it needs one.
IDLE_MS: Final = 15 * 60 * 1000
GRACE_S: Final = 5.0
CACHE_BYTES: Final = 16 << 20


def serve(current: Settings, lifetime: Lifetime) -> None:
    """Answer until asked to stop; raises AgentMemoryError when the store can't be read or the address can't be had."""
    writer = Bus(current.runtime.ingest_socket, DEFAULT_STORE)
    # Before anything listens.
    token, certificate = credentials.token(current), credentials.certificate(current)
    log.info(logs.line("waiting for the writer", socket=current.runtime.ingest_socket))
    if not lifetime.wait_until(writer.answers):
        return
    reader = Reader(current.db_path, current.runtime.secondary("query"), CACHE_BYTES, current.runtime.commits)
    health = Health(writer, reader)
    service = LateService()
    server = _server(current, service, health, token, certificate)
    health.start()
    server.start()
    log.info(logs.line("serving", address=current.address, socket=current.runtime.grpc_socket))
    if current.grpc_host not in LOOPBACK:
        log.warning(logs.line("listening beyond this machine", address=current.address))
    hook_socket = HookSocket(current)
    is_reported = health.serving
    if is_reported:
        readiness.report(current.runtime, "query")
    try:
        store, hooks = _loaded(current, writer, reader, service, health, hook_socket)
    except BaseException as error:
        service.fails(error)
        raise
    affinity = Affinity()
    while not lifetime.stopping:
        if health.serving and not is_reported:
            readiness.report(current.runtime, "query")
            is_reported = True
        affinity.follow()
        lifetime.wait(PARENT_CHECK_MS)
    hooks.stop()
    health.stop()
    server.stop(GRACE_S).wait()
    store.close()


def _loaded(
    current: Settings, writer: Bus, reader: Reader, late: LateService, health: Health, hook_socket: HookSocket
) -> tuple[StoreContext, HookServer]:
    """Load what answers calls and hooks, and let it begin.

    That takes as long as all before it. Who calls meanwhile waits for it; who only starts the daemon does not.
    """
    from agent_memory.query.api.service import MemoryService
    from agent_memory.query.commands.command_calls import CommandCalls
    from agent_memory.query.commands.local_client import LocalClient
    from agent_memory.query.hooks.hook_server import HookServer
    from agent_memory.query.store_context import Stores, store_context

    store = store_context(DEFAULT_STORE, current, writer, reader)
    service = MemoryService(Stores([store]))
    late.is_loaded_as(service)
    hooks = HookServer(store, hook_socket, CommandCalls(_command_answers(LocalClient(service, store, health), current)))
    hooks.start()
    return store, hooks


def _command_answers(client: LocalClient, current: Settings) -> Answers:
    def answers(call: CommandCall) -> Answered | None:
        # 80 ms and 6 MB, of use only once somebody asks.

        from agent_memory.cli import served

        return served.answer(call, client, current)

    return answers


def _server(
    current: Settings, service: LateService, health: Health, token: str, certificate: Certificate | None
) -> grpc.Server:
    server = grpc.server(
        ThreadPoolExecutor(THREADS, "rpc"),
        interceptors=[
            BoundedReplies({"IngestEvents": ThreadPoolExecutor(BATCHES_MAX, "batches")}),
            OwnCallersOnly(current.grpc_port, token, is_open=certificate is not None),
            MalformedRefused(),
        ],
        maximum_concurrent_rpcs=CALLS_MAX,
        options=[
            ("grpc.max_allowed_incoming_connections", CONNECTIONS_MAX),
            ("grpc.max_connection_idle_ms", IDLE_MS),
            ("grpc.http2.bdp_probe", 0),
            ("grpc.so_reuseport", 0),
            ("grpc.max_receive_message_length", MESSAGE_MAX_BYTES),
            ("grpc.max_send_message_length", MESSAGE_MAX_BYTES),
        ],
    )
    add_MemoryServiceServicer_to_server(cast(MemoryServiceServicer, service), server)
    health_pb2_grpc.add_HealthServicer_to_server(health.servicer, server)
    _add_reflection(server)
    remedy = "Another program uses that port: choose another with --port."
    _bind(server, current.address, remedy, certificate)
    # Each store has one stack, so a socket that is still there was left by one that was killed.
    current.runtime.grpc_socket.unlink(missing_ok=True)
    _bind(server, current.runtime.grpc_target, f"Check the permissions of {current.runtime.folder}.")
    return server


def _add_reflection(server: grpc.Server) -> None:
    health_name = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
    names = (SERVICE, health_name, reflection.SERVICE_NAME, REFLECTION_V1)
    reflection.enable_server_reflection(names, server)
    # v1 has v1alpha's messages under another service name; grpcio-reflection knows only the old name.
    handler = grpc.stream_stream_rpc_method_handler(
        reflection.ReflectionServicer(names).ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    service = grpc.method_handlers_generic_handler(REFLECTION_V1, {"ServerReflectionInfo": handler})
    server.add_generic_rpc_handlers((service,))


def _bind(server: grpc.Server, address: str, remedy: str, certificate: Certificate | None = None) -> None:
    try:
        if certificate is None:
            server.add_insecure_port(address)
        else:
            secured_by = grpc.ssl_server_credentials([(certificate.key, certificate.chain)])
            server.add_secure_port(address, secured_by)
    except RuntimeError as error:
        raise AgentMemoryError(f"Can't listen at {address}.", remedy) from error


if __name__ == "__main__":
    sys.exit(run("query", serve))
