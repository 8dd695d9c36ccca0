"""Upgrades: one version replaces another, and back, while hooks, programs and people go on. Nobody sees an error.

Both are this program under two versions; with OLDER_COMMIT=07aa792, the older one is the program as it was then.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from agent_memory.capture.spool import Spool
from agent_memory.messages import event_to_pb
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.rpc.memory_pb2_grpc import MemoryServiceStub
from support.stack import Stack, wait_until
from support.versions import installed_as
from support.writer import said

pytestmark = [pytest.mark.drill, pytest.mark.timeout(600)]
BEGAN_MS = 1_795_000_000_000
# What docs/protocol.md asks of programs that must not notice: gRPC's own retries.
RETRIES = json.dumps(
    {
        "methodConfig": [
            {
                "name": [{"service": "memory.MemoryService"}],
                "retryPolicy": {
                    "maxAttempts": 5,
                    "initialBackoff": "0.2s",
                    "maxBackoff": "2s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"],
                },
            }
        ]
    }
)
OPTIONS = [("grpc.service_config", RETRIES), ("grpc.initial_reconnect_backoff_ms", 100)]


class Stream:
    """Does something again and again until it is stopped; counts, and keeps what failed."""

    def __init__(self, name: str, once: Callable[[int], Any]) -> None:
        self.done = 0
        self.errors: list[str] = []
        self._once = once
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name=name)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stopping.wait(0.005):
            try:
                self._once(self.done)
            except Exception as error:
                self.errors.append(f"{self._thread.name}: {error!r}"[:400])
            self.done += 1


def test_nobody_sees_an_upgrade_nor_the_way_back(stack: Stack, tmp_path: Path) -> None:
    """Hooks, single events by our client and by plain gRPC at the port, queries by both and by the command line."""
    del stack.env["PYTHONPATH"]
    older = os.environ.get("OLDER_COMMIT", "")
    commits = {"7.1.0": older, "7.2.0": ""}
    pythons = {version: installed_as(version, tmp_path / version, commits[version]) for version in commits}

    def command(version: str, *words: str, stdin: bytes = b"", module: str = "agent_memory.cli.main") -> str:
        done = subprocess.run(
            [pythons[version], "-P", "-m", module, *words], input=stdin, env=stack.env, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def hook(number: int) -> None:
        payload = {"session_id": "h", "hook_event_name": "UserPromptSubmit"}
        payload |= {"prompt": f"p{number}", "prompt_id": f"p{number}"}
        stdin = json.dumps(payload).encode()
        said_back = command("7.1.0", "--agent", "claude-code", stdin=stdin, module="agent_memory.hook")
        assert said_back.strip() in ("", '{"continue":true}')

    command("7.1.0", "start")
    try:
        with stack.client() as client, grpc.insecure_channel(f"127.0.0.1:{stack.port}", OPTIONS) as channel:
            plain = MemoryServiceStub(channel)
            plain.GetTocRoot(pb.GetTocRootRequest())
            client.stats()

            def ingest(number: int) -> None:
                client.ingest(said(f"u{number}", BEGAN_MS + number, session_id="u"))

            def ingest_plainly(number: int) -> None:
                event = event_to_pb(said(f"g{number}", BEGAN_MS + number, session_id="g"))
                plain.IngestEvent(pb.IngestEventRequest(event=event), timeout=30)

            streams = [
                Stream("hook", hook),
                Stream("ingest", ingest),
                Stream("plain ingest", ingest_plainly),
                Stream("query", lambda number: client.root()),
                Stream("plain query", lambda number: plain.GetStats(pb.GetStatsRequest(), timeout=30)),
                Stream("new channel", lambda number: _asked_once(stack)),
                Stream("command", lambda number: command("7.1.0", "query", "root", "--json")),
            ]
            try:
                wait_until(lambda: all(stream.done for stream in streams))
                for version in ("7.2.0", "7.1.0"):
                    print(command(version, "restart", "--rolling"))
                    assert stack.status()["version"] == version
                    before = [stream.done for stream in streams]
                    wait_until(lambda: all(s.done > b for s, b in zip(streams, before, strict=True)))  # noqa: B023
            finally:
                for stream in streams:
                    stream.stop()
            print({stream._thread.name: (stream.done, len(stream.errors)) for stream in streams})
            assert [error for stream in streams for error in stream.errors] == []
            spool = Spool(stack.db_path)
            wait_until(lambda: not spool.waiting())
            stored = streams[0].done + streams[1].done + streams[2].done
            wait_until(lambda: client.stats().events == stored)
            assert json.loads(command("7.1.0", "admin", "verify", "--json"))["sound"]
    finally:
        command("7.1.0", "stop")


def _asked_once(stack: Stack) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{stack.port}", OPTIONS) as channel:
        MemoryServiceStub(channel).GetStats(pb.GetStatsRequest(), timeout=30)
