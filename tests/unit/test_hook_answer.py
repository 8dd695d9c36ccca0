"""What the hook prints of the daemon's answer: all of it or the usual one, in time; the event is sent once."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent_memory import capture
from agent_memory.capture import answers, envelope
from agent_memory.capture.spool import Spool
from agent_memory.hook.command import program

STDIN = json.dumps({"session_id": "s1", "hook_event_name": "SessionStart", "source": "startup"}).encode()
LONG = answers.with_context("codex", "Grüße " * 1500)


@pytest.fixture
def home() -> Iterator[Path]:
    """A home of its own, with a name short enough for a socket below it."""
    with tempfile.TemporaryDirectory(prefix="am-", dir="/tmp") as folder:
        yield Path(folder)


@contextmanager
def listening(home: Path, serve: Callable[[socket.socket], None]) -> Iterator[None]:
    """A daemon's socket that answers one envelope as `serve` does."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(home / "socket"))
    listener.listen(1)
    Spool(home / "db").link_socket(home / "socket")

    def take() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as stream:
            stream.read(sum(envelope.lengths(stream.readline(envelope.HEADER_MAX_BYTES))))
            serve(connection)

    thread = threading.Thread(target=take)
    thread.start()
    yield
    thread.join()
    listener.close()


def printed(home: Path, deadline_ms: int = 10_000) -> bytes:
    hook = subprocess.run(
        program(),
        input=STDIN,
        capture_output=True,
        env={**os.environ, "MEMORY_DB_PATH": str(home / "db"), "MEMORY_HOOK_DEADLINE_MS": str(deadline_ms)},
        check=True,
    )
    assert hook.stderr == b""
    return hook.stdout


def test_a_long_answer_arrives_whole_in_whatever_pieces(home: Path) -> None:
    """Byte by byte at first: what is printed is the line that the daemon said."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(capture.STORED_WITH_REPLY)
        for byte in LONG[:50]:
            connection.sendall(bytes([byte]))
        connection.sendall(LONG[50:])

    with listening(home, serve):
        assert printed(home) == LONG

    assert Spool(home / "db").waiting() == []


@pytest.mark.parametrize("said", [b"", LONG[:100], b'{"additionalContext": "never ends'])
def test_half_an_answer_is_none(home: Path, said: bytes) -> None:
    """A daemon that ends in the middle: the agent hears the usual answer, and the event is not spooled as well."""
    with listening(home, lambda connection: connection.sendall(capture.STORED_WITH_REPLY + said)):
        assert printed(home) == capture.REPLY

    assert Spool(home / "db").waiting() == []


def test_an_answer_that_takes_too_long_is_not_waited_for(home: Path) -> None:
    """The deadline holds for it as for everything; what was said was on disk before."""
    gone = threading.Event()

    def serve(connection: socket.socket) -> None:
        connection.sendall(capture.STORED_WITH_REPLY)
        gone.wait(30)

    with listening(home, serve):
        began = time.monotonic()
        assert printed(home, deadline_ms=200) == capture.REPLY
        assert time.monotonic() - began < 10
        gone.set()

    assert Spool(home / "db").waiting() == []


def test_a_daemon_that_does_not_know_better_is_trusted_only_with_its_word(home: Path) -> None:
    """Any other byte is no promise: the envelope waits in the spool."""
    with listening(home, lambda connection: connection.sendall(b"?" + LONG)):
        assert printed(home) == capture.REPLY

    assert len(Spool(home / "db").waiting()) == 1
