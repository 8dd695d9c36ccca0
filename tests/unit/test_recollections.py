"""What the memory told a session and its agent repeats is not stored as the agent's words; all else is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.capture import own, recalled, wire
from agent_memory.capture.envelope import Envelope
from agent_memory.capture.pipeline import Pipeline
from agent_memory.capture.recollections import Recollections
from agent_memory.model import Event

MAP = """\
Where we left off
- The public API needs a rate limit of 100 requests a minute  toc:segment:2026-11-28:01M8GR066KPSV7BVD2QSBX5WTX  ~268
  - The limiter counts by key and answers 429 with a header that says when to come back.
  - The docs are done.
This week
- Make the flaky test wait by a fake clock  toc:segment:2026-11-27:01M8GR066KPSV7BVD2QSBX5WTY  ~120
(~ tokens to read one: memory-daemon query node ID)
"""
FENCED = f"Here it is:\n\n```\n{MAP}```\n\nShall I open one?"


def recalling(*texts: str) -> Recollections:
    found = Recollections()
    for text in texts:
        found.note("s", text)
    return found


@pytest.mark.parametrize("memory", [Recollections(), recalling(MAP)])
def test_a_map_that_is_repeated_is_left_out(memory: Recollections) -> None:
    """Also by whoever does not know that it was told, as after a restart; what stands around it stays."""
    assert memory.without("s", FENCED).split("\n\n") == ["Here it is:", "Shall I open one?"]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("The limiter counts by key and answers 429 with a header that says when to come back.", ""),
        ("* **The limiter counts by key and answers 429 with a header** that says when to come back", ""),
        ("I see. The limiter counts by key and answers 429 with a header that says when to come back! Now the docs?",
         "I see. Now the docs?"),
        ("Where we left off:\n- The public API needs a rate limit of 100 requests a minute\n- The docs are done.", ""),
        ("The docs are done.", "The docs are done."),
        ("The limiter now counts by address, and answers 503.", "The limiter now counts by address, and answers 503."),
        ("Done, as the map said: 429.", "Done, as the map said: 429."),
    ],
)  # fmt: skip
def test_sentences_that_were_told_are_left_out(said: str, kept: str) -> None:
    """In other markup, and between an agent's own sentences; a few common words are its own."""
    assert recalling(MAP).without("s", said) == kept
    assert recalling(MAP).without("another session", said) == said


@pytest.mark.parametrize(
    "part", ["toc:day:", "memory-daemon ", "- a toc:day:1 ", " ", "~1 ", "Today\n", "today ", "grip:1", "`toc:day:a`~"]
)
def test_a_long_text_of_beginnings_takes_no_time(part: str) -> None:
    """Whatever begins and never ends."""
    text = part * (300_000 // len(part)) + "~"

    assert recalling(MAP).without("s", text)
    assert not recalled.is_question(text)
    assert not recalled.is_map_line(text)


@given(st.text())
def test_a_session_that_was_told_nothing_says_all_itself(text: str) -> None:
    assert Recollections().without("s", text) == text


@given(
    st.lists(
        st.sampled_from(
            [*MAP.split("\n"), "```", "~~~", "I say so.", "", "    x", "今日は何を終えたか覚えていますか。"]
        )
    )
)
def test_what_was_not_told_stays_in_its_order(lines: list[str]) -> None:
    left = recalling(MAP).without("s", "\n".join(lines)).split("\n")

    own_lines = [line for line in lines if line == "I say so."]
    assert [line for line in left if line == "I say so."] == own_lines


def call(**payload: Any) -> Envelope:
    stdin = {"session_id": "s", "prompt_id": "p", "cwd": "/home/dev/shop", **payload}
    return Envelope("00000001795363889243-0000000000000000", "", "", "", json.dumps(stdin).encode())


def captured(pipeline: Pipeline, **payload: Any) -> Event | None:
    return pipeline.event_of(call(**payload), 1_795_363_889_243).event


def tool(name: str, given: dict[str, Any], response: object = MAP, **more: Any) -> dict[str, Any]:
    return {
        "hook_event_name": "PostToolUse",
        "tool_name": name,
        "tool_use_id": "t",
        "tool_input": given,
        "tool_response": response,
        **more,
    }


OURS = [
    ("mcp__agent-memory__search", {"query": "x"}),
    ("mcp__plugin_agent-memory_agent-memory__search", {}),
    ("agent-memory.search", {}),
    ("agent-memory/search", {}),
    ("mcp_agent-memory_search", {}),
    ("agent_memory_search", {}),
    ("agent-memory-search", {}),
    ("agent_memory__search", {}),
    ("agentMemory.search", {}),
    ("Agent Memory: search", {}),
    ("use_mcp_tool", {"server_name": "agent-memory", "tool_name": "search"}),
    ("call_mcp_tool", {"ServerName": "agent-memory", "ToolName": "search"}),
    ("ReadMcpResourceTool", {"server": "agent-memory", "uri": "memory://map"}),
    ("Skill", {"skill": "agent-memory:memory-recall"}),
    ("Skill", {"skill": "memory-recall"}),
    ("SlashCommand", {"command": "/agent-memory:recall the deploy day"}),
]


@pytest.mark.parametrize(("name", "given"), OURS)
def test_tools_of_ours_leave_nothing_and_what_they_told_is_known(name: str, given: dict[str, Any]) -> None:
    """In any agent's spelling; and the agent's answer with it is no new memory either."""
    pipeline = Pipeline(lambda each, late_ms: each)

    assert captured(pipeline, **tool(name, given)) is None
    answer = captured(pipeline, hook_event_name="Stop", last_assistant_message=f"{MAP}\nSo the limit is next.")
    assert answer is not None
    assert answer.text == "So the limit is next."


def test_a_server_of_another_name_is_known_by_its_program() -> None:
    """Where an agent says what it started."""
    server = {"server_name": "notes", "tool_name": "search", "command": "/opt/bin/memory-daemon", "args": ["mcp"]}
    pipeline = Pipeline(lambda each, late_ms: each)

    assert captured(pipeline, **tool("mcp_notes_search", {"query": "x"}, mcp_context=server)) is None
    assert captured(pipeline, **tool("mcp_notes_search", {"query": "x"})) is not None


@pytest.mark.parametrize(
    "name",
    ["Bash", "agent", "memory", "agents-memory-map", "reagent-memory", "agent-memoryless", "mcp__memory__recall"],
)
def test_other_tools_are_others(name: str) -> None:
    assert not own.is_tool(name)


@pytest.mark.parametrize(
    "command",
    [
        "memory-daemon query map --project .",
        "memory-daemon search 'deploy day' --tokens 500",
        "printf '{}' | memory-daemon mcp",
        'timeout 5 "/opt/my tools/memory-daemon" query node today | head',
        "A=$(memory-daemon query when yesterday); echo $A",
        "X=1 ./bin/memory-daemon --db-path /tmp/db \\\n  query events --from today",
    ],
)
def test_the_shell_asks_for_the_agent(command: str) -> None:
    """That it asked is stored, and is told apart; the answer is not, and neither is its repetition."""
    pipeline = Pipeline(lambda each, late_ms: each)

    event = captured(pipeline, **tool("Bash", {"command": command}))
    answer = captured(pipeline, hook_event_name="Stop", last_assistant_message=f"It says:\n{MAP}")

    assert event is not None
    assert event.text.endswith(recalled.ANSWERED)
    assert "limiter" not in event.text
    assert event.metadata["machine_text"] == recalled.QUESTION
    assert answer is not None
    assert answer.text == "It says:"


@pytest.mark.parametrize(
    "command",
    [
        "memory-daemon status",
        "memory-daemon --help; grep query notes.md",
        "cat memory-daemon/query.py",
        "git commit -m 'search better'",
        "memory-daemon logs mcp-server.log",
    ],
)
def test_other_commands_tell_what_they_printed(command: str) -> None:
    event = captured(Pipeline(lambda each, late_ms: each), **tool("Bash", {"command": command}, "It printed this."))

    assert event is not None
    assert "It printed this." in event.text


def test_a_mark_that_a_long_result_is_cut_in_leaves_nothing_behind(tmp_path: Path) -> None:
    """Half of a mark would not be known again."""
    log = f"{'before ' * 50}\n{recalled.marked(MAP * 30)}\n{'after ' * 50}"
    event = Pipeline(lambda each, late_ms: each, 1000).event_of(
        call(**tool("Read", {"file_path": "log"}, log)), 1_795_363_889_243
    ).event  # fmt: skip

    assert event is not None
    assert ("limiter" in event.text, "before" in event.text, "after" in event.text) == (False, True, True)


@pytest.mark.parametrize(
    "prompt",
    [
        "/agent-memory:recall when do we deploy?",
        "/agent-memory:map",
        "/prompts:agent-memory-map",
        "/mcp__agent-memory__recall deploys",
        "/memory-recall deploys",
        "$agent-memory recall",
        "/skill:agent-memory recall",
        "Use the memory-recall skill to find in the memory of earlier sessions: deploys",
    ],
)
def test_our_commands_are_no_prompts(prompt: str) -> None:
    assert own.is_command(prompt)
    assert captured(Pipeline(lambda each, late_ms: each), hook_event_name="UserPromptSubmit", prompt=prompt) is None


@pytest.mark.parametrize(
    "prompt",
    ["/agents list", "/agent-memoryless", "Explain /agent-memory:map to me", "agent-memory is broken", "$agent"],
)
def test_prompts_about_them_are_prompts(prompt: str) -> None:
    assert not own.is_command(prompt)


def test_a_context_in_a_transcript_is_known(tmp_path: Path) -> None:
    """What a hook put before the model stands in its transcript; a backfill knows what was told by that."""
    payload = {"hook_event_name": "AdditionalContext", "session_id": "s", "additional_context": recalled.marked(MAP)}
    context = wire.call_of(payload, agent="claude-code", event="", project="")

    assert [*own.answers_in(context)] == [recalled.marked(MAP)]
