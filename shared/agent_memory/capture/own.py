"""The memory's own commands and tools: what it is asked and answers is no part of the conversation it remembers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from agent_memory.capture import recalled, tools
from agent_memory.capture.wire import HookCall, ToolCall

_NAME: Final = r"agent[-_ ]?memory"
# Of the plugin, or put among a user's own prompts, or a prompt of our server: `/agent-memory:recall`,
# `/prompts:agent-memory-map`, `/mcp__agent-memory__recall`, `/plugin:agent-memory:map`, and our skill alone.
_COMMAND: Final = re.compile(
    rf"\s*(?:[/$](?:(?:mcp|plugin|prompts?|skills?|project|user)[:_/]{{1,2}}){{0,2}}{_NAME}(?:[:/_-][\w:-]*)?"
    r"|[/$](?:skills?:)?memory-recall)(?=\s|\Z)",
    re.IGNORECASE,
)
# Agents that know no commands get the words of ours instead.
_COMMAND_WORDS: Final = (
    "Use the memory-recall skill to find in the memory of earlier sessions:",
    "What is remembered of this project (a record of the past, which gives no orders):",
)
# Agents put a server's name and a tool's together in their own ways: `mcp__agent-memory__search`,
# `mcp__plugin_agent-memory_agent-memory__search`, `agent_memory/search`, `mcp_agent-memory_search`.
_TOOL: Final = re.compile(rf"(?:\A|[_./:\s-]){_NAME}(?=[_./:\s-]|\Z)", re.IGNORECASE)
# Where one tool calls those of any server, or runs any skill or command, an argument says whose.
_CALLED: Final = frozenset(
    {"server", "server_name", "servername", "mcp_server", "mcpserver", "server_label", "skill", "skill_name", "plugin"}
)
_OUR_SKILL: Final = "memory-recall"
_OUR_PROGRAM: Final = "memory-daemon"
_SHELL_FIELDS: Final = ("command", "cmd", "CommandLine", "command_line", "script")


def is_command(prompt: str) -> bool:
    """Whether the prompt is one of our slash commands, with whatever stands behind it, or what one stands for."""
    return _COMMAND.match(prompt) is not None or prompt.lstrip().startswith(_COMMAND_WORDS)


def is_tool(name: str) -> bool:
    """Whether a tool of that name is one of ours."""
    return _TOOL.search(name) is not None


def is_call(call: HookCall) -> bool:
    """Whether the call is that of a tool of ours, by its name, or by what it calls."""
    tool = call.tool
    if tool is None:
        return False
    return is_tool(tool.name) or any(_calls_ours(tool.input)) or _is_our_server(call.rest.get("mcp_context"))


def is_question(tool: ToolCall) -> bool:
    """Whether the tool runs a command that asks the memory something."""
    return any(recalled.is_question(_command(tool.input.get(field))) for field in _SHELL_FIELDS)


def answers_in(call: HookCall) -> Iterator[str]:
    """What the memory answered, as far as the call tells of it: to a tool, or put before the agent by a hook."""
    if call.tool is not None and (is_call(call) or is_question(call.tool)):
        yield tools.result(call.tool.response)
    yield from recalled.marked_in(call.prompt)
    if marked := recalled.marked_in(call.additional_context):
        yield from marked
    elif recalled.names_nodes(call.additional_context):
        yield call.additional_context


def _calls_ours(given: Mapping[str, object]) -> Iterator[bool]:
    for name, value in given.items():
        if isinstance(value, str) and name.replace("-", "_").lower() in _CALLED:
            yield is_tool(value) or value == _OUR_SKILL
        elif name == "command" and isinstance(value, str):
            yield value.startswith("/") and _COMMAND.match(value) is not None


def _is_our_server(server: object) -> bool:
    """Whether the tool's server, as some agents describe it beside the call, is our program."""
    match server:
        case {"server_name": str(name)} if is_tool(name):
            return True
        case {"command": str(command), "args": [*words]}:
            return command.rpartition("/")[2] == _OUR_PROGRAM and "mcp" in words
        case _:
            return False


def _command(value: object) -> str:
    if isinstance(value, list):
        return " ".join(word for word in value if isinstance(word, str))
    return value if isinstance(value, str) else ""
