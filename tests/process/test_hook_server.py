"""A hook's payload through the real processes: by the socket, by the spool, and by both at once."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from agent_memory import capture
from agent_memory.capture.privacy.pauses import Pauses
from agent_memory.capture.spool import Spool
from agent_memory.hook import client, spooling
from agent_memory.hook.command import program
from agent_memory.rpc import memory_pb2 as pb
from support.stack import Stack, wait_until

RECORDINGS = Path(__file__).parent.parent / "data" / "hooks"


def prompt(text: str, **fields: Any) -> bytes:
    return json.dumps({"session_id": "s1", "hook_event_name": "UserPromptSubmit", "prompt": text, **fields}).encode()


def call_hook(stack: Stack, stdin: bytes, *words: str, deadline_ms: int = 10_000, **variables: str) -> None:
    hook = subprocess.run(
        [*program(), *words],
        input=stdin,
        capture_output=True,
        env={**stack.env, "MEMORY_HOOK_DEADLINE_MS": str(deadline_ms), **variables},
        check=False,
    )
    assert (hook.returncode, hook.stdout, hook.stderr) == (0, capture.REPLY, b"")


def events(stack: Stack) -> list[pb.Event]:
    with stack.client() as client:
        return list(client.events(pb.GetEventsRequest(limit=1000)).events)


def spool(stack: Stack) -> Spool:
    return Spool(stack.db_path)


def is_taken_in(stack: Stack) -> bool:
    return not spool(stack).waiting()


def test_what_a_hook_hands_over_is_stored_when_it_returns(stack: Stack) -> None:
    """No waiting: the answer to the agent comes after the disk's, and nothing goes by the spool."""
    stack.start()

    folder = stack.folder / "tool"
    (folder / ".git" / "objects").mkdir(parents=True)
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / ".git" / "config").write_text('[remote "origin"]\n\turl = git@github.com:acme/tool.git\n')
    call_hook(stack, prompt("Hello", prompt_id="p1"), CLAUDE_PROJECT_DIR=str(folder))

    (event,) = events(stack)
    assert (event.text, event.metadata["project"]) == ("Hello", str(folder))
    assert (event.metadata["project_id"], event.metadata["git_branch"]) == ("github.com/acme/tool", "main")
    assert spool(stack).state().waiting == 0


def test_what_was_said_while_no_daemon_ran_is_taken_in_when_one_starts(stack: Stack) -> None:
    """With the times at which it was said, in order; `status` tells of it before, and no more after."""
    call_hook(stack, prompt("first"))
    call_hook(stack, prompt("second"))
    said_ms = time.time_ns() // 1_000_000
    before, shown = stack.status()["spool"], stack.run("status", check=False).stdout

    stack.start()
    wait_until(lambda: is_taken_in(stack))

    assert before["waiting"] == 2
    assert before["oldest_ms"] <= said_ms
    assert "\nSpool: 2 events waiting to be stored, the oldest for " in shown
    assert stack.status()["spool"] == {**before, "waiting": 0, "oldest_ms": None}
    assert "Spool" not in stack.run("status").stdout
    stored = events(stack)
    assert [event.text for event in stored] == ["first", "second"]
    assert all(event.timestamp_ms <= said_ms for event in stored)


def test_what_was_handed_over_and_spooled_is_one_event(stack: Stack) -> None:
    """A daemon that was slow, not absent: the payload has nothing to be known by, the call's key has."""
    stack.start()
    envelope = client.pack(b"%020d-%016x" % (time.time_ns(), 7), b"", b"", b"", [prompt("Hello")])
    folder = os.fsencode(spool(stack).folder)

    assert client.send(folder, envelope, time.monotonic() + 10)
    assert spooling.spool_envelope(folder, envelope)
    wait_until(lambda: is_taken_in(stack))

    assert [event.text for event in events(stack)] == ["Hello"]


def test_a_front_that_hangs_costs_the_deadline_and_no_event(stack: Stack) -> None:
    """Stopped in the middle of everything, as by a debugger; once it goes on, it takes in what it missed."""
    stack.start()
    os.kill(stack.pid("query"), signal.SIGSTOP)
    try:
        call_hook(stack, prompt("Hello", prompt_id="p1"), deadline_ms=200)
        assert spool(stack).state().waiting == 1
    finally:
        os.kill(stack.pid("query"), signal.SIGCONT)

    wait_until(lambda: is_taken_in(stack))
    assert [event.text for event in events(stack)] == ["Hello"]


def test_a_writer_that_hangs_costs_the_deadline_and_no_event(stack: Stack) -> None:
    """The query service answers but can promise nothing; the event is in the spool, and stored once."""
    stack.start()
    os.kill(stack.pid("ingest"), signal.SIGSTOP)
    try:
        call_hook(stack, prompt("Hello"), deadline_ms=200)
        assert spool(stack).state().waiting == 1
    finally:
        os.kill(stack.pid("ingest"), signal.SIGCONT)

    wait_until(lambda: is_taken_in(stack))
    assert [event.text for event in events(stack)] == ["Hello"]


def test_what_holds_no_event_is_kept_aside_with_the_reason(stack: Stack) -> None:
    """Garbage at the socket, garbage in the spool, and a torn envelope: none of them holds up the rest."""
    call_hook(stack, b"garbage in the spool")
    folder = spool(stack).folder
    (folder / ("1".zfill(20) + "-" + "0" * 16)).write_bytes(capture.ENVELOPE_VERSION + b" 30 100\ntorn")
    call_hook(stack, prompt("Hello"))

    stack.start()
    call_hook(stack, b"garbage at the socket")
    call_hook(stack, json.dumps({"hook_event_name": "UserPromptSubmit", "prompt": "of no session"}).encode())
    call_hook(stack, json.dumps({"session_id": "s1", "prompt": "of no event"}).encode())
    call_hook(stack, json.dumps({"session_id": "s1", "hook_event_name": "PreToolUse", "tool_name": "Bash"}).encode())
    wait_until(lambda: is_taken_in(stack))

    assert [event.text for event in events(stack)] == ["Hello"]
    kept = b"\n".join(path.read_bytes() for path in (folder / "rejected").iterdir())
    for words in (b"garbage in the spool", b"garbage at the socket", b"torn", b"not JSON"):
        assert words in kept
    for words in (b"of no session", b"It names no session", b"of no event", b"It names no event"):
        assert words in kept
    assert "Rejected: 5 inputs" in stack.run("status").stdout


def test_what_is_acknowledged_is_stored_and_what_fails_is_tried_again(stack: Stack) -> None:
    """A damaged byte in a file of ours: nothing is rejected, `status` and `doctor` name it, and all comes in later."""
    pauses = Pauses(stack.db_path)
    pauses.begin(1, 2)
    whole = pauses.path.read_bytes()
    pauses.path.write_bytes(whole.replace(b"0", b"\xff", 1))
    for number in range(130):
        key = b"%020d-%016x" % (time.time_ns(), number)
        envelope = client.pack(key, b"", b"", b"", [prompt("spooled", prompt_id=str(number))])
        assert spooling.spool_envelope(os.fsencode(spool(stack).folder), envelope)

    stack.start()
    call_hook(stack, prompt("sent", prompt_id="sent"))
    wait_until(lambda: spool(stack).state().failed == 131)

    status = stack.status()
    assert (status["spool"]["waiting"], status["spool"]["rejected"]) == (131, 0)
    assert str(pauses.path) in status["capture_problem"]
    output = stack.run("status").stdout
    assert "131 of them can't be taken in" in output
    assert output.count(f"The file of pauses is damaged: {pauses.path}. Delete its damaged line") == 2
    assert "The file of pauses is damaged" in stack.run("doctor", check=False).stdout
    assert events(stack) == []

    pauses.path.write_bytes(whole)
    wait_until(lambda: is_taken_in(stack), timeout_s=90)

    assert len(events(stack)) == 131
    wait_until(lambda: spool(stack).state().failed == 0)
    assert "Spool" not in stack.run("status").stdout


def test_one_bad_item_never_stops_the_others(stack: Stack) -> None:
    """A folder, a pipe, a loop of links, a socket, somebody else's file: what came before and after is taken in."""
    folder = spool(stack).folder
    call_hook(stack, prompt("before"))
    (before,) = spool(stack).waiting()
    bad = [folder / f"{time.time_ns():020}-{number:016x}" for number in range(4)]
    bad[0].mkdir()
    os.mkfifo(bad[1])
    bad[2].symlink_to(bad[2])
    with socket.socket(socket.AF_UNIX) as bound, contextlib.chdir(folder):
        bound.bind(bad[3].name)
    call_hook(stack, prompt("somebody else's"))
    (foreign,) = {*spool(stack).waiting()} - {before, *bad}
    if os.getuid() == 0:
        os.chown(foreign, 12345, 12345)
    else:
        foreign.chmod(0)
    call_hook(stack, prompt("after"))

    stack.start()
    wait_until(lambda: spool(stack).state().failed == 5)

    assert [event.text for event in events(stack)] == ["before", "after"]
    output = stack.run("status").stdout
    assert f"{foreign}: It " in output
    for path, reason in zip(bad, ["a folder", "a pipe", "a symbolic link", "a socket"], strict=True):
        assert f"{path}: It is {reason}. Move it out of the spool." in output
    doctor = " ".join(stack.run("doctor", check=False).stdout.split())
    assert f"{bad[0]} can't be taken in: It is a folder." in doctor

    os.chown(foreign, os.getuid(), -1)
    foreign.chmod(0o600)
    bad[0].rmdir()
    for path in bad[1:]:
        path.unlink()
    wait_until(lambda: is_taken_in(stack), timeout_s=90)
    assert [event.text for event in events(stack)] == ["before", "somebody else's", "after"]


@pytest.mark.parametrize("is_by_grpc", [False, True])
def test_a_hook_that_is_registered_twice_tells_one_event(is_by_grpc: bool, stack: Stack) -> None:
    """Both are called with the same, which names neither the prompt nor the start of a resumed session."""
    stack.start()
    address = {"MEMORY_DAEMON_ADDR": f"127.0.0.1:{stack.port}"} if is_by_grpc else {}
    env = {**stack.env, "MEMORY_HOOK_DEADLINE_MS": "20000", **address}
    resumed = json.dumps({"session_id": "s1", "hook_event_name": "SessionStart", "source": "resume"}).encode()

    for said in (resumed, prompt("Hello")):
        hooks = [subprocess.Popen(program(), stdin=subprocess.PIPE, env=env) for _ in range(2)]
        for hook in hooks:
            assert hook.stdin is not None
            hook.stdin.write(said)
            hook.stdin.close()
        assert [hook.wait() for hook in hooks] == [0, 0]
    wait_until(lambda: is_taken_in(stack))

    assert [event.text for event in events(stack)] == ["Session started (resume)", "Hello"]


def test_an_envelope_of_a_newer_version_waits_for_it(stack: Stack) -> None:
    """After a step back to this version: it is no garbage."""
    call_hook(stack, prompt("Hello"))
    (path,) = spool(stack).waiting()
    path.write_bytes(path.read_bytes().replace(capture.ENVELOPE_VERSION, b"agent-memory-envelope-2"))

    stack.start()
    wait_until(lambda: spool(stack).state().failed == 1)

    assert "written by a newer version" in stack.run("status").stdout
    assert spool(stack).state().rejected == 0


def test_an_envelope_whose_writer_was_killed_is_taken_in_if_it_is_whole(stack: Stack) -> None:
    """Killed between the last byte and the renaming; a half one is kept aside."""
    call_hook(stack, prompt("whole"))
    (path,) = spool(stack).waiting()
    data = path.read_bytes()
    path.rename(path.with_name("." + path.name))
    (path.with_name("." + "1".zfill(20) + "-" + "0" * 16)).write_bytes(data[:-5])
    for each in path.parent.iterdir():
        os.utime(each, (1, 1))

    stack.start()
    wait_until(lambda: events(stack))

    assert [event.text for event in events(stack)] == ["whole"]
    wait_until(lambda: spool(stack).state().rejected == 1)
    assert [each.name for each in path.parent.iterdir() if each.name[0] == "."] == []


def test_input_that_is_no_envelope_gets_no_answer(stack: Stack) -> None:
    """And the socket stays open for the next one."""
    stack.start()
    for words in (b"GET / HTTP/1.1\r\n\r\n", b"\n", b"x" * 1000, capture.ENVELOPE_VERSION + b" 9 999999999\n"):
        with socket.socket(socket.AF_UNIX) as stranger:
            # Where the link leads: its own path may be longer than a socket's name can be.
            stranger.connect(str((spool(stack).folder / "socket").resolve()))
            stranger.sendall(words)
            stranger.shutdown(socket.SHUT_WR)
            assert stranger.recv(1) == b""

    call_hook(stack, prompt("Hello"))

    assert len(events(stack)) == 1


def test_twenty_megabytes_go_through_the_socket(stack: Stack) -> None:
    """Head and tail are stored."""
    stack.start()

    call_hook(stack, prompt("x" * (20 << 20), prompt_id="p1"), deadline_ms=30_000)

    (event,) = events(stack)
    assert "bytes left out" in event.text


def test_our_own_processes_are_marked_for_the_hooks_of_what_they_start(stack: Stack) -> None:
    """The mark that keeps a memory from remembering itself."""
    stack.start()

    for process in ("ingest", "query", "worker"):
        environment = Path(f"/proc/{stack.pid(process)}/environ").read_bytes().split(b"\0")
        assert b"MEMORY_HOOK_DISABLED=1" in environment
