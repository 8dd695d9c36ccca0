"""Agents' recorded payloads: whose words they are, what is kept, and every trap that was seen in them."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent_memory.capture import recalled, transcripts
from agent_memory.capture.events import event_from
from agent_memory.capture.sessions import Sessions
from agent_memory.capture.wire import HookCall, parse
from agent_memory.model import Event, EventRole, EventType

RECORDINGS = Path(__file__).parent.parent / "data" / "hooks"
NOW_MS = 1_795_363_889_243
AGENTS = sorted(path.name for path in RECORDINGS.iterdir())


def call_of(name: str, **changed: Any) -> HookCall:
    """The recorded call, its event named on the command line where the agent's payload does not."""
    path = RECORDINGS / f"{name}.json"
    payload = {**json.loads(path.read_bytes()), **changed}
    event = path.stem.split("-")[1] if path.parent.name == "copilot-cli" else ""
    return parse(json.dumps(payload).encode(), event=event)


def recorded(name: str, **changed: Any) -> Event | None:
    return event_from(call_of(name, **changed), NOW_MS, key="k1")


def made_of(payload: dict[str, Any]) -> Event:
    event = event_from(parse(json.dumps(payload).encode()), NOW_MS, key="k1")
    assert event is not None
    return event


def stored(name: str, **changed: Any) -> Event:
    event = recorded(name, **changed)
    assert event is not None
    return event


@pytest.mark.parametrize("agent", AGENTS)
def test_the_agent_is_told_from_every_recorded_payload(agent: str) -> None:
    """Whatever the command line says: one agent runs the hooks that were set up for another."""
    for path in sorted((RECORDINGS / agent).glob("*.json")):
        if "-notify-" not in path.name:
            assert parse(path.read_bytes(), agent="another", event="Stop").agent == agent


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("codex/02-UserPromptSubmit", "Please set up notes.md. We deploy on Fridays."),
        ("gemini-cli/02-BeforeAgent", "Please set up notes.md. We deploy on Fridays."),
        ("copilot-cli/02-userPromptSubmitted", "Please set up notes.md. We deploy on Fridays."),
        # It puts the quotation marks there itself; a user may have, too.
        ("opencode/04-chat-message", '"Please set up notes.md. We deploy on Fridays."'),
    ],
)
def test_a_prompt_is_the_users(name: str, text: str) -> None:
    """In full, whatever the agent calls the moment."""
    event = stored(name)

    assert (event.event_type, event.role, event.text) == (EventType.USER_MESSAGE, EventRole.USER, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("codex/05-Stop", "I looked around; done."),
        ("gemini-cli/14-AfterAgent", "I'll check the project first.\nI wrote notes.md; one command failed."),
        ("opencode/13-experimental-text-complete", "I'll check the project first."),
    ],
)
def test_an_answer_is_the_assistants(name: str, text: str) -> None:
    """Where the payload has it; one agent tells each text as it is finished, and its stop without one."""
    event = stored(name)

    assert (event.role, event.text) == (EventRole.ASSISTANT, text)
    assert event.event_type in (EventType.ASSISTANT_STOP, EventType.ASSISTANT_MESSAGE)


@pytest.mark.parametrize(
    ("name", "text", "metadata"),
    [
        ("codex/04-PostToolUse-Bash", "Bash: echo hello from codex && ls\nhello from codex", {}),
        (
            "codex/08-PostToolUse-mcp-memory-recall",
            "mcp__memory__recall: deploy day\nRECALLED: deploys happen on Fridays",
            {},
        ),
        (
            "gemini-cli/08-AfterTool-run-shell-command",
            "run_shell_command: echo hello from gemini && ls\nOutput: hello from gemini",
            {"success": "true"},
        ),
        (
            "gemini-cli/13-AfterTool-run-shell-command-exit-3",
            "run_shell_command: echo oops >&2; exit 3\nOutput: oops\nExit Code: 3",
            {"success": "false"},
        ),
        (
            "gemini-cli/12-AfterTool-read-file",
            "read_file: /home/dev/project/notes.md\n# Notes\n\nUse port 8911.",
            {"success": "true", "files": "/home/dev/project/notes.md"},
        ),
        (
            "gemini-cli/18-AfterTool-mcp-memory-recall",
            "mcp_memory_recall: deploy day\nRECALLED: deploys happen on Fridays",
            {"success": "true"},
        ),
        (
            "gemini-cli/27-AfterTool-run-shell-command-styled-display",
            "run_shell_command: touch made.txt\nOutput: (empty)",
            {"success": "true"},
        ),
        (
            "copilot-cli/14-postToolUse-create",
            "create: /home/dev/project/notes.md\nCreated file /home/dev/project/notes.md with 8 characters",
            {"success": "true", "files": "/home/dev/project/notes.md"},
        ),
        (
            "copilot-cli/16-postToolUseFailure-view",
            "view: /home/dev/project/missing.md\nPath does not exist",
            {"success": "false"},
        ),
        (
            "opencode/15-tool-execute-after-bash",
            "bash: echo hello from opencode && ls\nhello from opencode",
            {"success": "true"},
        ),
        ("opencode/26-tool-execute-after-bash-exit-3", "bash: echo oops >&2; exit 3\noops", {"success": "false"}),
        (
            "opencode/27-message-part-updated-tool-error",
            "read: /home/dev/project/missing.md\nFile not found: /home/dev/project/missing.md",
            {"success": "false", "files": "/home/dev/project/missing.md"},
        ),
    ],
)
def test_a_tool_call_reads_as_what_was_done_and_what_came_of_it(name: str, text: str, metadata: dict[str, str]) -> None:
    """The same shape for all of them: name, main argument, result; success and files beside it."""
    event = stored(name)

    assert (event.event_type, event.role, event.text) == (EventType.TOOL_RESULT, EventRole.TOOL, text)
    assert metadata.items() <= event.metadata.items()


def test_a_success_that_nobody_reported_is_not_made_up() -> None:
    """One agent sends a failed command's output like any other; only its patches have an exit code."""
    assert "success" not in stored("codex/04-PostToolUse-Bash").metadata
    assert "success" not in stored("codex/09-PostToolUse-Bash-exit-3").metadata
    assert stored("codex/20-PostToolUse-apply-patch").metadata["success"] == "true"
    assert stored("codex/20-PostToolUse-apply-patch").metadata["files"] == "notes.md"


def test_an_exit_code_within_a_success_is_a_failure() -> None:
    """A failed shell command is `resultType: success`, and its text tells."""
    assert stored("copilot-cli/05-postToolUse-bash").metadata["success"] == "true"
    assert stored("copilot-cli/06-postToolUse-bash-exit-3").metadata["success"] == "false"


# --- the traps, in their order; those of exit codes, noise, size and answers are in test_hook_main and test_hook_server


@pytest.mark.parametrize(
    "name",
    [
        "claude-code/28-UserPromptSubmit-task-notification",
        "codex/13-UserPromptSubmit-in-subagent",
        "copilot-cli/19-userPromptSubmitted-in-subagent-own-context-echoed",
    ],
)
def test_machine_text_that_arrives_as_the_users_is_not_the_users(name: str) -> None:
    """Background work's results, and what an agent tells a subagent to do."""
    event = stored(name)

    assert event.role is EventRole.SYSTEM
    assert event.event_type is not EventType.USER_MESSAGE
    assert event.metadata["machine_text"]


def test_context_that_comes_back_with_the_prompt_is_not_the_users_words() -> None:
    """An agent puts what a hook gave it before the prompt; without this every memory would be remembered again."""
    assert stored("gemini-cli/16-BeforeAgent-own-context-echoed").text == "When do we deploy?"
    assert stored("gemini-cli/02-BeforeAgent", prompt="Say <hook_context>x</hook_context>").text.startswith(
        "Say <hook_"
    )


@pytest.mark.parametrize("agent", ["codex/02-UserPromptSubmit", "copilot-cli/02-userPromptSubmitted"])
def test_what_we_recalled_is_known_by_its_mark_wherever_it_comes_back(agent: str) -> None:
    """Also in the middle, also with its brackets escaped; a prompt of nothing else is no prompt."""
    ours = f"{recalled.OPENING}\nWe deploy on Fridays.\n{recalled.CLOSING}"
    escaped = ours.replace("<", "&lt;").replace(">", "&gt;")

    assert stored(agent, prompt=f"{ours}\n\nWhen?").text == "When?"
    assert stored(agent, prompt=f"Well:\n{escaped}\nwhen?").text == "Well:\nwhen?"
    assert recorded(agent, prompt=ours) is None


def test_an_agent_that_runs_anothers_hooks_is_known_and_stored_once() -> None:
    """Its own kind of hook and the other's look-alike tell of the same moment: one event, under its own name."""
    native = stored("copilot-cli/05-postToolUse-bash")
    said = json.loads((RECORDINGS / "copilot-cli/05-postToolUse-bash.json").read_bytes())
    alike = {
        "hook_event_name": "PostToolUse",
        "session_id": said["sessionId"],
        "timestamp": "2026-11-22T16:11:29.878Z",
        "cwd": said["cwd"],
        "tool_name": "Bash",
        "tool_input": said["toolArgs"],
        "tool_result": {"result_type": "success", "text_result_for_llm": said["toolResult"]["textResultForLlm"]},
    }

    event = event_from(parse(json.dumps(alike).encode(), agent="claude-code"), NOW_MS, key="k2")

    assert event is not None
    assert (event.agent, event.event_id) == ("copilot-cli", native.event_id)
    assert event.metadata["success"] == "true"


def test_a_payload_that_does_not_name_its_event_is_named_by_the_command_line() -> None:
    """In the look-alike's format two events have neither a name nor the names of its fields."""
    start = (RECORDINGS / "copilot-cli/18-subagentStart.json").read_bytes()

    call = parse(start, agent="claude-code", event="SubagentStart")

    assert (call.agent, call.hook, call.subagent_type) == ("copilot-cli", "SubagentStart", "general-purpose")
    assert call.session_id == "01de4dd2-a3b2-4481-8a03-5b2c772d8a12"


@pytest.mark.parametrize("path", sorted((RECORDINGS / "copilot-cli").glob("*.json")), ids=lambda path: path.stem)
def test_a_payload_that_nobody_names_is_known_by_its_fields(path: Path) -> None:
    """The event is the same with its name on the command line and without."""
    with_name = call_of(f"copilot-cli/{path.stem}")
    without = parse(path.read_bytes())

    if with_name.hook not in ("", "PreToolUse"):
        assert without.hook == with_name.hook
    assert (event_from(without, NOW_MS, "k1") is None) == (event_from(with_name, NOW_MS, "k1") is None)


def test_a_session_that_starts_again_is_the_same_session_and_a_compaction_starts_none() -> None:
    """Resuming gives another start under the same id; compacting goes on."""
    assert stored("codex/21-SessionStart-resume").event_type is EventType.SESSION_START
    assert stored("gemini-cli/25-SessionStart-resume").event_type is EventType.SESSION_START
    assert recorded("codex/26-SessionStart-compact") is None
    assert recorded("claude-code/34-SessionStart-compact") is None


def test_a_subagent_belongs_to_the_session_it_was_started_in() -> None:
    """By an id in the payload, by a session of its own that names its parent, or by nothing but its tool."""
    start, task, tool, stop = (
        stored(f"copilot-cli/{name}")
        for name in (
            "18-subagentStart",
            "19-userPromptSubmitted-in-subagent-own-context-echoed",
            "22-postToolUse-bash-in-subagent",
            "24-subagentStop",
        )
    )
    assert {event.session_id for event in (start, task, tool, stop)} == {"01de4dd2-a3b2-4481-8a03-5b2c772d8a12"}
    assert {event.metadata["agent_id"] for event in (start, task, tool, stop)} == {start.metadata["agent_id"]}
    assert recorded("copilot-cli/23-agentStop-in-subagent") is None
    assert stored("codex/17-SubagentStop").text == "The subagent found nothing."
    assert stored("gemini-cli/19-BeforeTool-invoke-agent").event_type is EventType.SUBAGENT_START
    stop = stored("gemini-cli/24-AfterTool-invoke-agent")
    assert stop.event_type is EventType.SUBAGENT_STOP
    assert "The subagent found nothing." in stop.text


def test_a_subagent_that_is_a_session_of_its_own_is_known_from_its_beginning() -> None:
    """Only its first event names the parent; the task it is given is not the user's, its idleness its end."""
    sessions = Sessions()
    sessions.with_session(call_of("opencode/29-session-created-child"))
    task = sessions.with_session(call_of("opencode/30-chat-message-in-subagent"))
    idle = sessions.with_session(
        replace(call_of("opencode/32-session-idle"), session_id="ses_dfc0a6fcaffetXGkYFuLcx8B2E")
    )

    event = event_from(task, NOW_MS, "k1")

    assert event is not None
    assert (event.session_id, event.role) == ("ses_dfc0a8f72ffeU7swrrzapxAmM2", EventRole.SYSTEM)
    assert (idle.hook, idle.session_id) == ("SubagentStop", event.session_id)


def test_the_project_is_where_the_session_began_not_where_the_agent_stands() -> None:
    """`cwd` follows every `cd`; what the first call said holds for those after it."""
    sessions = Sessions()
    sessions.with_session(call_of("codex/01-SessionStart-startup"))

    moved = sessions.with_session(call_of("codex/02-UserPromptSubmit", cwd="/home/dev/project/sub"))

    assert (moved.cwd, moved.project) == ("/home/dev/project/sub", "/home/dev/project")
    assert sessions.with_session(call_of("codex/02-UserPromptSubmit", session_id="other")).project == ""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("codex/23-Interrupt", "interrupted by the user"),
        ("claude-code/44-StopFailure", "API Error: 400 scripted error"),
        ("opencode/38-session-error-MessageAbortedError", "Aborted"),
        ("opencode/40-session-error-APIError", "scripted error"),
    ],
)
def test_a_turn_that_ended_badly_ends_without_an_assistants_word(name: str, text: str) -> None:
    """Where the agent tells of it at all; a prompt without an end is as good an event."""
    event = stored(name)

    assert (event.event_type, event.role, event.text) == (EventType.ASSISTANT_STOP, EventRole.SYSTEM, text)


def test_an_end_that_is_told_twice_is_one_end() -> None:
    """A moment apart, each with its own time, or with none; an hour later it is another one."""
    first = stored("gemini-cli/15-SessionEnd-exit", timestamp="2026-11-22T15:44:42.470Z")
    doubled = stored("gemini-cli/15-SessionEnd-exit", timestamp="2026-11-22T15:44:43.910Z")
    later = stored("gemini-cli/15-SessionEnd-exit", timestamp="2026-11-22T16:44:42.470Z")
    assert first.event_id == doubled.event_id != later.event_id

    idle = call_of("opencode/32-session-idle")
    ids = [event.event_id for ms in (0, 900) if (event := event_from(idle, 1_795_363_881_000 + ms, f"k{ms}"))]
    assert ids[0] == ids[1]


def test_events_out_of_order_stay_the_events_they_are() -> None:
    """Hooks of parallel calls overtake each other; an id depends on nothing that came before."""
    names = ["20-SubagentStart", "25-PostToolUse-Agent", "24-SubagentStop", "22-PostToolUse-Bash-in-subagent"]

    forth = [stored(f"claude-code/{name}").event_id for name in names]
    back = [stored(f"claude-code/{name}").event_id for name in reversed(names)]

    assert forth == back[::-1]
    assert len(set(forth)) == len(names)


def test_a_line_separator_in_a_text_is_a_character() -> None:
    """U+2028 comes unescaped; only a line feed ends a line."""
    text = "one\u2028two\u0085three"
    raw = json.dumps({"session_id": "s", "hook_event_name": "UserPromptSubmit", "prompt": text}, ensure_ascii=False)

    event = event_from(parse(raw.encode()), NOW_MS, "k1")

    assert event is not None
    assert event.text == text


def test_an_agents_own_background_threads_are_nobodys_words() -> None:
    """A thread that writes titles notifies like any other; a compaction's helper has no type."""
    assert recorded("codex/90-notify-agent-turn-complete") is None
    assert recorded("codex/91-notify-of-title-generation") is None
    assert recorded("claude-code/33-SubagentStop-of-compaction") is None


@pytest.mark.parametrize(
    "prefix", ["gemini-cli/03", "gemini-cli/04", "gemini-cli/05", "gemini-cli/06", "gemini-cli/07"]
)
def test_what_is_told_before_every_model_call_is_not_stored(prefix: str) -> None:
    """Another hook tells it better, once."""
    (path,) = RECORDINGS.glob(f"{prefix}-*.json")

    assert recorded(f"gemini-cli/{path.stem}") is None


def test_of_opencodes_many_events_only_those_that_tell_something_are_stored() -> None:
    """A message is updated many times; its prompt, texts, tools and ends are events once each."""
    kept = {path.stem[:2] for path in (RECORDINGS / "opencode").glob("*.json") if recorded(f"opencode/{path.stem}")}

    assert kept == {"02", "04", "13", "15", "22", "25", "26", "27", "29", "30", "32", "33", "38", "40", "41"}


def test_a_session_of_opencodes_begins_again_and_ends_in_the_words_of_our_plugin() -> None:
    """opencode itself has none: it tells neither that a session is taken up again nor whose end its own is."""
    resumed = {"event": {"type": "session.resumed", "properties": {"info": {"id": "ses_1", "directory": "/p"}}}}
    begun = made_of({"hook": "event", "input": resumed, "directory": "/p"})
    ended = made_of({"hook": "dispose", "input": {"sessionID": "ses_1"}, "directory": "/p"})

    assert (begun.event_type, begun.session_id, begun.metadata["source"]) == (
        EventType.SESSION_START,
        "ses_1",
        "resume",
    )
    assert (ended.event_type, ended.session_id, ended.metadata["reason"]) == (EventType.SESSION_END, "ses_1", "exit")
    assert {begun.agent, ended.agent} == {"opencode"}


# --- words from the transcript


def stop_with(transcript: Path, **changed: Any) -> HookCall:
    return transcripts.with_transcript(call_of("copilot-cli/07-agentStop", transcriptPath=str(transcript), **changed))


def test_an_agent_that_stops_without_a_word_has_it_from_its_transcript() -> None:
    """The last thing it said up to then, also when the envelope is read after more was said."""
    transcript = RECORDINGS / "copilot-cli" / "events.jsonl"

    assert stop_with(transcript).last_assistant_message == "Looked around; one command failed."
    early = stop_with(transcript, timestamp=1795363889800)
    assert early.last_assistant_message == "I'll check the project first."


def test_words_that_are_only_now_being_written_down_are_waited_for(tmp_path: Path) -> None:
    """Copilot calls its hook a moment before its transcript has what was said last."""
    now_ms = int(time.time() * 1000)
    transcript = tmp_path / "events.jsonl"
    transcript.write_text('{"type": "assistant.message", "data": {"content": "I begin."}, "timestamp": 1}\n')

    with ThreadPoolExecutor() as daemon:
        stopped = daemon.submit(stop_with, transcript, timestamp=now_ms)
        with transcript.open("a") as file:
            file.write('{"type": "assistant.message", "data": {"content": "I am done."}, "timestamp": 2}\n')
            file.write(f'{{"type": "hook.start", "data": {{"input": {{"timestamp": {now_ms}}}}}}}\n')

    assert stopped.result().last_assistant_message == "I am done."


def test_the_event_is_the_same_with_the_transcript_and_without_it() -> None:
    """Delivered twice, the second time after the transcript was deleted: one event."""
    whole = stop_with(RECORDINGS / "copilot-cli" / "events.jsonl")
    bare = stop_with(Path("/nowhere/events.jsonl"))
    first, second = event_from(whole, NOW_MS, "k1"), event_from(bare, NOW_MS, "k2")

    assert first is not None
    assert second is not None
    assert (first.event_id, first.text, second.text) == (second.event_id, "Looked around; one command failed.", "")


def test_of_a_transcript_no_more_than_its_end_is_read(tmp_path: Path) -> None:
    """A gigabyte is as quick as a page; what begins before the end is torn, and passed over."""
    line = b'{"type":"assistant.message","timestamp":"2026-11-22T16:11:29Z","data":{"content":"Done."}}\n'
    transcript = tmp_path / "events.jsonl"
    with transcript.open("wb") as file:
        file.truncate(1 << 30)
        file.seek(0, 2)
        file.write(b'{"torn": "\xff\n' + line + b"[1]\n{")

    assert stop_with(transcript).last_assistant_message == "Done."


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    """A folder, a device without an end, a relative name."""
    for odd in (tmp_path, Path("/dev/zero"), Path("events.jsonl"), Path()):
        assert stop_with(odd).last_assistant_message == ""
