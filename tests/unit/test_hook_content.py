"""What an event holds beside its words: what a tool got, which model spoke, how a command went, within a limit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent_memory.capture import transcripts
from agent_memory.capture.events import event_from
from agent_memory.capture.sessions import Sessions
from agent_memory.capture.wire import HookCall, parse
from agent_memory.model import TOOL_MAX_BYTES, Event

RECORDINGS = Path(__file__).parent.parent / "data" / "hooks"
NOW_MS = 1_795_363_889_243


def call_of(name: str = "", **fields: Any) -> HookCall:
    payload = json.loads((RECORDINGS / f"{name}.json").read_bytes()) if name else {"session_id": "s1"}
    return parse(json.dumps({**payload, **fields}).encode())


def stored(call: HookCall, tool_max_bytes: int = TOOL_MAX_BYTES) -> Event:
    event = event_from(call, NOW_MS, "k1", tool_max_bytes)
    assert event is not None
    return event


def tool_call(name: str, given: dict[str, Any], response: object = "Done.") -> HookCall:
    return call_of(hook_event_name="PostToolUse", tool_name=name, tool_input=given, tool_response=response)


def test_what_a_tool_was_told_is_there_in_full() -> None:
    """The text shows the main argument; the metadata has the others."""
    given = {"pattern": "deploy", "path": "docs", "-i": True}

    event = stored(tool_call("Grep", given, "docs/plan.md"))

    assert event.text == "Grep: deploy\ndocs/plan.md"
    assert json.loads(event.metadata["tool_input"]) == {"path": "docs", "-i": True}


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("gemini-cli/10-AfterTool-write-file", "# Notes\n\nUse port 8911."),
        ("copilot-cli/14-postToolUse-create", "# Notes\n"),
        ("opencode/22-tool-execute-after-write", "# Notes\n"),
    ],
)
def test_what_was_written_to_a_file_is_kept(name: str, written: str) -> None:
    """Also where the tool's result says no more than that it was written."""
    event = stored(call_of(name))

    assert json.loads(event.metadata["tool_input"]).popitem()[1].startswith(written)


@pytest.mark.parametrize("name", ["claude-code/08-PostToolUse-Write", "claude-code/10-PostToolUse-Read"])
def test_nothing_is_kept_twice(name: str) -> None:
    """What the result says, or the command, is not said again."""
    assert "tool_input" not in stored(call_of(name)).metadata


def test_what_a_subagent_was_told_to_do_is_kept() -> None:
    """The one place where this agent tells it is the call that started the subagent."""
    event = stored(call_of("claude-code/26-PostToolUse-Agent-async-launched"))

    assert json.loads(event.metadata["tool_input"])["prompt"].startswith("SUBAGENT-PROMPT")


@pytest.mark.parametrize("limit", [256, 5000, 100_000])
def test_the_limit_holds_for_input_and_result(limit: int) -> None:
    """Each keeps head and tail, with a note of how much was cut between them."""
    long = "first " + "x" * 200_000 + " last"
    event = stored(tool_call("Bash", {"command": long, "env": long[::-1]}, long.upper()), limit)

    command, result = event.text.split(" last\n", 1)
    assert command.startswith("Bash: first xxx")
    assert result.startswith("FIRST XXX")
    assert result.endswith("XXX LAST")
    for text in (command, result, event.metadata["tool_input"]):
        assert "bytes left out ...]" in text
        assert limit - 100 <= len(text) <= limit + 10


def test_a_call_that_fits_is_not_cut() -> None:
    """To the last byte."""
    log = "\n".join(f"line {number}" for number in range(1000))

    assert stored(tool_call("Bash", {"command": "make"}, log)).text == f"Bash: make\n{log}"


def test_a_file_that_is_moved_is_touched_at_both_places() -> None:
    """In a patch, whichever agent's words it is in."""
    patch = "*** Begin Patch\n*** Update File: old.py\n*** Move to: new.py\n*** Add File: more.py\n*** End Patch"

    for field in ("command", "input", "patchText"):
        assert stored(tool_call("apply_patch", {field: patch})).metadata["files"] == "old.py\nnew.py\nmore.py"


def test_a_sessions_model_is_known_from_whoever_named_it_last() -> None:
    """Some agents name it once; a subagent may be another model's, so it does not take its parent's."""
    sessions = Sessions()
    start = call_of(hook_event_name="SessionStart", source="startup", model="model-1")

    def model_of(**fields: Any) -> str:
        return sessions.with_session(call_of(hook_event_name="Stop", **fields)).model

    sessions.with_session(start)
    assert model_of() == "model-1"
    assert model_of(session_id="s2") == ""
    assert model_of(agent_id="a1") == ""
    assert model_of(agent_id="a1", model="model-2") == "model-2"
    assert (model_of(agent_id="a1"), model_of()) == ("model-2", "model-1")
    assert (model_of(model="model-3"), model_of()) == ("model-3", "model-3")


@pytest.mark.parametrize(
    ("hook", "record"),
    [
        ("claude-code/14-Stop", {"type": "assistant", "message": {"role": "assistant", "model": "model-1"}}),
        ("gemini-cli/14-AfterAgent", {"type": "gemini", "content": "Done.", "model": "model-1"}),
        ("copilot-cli/07-agentStop", {"type": "assistant.message", "data": {"content": "Done.", "model": "model-1"}}),
    ],
)
def test_the_model_of_a_turn_stands_in_the_transcript(hook: str, record: dict[str, Any], tmp_path: Path) -> None:
    """The last that spoke; what an agent says in its own name is no model's."""
    path = tmp_path / ".gemini" / "transcript.jsonl" if "gemini" in hook else tmp_path / "transcript.jsonl"
    path.parent.mkdir(exist_ok=True)
    synthetic = {"type": "assistant", "message": {"model": "<synthetic>"}}
    lines = [{**record, "model": "an older one"}, {"type": "user", "model": "no"}, record, synthetic]
    path.write_text("\n".join(map(json.dumps, lines)) + '\n{"model": "torn', encoding="utf-8")

    call = transcripts.with_transcript(call_of(hook, transcript_path=str(path), transcriptPath=str(path)))

    assert call.model == "model-1"
    assert transcripts.with_transcript(call_of(hook, transcript_path=str(path), model="named")).model == "named"


@pytest.mark.parametrize(("code", "success"), [(0, "true"), (3, "false")])
def test_how_a_command_went_stands_in_the_transcript(code: int, success: str, tmp_path: Path) -> None:
    """Codex doesn't tell its hooks; where it is not written down yet, nothing is made up."""
    path = tmp_path / "rollout.jsonl"
    call = call_of("codex/04-PostToolUse-Bash", transcript_path=str(path))
    assert call.tool is not None
    item = {"type": "CommandExecution", "id": call.tool.use_id, "exit_code": code}
    other = {**item, "id": "call_another", "exit_code": 1 - code}
    lines = [{"type": "event_msg", "payload": {"type": "item_completed", "item": each}} for each in (item, other)]

    assert "success" not in stored(transcripts.with_transcript(call)).metadata
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    assert stored(transcripts.with_transcript(call)).metadata["success"] == success
