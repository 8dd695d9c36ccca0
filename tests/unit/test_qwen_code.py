"""Qwen Code: whose a prompt is, what became of a command, and what its chats hold that its hooks got."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent_memory.agents.registry import AGENTS
from agent_memory.backfill import transcript_paths
from agent_memory.capture.events import event_from
from agent_memory.capture.wire import parse
from agent_memory.ids import timed_apart
from agent_memory.model import Event, EventRole, EventType
from support import transcripts

RECORDINGS = Path(__file__).parent.parent / "data" / "hooks" / "qwen-code"
NOW_MS = 1_795_865_990_000


def captured(name: str, **changed: Any) -> Event | None:
    payload = {**json.loads((RECORDINGS / f"{name}.json").read_bytes()), **changed}
    given = {field: value for field, value in payload.items() if value is not None}
    return event_from(parse(json.dumps(given).encode()), NOW_MS, "k1")


def stored(name: str, **changed: Any) -> Event:
    event = captured(name, **changed)
    assert event is not None
    return event


def chat(folder: Path, *records: dict[str, Any]) -> list[Event]:
    """The events of a chat of these records, which are a second apart."""
    path = folder / "s1.jsonl"
    rows = []
    for second, record in enumerate(records):
        at = f"2026-11-28T11:39:{second:02}.000Z"
        rows.append({"uuid": f"u{second}", "sessionId": "s1", "timestamp": at, "cwd": "/home/dev/project", **record})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (transcript,) = transcript_paths.named(path)
    assert transcript.agent == "qwen-code"
    return transcripts.read(transcript)


def user(*texts: str, **fields: Any) -> dict[str, Any]:
    parts = [{"text": text} for text in texts]
    return {"type": "user", "provenance": "real_user", "message": {"role": "user", "parts": parts}, **fields}


def model(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "assistant", "provenance": "assistant_output", "message": {"role": "model", "parts": list(parts)}}


def result(response: dict[str, str], **outcome: str) -> dict[str, Any]:
    part = {"functionResponse": {"id": "call_1", "name": "run_shell_command", "response": response}}
    message = {"role": "user", "parts": [part]}
    return {"type": "tool_result", "provenance": "tool_result", "message": message, "toolCallResult": outcome}


CALL = {"functionCall": {"id": "call_1", "name": "run_shell_command", "args": {"command": "rm x"}}}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("02-UserPromptSubmit-prompt", "Please set up notes.md. Remember that we deploy on Fridays."),
        ("18-UserPromptSubmit-with-system-reminder", "When do we deploy?"),
        ("19-UserPromptSubmit-slash-command", "Recap this topic: deploys"),
    ],
)
def test_a_prompt_is_what_the_user_submitted(name: str, text: str) -> None:
    """Without the client's notes; a slash command as it was expanded, which is all that the chat has."""
    event = stored(name)

    assert (event.event_type, event.role, event.text) == (EventType.USER_MESSAGE, EventRole.USER, text)


@pytest.mark.parametrize("name", ["04-UserPromptSubmit-tool-result", "28-UserPromptSubmit-stop-hook-feedback"])
def test_a_further_request_of_a_turn_is_no_prompt(name: str) -> None:
    """The hook is called before each: after tools without a text, after another hook with that hook's text."""
    assert captured(name) is None


def test_an_early_version_has_only_the_prompt() -> None:
    """Neither its id nor what was submitted."""
    early = {"prompt_id": None, "submitted_prompt": None, "permission_mode": None}

    assert stored("02-UserPromptSubmit-prompt", **early).text.startswith("Please set up")


def test_a_named_file_is_not_the_users_words(tmp_path: Path) -> None:
    """The client puts its content behind the prompt, in the hook's payload and in the chat."""
    typed, files = "@notes.md what does it say?", "\n--- Content from referenced files ---\nUse port 8911.\n"

    hooked = stored("02-UserPromptSubmit-prompt", prompt=typed + files, submitted_prompt=typed)
    _, replayed = chat(tmp_path, user("<system-reminder>Note</system-reminder>", typed, files))

    assert (hooked.text, replayed.text) == (typed, typed)


@pytest.mark.parametrize(
    ("name", "text", "success"),
    [
        ("03-PostToolUse-run-shell-command", "run_shell_command: echo hello from qwen && ls\nhello from qwen", "true"),
        (
            "08-PostToolUseFailure-run-shell-command",
            "run_shell_command: echo oops >&2; exit 3\noops\nExit Code: 3",
            "false",
        ),
        ("13-PostToolUse-agent-foreground", "agent: Look around\nThe subagent found nothing.", "true"),
        (
            "09-PostToolUseFailure-read-file",
            "read_file: /home/dev/project/missing.md\nFile not found: /home/dev/project/missing.md",
            "false",
        ),
    ],
)
def test_a_tool_call_reads_as_what_was_done_and_what_came_of_it(name: str, text: str, success: str) -> None:
    """Without the labels that the client writes around a command's output."""
    event = stored(name)

    assert (event.event_type, event.text, event.metadata["success"]) == (EventType.TOOL_RESULT, text, success)


def test_a_failed_command_of_an_early_version_is_a_failure() -> None:
    """It comes as a success, with the exit code in its text, and with an id that nothing else has."""
    failed = "Command: exit 3\nDirectory: (root)\nOutput: (empty)\nError: (none)\nExit Code: 3\nSignal: 0"

    event = stored("03-PostToolUse-run-shell-command", tool_call_id=None, tool_response={"llmContent": failed})

    assert (event.metadata["success"], event.text.splitlines()[-1]) == ("false", "Exit Code: 3")
    assert "tool_use_id" not in event.metadata
    assert timed_apart(event.event_id)[0] != timed_apart(stored("03-PostToolUse-run-shell-command").event_id)[0]


@pytest.mark.parametrize(
    "outcome",
    [
        {"status": "cancelled"},
        {"status": "error", "executionStatus": "not_started"},
        {"status": "error", "errorType": "tool_not_registered"},
    ],
)
def test_a_call_that_was_not_made_is_a_failure(outcome: dict[str, str], tmp_path: Path) -> None:
    """The user refused it, or there is no such tool: no hook is called for it, only the chat has it."""
    events = chat(tmp_path, user("Remove it"), model(CALL), result({"error": "not made"}, **outcome))

    assert [event.text for event in events[1:]] == ["Remove it", "run_shell_command: rm x\nnot made"]
    assert events[-1].metadata["success"] == "false"


def test_what_a_fork_copied_is_told_by_the_session_it_comes_from(tmp_path: Path) -> None:
    """Only what follows in the new session is new; and it began as a session that goes on."""
    copied = {"forkedFrom": {"sessionId": "s0", "messageUuid": "u0"}}

    events = chat(tmp_path, user("Hello", **copied), {**model({"text": "Hi"}), **copied}, user("In the fork"))

    assert [event.text for event in events] == ["Session started (resume)", "In the fork"]


def test_what_the_client_wrote_as_the_user_is_no_prompt(tmp_path: Path) -> None:
    """Its notices; a thought of the model's is no answer."""
    notice = user("<task-notification>done</task-notification>", subtype="notification", provenance="system")

    events = chat(tmp_path, user("Hello"), notice, model({"text": "Hm.", "thought": True}, {"text": "All done."}))

    assert [event.text for event in events] == ["Session started (startup)", "Hello", "All done."]
    assert events[-1].event_type is EventType.ASSISTANT_STOP


def test_its_hooks_are_given_milliseconds() -> None:
    """Early versions read nothing else, and would kill a hook after three of them."""
    handler = AGENTS["qwen-code"].hook_files.format.handler  # type: ignore[union-attr]

    assert handler["timeout"] == 3000
