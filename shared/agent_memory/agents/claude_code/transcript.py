"""Claude Code's transcripts: a line for each block of each message, among much of the client's own bookkeeping.

A session is `projects/FOLDER/SESSION.jsonl`, each of its subagents `projects/FOLDER/SESSION/subagents/agent-ID.jsonl`
with a `.meta.json` that has the subagent's type.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from agent_memory.agents.agent import Speaker, TranscriptHead
from agent_memory.agents.claude_code import forks
from agent_memory.agents.payload import Payload, at_ms_of, object_of, objects_of, text_of
from agent_memory.agents.replayed_call import ReplayedCall
from agent_memory.agents.tails import newest_first

_TASK_NOTIFICATION: Final = "<task-notification>"
# What a user's record may hold that no user wrote: commands of the terminal, and notes to the model.
_NOT_TYPED: Final = ("<local-command-", "<command-name>", "<bash-")
_INTERRUPTED: Final = ("[Request interrupted", "[This turn ended before it finished", "[Agent call interrupted")
_BY_USER: Final = "[Request interrupted by user"
_INTERRUPTION: Final = "interrupted by the user"
_COMMAND: Final = re.compile(
    r"\A<command-message>.*?</command-message>\s*<command-name>(.*?)</command-name>"
    r"(?:\s*<command-args>(.*?)</command-args>)?",
    re.DOTALL,
)
# A call that was not made: its hooks were not called either.
_NOT_CALLED: Final = (
    "<tool_use_error>",
    "The user doesn't want to",
    "Permission to use ",
    "This tool call was refused",
    "[Tool call skipped",
    "[Request interrupted by user for tool use]",
)
# Behind these stands what the person typed who refused a call, and behind that may stand a note to the model.
_SAID_REFUSING: Final = (
    "To tell you how to proceed, the user said:",
    "the user said:",
    "The user provided the following reason for the rejection:",
)
_AFTER_REFUSAL: Final = "\n\nNote: The user's next message"
# A meta file has some hundred bytes.
_META_MAX_BYTES: Final = 64 << 10
# In place of a model where there was none: these messages are the client's own.
_SYNTHETIC: Final = "<synthetic>"
_NO_MODEL: Final = (_SYNTHETIC, "")


def recognises(head: TranscriptHead) -> bool:
    return head.has(_is_own)


def model_in(tail: bytes) -> str:
    """The model that wrote the last message in these lines."""
    for record in newest_first(tail, b'"model"'):
        match record:
            case {"type": "assistant", "message": {"model": str(model)}} if model not in _NO_MODEL:
                return model
    return ""


def paths_of(speaker: Speaker) -> Iterator[str]:
    """The session's transcript; a subagent has its own beside it, in the session's folder."""
    yield speaker.transcript_path
    if speaker.subagent_id and "/" not in speaker.subagent_id:
        folder = speaker.transcript_path.removesuffix(".jsonl")
        yield f"{folder}/subagents/agent-{speaker.subagent_id}.jsonl"


class Session:
    """Reads one transcript, from its beginning to its end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._subagent_type = _subagent_type(path)
        self._session_id = self._subagent_id = self._project = self._cwd = ""
        # The sessions that have begun so far: a fork's transcript begins with records of another one.
        self._begun: set[str] = set()
        # Records that are in the transcript of another session because they were said there; None until it is known.
        self._copied: Container[str] | None = None
        self._prompt_id = self._mode = self._branch = self._origin = ""
        self._at_ms = 0
        # Of the first record: where the same comes again with an older time, it was copied.
        self._first_id, self._opened_ms = "", 0
        # When the subagent began, while its type is not known.
        self._began_ms = 0
        # Calls that wait for their results, by id.
        self._calls: dict[str, Payload] = {}
        self._words: list[_Words] = []

    def take(self, record: Payload) -> Iterator[ReplayedCall]:
        kind = record.get("type")
        if kind == "system" and record.get("subtype") == "stop_hook_summary":
            yield from self._stop()
        if kind == "worktree-state":
            # The worktree may be deleted by now; this folder it was made from.
            worktree = object_of(record, "worktreeSession")
            self._origin = text_of(worktree, "originalCwd") or self._origin
        if kind == "attachment":
            yield from self._context(record)
            yield from self._queued(record)
        if kind not in ("user", "assistant") or self._is_copy(record):
            return
        self._at_ms = at_ms_of(record) or self._at_ms
        self._cwd = text_of(record, "cwd") or self._cwd
        self._mode = text_of(record, "permissionMode") or self._mode
        self._branch = text_of(record, "gitBranch") or self._branch
        if (home := forks.home(record)) and home != self._session_id:
            yield from self._start(record, home)
        self._subagent_type = self._subagent_type or text_of(record, "attributionAgent")
        if self._began_ms and self._subagent_type:
            yield self._call("SubagentStart", self._began_ms, permission_mode="")
            self._began_ms = 0
        message = object_of(record, "message")
        if kind == "assistant":
            yield from self._said(record, message)
        else:
            yield from self._heard(record, message)

    def end(self) -> Iterator[ReplayedCall]:
        """The last turn's end, unless it is still going on."""
        yield from self._stop()

    def _is_copy(self, record: Payload) -> bool:
        """Whether the record is in the transcript of the session that it was said in."""
        record_id, at_ms = forks.own_id(record), at_ms_of(record)
        if self._copied is None:
            self._copied = forks.copied(self._path, record_id) if record_id else ()
        if not self._opened_ms:
            self._first_id, self._opened_ms = record_id, at_ms
        elif record_id and record_id == self._first_id and 0 < at_ms < self._opened_ms:
            return True
        return bool(self._copied) and forks.key(record) in self._copied

    def _start(self, record: Payload, session_id: str) -> Iterator[ReplayedCall]:
        """From now on it is this session's."""
        yield from self._stop()
        is_fork = bool(self._session_id) or bool(self._copied)
        self._session_id = session_id
        self._subagent_id = text_of(record, "agentId")
        self._prompt_id = text_of(record, "promptId")
        self._project = self._cwd
        if session_id in self._begun:
            return
        self._begun.add(session_id)
        if not self._subagent_id:
            source = "fork" if is_fork else "startup"
            yield self._call("SessionStart", source=source, prompt_id="", permission_mode="")
        else:
            self._began_ms = self._at_ms

    def _said(self, record: Payload, message: Payload) -> Iterator[ReplayedCall]:
        blocks = objects_of(message, "content")
        words = "\n".join(text_of(block, "text") for block in blocks if block.get("type") == "text")
        if record.get("isApiErrorMessage"):
            yield from self._flush()
            error = text_of(record, "error") or words
            yield self._call("StopFailure", error=error, last_assistant_message=words)
            return
        if message.get("model") == _SYNTHETIC:
            return  # the client filled in for the model
        if words.strip():
            yield from self._flush(text_of(message, "id"))
            self._words.append(_Words(words, forks.own_id(record), self._at_ms, message))
        for block in blocks:
            if block.get("type") == "tool_use":
                self._calls[text_of(block, "id")] = block
                yield from self._flush()

    def _heard(self, record: Payload, message: Payload) -> Iterator[ReplayedCall]:
        content = message.get("content")
        results = [block for block in objects_of(message, "content") if block.get("type") == "tool_result"]
        if results:
            alone = record.get("toolUseResult") if len(results) == 1 else None
            for result in results:
                yield from self._result(record, result, alone)
            beside = _texts(objects_of(message, "content")).lstrip()
            if not beside or beside.startswith("<"):
                return  # nothing, or a note of the client's to the model
        if record.get("isCompactSummary"):
            summary = content if isinstance(content, str) else _texts(objects_of(message, "content"))
            yield self._call("PostCompact", compact_summary=summary, message_id=forks.own_id(record), is_unhooked=True)
            return
        prompt = content if isinstance(content, str) else _texts(objects_of(message, "content"))
        if prompt.lstrip().startswith(_INTERRUPTED):
            yield from self._flush()
            error = _INTERRUPTION if prompt.lstrip().startswith(_BY_USER) else prompt.strip().strip("[]")
            yield self._call("StopFailure", error=error, message_id=forks.own_id(record), is_unhooked=True)
            return
        if record.get("isMeta"):
            yield self._call("AdditionalContext", additional_context=prompt, is_unhooked=True)
        prompt = _typed(record, prompt)
        if not prompt or self._subagent_id or record.get("isSidechain"):
            return  # a subagent's task is in the call that began it
        yield from self._stop()
        # Clients of 2025 have no ids for prompts, only for records.
        self._prompt_id = text_of(record, "promptId") or text_of(record, "uuid")
        yield self._call("UserPromptSubmit", prompt=prompt)

    def _context(self, record: Payload) -> Iterator[ReplayedCall]:
        """What a hook put before the model."""
        attachment = object_of(record, "attachment")
        texts = attachment.get("content")
        if attachment.get("type") == "hook_additional_context" and isinstance(texts, list):
            text = "\n".join(each for each in texts if isinstance(each, str))
            session_id = self._session_id or forks.home(record)
            yield self._call("AdditionalContext", session_id=session_id, additional_context=text, is_unhooked=True)

    def _queued(self, record: Payload) -> Iterator[ReplayedCall]:
        """What was typed while the agent worked, and handed to it between two of its calls."""
        attachment = object_of(record, "attachment")
        prompt = attachment.get("prompt")
        words = prompt if isinstance(prompt, str) else _texts(objects_of(attachment, "prompt"))
        is_typed = attachment.get("type") == "queued_command" and attachment.get("commandMode", "prompt") == "prompt"
        is_meta = record.get("isMeta") or attachment.get("isMeta") or not _is_persons(attachment)
        if not is_typed or is_meta or not words or not self._session_id or self._is_copy(record):
            return
        self._at_ms = at_ms_of(record) or self._at_ms
        # Early versions call no hook for it; the others do, with the turn's own id.
        yield self._call("UserPromptSubmit", prompt=words, is_unhooked=True)

    def _result(self, record: Payload, result: Payload, response: object) -> Iterator[ReplayedCall]:
        use_id = text_of(result, "tool_use_id")
        call = self._calls.pop(use_id, None)
        decision = object_of(record, "permissionDecision").get("decision", "accept")
        content = result.get("content")
        words = content if isinstance(content, str) else _texts(objects_of(result, "content"))
        failed = result.get("is_error") is True
        if call is None:
            return
        tool: dict[str, Any] = {"tool_name": call.get("name"), "tool_input": call.get("input"), "tool_use_id": use_id}
        if decision != "accept" or (failed and words.startswith(_NOT_CALLED)):
            # No hook is called for what was not done.
            error, said = _refusal(words)
            yield self._call("PostToolUseFailure", **tool, error=error, is_unhooked=True)
            if said:
                yield self._call("UserPromptSubmit", prompt=said, is_unhooked=True)
        elif failed:
            yield self._call("PostToolUseFailure", **tool, error=words)
        else:
            yield self._call("PostToolUse", **tool, tool_response=content if response is None else response)

    def _flush(self, but_message: str = "") -> Iterator[ReplayedCall]:
        """The words that came so far were not the last of the turn, unless they are this message's."""
        kept = [each for each in self._words if but_message and each.message_id == but_message]
        said, self._words = [each for each in self._words if each not in kept], kept
        for each in said:
            yield self._call(
                "AssistantMessage",
                each.at_ms,
                last_assistant_message=each.text,
                message_id=each.record_id,
                model=each.model,
                is_unhooked=True,
            )

    def _stop(self) -> Iterator[ReplayedCall]:
        """The end of a turn, with its last words; of one that was broken off they are no more than words."""
        if not self._words:
            return
        last = self._words[-1]
        if not last.ends_turn or (self._subagent_id and not self._subagent_type):
            yield from self._flush()
            return
        yield from self._flush(last.message_id)
        answer, self._words = "\n".join(each.text for each in self._words), []
        if not self._subagent_id:
            yield self._call("Stop", last.at_ms, last_assistant_message=answer, model=last.model)
        else:
            yield self._call("SubagentStop", last.at_ms, last_assistant_message=answer)

    def _call(self, hook: str, at_ms: int = 0, *, is_unhooked: bool = False, **fields: object) -> ReplayedCall:
        subagent = {"agent_id": self._subagent_id, "agent_type": self._subagent_type} if self._subagent_id else {}
        payload = {
            "hook_event_name": hook,
            "session_id": self._session_id,
            "cwd": self._cwd,
            "prompt_id": self._prompt_id,
            "permission_mode": self._mode,
            **subagent,
            **fields,
        }
        return ReplayedCall(
            payload,
            at_ms or self._at_ms,
            project=self._project,
            git_branch=self._branch,
            git_origin=self._origin,
            is_unhooked=is_unhooked,
        )


class _Words:
    """A text of the assistant's: one message comes in several records."""

    def __init__(self, text: str, record_id: str, at_ms: int, message: Payload) -> None:
        self.text = text
        self.record_id = record_id
        self.at_ms = at_ms
        self.model = text_of(message, "model")
        self.message_id = text_of(message, "id") or record_id
        # Older clients do not say why a message ended.
        self.ends_turn = message.get("stop_reason") != "tool_use"


def _is_persons(source: Payload) -> bool:
    """Whether a person typed it: other agents and the client itself write prompts, too."""
    return object_of(source, "origin").get("kind", "human") == "human"


def _refusal(words: str) -> tuple[str, str]:
    """Why a call was not made, and what the person typed who refused it."""
    for mark in _SAID_REFUSING:
        why, found, said = words.partition(mark)
        if found:
            return why.strip(), said.partition(_AFTER_REFUSAL)[0].strip()
    return words, ""


def _typed(record: Payload, prompt: str) -> str:
    """The prompt as the hook gets it; empty where nobody typed it."""
    if prompt.lstrip().startswith(_TASK_NOTIFICATION):
        return prompt
    if record.get("isMeta") or record.get("isCompactSummary") or record.get("isVisibleInTranscriptOnly"):
        return ""
    if command := _COMMAND.match(prompt):
        return f"{command[1]} {command[2] or ''}".rstrip()
    return "" if prompt.lstrip().startswith(_NOT_TYPED) else prompt


def _texts(blocks: Iterable[Payload]) -> str:
    return "\n".join(text_of(block, "text") for block in blocks if block.get("type") == "text")


def _subagent_type(path: Path) -> str:
    meta = path.with_suffix(".meta.json")
    with suppress(OSError, ValueError), meta.open("rb") as file:
        content = json.loads(file.read(_META_MAX_BYTES))
        return text_of(content, "agentType") if isinstance(content, dict) else ""
    return ""


def _is_own(record: Payload) -> bool:
    match record:
        case {"sessionId": str(), "type": "user" | "assistant", "message": {"content": _}}:
            return True
        case _:
            return False
