"""Tool calls as text for people: the tool, its main argument, and the result."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from agent_memory.capture import recalled
from agent_memory.capture.texts import fitted
from agent_memory.capture.wire import ToolCall

# The field that says what a call was about; the first that it has.
_MAIN_FIELDS = (
    *("command", "file_path", "filePath", "notebook_path", "url", "query", "pattern", "path", "dir_path"),
    *("description", "prompt", "message", "patchText", "input"),
)
_FILE_FIELDS = ("file_path", "notebook_path", "filePath")
# Tools whose field `path` is a file.
_PATH_TOOLS = ("create", "view", "edit", "str_replace_editor")
_PATCH_TOOLS = ("apply_patch", "patch")
_PATCHED_FILE = re.compile(r"^\*\*\* (?:(?:Add|Update|Delete) File|Move to): (.+)$", re.MULTILINE)


def shown(tool: ToolCall, max_bytes: int) -> str:
    """`Bash: ls -l` and, below it, the result or the error; if longer than that, each keeps its head and its tail."""
    # Before they are cut: half of a mark would not be known.
    call = f"{tool.name}: {fitted(recalled.without(essence(tool)), max_bytes)}"
    return f"{call}\n{fitted(recalled.without(_outcome(tool)), max_bytes)}".rstrip()


def not_shown(tool: ToolCall, max_bytes: int) -> str:
    """The arguments that `shown` leaves out, as JSON; empty where it leaves out none."""
    texts = (essence(tool).rstrip(), _outcome(tool).rstrip())
    rest = {name: value for name, value in tool.input.items() if str(value).rstrip() not in texts}
    has_rest = rest and essence(tool) != as_json(tool.input)
    return fitted(recalled.without(as_json(rest)), max_bytes) if has_rest else ""


def essence(tool: ToolCall) -> str:
    """What the call was about: its main argument, or all of them."""
    for field in _MAIN_FIELDS:
        value = tool.input.get(field)
        if isinstance(value, str) and value:
            return value
    return as_json(tool.input) if tool.input else ""


def files(tool: ToolCall) -> list[str]:
    """The files that the call names, each once."""
    response = tool.response if isinstance(tool.response, dict) else {}
    inner = response.get("file")
    places: list[Mapping[str, object]] = [tool.input, response, inner if isinstance(inner, dict) else {}]
    named = [place[field] for place in places for field in _FILE_FIELDS if field in place]
    if tool.name in _PATH_TOOLS:
        named.append(tool.input.get("path"))
    if tool.name in _PATCH_TOOLS:
        named += _PATCHED_FILE.findall(essence(tool))
    return list(dict.fromkeys(name for name in named if isinstance(name, str) and name))


def _outcome(tool: ToolCall) -> str:
    return tool.error or result(tool.response)


def result(response: object) -> str:
    """What the tool brought, as text."""
    match response:
        case None:
            return ""
        case str():
            return response
        case list():
            return _blocks(response)
        case {"type": "image" | "pdf" as kind} | {"isImage": True, "type": kind}:
            return f"[{kind}]"
        case {"isImage": True}:
            return "[image]"
        case {"stdout": str(out), "stderr": str(err)}:
            return "\n".join(part for part in (out, err) if part)
        case {"file": {"content": str(content)}}:
            return content
        case {"structuredPatch": [*hunks]} if hunks:
            return "\n".join(_patch(hunk) for hunk in hunks)
        case {"content": str(content)}:
            return content
        case {"content": list(blocks)}:
            return _blocks(blocks)
        # Work that goes on in the background has nothing else yet.
        case {"status": str(status)}:
            return status
        case _:
            return as_json(response)


def _blocks(blocks: list[object]) -> str:
    """The texts of a list of content blocks; anything but text by its kind."""
    return "\n".join(_block(block) for block in blocks).strip()


def _block(block: object) -> str:
    match block:
        case str():
            return block
        case {"text": str(text)}:
            return text
        case {"type": str(kind)}:
            return f"[{kind}]"
        case _:
            return as_json(block)


def _patch(hunk: object) -> str:
    match hunk:
        case {"lines": list(lines)}:
            return "\n".join(str(line) for line in lines)
        case _:
            return as_json(hunk)


def as_json(value: object) -> str:
    """The value as an agent would write it."""
    return json.dumps(value, ensure_ascii=False)
