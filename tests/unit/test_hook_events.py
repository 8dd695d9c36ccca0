"""What becomes of a hook call: whose words they are, what is kept of a tool, and which id the event gets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.capture.events import ID_MAX_BYTES, TEXT_MAX_BYTES, event_from
from agent_memory.capture.wire import parse
from agent_memory.errors import InvalidEvent
from agent_memory.model import Event, EventRole, EventType

RECORDINGS = Path(__file__).parent.parent / "data" / "hooks"
NOW_MS = 1_795_363_889_243


def recorded(name: str) -> Event | None:
    return event_from(parse((RECORDINGS / f"{name}.json").read_bytes()), NOW_MS, key="k1")


def event_of(now_ms: int = NOW_MS, key: str = "k1", **fields: Any) -> Event | None:
    payload = {"session_id": "s1", "hook_event_name": "UserPromptSubmit", "prompt_id": "p1", **fields}
    return event_from(parse(json.dumps(payload).encode()), now_ms, key)


def stored(event: Event | None) -> Event:
    assert event is not None
    return event


def test_a_prompt_is_the_users_in_full() -> None:
    """Text, role and type of what a person typed, at the time of the hook."""
    event = stored(recorded("claude-code/46-UserPromptSubmit-unicode"))

    assert (event.event_type, event.role) == (EventType.USER_MESSAGE, EventRole.USER)
    assert event.text.startswith("Grüße 👋\nline two\t")
    assert event.text.endswith("日本語")
    assert event.timestamp_ms == NOW_MS
    assert event.agent == "claude-code"
    assert event.metadata["prompt_id"] == "793bc40d-e29e-48ed-8927-4e78ba2daa74"


def test_machine_text_is_not_the_users() -> None:
    """Background work reports as if the user had typed it; a subagent's task likewise."""
    report = stored(recorded("claude-code/28-UserPromptSubmit-task-notification"))
    task = stored(recorded("codex/13-UserPromptSubmit-in-subagent"))

    assert (report.event_type, report.role) == (EventType.TOOL_RESULT, EventRole.SYSTEM)
    assert report.metadata["machine_text"] == "task-notification"
    assert task.role is EventRole.SYSTEM
    assert task.event_type is not EventType.USER_MESSAGE


def test_the_end_of_a_turn_carries_the_assistants_words() -> None:
    """One event for both: the reply and the stop."""
    event = stored(recorded("claude-code/14-Stop"))

    assert (event.event_type, event.role) == (EventType.ASSISTANT_STOP, EventRole.ASSISTANT)
    assert event.text == "I wrote notes.md; one command failed with exit code 3."


def test_a_turn_that_ended_badly_is_not_in_the_assistants_words() -> None:
    """An API's error message is the system's."""
    event = stored(recorded("claude-code/44-StopFailure"))

    assert (event.event_type, event.role) == (EventType.ASSISTANT_STOP, EventRole.SYSTEM)
    assert event.text == "API Error: 400 scripted error"


@pytest.mark.parametrize(
    ("name", "text", "metadata"),
    [
        ("05-PostToolUse-Bash", "Bash: echo hello from bash && ls\nhello from bash", {"success": "true"}),
        (
            "08-PostToolUse-Write",
            "Write: /home/dev/project/notes.md\n# Notes\n\nUse port 8911 for the fake server.",
            {"files": "/home/dev/project/notes.md"},
        ),
        (
            "10-PostToolUse-Read",
            "Read: /home/dev/project/notes.md\n# Notes\n\nUse port 8911 for the fake server.",
            {"files": "/home/dev/project/notes.md"},
        ),
        (
            "12-PostToolUse-Edit",
            (
                "Edit: /home/dev/project/notes.md\n # Notes\n \n-Use port 8911 for the fake server."
                "\n+Use port 9000 for the fake server."
            ),
            {"files": "/home/dev/project/notes.md", "tool_name": "Edit"},
        ),
        ("13-PostToolUseFailure-Bash", "Bash: echo oops >&2; exit 3\nExit code 3\noops", {"success": "false"}),
        (
            "18-PostToolUse-mcp-memory-recall",
            "mcp__memory__recall: deploy day\nRECALLED: deploys happen on Fridays",
            {"tool_use_id": "toolu_c8e3fce925b64fcb828bf2"},
        ),
        (
            "22-PostToolUse-Bash-in-subagent",
            "Bash: echo from the subagent\nfrom the subagent",
            {"agent_id": "afc29cc4fea6c9f51", "agent_type": "general-purpose"},
        ),
        (
            "25-PostToolUse-Agent",
            (
                "Agent: Look around\n<tools-used-before-summary>Bash</tools-used-before-summary>"
                "\n\nThe subagent found nothing."
            ),
            {},
        ),
        ("26-PostToolUse-Agent-async-launched", "Agent: Look around\nasync_launched", {}),
        ("41-PostToolUse-Bash-background", "Bash: sleep 4; echo finished", {}),
    ],
)
def test_a_tool_call_reads_as_what_was_done_and_what_came_of_it(name: str, text: str, metadata: dict[str, str]) -> None:
    """The name, the main argument, the result; success and files beside it."""
    event = stored(recorded(f"claude-code/{name}"))

    assert (event.event_type, event.role) == (EventType.TOOL_RESULT, EventRole.TOOL)
    assert event.text == text
    assert metadata.items() <= event.metadata.items()


def test_a_long_result_keeps_head_and_tail() -> None:
    """A log of half a megabyte tells how it began and how it ended, and that something is missing."""
    log = "\n".join(f"line {number}" for number in range(50_000))

    event = stored(
        event_of(
            hook_event_name="PostToolUse",
            tool_name="Bash",
            tool_input={"command": "make"},
            tool_response={"stdout": log, "stderr": ""},
        )
    )

    assert len(event.text) < 20_000
    assert event.text.startswith("Bash: make\nline 0\nline 1\n")
    assert event.text.endswith("line 49999")
    assert "bytes left out" in event.text


@pytest.mark.parametrize(
    "response",
    [
        {"stdout": "aGVsbG8=" * 1000, "stderr": "", "isImage": True},
        {"type": "image", "file": {"base64": "aGVsbG8=" * 1000}},
        [{"type": "image", "data": "aGVsbG8=" * 1000}],
    ],
)
def test_a_picture_is_named_not_stored(response: object) -> None:
    """Nobody reads base64."""
    event = stored(event_of(hook_event_name="PostToolUse", tool_name="Read", tool_response=response))

    assert event.text == "Read: \n[image]"


def test_a_session_opens_and_closes() -> None:
    """Each way of starting one, and its end, with the reason."""
    for name in ("01-SessionStart-startup", "29-SessionStart-resume", "36-SessionStart-fork", "43-SessionStart-clear"):
        event = stored(recorded(f"claude-code/{name}"))
        assert (event.event_type, event.role) == (EventType.SESSION_START, EventRole.SYSTEM)
        assert event.metadata["source"] == name.rsplit("-", 1)[-1]
        assert event.metadata["project"] == "/home/dev/project"
    end = stored(recorded("claude-code/39-SessionEnd-prompt-input-exit"))
    assert (end.event_type, end.metadata["reason"]) == (EventType.SESSION_END, "prompt_input_exit")


def test_subagents_come_and_go_and_housekeeping_is_none_of_them() -> None:
    """The parent's session holds their events; a compaction's helper has an empty type and tells nothing."""
    start = stored(recorded("claude-code/20-SubagentStart"))
    stop = stored(recorded("claude-code/24-SubagentStop"))

    assert start.event_type is EventType.SUBAGENT_START
    assert (stop.event_type, stop.text) == (EventType.SUBAGENT_STOP, "The subagent found nothing.")
    assert start.session_id == stop.session_id
    assert recorded("claude-code/33-SubagentStop-of-compaction") is None


@pytest.mark.parametrize(
    "name",
    [
        "03-MessageDisplay",
        "04-PreToolUse-Bash",
        "06-PostToolBatch",
        "16-InstructionsLoaded",
        "31-UserPromptExpansion",
        "34-SessionStart-compact",
        "47-CwdChanged",
    ],
)
def test_a_hook_that_tells_nothing_new_is_not_stored(name: str) -> None:
    """What another hook tells better is stored once, there; a compaction opens no session."""
    assert recorded(f"claude-code/{name}") is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("38-Notification-permission-prompt", "Claude needs your permission"),
        (
            "35-PostCompact-manual",
            "<analysis>short</analysis><summary>The user asked when we deploy: Fridays.</summary>",
        ),
        ("37-PermissionRequest-Bash", "Bash: touch made-by-agent.txt"),
        (
            "32-PreCompact-manual",
            'PreCompact: {"trigger": "manual", "custom_instructions": "keep the deploy day"}',
        ),
    ],
)
def test_any_other_hook_becomes_a_system_event_that_keeps_its_name(name: str, text: str) -> None:
    """Also one that no version known to us has."""
    event = stored(recorded(f"claude-code/{name}"))

    assert (event.role, event.text) == (EventRole.SYSTEM, text)
    assert event.metadata["hook_event_name"] == name.split("-")[1]


def test_a_hook_that_nobody_knows_says_what_it_says() -> None:
    """Under its own name, in its own fields; one that says nothing is its name."""
    event = stored(event_of(hook_event_name="TaskCreated", prompt="", task={"title": "Fix größe"}, done=False, note=""))
    silent = stored(event_of(hook_event_name="NobodyKnows", prompt="", effort={"level": "high"}))

    assert (event.role, event.text) == (EventRole.SYSTEM, 'TaskCreated: {"task": {"title": "Fix größe"}}')
    assert (silent.text, silent.metadata["hook_event_name"]) == ("NobodyKnows", "NobodyKnows")


@pytest.mark.parametrize(("field", "reason"), [("session_id", "no session"), ("hook_event_name", "no event")])
def test_what_names_no_session_or_no_event_is_refused(field: str, reason: str) -> None:
    """An event needs somebody's conversation to belong to; whoever sent it is told."""
    fields: dict[str, Any] = {"prompt": "Hello", field: ""}
    with pytest.raises(InvalidEvent, match=reason):
        event_of(**fields)


@pytest.mark.parametrize("fields", [{"prompt": ""}, {"hook_event_name": "PreToolUse", "session_id": ""}])
def test_what_says_nothing_is_no_event_and_no_mistake(fields: dict[str, Any]) -> None:
    assert event_of(**{"prompt": "Hello", **fields}) is None


@pytest.mark.parametrize(
    "path", sorted(RECORDINGS.glob("*/*.json")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_no_recorded_call_is_refused(path: Path) -> None:
    """Whether its event is named in the payload, on the command line, or by fields that only its agent sends."""
    for event in ("", path.stem.split("-")[1]):
        event_from(parse(path.read_bytes(), agent=path.parent.name, event=event), NOW_MS, key="k1")


def test_a_doubled_hook_is_one_event() -> None:
    """Two hooks that tell of the same thing at different times give it the same id."""
    doubles: list[dict[str, Any]] = [
        {"prompt": "yes"},
        {"hook_event_name": "Stop", "last_assistant_message": "Done."},
        {"hook_event_name": "PostToolUse", "tool_name": "Bash", "tool_use_id": "t1"},
        {"hook_event_name": "SessionStart", "source": "startup", "prompt_id": ""},
        {"hook_event_name": "SessionEnd", "reason": "other"},
        {"prompt": "yes", "prompt_id": "", "timestamp": 1_795_363_889_334},
    ]
    for fields in doubles:
        first, second = stored(event_of(NOW_MS, **fields)), stored(event_of(NOW_MS + 800, **fields))
        assert first.event_id == second.event_id


def test_an_end_told_twice_at_a_time_is_one_event() -> None:
    """Where a turn has no id, its end is known by when it was and by its last words."""
    end: dict[str, Any] = {"hook_event_name": "Stop", "prompt_id": "", "last_assistant_message": "Done."}

    first, again, later = (stored(event_of(at_ms, **end)) for at_ms in (NOW_MS, NOW_MS + 500, NOW_MS + 60_000))

    assert first.event_id == again.event_id
    assert first.event_id != later.event_id


def test_the_same_words_said_twice_are_two_events() -> None:
    """The turn, the time or the call tells them apart."""
    distinct: list[dict[str, Any]] = [
        {"prompt": "yes", "prompt_id": "p1"},
        {"prompt": "yes", "prompt_id": "p2"},
        {"prompt": "yes", "prompt_id": "p2", "session_id": "s2"},
        {"prompt": "yes", "prompt_id": "", "timestamp": 1_795_363_889_334},
        {"prompt": "yes", "prompt_id": "", "timestamp": 1_795_363_889_335},
        {"hook_event_name": "PostToolUse", "tool_name": "Bash", "tool_use_id": "t1"},
        {"hook_event_name": "PostToolUse", "tool_name": "Bash", "tool_use_id": "t2"},
        {"hook_event_name": "Stop", "prompt_id": "", "last_assistant_message": "Yes."},
        {"hook_event_name": "Stop", "prompt_id": "", "last_assistant_message": "Done."},
    ]

    assert len({stored(event_of(**fields)).event_id for fields in distinct}) == len(distinct)


def test_without_an_identity_in_the_payload_every_call_is_an_event_of_its_own() -> None:
    """A session can be resumed twice, and its hook's payload can't tell which time it is; the call's key can."""
    resumed: dict[str, Any] = {"hook_event_name": "SessionStart", "source": "resume", "prompt_id": ""}

    first, again, second = (stored(event_of(key=key, **resumed)) for key in ("k1", "k1", "k2"))

    assert first.event_id == again.event_id
    assert first.event_id != second.event_id


def test_ids_are_made_fit_and_stay_apart() -> None:
    """The daemon refuses control characters and ids beyond 512 bytes; their sessions still need names."""
    odd = stored(event_of(session_id=" a\x00b\n", prompt="Hi"))
    long, longer = (stored(event_of(session_id="ü" * length, prompt="Hi")) for length in (300, 301))

    assert odd.session_id == "a\ufffdb"
    assert len(long.session_id.encode()) <= ID_MAX_BYTES
    assert long.session_id != longer.session_id


def test_a_text_is_kept_whole_up_to_what_the_daemon_takes() -> None:
    """A megabyte is stored as it is; eleven keep head and tail. NULs are characters like others."""
    assert stored(event_of(prompt="a\x00" * 500_000)).text == "a\x00" * 500_000
    assert len(stored(event_of(prompt="ü" * 6_000_000)).text.encode()) <= TEXT_MAX_BYTES


any_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
field_names = (
    "prompt",
    "tool_name",
    "tool_input",
    "tool_response",
    "error",
    "source",
    "agent_type",
    "timestamp",
    "cwd",
)
hook_names = ("UserPromptSubmit", "PostToolUse", "Stop", "SessionStart", "SubagentStop", "Other", "PostToolUseFailure")


@given(st.sampled_from(hook_names), st.text(max_size=30), st.dictionaries(st.sampled_from(field_names), any_value))
def test_any_payload_gives_a_valid_event_or_none(hook: str, session_id: str, fields: dict[str, Any]) -> None:
    """Texts encode, ids are clean, metadata are texts, whatever an agent may send one day."""
    try:
        event = event_of(hook_event_name=hook, session_id=session_id, **fields)
    except InvalidEvent:
        assert not session_id.strip()
        return

    if event is not None:
        assert event.text.encode() is not None
        assert len(event.event_id) == 26
        assert event.session_id
        assert all(character.isprintable() or ord(character) > 0x9F for character in event.session_id)
        assert all(isinstance(value, str) and value for value in event.metadata.values())
