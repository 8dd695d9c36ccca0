"""Locks between processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agent_memory import locks

HOLD = """
import sys
from pathlib import Path
from agent_memory import locks
assert locks.take(Path(sys.argv[1])) is not None
print("held", flush=True)
sys.stdin.read()
"""


def holder(path: Path) -> subprocess.Popen[str]:
    """A process that holds the lock until its standard input is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_lock_ends_with_its_holder(tmp_path: Path, kind: str) -> None:
    """None while another process holds it; kill -9 of that process is enough to free it."""
    path = tmp_path / "lock"
    if kind == "folder":
        path.mkdir()
    with holder(path) as process:
        assert locks.is_taken(path)
        assert locks.take(path) is None
        process.kill()
        process.wait()

        assert not locks.is_taken(path)
        descriptor = locks.take(path)
    assert descriptor is not None
    assert locks.is_taken(path)
    os.close(descriptor)
    assert not locks.is_taken(path)


def test_a_lock_that_becomes_free_in_time_is_had(tmp_path: Path) -> None:
    """Who may wait gets the lock once its holder is gone."""
    with holder(tmp_path / "lock") as process:
        assert process.stdin
        threading.Timer(0.05, process.stdin.close).start()

        descriptor = locks.take(tmp_path / "lock", timeout_s=30)

    assert descriptor is not None
    os.close(descriptor)


def test_what_does_not_exist_is_not_taken(tmp_path: Path) -> None:
    """To look makes no file; to take one makes it, for its owner only."""
    path = tmp_path / "lock"

    assert not locks.is_taken(path)
    assert not path.exists()
    descriptor = locks.take(path)
    assert descriptor is not None
    assert path.stat().st_mode & 0o777 == 0o600
    os.close(descriptor)


def test_a_name_is_locked_and_not_what_was_moved_away(tmp_path: Path) -> None:
    """Who waits while the holder moves the file gets the lock of what others find under the name."""
    path = tmp_path / "lock"
    for number in range(10):
        held = locks.take(path)
        assert held is not None
        begun = threading.Event()
        with ThreadPoolExecutor(1, initializer=begun.set) as other:
            waiting = other.submit(locks.take, path, 30)
            begun.wait()
            path.rename(tmp_path / f"moved-{number}")
            os.close(held)
            descriptor = waiting.result()
        assert descriptor is not None
        assert locks.is_taken(path)
        os.close(descriptor)
        assert not locks.is_taken(path)
