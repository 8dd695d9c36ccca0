"""The disk hangs: reading goes on, writing is refused in time, and when it is back everything goes on by itself."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from agent_memory import capture
from agent_memory.client import Client
from agent_memory.errors import AgentMemoryError, WriterUnavailable
from agent_memory.hook.command import program
from agent_memory.rpc import memory_pb2 as pb
from support.conversations import BEGIN_MS
from support.stack import Stack, wait_until
from support.writer import said

SIZE_MB = 64
# Longer than a caller waits for the writer. It ends by itself, whatever becomes of the test: nobody can kill a process
# that waits for the disk.
HUNG_S = 20.0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, which can be halted."""
    image, folder = tmp_path / "image", tmp_path / "disk"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(SIZE_MB << 20)
    commands = (["mkfs.ext4", "-q", "-F", str(image)], ["mount", "-o", "loop", str(image), str(folder)])
    if shutil.which("fsfreeze") is None or any(map(_fails, commands)):
        pytest.skip("only root can mount a disk and halt it")
    folder.chmod(0o700)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def _fails(command: list[str]) -> bool:
    with suppress(FileNotFoundError):
        return subprocess.run(command, capture_output=True, check=False).returncode != 0
    return True


@pytest.mark.drill
@pytest.mark.timeout(300)
def test_a_disk_that_hangs_costs_nothing_but_time(stack: Stack, disk: Path) -> None:
    """A hook waits with the disk, as every process that writes to it; its event is kept. Nothing is doubled."""
    stack.env["MEMORY_DB_PATH"] = str(disk / "db")
    stack.db_path = disk / "db"
    stack.start()
    before = [said(f"e{number}", BEGIN_MS + number) for number in range(20)]
    with stack.client() as client:
        client.ingest_many(before)
        assert subprocess.run(["fsfreeze", "-f", str(disk)], check=True).returncode == 0
        thaw = threading.Timer(HUNG_S, subprocess.run, args=[["fsfreeze", "-u", str(disk)]])
        thaw.start()
        payload = {"session_id": "hooked", "hook_event_name": "UserPromptSubmit", "prompt": "Said while it hung."}
        hook = subprocess.Popen(program(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=stack.env)
        assert hook.stdin
        hook.stdin.write(json.dumps(payload).encode())
        hook.stdin.close()

        with pytest.raises(WriterUnavailable, match="may be sent again"):
            client.ingest(said("during", BEGIN_MS))
        assert len(client.events(pb.GetEventsRequest(limit=100)).events) == len(before)
        assert thaw.is_alive(), "the disk was back too soon to tell"

        assert hook.stdout
        assert hook.stdout.read() == capture.REPLY
        hook.wait()
        thaw.join()
        wait_until(lambda: stored(stack, "during"))
        client.ingest(said("after", BEGIN_MS))
        wait_until(lambda: client.stats().events == len(before) + 3)
    assert "The store is sound." in stack.run("admin", "verify").stdout


def stored(stack: Stack, event_id: str) -> bool:
    """Send it again until it is acknowledged."""
    with suppress(AgentMemoryError), Client(f"127.0.0.1:{stack.port}") as client:
        client.ingest(said(event_id, BEGIN_MS))
        return True
    return False
