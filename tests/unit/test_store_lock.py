"""What the system knows of processes."""

from __future__ import annotations

import os
import subprocess
import threading

import pytest

from agent_memory.control.store_lock import is_alive, wait_until_reaped
from support.stack import wait_until


def test_a_process_is_waited_for_until_nothing_is_left_of_it() -> None:
    """One that has ended has its number until its parent looks."""
    child = subprocess.Popen(["true"])
    wait_until(lambda: not is_alive(child.pid))
    os.kill(child.pid, 0)

    wait_until_reaped(child.pid, 0.0)
    parent = threading.Timer(0.05, child.wait)
    parent.start()
    wait_until_reaped(child.pid, 60)

    with pytest.raises(ProcessLookupError):
        os.kill(child.pid, 0)
    parent.join()
