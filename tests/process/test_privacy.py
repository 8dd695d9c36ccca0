"""What must not reach the disk does not, by whichever way it comes: no file of ours holds it, whatever its name."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from agent_memory.capture import handover
from agent_memory.client import Client
from agent_memory.hook.command import program
from agent_memory.rpc import memory_pb2 as pb
from stack import Stack, wait_until
from writer import said

# In two halves each, so that nobody who looks for secrets finds one here.
TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
OTHER = "AKIA" + "QYLPMN5HFIQR7XYA"


def call_hook(stack: Stack, **fields: Any) -> None:
    payload = {"session_id": "s1", "hook_event_name": "UserPromptSubmit", **fields}
    environment = {**stack.env, "MEMORY_HOOK_DEADLINE_MS": "10000"}
    hook = subprocess.run(program(), input=json.dumps(payload).encode(), capture_output=True, env=environment)
    assert (hook.returncode, hook.stdout) == (0, handover.ANSWER)


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

    stack.stop()
    assert redacted.text.startswith("Use [redacted:github-token:")
    assert plain.text == f"Use {TOKEN}"
    assert redacted.event_id == plain.event_id
    # What is there is found: compression would hide it from the other tests, too.
    assert files_with(stack, TOKEN)
