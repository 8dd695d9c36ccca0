"""The agents: their programs, and which of their hooks tell something that is stored: they wait for each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook to be connected, under the name that its agent has for it."""

    event: str
    # The one tool it is to be called for, of the hooks of tools; empty: all of them.
    tool: str = ""


HOOKS: Mapping[str, tuple[Hook, ...]] = {
    "claude-code": (
        Hook("SessionStart"),
        Hook("UserPromptSubmit"),
        Hook("PostToolUse"),
        Hook("PostToolUseFailure"),
        Hook("Stop"),
        Hook("StopFailure"),
        Hook("SubagentStart"),
        Hook("SubagentStop"),
        Hook("SessionEnd"),
    ),
    "codex": (
        Hook("SessionStart"),
        Hook("UserPromptSubmit"),
        Hook("PostToolUse"),
        Hook("Stop"),
        Hook("Interrupt"),
        Hook("SubagentStart"),
        Hook("SubagentStop"),
        Hook("SessionEnd"),
    ),
    "gemini-cli": (
        Hook("SessionStart"),
        Hook("BeforeAgent"),
        # A subagent is a tool there; what every other tool is about to do is told by AfterTool.
        Hook("BeforeTool", "invoke_agent"),
        Hook("AfterTool"),
        Hook("AfterAgent"),
        Hook("SessionEnd"),
    ),
    # Not preToolUse: there, whatever goes wrong refuses the tool.
    "copilot-cli": (
        Hook("sessionStart"),
        Hook("userPromptSubmitted"),
        Hook("postToolUse"),
        Hook("postToolUseFailure"),
        Hook("agentStop"),
        Hook("errorOccurred"),
        Hook("subagentStart"),
        Hook("subagentStop"),
        Hook("sessionEnd"),
    ),
    # The functions of our plugin.
    "opencode": (
        Hook("event"),
        Hook("chat.message"),
        Hook("tool.execute.after"),
        Hook("experimental.text.complete"),
        Hook("dispose"),
    ),
}

# What each is called on PATH.
PROGRAMS: Mapping[str, str] = {
    "claude-code": "claude",
    "codex": "codex",
    "gemini-cli": "gemini",
    "copilot-cli": "copilot",
    "opencode": "opencode",
}
