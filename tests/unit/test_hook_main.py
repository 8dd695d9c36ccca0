"""The hook as the agent sees it: a process that answers, in time, in silence, whatever happens behind it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from agent_memory.client import SERVICE
from agent_memory.hook.main import Arguments, arguments_from
from agent_memory.rpc import memory_pb2 as pb

PROMPT = {"session_id": "s1", "hook_event_name": "UserPromptSubmit", "prompt_id": "p1", "prompt": "Grüße"}


@pytest.fixture
def daemon() -> Iterator[tuple[list[pb.Event], str]]:
    """What arrives at the receiving end of the hook's one call, and the address of that end."""
    arrived: list[pb.Event] = []

    def ingest(request: pb.IngestEventRequest, context: grpc.ServicerContext) -> pb.IngestEventResponse:
        arrived.append(request.event)
        return pb.IngestEventResponse(event_id=request.event.event_id, created=True)

    method = grpc.unary_unary_rpc_method_handler(
        ingest, pb.IngestEventRequest.FromString, pb.IngestEventResponse.SerializeToString
    )
    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, {"IngestEvent": method})])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield arrived, f"127.0.0.1:{port}"
    server.stop(None).wait()


def run_hook(
    home: Path, stdin: bytes, address: str, *words: str, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "agent_memory.hook", *words],
        input=stdin,
        capture_output=True,
        env={**os.environ, "HOME": str(home), "MEMORY_DAEMON_ADDR": address, **environment},
        timeout=30,
        check=False,
    )


def assert_goes_on(hook: subprocess.CompletedProcess[bytes]) -> None:
    assert (hook.returncode, hook.stdout, hook.stderr) == (0, b'{"continue":true}\n', b"")


def test_an_event_arrives_whole(tmp_path: Path, daemon: tuple[list[pb.Event], str]) -> None:
    """Standard input over several lines, the project from the environment, one call to the daemon."""
    arrived, address = daemon
    stdin = json.dumps(PROMPT, indent=1, ensure_ascii=False).encode()

    hook = run_hook(tmp_path, stdin, address, CLAUDE_PROJECT_DIR="/home/dev/project", MEMORY_HOOK_DEADLINE_MS="20000")

    assert_goes_on(hook)
    (event,) = arrived
    assert (event.session_id, event.text, event.agent) == ("s1", "Grüße", "claude-code")
    assert event.metadata["project"] == "/home/dev/project"
    assert abs(event.timestamp_ms - time.time() * 1000) < 60_000


def test_the_command_line_names_what_the_payload_does_not(tmp_path: Path, daemon: tuple[list[pb.Event], str]) -> None:
    """The agent by its flag, the event as the last word."""
    arrived, address = daemon
    stdin = b'{"session_id":"s1","prompt":"Hello"}'

    hook = run_hook(
        tmp_path, stdin, address, "--agent", "my-agent", "UserPromptSubmit", MEMORY_HOOK_DEADLINE_MS="20000"
    )

    assert_goes_on(hook)
    (event,) = arrived
    assert (event.agent, event.text, event.event_type) == ("my-agent", "Hello", pb.EVENT_TYPE_USER_MESSAGE)


@pytest.mark.parametrize("stdin", [b"", b"not json", b"[1, 2]", b"{}", b"\xff\x00", b"[" * 200_000])
def test_garbage_costs_the_agent_nothing(tmp_path: Path, stdin: bytes) -> None:
    """The answer is the same for input that is no hook's."""
    assert_goes_on(run_hook(tmp_path, stdin, "127.0.0.1:1"))


def test_a_daemon_that_is_down_costs_the_agent_nothing(tmp_path: Path) -> None:
    """Nobody listens at the address; nothing on stderr, which the agent would show its user."""
    assert_goes_on(run_hook(tmp_path, json.dumps(PROMPT).encode(), "127.0.0.1:1"))
    assert_goes_on(run_hook(tmp_path, json.dumps(PROMPT).encode(), f"unix:{tmp_path}/none.sock"))


def test_settings_that_make_no_sense_cost_the_agent_nothing(tmp_path: Path) -> None:
    """A broken setting is the daemon's to complain about."""
    hook = run_hook(tmp_path, json.dumps(PROMPT).encode(), "", MEMORY_GRPC_PORT="none", MEMORY_CONFIG="/nowhere.toml")

    assert_goes_on(hook)


def test_a_daemon_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    """A socket that takes the connection and never says a word: the deadline holds."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        started = time.monotonic()

        hook = run_hook(tmp_path, json.dumps(PROMPT).encode(), address, MEMORY_HOOK_DEADLINE_MS="300")

    assert_goes_on(hook)
    # Far below the 30 seconds a call may take elsewhere, with room for a slow machine's start of Python.
    assert time.monotonic() - started < 10


def test_an_agent_that_never_closes_its_end_is_not_waited_for(tmp_path: Path) -> None:
    """The deadline covers reading, too."""
    hook = subprocess.Popen(
        [sys.executable, "-m", "agent_memory.hook"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "HOME": str(tmp_path), "MEMORY_HOOK_DEADLINE_MS": "200"},
    )
    with hook:
        assert hook.stdout is not None
        assert hook.stdout.read() == b'{"continue":true}\n'
        assert hook.wait(10) == 0


def test_an_agent_that_listens_no_more_is_no_error(tmp_path: Path) -> None:
    """All three streams closed: still exit code 0."""
    hook = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" -m agent_memory.hook <&- >&- 2>&-', sys.executable],
        env={**os.environ, "HOME": str(tmp_path)},
        timeout=30,
        check=False,
    )

    assert hook.returncode == 0


def test_help_and_version_are_told(tmp_path: Path) -> None:
    """The two questions that a person asks; they read no input."""
    assert b"Example:" in run_hook(tmp_path, b"", "", "--help").stdout
    assert run_hook(tmp_path, b"", "", "--version").stdout.startswith(b"memory-ingest ")


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ([], Arguments()),
        (["Stop"], Arguments(event="Stop")),
        (["--agent", "codex", "Stop"], Arguments("codex", "Stop")),
        (["Stop", "--agent=codex"], Arguments("codex", "Stop")),
        (["--unknown", "Stop", "--agent"], Arguments("", "Stop")),
    ],
)
def test_the_command_line_is_read_in_any_order(words: list[str], arguments: Arguments) -> None:
    """Words that mean nothing to us are passed over."""
    assert arguments_from(words) == arguments
