"""A hook's payload through the real processes: by the socket, by the spool, and by both at once."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from agent_memory import capture
from agent_memory.capture.spool import Spool
from agent_memory.hook import client
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
    assert client.spool_envelope(folder, envelope)
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
    wait_until(lambda: is_taken_in(stack))

    assert [event.text for event in events(stack)] == ["Hello"]
    kept = b"\n".join(path.read_bytes() for path in (folder / "rejected").iterdir())
    for words in (b"garbage in the spool", b"garbage at the socket", b"torn", b"not JSON"):
        assert words in kept
    assert "Rejected: 3 inputs" in stack.run("status").stdout


def test_a_envelope_whose_writer_was_killed_is_taken_in_if_it_is_whole(stack: Stack) -> None:
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
