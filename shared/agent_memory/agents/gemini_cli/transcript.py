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
from typing import Any, Final

from agent_memory.agents.agent import Speaker, TranscriptHead
from agent_memory.agents.payload import Payload, at_ms_of, object_of, objects_of, parts_text, text_of
from agent_memory.agents.replayed_call import ReplayedCall
from agent_memory.agents.tails import newest_first

# What the client puts before the first prompt; and what hooks put beside a prompt, or behind what a tool brought.
_SESSION_CONTEXT = "<session_context>"
_HOOK_CONTEXT = re.compile(r"\s*<hook_context>.*?</hook_context>", re.DOTALL)
_PATH_MAX_BYTES = 4096
_SUBAGENTS_MAX: Final = 64
_REFUSED: Final = "refused by the user"


def recognises(head: TranscriptHead) -> bool:
    return head.has(_is_start)


def model_in(tail: bytes) -> str:
    """The model that wrote the last message in these lines."""
    for record in newest_first(tail, b'"model"'):
        match record:
            case {"type": "gemini", "model": str(model)} if model:
                return model
    return ""


def last_words_of(tail: bytes, words: str) -> str:
    """The last of a turn's words: a hook gets all of them as one text, the chat has each of them by itself."""
    said: dict[str, str] = {}
    for record in newest_first(tail, b'"type"'):
        match record:
            case {"type": "user", "content": content} if "functionResponse" not in str(content)[:200]:
                break
            case {"type": "gemini", "id": str(message_id), "content": content}:
                if text := parts_text(content):
                    said.setdefault(message_id, text)
    for text in reversed(said.values()):
        rest = words.removeprefix(text).lstrip("\n")
        if not rest or len(rest) == len(words):
            break
        words = rest
    return words


def paths_of(speaker: Speaker) -> Iterator[str]:
    """The session's chat, and those of its subagents, of which no call says whose it is."""
    yield speaker.transcript_path
    folder = Path(speaker.transcript_path).parent
    if speaker.session_id and "/" not in speaker.session_id:
        with suppress(OSError):
            yield from sorted(map(str, (folder / speaker.session_id).glob("*.jsonl")))[:_SUBAGENTS_MAX]


class Chat:
    """Reads one chat, from its beginning to its end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._session_id = self._subagent_id = ""
        self._project = _project(path)
        # The model's message, which may come again with the results of its tools.
        self._open: Payload | None = None
        # Messages that were read to their end, and calls of theirs: a chat that is resumed has them again.
        self._read: set[str] = set()
        # What the model said last.
        self._words: Payload | None = None
        self._model = ""

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
            own_id = text_of(record, "sessionId")
            self._session_id = self._session_id or own_id
            if record.get("kind") == "subagent":
                self._subagent_id = own_id
                if len(self._path.parent.name) == len(own_id):
                    self._session_id = self._path.parent.name
            yield {"type": "start", "timestamp": record.get("startTime")}
            yield from objects_of(record, "messages")
        elif "$set" in record:
            yield from objects_of(object_of(record, "$set"), "messages")
        else:
            yield record

    def _take(self, message: Payload) -> Iterator[ReplayedCall]:
        message_id = text_of(message, "id")
        match message.get("type"):
            case "start" if not self._subagent_id and "" not in self._read:
                self._read.add("")
                yield self._call("SessionStart", at_ms_of(message), source="startup")
            case "gemini" if message_id in self._read and (self._open is None or self._open.get("id") != message_id):
                # It comes again in a chat that is resumed; what its calls have brought since is new.
                yield from self._results(message)
            case "gemini":
                if self._open is not None and self._open.get("id") != message.get("id"):
                    yield from self._close()
                if self._open is None:
                    yield from self._flush()
                self._open = message
                if self._has_called(message):
                    yield from self._say(message)
                    yield from self._flush()
            case "user" if not message_id or message_id not in self._read:
                self._read.add(message_id or " ")
                prompt, given = _prompt(message), parts_text(message.get("content"))
                yield from self._close()
                if context := "".join(_HOOK_CONTEXT.findall(given)):
                    at_ms = at_ms_of(message)
                    yield self._call("AdditionalContext", at_ms, additional_context=context, is_unhooked=True)
                if prompt and not self._subagent_id:
                    yield from self._stop()
                    yield self._call("BeforeAgent", at_ms_of(message), prompt=prompt)

    def _has_called(self, message: Payload) -> bool:
        return bool(objects_of(message, "toolCalls"))

    def _close(self) -> Iterator[ReplayedCall]:
        """The open message is complete: the calls that came of it."""
        message, self._open = self._open, None
        if message is None:
            return
        yield from self._say(message)
        if self._has_called(message):
            yield from self._flush()
        yield from self._results(message)

    def _results(self, message: Payload) -> Iterator[ReplayedCall]:
        """What came of the message's calls, each once."""
        said_ms = at_ms_of(message)
        for call in objects_of(message, "toolCalls"):
            call_id = text_of(call, "id")
            if call_id and call_id in self._read:
                continue
            self._read.add(call_id or " ")
            tool: dict[str, Any] = {"tool_name": call.get("name"), "tool_input": call.get("args")}
            if call.get("name") == "invoke_agent":
                yield self._call("BeforeTool", said_ms, **tool)
            at_ms = at_ms_of(call) or said_ms
            if call.get("status") in ("success", "error"):
                response = _response(call)
                yield self._call("AfterTool", at_ms, **tool, tool_response=response)
            elif call.get("status") == "cancelled":
                # It was refused, or the turn was broken off: no hook is called for it.
                response = {"llmContent": "", "error": _REFUSED}
                yield self._call(
                    "AfterTool", at_ms, is_unhooked=True, **tool, tool_response=response, message_id=call_id
                )

    def _say(self, message: Payload) -> Iterator[ReplayedCall]:
        """The model's words, once: its message comes again when its calls are done."""
        message_id = text_of(message, "id")
        if message_id and message_id in self._read:
            return
        self._read.add(message_id or " ")
        self._model = text_of(message, "model") or self._model
        if parts_text(message.get("content")).strip():
            yield from self._flush()
            self._words = message

    def _flush(self) -> Iterator[ReplayedCall]:
        """What the model said last was not the last of the turn."""
        said, self._words = self._words, None
        if said is not None:
            yield self._call(
                "AssistantMessage",
                at_ms_of(said),
                last_assistant_message=parts_text(said.get("content")),
                message_id=text_of(said, "id"),
                model=self._model,
                is_unhooked=True,
            )

    def _stop(self) -> Iterator[ReplayedCall]:
        said = self._words
        if self._subagent_id or said is None:
            yield from self._flush()
            return
        self._words = None
        words = parts_text(said.get("content"))
        yield self._call("AfterAgent", at_ms_of(said), prompt_response=words, model=self._model)

    def _call(self, hook: str, at_ms: int, *, is_unhooked: bool = False, **fields: object) -> ReplayedCall:
        # Of a subagent's tools the hooks do not say whose they are.
        is_subagents = self._subagent_id and hook == "AssistantMessage"
        subagent = {"agent_id": self._subagent_id, "agent_type": "subagent"} if is_subagents else {}
        payload = {
            "hook_event_name": hook,
            "session_id": self._session_id,
            "cwd": self._project,
            "timestamp": at_ms,
            **subagent,
            **fields,
        }
        return ReplayedCall(payload, at_ms, project=self._project, is_unhooked=is_unhooked)


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
