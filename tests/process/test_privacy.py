"""What must not reach the disk does not, by whichever way it comes: no file of ours holds it, whatever its name."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

from agent_memory import capture
from agent_memory.client import Client
from agent_memory.hook.command import program
from agent_memory.rpc import memory_pb2 as pb
from support.stack import Stack, wait_until
from support.writer import said

# In two halves each, so that nobody who looks for secrets finds one here.
TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
OTHER = "AKIA" + "QYLPMN5HFIQR7XYA"


def call_hook(stack: Stack, **fields: Any) -> None:
    payload = {"session_id": "s1", "hook_event_name": "UserPromptSubmit", **fields}
    environment = {**stack.env, "MEMORY_HOOK_DEADLINE_MS": "10000"}
    hook = subprocess.run(program(), input=json.dumps(payload).encode(), capture_output=True, env=environment)
    assert (hook.returncode, hook.stdout) == (0, capture.REPLY)


def events(client: Client) -> list[pb.Event]:
    return list(client.events(pb.GetEventsRequest(limit=1000)).events)


def files_with(stack: Stack, words: str) -> list[Path]:
    """All files of the scratch home, logs and store included, in which these words stand."""
    files = (path for path in stack.folder.rglob("*") if path.is_file())
    return [path for path in files if words.encode() in path.read_bytes()]


def test_a_secret_is_in_no_file_and_counted(stack: Stack) -> None:
    """From a hook, alone and in a batch over gRPC, in text and in metadata: the same marker for the same secret."""
    stack.start()

    call_hook(stack, prompt=f"Use {TOKEN} for the push", prompt_id="p1")
    with stack.client() as client:
        first = said("e1", 1_800_000_000_000, f"The token is {TOKEN}.")
        client.ingest(first)
        assert client.ingest(first).deduplicated
        message = pb.Event(event_id="e2", session_id="s2", timestamp_ms=1_800_000_000_001, text=f"export KEY={OTHER}")
        message.metadata["api_token"] = "f8Kq02mZxW31vBn77Ty"
        refused = pb.Event(event_id="e3", session_id="", timestamp_ms=1, text=OTHER)
        results = client._call(client._stub.IngestEvents, pb.IngestEventsRequest(events=[refused, message]))
        assert [result.created for result in results.results] == [False, True]
        texts = [event.text for event in events(client)]
        counts = dict(client.stats().redacted)

    markers = {text[text.index("[redacted:github-token:") :].split("]")[0] for text in texts if "github" in text}
    assert len(markers) == 1
    assert counts == {"github-token": 2, "aws-key": 1, "token": 1}
    assert "Secrets redacted: 4 (github-token 2, aws-key 1, token 1)" in stack.run("admin", "stats").stdout
    stack.stop()
    assert files_with(stack, TOKEN) == files_with(stack, OTHER) == files_with(stack, "f8Kq02mZxW31vBn77Ty") == []


def test_what_was_spooled_is_redacted_before_it_is_stored(stack: Stack) -> None:
    """The spool holds a hook's words as they came, for as long as no daemon is there to take them in."""
    call_hook(stack, prompt=f"Use {TOKEN} for the push", prompt_id="p1")
    assert files_with(stack, TOKEN)

    stack.start()

    with stack.client() as client:
        (event,) = wait_until(lambda: events(client))
    assert TOKEN not in event.text
    wait_until(lambda: not files_with(stack, TOKEN))


def test_a_store_has_markers_of_its_own_and_an_event_the_same_id_without_them(stack: Stack) -> None:
    """Redaction can be turned off; what an event is known by does not depend on it."""
    stack.start()
    call_hook(stack, prompt=f"Use {TOKEN}", prompt_id="p1")
    with stack.client() as client:
        (redacted,) = events(client)

    stack.env["MEMORY_REDACTION"] = "off"
    stack.stop()
    stack.env["MEMORY_DB_PATH"] = str(stack.folder / "other" / "db")
    stack.start()
    call_hook(stack, prompt=f"Use {TOKEN}", prompt_id="p1")
    with stack.client() as client:
        (plain,) = events(client)

    assert redacted.text.startswith("Use [redacted:github-token:")
    assert plain.text == f"Use {TOKEN}"
    assert redacted.event_id == plain.event_id
    # What is there is found, in the log as long as the store is open: a closed one may be compressed.
    assert files_with(stack, TOKEN)


def test_private_words_are_in_no_file(stack: Stack) -> None:
    """By the spool, which the hook writes itself, by the socket, as input that could not be read, and over gRPC."""
    call_hook(stack, prompt="Say <private>whisper</private> it", prompt_id="p1")
    assert files_with(stack, "Say [private] it")
    call_hook(stack, prompt="Never <private>whisper", prompt_id="p2", other="kept")
    raw = b'{"hook_event_name": "UserPromptSubmit", "session_id": "s1", torn <private>whisper, "whisper"'
    environment = {**stack.env, "MEMORY_HOOK_DEADLINE_MS": "10000"}
    subprocess.run(program(), input=raw, capture_output=True, env=environment, check=True)
    assert files_with(stack, "whisper") == []

    stack.start()
    call_hook(stack, prompt="And <private>whisper</private> again", prompt_id="p3")
    with stack.client() as client:
        client.ingest(said("e1", 1_800_000_000_000, "Over <private>whisper</private> gRPC"))
        wait_until(lambda: len(events(client)) == 4)
        texts = [event.text for event in events(client)]
    wait_until(lambda: stack.status()["spool"]["rejected"] == 1)

    assert set(texts) == {"Say [private] it", "Never [private]", "And [private] again", "Over [private] gRPC"}
    stack.stop()
    assert files_with(stack, "whisper") == []


def test_what_is_to_be_ignored_is_in_no_file(stack: Stack) -> None:
    """By a file of the project's and by the setting, with the daemon and without it, from hooks and over gRPC."""
    secret, open_ = stack.folder / "secret" / "deep", stack.folder / "open"
    secret.mkdir(parents=True)
    open_.mkdir()
    (stack.folder / "secret" / ".memoryignore").write_text("*\n")
    stack.env["MEMORY_IGNORE"] = json.dumps(["tool:mcp__vault__*"])

    def call_all(number: int) -> None:
        call_hook(stack, prompt="hush", cwd=str(secret), prompt_id=f"p{number}")
        tool = {"tool_name": "mcp__vault__get", "tool_response": "hush", "tool_use_id": f"t{number}"}
        call_hook(stack, hook_event_name="PostToolUse", cwd=str(open_), **tool)
        call_hook(stack, prompt=f"loud {number}", cwd=str(open_), prompt_id=f"p{number}")

    stack.start()
    call_all(1)
    with stack.client() as client:
        ignored = pb.Event(event_id="e1", session_id="s2", timestamp_ms=1_800_000_000_000, text="hush")
        ignored.metadata["cwd"] = str(secret)
        reply = client._call(client._stub.IngestEvent, pb.IngestEventRequest(event=ignored))
        assert (reply.created, reply.deduplicated, reply.ignored) == (False, False, True)
        stored = pb.Event(event_id="e2", session_id="s2", timestamp_ms=1_800_000_000_000, text="loud 3")
        batch = client._call(client._stub.IngestEvents, pb.IngestEventsRequest(events=[ignored, stored]))
        assert [(each.ignored, each.created) for each in batch.results] == [(True, False), (False, True)]
    stack.stop()
    call_all(2)
    assert files_with(stack, "hush") == []
    stack.start()

    with stack.client() as client:
        wait_until(lambda: len(events(client)) == 3)
        assert {event.text for event in events(client)} == {"loud 1", "loud 2", "loud 3"}
    stack.stop()
    assert files_with(stack, "hush") == []


def test_nothing_is_captured_in_a_pause_nor_comes_in_later(stack: Stack) -> None:
    """With the daemon and without it; what agents' transcripts bring of that time stays out for ever."""
    call_hook(stack, prompt="loud before", prompt_id="p1")
    assert "paused until" in stack.run("pause-capture", "30m").stdout
    paused_ms = time.time_ns() // 1_000_000
    call_hook(stack, prompt="hush", prompt_id="p2")
    stack.start()
    assert stack.status()["capture_paused_until_ms"] > paused_ms
    assert "Capture: paused until" in stack.run("status").stdout
    call_hook(stack, prompt="hush", prompt_id="p3")

    assert stack.run("resume-capture").stdout == "Capture resumed\n"
    assert stack.status()["capture_paused_until_ms"] is None
    call_hook(stack, prompt="loud after", prompt_id="p4")
    with stack.client() as client:
        client.ingest(said("e1", paused_ms, "hush"))
        wait_until(lambda: len(events(client)) == 2)
        assert {event.text for event in events(client)} == {"loud before", "loud after"}
    stack.stop()
    assert files_with(stack, "hush") == []
