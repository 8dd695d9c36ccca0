"""Readiness: reported once, heard whenever that was, and nobody minds if nobody listens."""

from __future__ import annotations

import threading
from pathlib import Path

from agent_memory.paths import RuntimePaths
from agent_memory.process.readiness import Readiness, report

BOTH = frozenset({"query", "worker"})


def test_all_have_to_report(tmp_path: Path) -> None:
    """What was reported before the wait counts, twice is once, and a wait that has heard all ends at once."""
    runtime = RuntimePaths(tmp_path, tmp_path, tmp_path / "link")
    with Readiness(runtime) as readiness:
        assert not readiness.wait(BOTH, 0)
        report(runtime, "worker")
        report(runtime, "worker")
        assert not readiness.wait(BOTH, 0)
        reporter = threading.Thread(target=report, args=(runtime, "query"))
        reporter.start()
        assert readiness.wait(BOTH, 60)
        assert readiness.wait(BOTH, 0)
        reporter.join()


def test_without_a_listener_nothing_happens(tmp_path: Path) -> None:
    """A restarted process reports to nobody, and what a killed start left is no obstacle to the next."""
    runtime = RuntimePaths(tmp_path, tmp_path, tmp_path / "link")
    report(runtime, "query")

    with Readiness(runtime):
        left = runtime.ready_socket.rename(tmp_path / "left")
    left.rename(runtime.ready_socket)
    report(runtime, "query")

    with Readiness(runtime) as readiness:
        report(runtime, "query")
        assert readiness.wait(frozenset({"query"}), 60)
    assert not runtime.ready_socket.exists()
