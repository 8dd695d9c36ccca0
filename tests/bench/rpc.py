"""What a call costs at best: servers that answer without doing anything, and IngestEvent beside them.

    python tests/bench/rpc.py [--calls 6000]

All are called by the same lean client, over TCP, by turns. "sync" and "asyncio" are grpcio's servers, "core" is the
part of them that is written in C, as `query/api/core_calls.py` uses it.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent_memory.query.api.core_calls import Asked, CoreCalls
from agent_memory.rpc import memory_pb2 as pb
from bench import rig

IN_FLIGHT = (1, 16, 128)
NAME = "IngestEvent"
SERVICE = "memory.MemoryService"
OPTIONS = [("grpc.http2.bdp_probe", 0)]
LIMIT_S = 4.0


def main(calls: int) -> None:
    rig.print_machine("rpc")
    rig.table(["a call of", "in flight", "calls/s", "p50 ms", "p99 ms", "CPU us"], _rows(calls))


def _rows(calls: int) -> Iterator[Sequence[object]]:
    servers: dict[str, Callable[[Connection], None]] = {"core": _core, "sync": _sync, "asyncio": _asyncio}
    for in_flight in IN_FLIGHT:
        events = rig.conversations(calls, f"rpc-{in_flight}")
        requests = [pb.IngestEventRequest(event=event).SerializeToString() for event in events]
        for name, serve in servers.items():
            yield _measured(f"an empty {name} server", serve, requests, in_flight)
        with rig.scratch_stack() as stack:
            running = rig.processes(stack)
            with rig.held_still(running["worker"]):
                processes = [running["query"], running["ingest"]]
                yield _row("IngestEvent", f"127.0.0.1:{stack.port}", processes, requests, in_flight)


def _measured(
    name: str, serve: Callable[[Connection], None], requests: Sequence[bytes], in_flight: int
) -> Sequence[object]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    port = ours.recv()
    row = _row(name, f"127.0.0.1:{port}", [psutil.Process(process.pid)], requests, in_flight)
    process.kill()
    process.join()
    return row


def _row(
    name: str, address: str, processes: Sequence[psutil.Process], requests: Sequence[bytes], in_flight: int
) -> Sequence[object]:
    before = sum(map(rig.cpu_s, processes))
    took, all_s = rig.calls(address, rig.SERVICE + NAME, requests, in_flight, LIMIT_S)
    used_us = (sum(map(rig.cpu_s, processes)) - before) / len(took) * 1e6
    return [name, in_flight, len(took) / all_s, rig.percentile_ms(took, 50), rig.percentile_ms(took, 99), used_us]


def _core(started: Connection) -> None:
    pool = ThreadPoolExecutor(1)
    server = grpc.server(pool, options=OPTIONS)
    calls = CoreCalls(server, calls_max=1024)
    calls.add(SERVICE, {NAME: _handler(lambda request, context: b"")}, pool)

    def answer(asked: Sequence[Asked]) -> Sequence[Asked]:
        for _, call in asked:
            call.reply(b"")
        return []

    calls.answer_together(NAME, answer)
    port = server.add_insecure_port("127.0.0.1:0")
    calls.start()
    started.send(port)
    threading.Event().wait()


def _sync(started: Connection) -> None:
    server = grpc.server(ThreadPoolExecutor(32), options=OPTIONS)
    server.add_registered_method_handlers(SERVICE, {NAME: _handler(lambda request, context: b"")})
    started.send(_started(server))
    server.wait_for_termination()


def _asyncio(started: Connection) -> None:
    async def answer(request: bytes, context: Any) -> bytes:
        return b""

    async def serve() -> None:
        server = grpc.aio.server(options=OPTIONS)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {NAME: _handler(answer)}),))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        started.send(port)
        await server.wait_for_termination()

    asyncio.run(serve())


def _handler(answer: Callable[[Any, Any], Any]) -> Any:
    return grpc.unary_unary_rpc_method_handler(answer, bytes)


def _started(server: grpc.Server) -> int:
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return port


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=6000, help="so many for each figure")
    main(parser.parse_args().calls)
