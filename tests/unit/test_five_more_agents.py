"""Kilo CLI, Droid, Cursor, Antigravity and Goose: their payloads, and the hooks that they are given."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from agent_memory.agents.registry import AGENTS
from agent_memory.capture.events import event_from
from agent_memory.capture.sessions import Sessions
from agent_memory.capture.wire import HookCall, parse
from agent_memory.hook.install.formats import State
from agent_memory.hook.install.installation import Installation
from agent_memory.model import Event, EventRole, EventType

RECORDINGS = Path(__file__).parents[1] / "data" / "hooks"
NOW_MS = 1_795_363_889_243
NOW = datetime(2026, 11, 28, 15, 0)


def recorded(name: str, agent: str = "another", **changed: Any) -> HookCall:
    """The recorded call; its event is named on the command line, as installed hooks do."""
    path = RECORDINGS / f"{name}.json"
    payload = {**json.loads(path.read_bytes()), **changed}
    return parse(json.dumps(payload).encode(), agent=agent, event=path.stem.split("-")[1])


def event_of(call: HookCall) -> Event:
    event = event_from(call, NOW_MS, key="k1")
    assert event is not None
    return event


def written(path: Path, *records: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "GOOSE_PATH_ROOT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        "kilo-cli/02-chat-message",
        "droid/05-UserPromptSubmit-in-subagent",
        "cursor/02-beforeSubmitPrompt",
        "goose/02-UserPromptSubmit",
    ],
)
def test_a_prompt_is_kept_with_its_words(name: str) -> None:
    event = event_of(recorded(name))

    assert (event.event_type, event.role) == (EventType.USER_MESSAGE, EventRole.USER)
    assert "notes" in event.text


@pytest.mark.parametrize(
    ("name", "text", "success"),
    [
        ("kilo-cli/03-tool-execute-after", "bash: echo hello; sleep 1\nhello", "true"),
        ("cursor/04-postToolUse-Shell", "Shell: echo hello from cursor\nhello from cursor", "true"),
        ("cursor/05-postToolUseFailure-Read", "Read: /home/dev/project/missing.md\nFile not found", "false"),
        ("goose/03-PostToolUse", "developer__shell: echo hello from goose\nhello from goose", "true"),
        ("goose/04-PostToolUseFailure", "developer__text_editor: view\nNo such file", "false"),
    ],
)
def test_a_tool_call_reads_as_what_was_done_and_what_came_of_it(name: str, text: str, success: str) -> None:
    event = event_of(recorded(name))

    assert (event.event_type, event.text.rstrip(), event.metadata["success"]) == (EventType.TOOL_RESULT, text, success)


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("cursor/03-afterAgentResponse", EventType.ASSISTANT_MESSAGE, "I look at the project first."),
        ("cursor/08-stop-aborted", EventType.ASSISTANT_STOP, "ended: aborted"),
        ("cursor/09-subagentStop", EventType.SUBAGENT_STOP, "There are none."),
        ("cursor/10-sessionEnd", EventType.SESSION_END, "Session ended (completed)"),
        ("goose/05-Stop", EventType.ASSISTANT_STOP, "I wrote notes.md; one command failed."),
        ("goose/06-SessionEnd", EventType.SESSION_END, "Session ended"),
    ],
)
def test_a_turn_and_a_session_are_told_to_their_end(name: str, kind: EventType, text: str) -> None:
    event = event_of(recorded(name))

    assert (event.event_type, event.text) == (kind, text)


def test_cursor_is_cursor_also_in_claude_codes_hooks() -> None:
    """It runs those too: the prompt is one event, under its own name, and nobody's address is kept."""
    own = event_of(recorded("cursor/02-beforeSubmitPrompt", agent="cursor"))
    in_claudes = event_of(recorded("cursor/11-UserPromptSubmit-of-claude-code", agent="claude-code"))

    assert (in_claudes.agent, in_claudes.event_id) == (own.agent, own.event_id) == ("cursor", own.event_id)
    assert own.metadata["project"] == "/home/dev/project"
    assert "dev@example.com" not in repr((own, in_claudes))


def test_droids_subagent_belongs_to_the_session_that_called_it() -> None:
    """Its task is the agent's words; its end is no end of the session."""
    sessions = Sessions()
    start, prompt, end = (
        sessions.with_session(recorded(f"droid/{name}"))
        for name in ("04-SessionStart-in-subagent", "05-UserPromptSubmit-in-subagent", "09-SessionEnd-in-subagent")
    )

    assert event_of(start).event_type is EventType.SUBAGENT_START
    assert (event_of(prompt).session_id, event_of(prompt).role) == (start.session_id, EventRole.SYSTEM)
    assert event_from(end, NOW_MS, "k1") is None


@pytest.mark.parametrize(
    ("agent", "file", "where"),
    [
        ("cursor", ".cursor/hooks.json", lambda found: found["hooks"]["stop"][0]["command"]),
        (
            "antigravity",
            ".gemini/antigravity-cli/hooks.json",
            lambda found: found["agent-memory"]["Stop"][0]["command"],
        ),
        ("droid", ".factory/settings.json", lambda found: found["hooks"]["Stop"][0]["hooks"][0]["command"]),
        (
            "goose",
            ".agents/plugins/agent-memory/hooks/hooks.json",
            lambda found: found["hooks"]["Stop"][0]["hooks"][0]["command"],
        ),
    ],
)
def test_the_hooks_are_where_and_as_the_agent_reads_them(home: Path, agent: str, file: str, where: Any) -> None:
    Installation(AGENTS[agent]).connect(NOW)

    assert Installation(AGENTS[agent]).path == home / file
    assert f"--agent {agent} " in where(json.loads((home / file).read_text()))


def test_others_hooks_in_the_same_file_stay(home: Path) -> None:
    """Handlers without a group around them, and events in an object of another name."""
    theirs = {"version": 1, "hooks": {"stop": [{"command": "true"}]}}
    path = written(home / ".cursor/hooks.json", theirs)
    Installation(AGENTS["cursor"]).connect(NOW)
    assert Installation(AGENTS["cursor"]).state is State.CURRENT
    changed = json.loads(path.read_text())
    assert changed["hooks"]["stop"][0] == {"command": "true"}
    path.write_text(json.dumps(changed, indent=4))

    Installation(AGENTS["cursor"]).disconnect(NOW)

    assert json.loads(path.read_text()) == theirs


def test_droid_reads_hooks_from_another_file_once_it_is_there(home: Path) -> None:
    """Then those in its settings are not read, and its events are not in an object of their own."""
    theirs = {"Stop": [{"hooks": [{"type": "command", "command": "true"}]}], "hooksDisabled": False}
    path = written(home / ".factory/hooks.json", theirs)

    Installation(AGENTS["droid"]).connect(NOW)
    assert Installation(AGENTS["droid"]).path == path
    found = json.loads(path.read_text())
    assert (len(found["Stop"]), "hooks" in found) == (2, False)
    path.write_text(json.dumps(found))
    Installation(AGENTS["droid"]).disconnect(NOW)

    assert json.loads(path.read_text()) == theirs


@pytest.mark.parametrize(
    ("agent", "event", "answer"),
    [
        ("codex", "Interrupt", ""),
        ("codex", "Stop", '{"continue":true}\n'),
        ("antigravity", "Stop", "{}\n"),
        ("cursor", "beforeSubmitPrompt", '{"continue":true}\n'),
        ("cursor", "stop", "{}\n"),
        ("goose", "Stop", ""),
    ],
)
def test_each_hook_is_answered_as_its_agent_wants_it(home: Path, agent: str, event: str, answer: str) -> None:
    """Where it refuses our usual answer, or complains of it; with a daemon and, as here, without."""
    Installation(AGENTS[agent]).connect(NOW)
    commands = [
        line for line in commands_in(Installation(AGENTS[agent]).path) if line.split(";")[0].find(f" {event}") > 0
    ]

    for line in commands:
        done = subprocess.run(
            ["/bin/sh", "-c", line], input=b"{}", capture_output=True, check=True, env={"HOME": str(home)}
        )
        assert (done.stdout.decode(), done.stderr) == (answer, b"")
    assert commands


def commands_in(path: Path) -> list[str]:
    found: list[str] = []

    def look(value: Any) -> None:
        if isinstance(value, dict):
            found.extend([value["command"]] if isinstance(value.get("command"), str) else [])
        for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            look(each)

    look(json.loads(path.read_text()))
    return found
