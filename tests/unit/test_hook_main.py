"""The hook as the agent sees it: a process that answers, in time, in silence, whatever happens behind it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from agent_memory import capture
from agent_memory.capture import envelope
from agent_memory.capture import spool as spool_module
from agent_memory.capture.envelope import Envelope
from agent_memory.capture.spool import Spool, excluded_sessions
from agent_memory.capture.spool_failures import Failure
from agent_memory.hook import client, spooling
from agent_memory.hook.command import command, program
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.rpc_methods import SERVICE
from support.stack import wait_until

PROMPT = {"session_id": "s1", "hook_event_name": "UserPromptSubmit", "prompt_id": "p1", "prompt": "Grüße"}
STDIN = json.dumps(PROMPT, indent=1, ensure_ascii=False).encode()
ORDINARY = [sys.executable, "-m", "agent_memory.hook"]
# As an earlier version has installed it.
EARLIER = [*program()[:-1], str(Path(capture.__file__).with_name("run.py"))]
both_forms = pytest.mark.parametrize("form", [program(), ORDINARY, EARLIER], ids=["quick", "ordinary", "earlier"])
# Far below what a hook that waits for a daemon would take, with room for a slow machine's start of Python.
SOON_S = 10


@pytest.fixture
def home() -> Iterator[Path]:
    """A home of its own, with a name short enough for a socket below it."""
    with tempfile.TemporaryDirectory(prefix="am-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def daemon() -> Iterator[tuple[list[pb.Event], str]]:
    """What arrives at a daemon that is named by its address, and that address."""
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


def environment(home: Path, **variables: str) -> dict[str, str]:
    foreign = ("MEMORY_", "XDG_", "CLAUDE_", "GEMINI_")
    ours = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {**ours, "HOME": str(home), **variables}


def run_hook(
    form: list[str], home: Path, stdin: bytes, *words: str, **variables: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*form, *words], input=stdin, capture_output=True, env=environment(home, **variables), timeout=30, check=False
    )


def assert_goes_on(hook: subprocess.CompletedProcess[bytes]) -> None:
    assert (hook.returncode, hook.stdout, hook.stderr) == (0, capture.REPLY, b"")


def spool(home: Path) -> Spool:
    return Spool(home / ".local/share/agent-memory/db")


def spooled(home: Path) -> list[Envelope]:
    return [envelope.read(path.read_bytes()) for path in spool(home).waiting()]


@both_forms
def test_without_a_daemon_what_was_said_waits_in_the_spool(form: list[str], home: Path) -> None:
    """The whole input, with what else is known of it, in a file that only this user can read."""
    before_ms = time.time_ns() // 1_000_000

    hook = run_hook(form, home, STDIN, "--agent", "codex", "Stop", CLAUDE_PROJECT_DIR="/home/dev/project")

    assert_goes_on(hook)
    (envelope,) = spooled(home)
    assert (envelope.agent, envelope.event, envelope.project) == ("codex", "Stop", "/home/dev/project")
    assert envelope.payload == STDIN
    assert before_ms <= envelope.arrived_ms <= time.time_ns() // 1_000_000
    (path,) = spool(home).waiting()
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@both_forms
@pytest.mark.parametrize("stdin", [b"", b"not json", b"[1, 2]", b"\xff\x00\n", b"[" * 200_000])
def test_garbage_costs_the_agent_nothing(form: list[str], home: Path, stdin: bytes) -> None:
    """The answer is the same for input that is no hook's; it is passed on, for somebody to look into."""
    assert_goes_on(run_hook(form, home, stdin))

    assert [envelope.payload for envelope in spooled(home)] == ([stdin] if stdin else [])


@both_forms
@pytest.mark.parametrize(
    ("line", "folder", "is_kept"),
    [
        ("*", "", False),
        ("secret\\ ", "secret ", False),
        ("Grüße/", "Grüße/deep", False),
        ("a**b", "a-b", False),
        ("a**b", "a/b", True),
        ("\\*", "open", True),
    ],
)
def test_without_a_daemon_the_hook_obeys_the_rules(
    form: list[str], home: Path, line: str, folder: str, is_kept: bool
) -> None:
    """They mean to it what they mean to the daemon, although its libraries are not loaded otherwise."""
    (home / ".memoryignore").write_text(f"{line}\n")
    said = json.dumps({**PROMPT, "tool_input": {"cwd": "/tmp"}, "cwd": str(home / folder)}).encode()

    assert_goes_on(run_hook(form, home, said))

    assert len(spooled(home)) == is_kept


def test_rules_that_cannot_be_read_keep_everything_out_of_the_spool(home: Path) -> None:
    """Without the library that reads them, nobody can tell what the user wanted; without rules, it is not missed."""
    *python, run = program()
    without = f"import sys; sys.modules['pathspec'] = None; __file__ = {run!r}; exec(open(__file__).read())"
    form = [*python, "-c", without]
    assert_goes_on(run_hook(form, home, STDIN))
    assert len(spooled(home)) == 1

    (home / ".memoryignore").write_text("other\n")
    assert_goes_on(run_hook(form, home, json.dumps({**PROMPT, "cwd": str(home)}).encode()))

    assert len(spooled(home)) == 1


@both_forms
def test_what_is_no_call_is_ignored_with_its_folder(form: list[str], home: Path) -> None:
    (home / ".memoryignore").write_text("*\n")

    assert_goes_on(run_hook(form, home, b"hush", CLAUDE_PROJECT_DIR=str(home)))

    assert spooled(home) == []


@both_forms
def test_settings_that_make_no_sense_cost_the_agent_nothing(form: list[str], home: Path) -> None:
    """A broken setting is the daemon's to complain about."""
    assert_goes_on(run_hook(form, home, STDIN, MEMORY_GRPC_PORT="none", MEMORY_CONFIG="/nowhere.toml"))

    assert len(spooled(home)) == 1


@both_forms
def test_a_daemon_that_hangs_is_not_waited_for(form: list[str], home: Path) -> None:
    """A socket that takes the envelope and never says a word: the deadline holds, and nothing is lost."""
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(home / "hook.sock"))
        silent.listen(8)
        spool(home).link_socket(home / "hook.sock")
        started = time.monotonic()

        hook = run_hook(form, home, STDIN)

    assert_goes_on(hook)
    assert time.monotonic() - started < SOON_S
    assert len(spooled(home)) == 1


def test_a_daemon_that_takes_no_more_callers_is_not_waited_for(home: Path) -> None:
    """A queue that is full refuses at once."""
    with socket.socket(socket.AF_UNIX) as silent, socket.socket(socket.AF_UNIX) as other:
        silent.bind(str(home / "hook.sock"))
        silent.listen(0)
        other.connect(str(home / "hook.sock"))
        spool(home).link_socket(home / "hook.sock")

        assert_goes_on(run_hook(program(), home, STDIN))

    assert len(spooled(home)) == 1


@both_forms
def test_an_agent_that_never_closes_its_end_is_heard_all_the_same(form: list[str], home: Path) -> None:
    """The end of its object is the end of what it said."""
    hook = subprocess.Popen(form, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(home))
    with hook:
        assert hook.stdin is not None
        assert hook.stdout is not None
        hook.stdin.write(STDIN)
        hook.stdin.flush()
        assert hook.stdout.read() == capture.REPLY
        assert hook.wait(SOON_S) == 0

    assert [envelope.payload for envelope in spooled(home)] == [STDIN]


@pytest.mark.parametrize("head", [STDIN[:10], b'{"tool_input": {"a": "}"}', b" "])
def test_an_agent_that_is_slow_to_speak_is_heard_out(home: Path, head: bytes) -> None:
    """On a busy machine its first words come late, and there are pauses in them, also behind a brace."""
    said = STDIN if STDIN.startswith(head) else head + b"," + STDIN[1:]
    hook = subprocess.Popen(program(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(home))
    with hook:
        assert hook.stdin is not None
        for words in (said[: len(head)], said[len(head) :]):
            time.sleep(3 * (client.DEADLINE_MS - client.RESERVED_MS) / 1000)
            hook.stdin.write(words)
            hook.stdin.flush()
        hook.stdin.close()
        assert hook.wait(SOON_S) == 0

    assert [envelope.payload for envelope in spooled(home)] == [said]


@both_forms
def test_input_that_never_ends_is_cut_behind_the_first_object(form: list[str], home: Path) -> None:
    """An agent that says the same again and again, as fast as it can: the hook ends, and the event is kept."""
    command = f"while :; do echo '{STDIN.decode()}'; done | \"$@\""
    hook = subprocess.run(
        ["/bin/sh", "-c", command, "sh", *form], capture_output=True, env=environment(home), timeout=SOON_S, check=False
    )

    assert (hook.returncode, hook.stdout) == (0, capture.REPLY)
    assert [envelope.payload for envelope in spooled(home)] == [STDIN]


def test_of_endless_input_without_an_object_the_head_is_kept(home: Path) -> None:
    with Path("/dev/zero").open("rb") as zeros:
        hook = subprocess.run(program(), stdin=zeros, stdout=subprocess.PIPE, env=environment(home), check=False)

    assert hook.stdout == capture.REPLY
    assert [envelope.payload for envelope in spooled(home)] == [bytes(256 << 10)]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs to see when the signal is caught")
def test_a_hook_that_is_told_to_stop_ends_and_loses_nothing(home: Path) -> None:
    """SIGTERM while it waits for the rest: what it has is passed on at once, however long it might wait."""
    patient = environment(home, MEMORY_HOOK_DEADLINE_MS="600000")
    hook = subprocess.Popen(program(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=patient)
    with hook:
        assert hook.stdin is not None
        hook.stdin.write(STDIN[:-1])
        hook.stdin.flush()
        wait_until(lambda: _catches(hook.pid, signal.SIGTERM))
        hook.send_signal(signal.SIGTERM)
        assert hook.wait(SOON_S) == 0

    assert [envelope.payload for envelope in spooled(home)] == [STDIN[:-1]]


def _catches(pid: int, number: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    caught = int(status.partition("SigCgt:")[2].split()[0], 16)
    return bool(caught >> (number - 1) & 1)


@both_forms
def test_an_agent_that_listens_no_more_is_no_error(form: list[str], home: Path) -> None:
    """All three streams closed: still exit code 0."""
    hook = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *form], env=environment(home), timeout=30, check=False
    )

    assert hook.returncode == 0


def test_tens_of_megabytes_are_passed_on_whole(home: Path) -> None:
    """What fits into no pipe and no socket's buffer."""
    stdin = json.dumps({**PROMPT, "prompt": "x" * (40 << 20)}).encode()

    assert_goes_on(run_hook(program(), home, stdin))

    (envelope,) = spooled(home)
    assert envelope.payload == stdin


def test_what_no_agent_sends_is_cut_before_it_fills_the_memory(home: Path) -> None:
    """Beyond the largest payload the rest is read, so that the agent can go on, and dropped."""
    assert_goes_on(run_hook(program(), home, b"x" * (capture.PAYLOAD_MAX_BYTES + (3 << 20))))

    (envelope,) = spooled(home)
    left_over = capture.PAYLOAD_MAX_BYTES - len(envelope.payload)
    assert 0 <= left_over <= 1 << 20


@both_forms
def test_what_our_own_processes_start_is_not_remembered(form: list[str], home: Path) -> None:
    """An agent that writes a summary for us has hooks, too."""
    assert_goes_on(run_hook(form, home, STDIN, MEMORY_HOOK_DISABLED="1"))
    assert spooled(home) == []
    # Nor is its transcript to be taken in later.
    assert excluded_sessions(home / ".local/share/agent-memory/db") == {PROMPT["session_id"]}

    assert_goes_on(run_hook(form, home, STDIN, MEMORY_HOOK_DISABLED="0"))
    assert len(spooled(home)) == 1


def test_a_full_spool_keeps_what_it_has(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest is never thrown away for the newest."""
    for module in (spooling, spool_module):
        monkeypatch.setattr(module, "SPOOL_MAX_ENVELOPES", 3)
    folder = os.fsencode(spool(home).folder)
    spool(home).link_socket(home / "hook.sock")
    spool(home).rejected.add("odd", b"", 0, "for a test")
    spool(home).failures.write([Failure("odd", "It is a folder.", "Move it.")])
    keys = [b"%020d-0000000000000000" % number for number in range(5)]

    kept = [spooling._spool_in(folder, key, client.pack(key, b"", b"", b"", [STDIN])) for key in keys]

    assert kept == [True, True, True, False, False]
    assert [path.name.encode() for path in spool(home).waiting()] == keys[:3]
    assert spool(home).state().full


def test_where_the_spool_cannot_be_written_the_folder_beside_the_door_takes_its_place(home: Path) -> None:
    """A full disk, for one: the runtime folder is in memory on most machines."""
    runtime = home / "run"
    runtime.mkdir()
    spool(home).link_socket(runtime / "hook.sock")
    # What takes every name: not even root can make a file of a folder's name.
    (spool(home).folder / "full").touch()
    folder = os.fsencode(spool(home).folder)
    envelope = client.pack(b"%020d-0000000000000000" % 1, b"", b"", b"", [STDIN])
    (spool(home).folder / ("." + "1".zfill(20) + "-0000000000000000")).mkdir()

    assert spooling.spool_envelope(folder, envelope)

    assert [path.parent for path in spool(home).waiting()] == [runtime / "spool"]


@pytest.mark.parametrize("event", ["Stop", "it's; $(rm -rf ~)"])
def test_the_command_for_an_agents_settings_does_the_same(home: Path, event: str) -> None:
    """What an installer writes, run as agents run it."""
    hook = subprocess.run(
        ["/bin/sh", "-c", command("gemini-cli", event)],
        input=STDIN,
        capture_output=True,
        env=environment(home),
        timeout=30,
        check=False,
    )

    assert_goes_on(hook)
    assert [(envelope.agent, envelope.event) for envelope in spooled(home)] == [("gemini-cli", event)]


def test_a_python_that_is_gone_costs_the_agent_nothing(home: Path) -> None:
    """The shell answers in its place; one agent drops its user's prompt on any exit code but 0 and 1."""
    gone = command("gemini-cli", "BeforeAgent").replace(sys.executable, str(home / "gone"))

    hook = subprocess.run(["/bin/sh", "-c", gone], input=STDIN, capture_output=True, timeout=30, check=False)

    assert_goes_on(hook)


@both_forms
def test_a_daemon_named_by_its_address_gets_the_event(
    form: list[str], home: Path, daemon: tuple[list[pb.Event], str]
) -> None:
    """MEMORY_DAEMON_ADDR leads elsewhere, by gRPC; the command line says what the payload does not."""
    arrived, address = daemon
    variables = {"MEMORY_DAEMON_ADDR": address, "MEMORY_HOOK_DEADLINE_MS": "20000"}

    hook = run_hook(
        form, home, b'{"session_id":"s1","prompt":"Hello"}', "--agent", "my-agent", "UserPromptSubmit", **variables
    )

    assert_goes_on(hook)
    (event,) = arrived
    assert (event.agent, event.text, event.event_type) == ("my-agent", "Hello", pb.EVENT_TYPE_USER_MESSAGE)
    assert spooled(home) == []


def test_what_a_named_daemon_does_not_take_is_kept_here(home: Path) -> None:
    """Nobody listens at the address; nothing on stderr, which the agent would show its user."""
    for address in ("127.0.0.1:1", f"unix:{home}/none.sock"):
        assert_goes_on(run_hook(ORDINARY, home, STDIN, MEMORY_DAEMON_ADDR=address))

    assert [envelope.payload for envelope in spooled(home)] == [STDIN, STDIN]


def test_help_and_version_are_told(home: Path) -> None:
    """The two questions that a person asks; they read no input."""
    assert b"Example:" in run_hook(ORDINARY, home, b"", "--help").stdout
    assert run_hook(ORDINARY, home, b"", "--version").stdout.startswith(b"memory-ingest ")


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ([], ("", "")),
        (["Stop"], ("", "Stop")),
        (["--agent", "codex", "Stop"], ("codex", "Stop")),
        (["Stop", "--agent=codex"], ("codex", "Stop")),
        (["--unknown", "Stop", "--agent"], ("", "Stop")),
    ],
)
def test_the_command_line_is_read_in_any_order(words: list[str], names: tuple[str, str]) -> None:
    """Words that mean nothing to us are passed over."""
    assert client.named(words) == names
