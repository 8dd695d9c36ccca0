"""The query service's process: open the store, serve gRPC and the hooks' socket, close in reverse order."""

from __future__ import annotations

import logging
import sys
import time
from typing import TYPE_CHECKING

from agent_memory import credentials
from agent_memory.bus.client import Bus
from agent_memory.model import DEFAULT_STORE
from agent_memory.process import logs, readiness
from agent_memory.process.lifetime import PARENT_CHECK_MS, Lifetime, run
from agent_memory.query.api.affinity import Affinity
from agent_memory.query.api.health import Health
from agent_memory.query.api.late_service import LateService
from agent_memory.query.api.server import Server
from agent_memory.query.call_figures import CallFigures
from agent_memory.query.hooks.hook_socket import HookSocket
from agent_memory.query.own_sockets import publish
from agent_memory.settings import LOOPBACK, Settings
from agent_memory.slots import is_listening, own_slot
from agent_memory.store.reader import Reader

if TYPE_CHECKING:
    from agent_memory.query.commands.command_calls import Answered, Answers, CommandCall
    from agent_memory.query.commands.local_client import LocalClient
    from agent_memory.query.hooks.hook_server import HookServer
    from agent_memory.query.metrics_port import MetricsPort
    from agent_memory.query.store_context import Stores

log = logging.getLogger("agent_memory.query")


def serve(current: Settings, lifetime: Lifetime) -> None:
    """Answer until asked to stop; raises AgentMemoryError when the store can't be read or the address can't be had."""
    writer = Bus(current.runtime.ingest_socket, DEFAULT_STORE)
    # Before anything listens.
    token, certificate = credentials.token(current), credentials.certificate(current)
    log.info(logs.line("waiting for the writer", socket=current.runtime.ingest_socket))
    if not lifetime.wait_until(writer.answers):
        return
    secondary = current.runtime.secondary(own_slot("query"))
    reader = Reader(current.db_path, secondary, current.memory.query_cache, current.runtime.commits)
    health = Health(writer, reader)
    service, calls = LateService(), CallFigures()
    server = Server(current, service, health.servicer, calls, token, certificate)
    health.start()
    server.start()
    log.info(logs.line("serving", address=current.address, socket=current.runtime.grpc_socket))
    if current.grpc_host not in LOOPBACK:
        log.warning(logs.line("listening beyond this machine", address=current.address))
    hook_socket = HookSocket(current)
    sockets = (current.runtime.grpc_socket, current.runtime.hook_socket)
    # The one that is replaced goes on until this one answers all that it is asked.
    is_replacing = is_listening(current.runtime.grpc_socket)
    if not is_replacing:
        publish(sockets)
    is_reported = health.serving and not is_replacing
    if is_reported:
        readiness.report(current.runtime, "query")
    try:
        stores, hooks, metrics = _loaded(current, writer, reader, service, server, health, calls, hook_socket)
    except BaseException as error:
        service.fails(error)
        raise
    if is_replacing:
        publish(sockets)
    affinity = Affinity()
    while not lifetime.stopping:
        if health.serving and not is_reported:
            readiness.report(current.runtime, "query")
            is_reported = True
        affinity.follow()
        hooks.close_idle()
        stores.look_after(time.monotonic())
        lifetime.wait(PARENT_CHECK_MS)
    if metrics:
        metrics.stop()
    hooks.stop()
    health.stop()
    server.stop()
    stores.close()


def _loaded(
    current: Settings,
    writer: Bus,
    reader: Reader,
    late: LateService,
    server: Server,
    health: Health,
    calls: CallFigures,
    hook_socket: HookSocket,
) -> tuple[Stores, HookServer, MetricsPort | None]:
    """Load what answers calls and hooks, and let it begin.

    That takes as long as all before it. Who calls meanwhile waits for it; who only starts the daemon does not.
    """
    from agent_memory.query.api.service import MemoryService
    from agent_memory.query.commands.command_calls import CommandCalls
    from agent_memory.query.commands.local_client import LocalClient
    from agent_memory.query.hooks.hook_server import HookServer
    from agent_memory.query.store_context import Stores, store_context

    stores = Stores(store_context(DEFAULT_STORE, current, writer, reader))
    service = MemoryService(stores, calls)
    late.is_loaded_as(service)
    server.answer_together(stores)
    client = LocalClient(service, health)
    hooks = HookServer(stores, hook_socket, CommandCalls(_command_answers(client, current)))
    hooks.start()
    return stores, hooks, _metrics_port(client, current)


def _command_answers(client: LocalClient, current: Settings) -> Answers:
    def answers(call: CommandCall) -> Answered | None:
        # 80 ms and 6 MB, of use only once somebody asks.

        from agent_memory.cli import served

        return served.answer(call, client, current)

    return answers


def _metrics_port(client: LocalClient, current: Settings) -> MetricsPort | None:
    if not current.metrics_port:
        return None
    from agent_memory.query import metrics_port

    def page() -> str:
        from agent_memory.cli import served

        return served.metrics_page(client, current)

    return metrics_port.opened(current.metrics_port, page)


if __name__ == "__main__":
    sys.exit(run("query", serve))
