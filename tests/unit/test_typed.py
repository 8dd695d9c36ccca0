"""What a person typed is theirs; what an editor, a client or the memory itself puts around it is not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.capture import own, wire
from agent_memory.capture.events import event_from
from agent_memory.capture.typed import typed
from agent_memory.model import EventRole


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        (
            "<ide_opened_file>The user opened the file /p/a.ts in the IDE.</ide_opened_file>\nWhy so slow?",
            "Why so slow?",
        ),
        ("<ide_opened_file>The user opened the file /p/a.ts.</ide_opened_file>Why so slow?", "Why so slow?"),
        ("<ide_selection>The user selected the lines 1 to 2:\nx = 1\n</ide_selection>\n\nRename x", "Rename x"),
        ("<system-reminder>Be calm</system-reminder>\n<system-reminder>x</system-reminder>\nGo on", "Go on"),
        ("Go on\n\n<system_reminder>\nTodo list is empty\n</system_reminder>", "Go on"),
        ("<current_datetime>2026-11-22T20:31:23Z</current_datetime>\n\nList it", "List it"),
        ("# Context from my IDE setup:\n\n## Open tabs:\n- a.ts\n\n## My request for Codex:\nRename it", "Rename it"),
        ("# AGENTS.md instructions for /p\n\n<INSTRUCTIONS>\nBe brief\n</INSTRUCTIONS>", ""),
        ("<environment_context>\n  <cwd>/p</cwd>\n</environment_context>", ""),
        ("<user_query>\nWhat is new?\n</user_query>", "What is new?"),
        ("Look:\n<pasted_text>\nline 1\nline 2\n</pasted_text>\nWhy?", "Look:\nline 1\nline 2\nWhy?"),
        ("\x1b[200~pasted\nlines\x1b[201~ and typed", "pasted\nlines and typed"),
        (
            "See @a.py\n--- Content from referenced files ---\nContent from @a.py:\nx\n--- End of content ---",
            "See @a.py",
        ),
        ("System: Please continue.", ""),
    ],
)
def test_what_nobody_typed_is_not_the_users(prompt: str, said: str) -> None:
    assert typed(prompt) == said
    assert typed(typed(prompt)) == said


@pytest.mark.parametrize(
    "prompt",
    [
        "Why does <system-reminder> show up in my logs?",
        "Does <ide_selection>x</ide_selection> in a prompt mean that I selected x?",
        "<system-reminder> is a tag of which client?",
        "<system-reminder>x</system-reminder> is what I see at the top; why?",
        "What is this?\n```xml\n<system-reminder>\nBe calm\n</system-reminder>\n```",
        "```\n<ide_opened_file>The user opened it</ide_opened_file>\n```\nWhat does that mean?",
        "Where does # Context from my IDE setup: come from?",
        "# Context from my IDE setup:\nis what I want to get rid of",
        "Wrap it in <user_query> and </user_query>, please",
        "Say 'System: Please continue.' to it",
        "  indented,\n\nand with blank lines  \n",
        "",
    ],
)
def test_what_was_typed_stays(prompt: str) -> None:
    """A tag in a sentence or in a fence, and words about such tags."""
    assert typed(prompt) == prompt


@given(st.text(alphabet="<>/ab\n -", max_size=40), st.sampled_from(["system-reminder", "ide_selection", "user_query"]))
def test_any_text_is_read(text: str, tag: str) -> None:
    """Nothing is added, and what is taken out once is not there the second time."""
    prompt = f"<{tag}>{text}</{tag}>\n{text}"

    assert len(typed(prompt)) <= len(prompt)
    assert typed(typed(prompt)) == typed(prompt).strip() or typed(prompt) == prompt


def test_a_long_text_of_openings_takes_no_time() -> None:
    """However many tags are opened and never closed."""
    assert len(typed("<system-reminder>\n<user_query>\n" * 20_000)) > 600_000


@pytest.mark.parametrize(
    "prompt", ["/agent-memory:recall the queue", "/agent-memory:map", "/prompts:agent-memory-recall x", "/agent_memory"]
)
def test_our_own_commands_are_no_part_of_a_conversation(prompt: str) -> None:
    assert own.is_command(prompt)
    assert event({"hook_event_name": "UserPromptSubmit", "prompt": prompt}) is None


@pytest.mark.parametrize("tag", ["agent-message", "teammate-message", "cross-session-message"])
def test_what_another_agent_says_is_not_the_users(tag: str) -> None:
    """It comes by the hook of prompts; a person's question about it is theirs."""
    heard = event({"hook_event_name": "UserPromptSubmit", "prompt": f'<{tag} from="a">Done</{tag}>'})
    asked = event({"hook_event_name": "UserPromptSubmit", "prompt": f"<{tag} shows up; why?"})

    assert (heard.role, heard.metadata["machine_text"]) == (EventRole.SYSTEM, tag)
    assert asked.role == EventRole.USER


@pytest.mark.parametrize(
    "prompt", ["/agents", "/memory", "Use /agent-memory:recall", "/agent-memoryless", "agent-memory"]
)
def test_other_commands_are(prompt: str) -> None:
    assert not own.is_command(prompt)


@pytest.mark.parametrize(
    "name",
    [
        "mcp__agent-memory__search",
        "mcp__agent_memory__search",
        "mcp__plugin_agent-memory_agent-memory__search",
        "agent-memory_search",
        "agent-memory/search",
        "agent-memory-search",
        "mcp_agent-memory_search",
    ],
)
def test_our_own_tools_are_no_part_of_a_conversation(name: str) -> None:
    """However an agent writes their names."""
    fields = {"hook_event_name": "PostToolUse", "tool_name": name, "tool_use_id": "t1", "tool_response": "found"}

    assert own.is_tool(name)
    assert event(fields) is None


@pytest.mark.parametrize("name", ["Bash", "mcp__memory__recall", "agent-memoryless", "subagent-memory", "Agent"])
def test_other_tools_are(name: str) -> None:
    assert not own.is_tool(name)


def event(fields: dict[str, Any]) -> Any:
    call = wire.call_of({"session_id": "s", **fields}, agent="claude-code", event="", project="")
    return event_from(call, 1_000, "k")
