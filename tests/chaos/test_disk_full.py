"""The disk runs full: writing says so, reading goes on, nothing acknowledged is lost, and with room it all goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from agent_memory.errors import AgentMemoryError, WriterUnavailable
from agent_memory.ingest.writer import ROOM_BYTES
from agent_memory.rpc import memory_pb2 as pb
from chaos.rig import Load, settled_tree
from support.conversations import BEGIN_MS
from support.stack import Stack, wait_until
from support.writer import said

SIZE_MB = 48


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 48 megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=0700", "none", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root can mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.drill
@pytest.mark.timeout(300)
def test_a_full_disk_loses_nothing_and_is_got_over(stack: Stack, small_disk: Path) -> None:
    """Every event is acknowledged in the end without anybody's help; those from before can be read meanwhile."""
    stack.env["MEMORY_DB_PATH"] = str(small_disk / "db")
    stack.db_path = small_disk / "db"
    stack.start()
    events = [said(f"e{n}", BEGIN_MS + n, os.urandom(1500).hex(), session_id=f"s{n % 5}") for n in range(3000)]
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes((SIZE_MB - 6) << 20))
    # What docs/recovery.md promises to be enough.
    room = ROOM_BYTES + (1 << 20)

    load = Load(stack, events)
    load.daemon = True  # a load that never ends must not keep the run from ending
    load.start()
    wait_until(lambda: load.failures)

    assert isinstance(load.failures[0], WriterUnavailable)
    assert "No space left on device" in str(load.failures[0])
    assert "make room" in str(load.failures[0])
    acknowledged = list(load.acknowledged)
    with stack.client() as client:
        wait_until(lambda: client.health() == "NOT_SERVING")
        page = client.events(pb.GetEventsRequest(limit=len(acknowledged)))
        assert {event.event_id for event in acknowledged[:500]} <= {event.event_id for event in page.events}

        with ballast.open("r+b") as file:
            file.truncate(ballast.stat().st_size - room + shutil.disk_usage(small_disk).free)

        wait_until(lambda: client.health() == "SERVING")
        ballast.unlink()
        wait_until(lambda: not load.is_alive())
        assert load.acknowledged == events
    settled_tree(stack.db_path, events)


@pytest.mark.drill
@pytest.mark.timeout(300)
def test_a_disk_without_a_byte_left_ends_nothing(stack: Stack, small_disk: Path) -> None:
    """The logs are on it, too: all four processes stay, status tells, reading goes on, and room is enough."""
    stack.env["MEMORY_DB_PATH"] = str(small_disk / "db")
    stack.db_path = small_disk / "db"
    stack.start("--port", stack.port)
    supervisor = stack.pid("supervisor")
    with stack.client() as client:
        client.ingest(said("before", BEGIN_MS))
        ballast = small_disk / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 16))
        with suppress(OSError), (small_disk / "rest").open("wb", buffering=0) as file:
            while True:
                file.write(b"0")
        for number in range(200):
            with suppress(AgentMemoryError):
                client.ingest(said(f"e{number}", BEGIN_MS, "x" * 100_000))
        stack.kill("worker")  # its end and its next start are lines of two logs

        wait_until(lambda: client.health() == "NOT_SERVING")
        assert stack.pid("supervisor") == supervisor
        assert "No space left on device" in stack.run("status", check=False).stdout
        assert client.events(pb.GetEventsRequest(limit=1)).events[0].event_id == "before"

        ballast.unlink()
        wait_until(lambda: client.health() == "SERVING")
        client.ingest(said("after", BEGIN_MS))
    assert stack.status()["health"] == "SERVING"
