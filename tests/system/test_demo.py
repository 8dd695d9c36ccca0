"""The demo, as a stranger runs it: a fresh home, one command, the whole journey; and nothing left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

DEMO = [sys.executable, "-m", "agent_memory.cli.main", "demo"]
LIMIT_S = 110


@pytest.fixture
def fresh() -> Iterator[dict[str, str]]:
    """An environment without anything of the user's: an empty home, an empty temporary folder, no settings."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("MEMORY_", "XDG_", "CLAUDE_"))}
    # Not pytest's own folder: the path of a Unix socket has room for 103 bytes.
    with tempfile.TemporaryDirectory(prefix="am-", dir="/tmp") as folder:
        places = {"HOME": Path(folder) / "home", "TMPDIR": Path(folder) / "tmp"}
        for place in places.values():
            place.mkdir()
        yield {**ours, **{name: str(place) for name, place in places.items()}}


def test_the_demo_goes_from_the_hooks_to_the_answer_and_its_proof(fresh: dict[str, str]) -> None:
    """All five levels, last week's conversations in three languages, a grip, and the events it leads to."""
    shown = subprocess.run(DEMO, env=fresh, capture_output=True, text=True, timeout=LIMIT_S, check=False)

    assert (shown.returncode, shown.stderr) == (0, "")
    for level in ("Year", "Month", "Week", "Day", "Segment"):
        assert re.search(rf"^[│├└─ ]*{level}  \S", shown.stdout, re.MULTILINE), level
    answer, proof = shown.stdout.split("What were we doing last week?")[1].split("How do we know?")
    assert re.search(r"toc:week:\d{4}:W\d\d", answer)
    assert "Rechnung 10482" in answer
    assert "日本語" in answer
    grip = re.search(r"^    (grip:\d+:\w{26})$", answer, re.MULTILINE)
    assert grip is not None
    assert f"memory-daemon query expand {grip[1]}" in proof
    evidence = proof.split("The evidence")[1]
    assert re.search(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  (user|assistant)", evidence, re.MULTILINE)
    assert "memory-daemon start" in shown.stdout.split("What to type next")[1]
    assert_nothing_is_left(fresh)


def test_the_demo_needs_no_home_to_write_to(fresh: dict[str, str]) -> None:
    """All that it makes is in the temporary folder: store, logs and sockets."""
    nobodys = {**fresh, "HOME": "/dev/null/home"}

    shown = subprocess.run(DEMO, env=nobodys, capture_output=True, text=True, timeout=LIMIT_S, check=False)

    assert (shown.returncode, shown.stderr) == (0, "")
    assert "How do we know?" in shown.stdout
    assert_nothing_is_left(fresh)


def test_a_demo_that_is_interrupted_leaves_nothing_behind(fresh: dict[str, str]) -> None:
    """SIGTERM in the middle of the play, as Ctrl-C or a closed terminal would: stopped, removed, exit code 1."""
    with subprocess.Popen(DEMO, env=fresh, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        next(line for line in demo.stdout if line.startswith("Playing"))
        demo.send_signal(signal.SIGTERM)
        demo.communicate(timeout=LIMIT_S)

    assert demo.returncode == 1
    assert_nothing_is_left(fresh)


def test_a_demo_in_the_users_own_store_is_refused(fresh: dict[str, str], tmp_path: Path) -> None:
    """Samples must not get among somebody's memories."""
    refused = subprocess.run(
        [*DEMO, "--db-path", str(tmp_path / "db")], env=fresh, capture_output=True, text=True, timeout=30, check=False
    )

    assert refused.returncode == 2
    assert "--keep" in refused.stderr
    assert not (tmp_path / "db").exists()


def assert_nothing_is_left(fresh: dict[str, str]) -> None:
    """Nothing in the home or the temporary folder, no process that was started with either."""
    assert [path for folder in ("HOME", "TMPDIR") for path in Path(fresh[folder]).iterdir()] == []
    assert list(_processes_with(f"TMPDIR={fresh['TMPDIR']}")) == []


def _processes_with(setting: str) -> Iterator[str]:
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if setting.encode() in environment.read_bytes().split(b"\0"):
                yield environment.parent.name
        except OSError:
            continue  # gone meanwhile, or another user's
