"""When a process ends: how often it may die young, and what it does not outlive."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from agent_memory.process.lifetime import CRASH_WITHIN_S, count_crashes
from agent_memory.process.vital_thread import EXIT_CODE
from support.stack import is_alive, wait_until


def test_crashes_are_counted_from_one_start_to_the_next(tmp_path: Path) -> None:
    """The first life has none before it; a long one makes good for all that were short."""
    crashes = tmp_path / "crashes"

    assert [count_crashes(crashes, now_s) for now_s in (1000.0, 1002.0, 1003.5)] == [0, 1, 2]
    assert count_crashes(crashes, 1003.5 + CRASH_WITHIN_S) == 0
    assert count_crashes(crashes, 1003.5 + CRASH_WITHIN_S + 1) == 1


def test_what_can_not_be_counted_keeps_nobody_from_starting(tmp_path: Path) -> None:
    """Half a file, as a full disk leaves it, and a folder that is gone: counting begins again."""
    half = tmp_path / "half"
    half.write_text("")

    assert count_crashes(half, 1000.0) == 0
    assert count_crashes(half, 1001.0) == 1
    assert count_crashes(tmp_path / "gone" / "crashes", 1000.0) == 0


_ORPHAN = """
import os, signal, sys, time
from agent_memory.process import lifetime
lifetime.ORPHAN_S = 0.2
lifetime.Lifetime()
print(os.getpid(), flush=True)
while True:
    time.sleep(60)  # a long step that never looks up
"""


def test_a_process_does_not_outlive_its_supervisor_in_a_long_step(tmp_path: Path) -> None:
    """Whatever it is busy with: it is asked to stop, and is gone a moment later."""
    supervisor = subprocess.Popen(
        [sys.executable, "-c", "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])", _ORPHAN],
        stdout=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "MEMORY_PID_FILE"},
    )
    assert supervisor.stdout is not None
    orphan = int(supervisor.stdout.readline())

    supervisor.kill()
    supervisor.wait()

    wait_until(lambda: not is_alive(orphan))


_FAILING = """
from agent_memory.process.vital_thread import vital_thread
def work():
    raise MemoryError
thread = vital_thread(work, "bus")
thread.start()
thread.join(60)
"""


def test_a_process_ends_with_a_thread_that_it_needs() -> None:
    """The supervisor then starts it again; it does not live on and fail every request."""
    ended = subprocess.run(
        [
            sys.executable,
            "-c",
            _FAILING,
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ended.returncode == EXIT_CODE
    assert "a thread that this process needs has failed: bus" in ended.stderr
