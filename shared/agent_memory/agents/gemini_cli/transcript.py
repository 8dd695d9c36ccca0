"""Gemini CLI's chats: a line for each message, again when its tool calls are done, and patches between them.

A session is `tmp/PROJECT/chats/session-TIME-ID.jsonl`, each of its subagents `tmp/PROJECT/chats/SESSION/ID.jsonl`; the
project's folder is in `tmp/PROJECT/.project_root`. A message has another time than the call of its hook; the import
finds the event that the two share.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from agent_memory.agents.agent import TranscriptHead
from agent_memory.agents.payload import Payload, at_ms_of, object_of, objects_of, text_of
from agent_memory.agents.replayed_call import ReplayedCall
from agent_memory.agents.tails import newest_first

# What the client puts before the first prompt; and what hooks put beside a prompt, or behind what a tool brought.
_SESSION_CONTEXT = "<session_context>"
_HOOK_CONTEXT = re.compile(r"\s*<hook_context>.*?</hook_context>", re.DOTALL)
_PATH_MAX_BYTES = 4096


def recognises(head: TranscriptHead) -> bool:
    return head.has(_is_start)


def model_in(tail: bytes) -> str:
    """The model that wrote the last message in these lines."""
    for record in newest_first(tail, b'"model"'):
        match record:
            case {"type": "gemini", "model": str(model)} if model:
                return model
    return ""


class Chat:
    """Reads one chat, from its beginning to its end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._session_id = ""
        self._is_subagent = False
        self._project = _project(path)
        # The model's message, which may come again with the results of its tools.
        self._open: Payload | None = None
        # Of the turn: all messages of the model, the time of the last, and whether it called tools.
        self._words: list[str] = []
        self._said_ms = 0
        self._model = ""
        self._goes_on = False

    def take(self, record: Payload) -> Iterator[ReplayedCall]:
        for message in self._messages(record):
            yield from self._take(message)

    def end(self) -> Iterator[ReplayedCall]:
        """The message that is still open, and the last turn's end unless it is going on."""
        yield from self._close()
        yield from self._stop()

    def _messages(self, record: Payload) -> Iterator[Payload]:
        """The messages in a record: itself, those in a patch, or those in an older client's only record."""
        if "sessionId" in record:
            self._session_id = self._session_id or text_of(record, "sessionId")
            self._is_subagent = record.get("kind") == "subagent"
            if self._is_subagent and len(self._path.parent.name) == len(self._session_id):
                self._session_id = self._path.parent.name
            yield {"type": "start", "timestamp": record.get("startTime")}
            yield from objects_of(record, "messages")
        elif "$set" in record:
            yield from objects_of(object_of(record, "$set"), "messages")
        else:
            yield record

    def _take(self, message: Payload) -> Iterator[ReplayedCall]:
        match message.get("type"):
            case "start" if not self._is_subagent:
                yield self._call("SessionStart", at_ms_of(message), source="startup")
            case "gemini":
                if self._open is not None and self._open.get("id") != message.get("id"):
                    yield from self._close()
                self._open = message
            case "user":
                yield from self._close()
                prompt = _prompt(message)
                if prompt and not self._is_subagent:
                    yield from self._stop()
                    yield self._call("BeforeAgent", at_ms_of(message), prompt=prompt)

    def _close(self) -> Iterator[ReplayedCall]:
        """The open message is complete: the calls that came of it."""
        message, self._open = self._open, None
        if message is None:
            return
        said_ms = at_ms_of(message)
        if words := text_of(message, "content"):
            self._words.append(words)
        self._model = text_of(message, "model") or self._model
        self._said_ms, calls = said_ms, objects_of(message, "toolCalls")
        self._goes_on = bool(calls)
        for call in calls:
            tool = {"tool_name": call.get("name"), "tool_input": call.get("args")}
            if call.get("name") == "invoke_agent":
                yield self._call("BeforeTool", said_ms, **tool)
            if call.get("status") in ("success", "error"):
                response = _response(call)
                yield self._call("AfterTool", at_ms_of(call) or said_ms, **tool, tool_response=response)

    def _stop(self) -> Iterator[ReplayedCall]:
        words, self._words = "\n".join(self._words), []
        if words and not self._goes_on and not self._is_subagent:
            yield self._call("AfterAgent", self._said_ms, prompt_response=words, model=self._model)

    def _call(self, hook: str, at_ms: int, **fields: object) -> ReplayedCall:
        payload = {
            "hook_event_name": hook,
            "session_id": self._session_id,
            "cwd": self._project,
            "timestamp": at_ms,
            **fields,
        }
        return ReplayedCall(payload, at_ms, project=self._project)


def _prompt(message: Payload) -> str:
    content = message.get("content")
    texts = (
        [content] if isinstance(content, str) else [text_of(part, "text") for part in objects_of(message, "content")]
    )
    return (
        "" if texts[:1] and texts[0].startswith(_SESSION_CONTEXT) else _HOOK_CONTEXT.sub("", "".join(texts)).strip("\n")
    )


def _response(call: Payload) -> Payload:
    responses = [object_of(object_of(part, "functionResponse"), "response") for part in objects_of(call, "result")]
    output = "\n".join(_HOOK_CONTEXT.sub("", text_of(response, "output")) for response in responses)
    error = next((response["error"] for response in responses if response.get("error")), None)
    return {"llmContent": output, **({"error": error} if error else {})}


def _project(path: Path) -> str:
    for folder in path.parents:
        if folder.name == "chats":
            with suppress(OSError), (folder.parent / ".project_root").open("rb") as file:
                return file.read(_PATH_MAX_BYTES).decode(errors="replace").strip()
    return ""


def _is_start(record: Payload) -> bool:
    match record:
        case {"sessionId": str(), "projectHash": str()}:
            return True
        case _:
            return False
