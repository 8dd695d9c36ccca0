"""What is recalled for an agent: marked, harmless, known wherever it comes back, and told in each agent's own form."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.capture import answers, recalled
from agent_memory.capture.events import event_from
from agent_memory.capture.wire import HookCall, parse

RECORDINGS = Path(__file__).parent.parent / "data" / "hooks"
NOW_MS = 1_795_363_889_243
MARKS = (recalled.OPENING, recalled.CLOSING)
texts = st.text() | st.lists(st.sampled_from([*MARKS, "a", "\n", "\x1b[2J", "<", "&lt;"])).map("".join)


def call_of(name: str, **changed: Any) -> HookCall:
    payload = {**json.loads((RECORDINGS / f"{name}.json").read_bytes()), **changed}
    return parse(json.dumps(payload).encode())


def stored(call: HookCall) -> str:
    event = event_from(call, NOW_MS, "k1")
    assert event is not None
    return event.text


@given(texts)
def test_nothing_ends_the_mark_early(text: str) -> None:
    """Whatever is recalled, even the mark itself: there is one beginning and one end, and all between goes again."""
    marked = recalled.marked(text)

    assert [marked.count(mark) for mark in MARKS] == [1, 1]
    assert recalled.without(marked) == ""
    assert "\x1b" not in marked


@given(before=st.text(), after=st.text(), text=texts)
def test_what_was_said_around_it_stays(before: str, after: str, text: str) -> None:
    """The words before and behind what we recalled, in their order."""
    before, after = (words.strip().replace("agent-memory-recall", "") for words in (before, after))

    assert recalled.without(f"{before}\n{recalled.marked(text)}\n{after}") == f"{before}\n{after}".strip("\n")


@pytest.mark.parametrize(("left", "right"), [("<", ">"), ("&lt;", "&gt;"), ("\\u003c", "\\u003e")])
def test_the_mark_is_known_in_every_writing(left: str, right: str) -> None:
    """As it is, escaped as agents do, and as it stands in a transcript's JSON."""
    context = recalled.marked("We deploy on Fridays.").replace("<", left).replace(">", right)

    assert recalled.without(f"{context}\nWhen?") == "When?"


@pytest.mark.parametrize(
    "name",
    ["claude-code/05-PostToolUse-Bash", "codex/04-PostToolUse-Bash", "gemini-cli/08-AfterTool-run-shell-command"],
)
@pytest.mark.parametrize(
    ("command", "is_question"),
    [
        ("memory-daemon query map --project .", True),
        ("cd sub && /opt/bin/memory-daemon --db-path /tmp/db query node today | head", True),
        ("memory-daemon status", False),
        ("ls; memory-daemon status && grep query notes.md", False),
        ("grep -r query src", False),
    ],
)
def test_the_answer_to_a_question_is_not_remembered_again(name: str, command: str, is_question: bool) -> None:
    """That it was asked is stored; what any other command printed is, too."""
    call = call_of(name)
    assert call.tool is not None
    text = stored(replace(call, tool=replace(call.tool, input={"command": command}, response="We deploy on Fridays.")))

    assert command in text
    assert ("We deploy on Fridays." in text) is not is_question


def test_a_question_that_failed_is_stored_with_its_error() -> None:
    """An error is news."""
    call = call_of("claude-code/05-PostToolUse-Bash")
    assert call.tool is not None
    failed = replace(call.tool, input={"command": "memory-daemon query map"}, error="No memory daemon answers")

    assert "No memory daemon answers" in stored(replace(call, hook="PostToolUseFailure", tool=failed))


@pytest.mark.parametrize(
    ("name", "is_told"),
    [
        ("claude-code/01-SessionStart-startup", True),
        ("claude-code/43-SessionStart-clear", True),
        ("claude-code/34-SessionStart-compact", True),
        ("claude-code/29-SessionStart-resume", False),
        ("claude-code/36-SessionStart-fork", False),
        ("claude-code/20-SubagentStart", False),
        ("codex/01-SessionStart-startup", True),
        ("codex/26-SessionStart-compact", True),
        ("codex/21-SessionStart-resume", False),
        ("gemini-cli/01-SessionStart-startup", True),
        ("gemini-cli/25-SessionStart-resume", False),
        ("gemini-cli/02-BeforeAgent", False),
        ("copilot-cli/01-sessionStart-new", True),
        ("copilot-cli/02-userPromptSubmitted", False),
        ("opencode/02-session-created", True),
        ("opencode/29-session-created-child", False),
    ],
)
def test_who_begins_with_nothing_is_told(name: str, is_told: bool) -> None:
    """Recorded starts of sessions: a new one has not been told, a resumed or forked one has, a subagent never is."""
    assert answers.takes_context(call_of(name)) is is_told


@pytest.mark.parametrize("agent", ["claude-code", "codex", "gemini-cli", "another"])
def test_most_agents_want_it_under_the_name_of_the_hook(agent: str) -> None:
    """And one of them drops everything where there is any other key."""
    assert json.loads(answers.with_context(agent, "Grüße\n")) == {
        "hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": "Grüße\n"}
    }


@pytest.mark.parametrize("agent", ["copilot-cli", "opencode"])
def test_some_want_it_flat(agent: str) -> None:
    """The nested form is dropped in silence."""
    assert json.loads(answers.with_context(agent, "x")) == {"additionalContext": "x"}


def test_an_answer_is_one_line() -> None:
    """The hook's process takes it for whole when it ends with one."""
    answer = answers.with_context("codex", "a\nb\u2028c")

    assert answer.count(b"\n") == 1
    assert answer.endswith(b"\n")
