"""Reading what agents send: recorded payloads, every form of a timestamp, and input that is nobody's payload."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.agents.payload import DEPTH_MAX
from agent_memory.capture import wire
from agent_memory.errors import InvalidEvent

RECORDINGS = Path(__file__).parent.parent / "data" / "hooks"
CLAUDE_CODE = sorted(RECORDINGS.glob("claude-code/*.json"))
NINE_FOURTEEN_MS = 1769764443512

any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


def payload(**fields: Any) -> bytes:
    return json.dumps({"session_id": "s1", "hook_event_name": "UserPromptSubmit", **fields}).encode()


@pytest.mark.parametrize("recording", CLAUDE_CODE, ids=lambda path: path.stem)
def test_every_recorded_payload_is_read(recording: Path) -> None:
    """The hook's name, the session and the folder are those of the payload, and the agent is detected from it."""
    sent = json.loads(recording.read_bytes())

    call = wire.parse(recording.read_bytes(), agent="codex")

    assert (call.hook, call.session_id, call.cwd) == (sent["hook_event_name"], sent["session_id"], sent["cwd"])
    assert call.agent == "claude-code"
    assert call.timestamp_ms is None


def test_a_tool_call_keeps_its_own_json() -> None:
    """Input and response stay as the tool has them; name and id are texts."""
    call = wire.parse((RECORDINGS / "claude-code/05-PostToolUse-Bash.json").read_bytes())

    assert call.tool is not None
    assert call.tool.name == "Bash"
    assert call.tool.use_id == "toolu_49381fd23bab4270b37bad"
    assert call.tool.input["command"] == "echo hello from bash && ls"
    assert isinstance(call.tool.response, dict)
    assert call.tool.response["stdout"] == "hello from bash"


def test_layout_and_unknown_fields_do_not_matter() -> None:
    """A byte order mark, several lines, new fields and fields of the wrong type are taken as they come."""
    raw = b'\xef\xbb\xbf{\n "session_id": "s1",\r\n "hook_event_name":\n"Stop", "cwd": 7, "new": {"deep": [1]}}\n\n'

    call = wire.parse(raw)

    assert (call.hook, call.session_id, call.cwd) == ("Stop", "s1", "")


@pytest.mark.parametrize(
    "value",
    [
        NINE_FOURTEEN_MS,
        NINE_FOURTEEN_MS / 1000,
        str(NINE_FOURTEEN_MS),
        "2026-01-30T09:14:03.512Z",
        "2026-01-30T10:14:03.512+01:00",
        " 2026-01-30 09:14:03.512 ",
        "2026-01-30T09:14:03.512345678Z",
        "20260130t091403,512z",
        "2026-01-30 09:14:03.512 UTC",
        NINE_FOURTEEN_MS * 1000 + 345,
        f"{NINE_FOURTEEN_MS}345678",
    ],
)
def test_a_timestamp_is_understood_in_every_form(value: object) -> None:
    """Seconds and their parts, digits in quotes, and ISO 8601 with and without a zone."""
    assert wire.parse(payload(timestamp=value)).timestamp_ms == NINE_FOURTEEN_MS


@pytest.mark.parametrize("value", ["Fri, 30 Jan 2026 09:14:03 GMT", "Fri, 30 Jan 2026 10:14:03 +0100"])
def test_a_date_as_mails_have_it_is_understood(value: str) -> None:
    """To the second, which is all that it says."""
    assert wire.parse(payload(timestamp=value)).timestamp_ms == NINE_FOURTEEN_MS // 1000 * 1000


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -5,
        12345678901234,
        10**30,
        10**400,
        1e308,
        "",
        "soon",
        "9" * 400,
        [],
        {},
        "0001-01-01",
        "Infinity",
    ],
)
def test_a_timestamp_that_makes_no_sense_is_none(value: object) -> None:
    """The caller's clock takes the place of a time outside 1970 to 2286 and of what is no time at all."""
    assert wire.parse(payload(timestamp=value)).timestamp_ms is None


def test_half_a_surrogate_pair_becomes_the_replacement_character() -> None:
    """Python reads a lone escape into a text that no encoding can write; a whole pair is one character."""
    call = wire.parse(rb'{"hook_event_name":"Stop","session_id":"s","prompt":"a\ud83d b\ud83d\ude00 c\\ud83d"}')

    assert call.prompt == "a\ufffd b😀 c\\ud83d"


def test_bytes_that_are_not_unicode_cost_only_themselves() -> None:
    """Invalid UTF-8 becomes the replacement character, as the agents themselves do it."""
    assert wire.parse(b'{"prompt":"a\xff\xfeb","session_id":"s"}').prompt == "a\ufffd\ufffdb"


@pytest.mark.parametrize("raw", [b"", b"   ", b"[]", b"null", b'"text"', b'{"a":', b"\x00\x01", b"[" * 100_000])
def test_what_is_not_one_object_is_refused_by_name(raw: bytes) -> None:
    """An InvalidEvent that says what the input is, and no other error."""
    with pytest.raises(InvalidEvent, match="JSON"):
        wire.parse(raw)


@pytest.mark.parametrize(
    ("fields", "agent"),
    [
        ({"transcript_path": "/home/dev/.codex/sessions/2026/rollout.jsonl"}, "codex"),
        ({"transcript_path": "/home/dev/.gemini/tmp/project/chats/session.jsonl"}, "gemini-cli"),
        ({"transcript_path": "/home/dev/.copilot/session-state/x/events.jsonl"}, "copilot-cli"),
        # What fits an agent may fit another one.
        ({"transcript_path": None, "turn_id": "t1"}, "my-agent"),
        ({"cwd": "/home/dev/project", "timestamp": "2026-01-30T09:14:03Z"}, "my-agent"),
        ({}, "my-agent"),
    ],
)
def test_the_agent_is_known_by_what_only_it_sends_and_else_by_its_name(fields: dict[str, Any], agent: str) -> None:
    """A name that is given wins over any guess."""
    assert wire.parse(payload(**fields), agent="My-Agent").agent == agent


def test_claude_codes_hooks_are_not_taken_for_its_own_words() -> None:
    """Copilot runs them with payloads that look alike: that they are named so proves nothing."""
    fields = {"cwd": "/home/dev/project", "timestamp": "2026-01-30T09:14:03Z"}

    assert wire.parse(payload(**fields), agent="claude-code").agent == "copilot-cli"
    assert wire.parse(payload(**fields, prompt_id="p1"), agent="claude-code").agent == "claude-code"
    assert wire.parse(payload(**fields)).agent == "copilot-cli"
    assert wire.parse(payload(**fields), agent="codex").agent == "codex"


def test_the_caller_fills_in_what_the_payload_leaves_open() -> None:
    """The event's name and the project come from outside only where the payload has none."""
    call = wire.parse(b'{"session_id":"s1"}', event="Stop", project="/home/dev/project")

    assert (call.hook, call.project, call.agent) == ("Stop", "/home/dev/project", "claude-code")
    assert wire.parse(payload(), event="Stop").hook == "UserPromptSubmit"


def test_the_project_is_where_the_session_started_not_where_it_stands() -> None:
    """Without a word from outside only a SessionStart knows the folder; `cwd` follows every `cd`."""
    start = (RECORDINGS / "claude-code/01-SessionStart-startup.json").read_bytes()
    moved = (RECORDINGS / "claude-code/46-UserPromptSubmit-unicode.json").read_bytes()

    assert wire.parse(start).project == "/home/dev/project"
    assert wire.parse(moved).project == ""


@given(st.dictionaries(st.sampled_from(["session_id", "hook_event_name", "timestamp", "tool_name", "x"]), any_json))
def test_any_object_is_read_or_refused(value: dict[str, Any]) -> None:
    """Whatever JSON object comes, the result is a record of valid texts."""
    call = wire.parse(json.dumps(value).encode())

    assert call.session_id.encode() is not None


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """There is no input that raises anything but InvalidEvent."""
    with suppress(InvalidEvent):
        wire.parse(raw)


def nested(depth: int) -> bytes:
    return b'{"session_id": "s1", "hook_event_name": "Stop", "x": ' + b"[" * depth + b"]" * depth + b"}"


def test_a_payload_is_read_to_a_depth() -> None:
    """What is nested deeper than any agent's is refused in words, wherever the interpreter's own bound is."""
    assert wire.parse(nested(DEPTH_MAX - 2)).session_id == "s1"
    for depth in (DEPTH_MAX, 900, 100_000):
        with pytest.raises(InvalidEvent, match=r"nested too deeply|maximum recursion depth"):
            wire.parse(nested(depth))
