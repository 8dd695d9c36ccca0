"""Codex's rollouts: what the model was sent and said (`response_item`), and what the client made of it (`event_msg`).

Each thread has a file, `sessions/YYYY/MM/DD/rollout-TIME-ID.jsonl`; a subagent's names its parent. Clients of 2025
write no `item_completed` and no turn ids; their older events are read instead.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from agent_memory.agents.agent import TranscriptHead
from agent_memory.agents.payload import Payload, at_ms_of, object_of, objects_of, text_of
from agent_memory.agents.replayed_call import ReplayedCall
from agent_memory.agents.tails import newest_first

_SHELLS = ("exec_command", "shell", "local_shell", "container.exec", "shell_command")
_CALLS = ("function_call", "custom_tool_call", "local_shell_call")
_RESULTS = ("function_call_output", "custom_tool_call_output")
# A call that was not made, or failed before it began: its hook was not called either.
_NOT_CALLED = ("failed", "declined")


def recognises(head: TranscriptHead) -> bool:
    return head.has(_is_meta)


def success_in(tail: bytes, use_id: str) -> bool | None:
    """Whether the command of this call exited with 0; None where that is not recorded yet."""
    for record in newest_first(tail, use_id.encode()):
        match record:
            case {"payload": {"item": {"type": "CommandExecution", "id": str(found), "exit_code": int(code)}}}:
                if found == use_id:
                    return code == 0
    return None


class Thread:
    """Reads one rollout, from its beginning to its end."""

    def __init__(self, _path: Path) -> None:
        self._session_id = self._subagent_id = self._subagent_type = self._project = self._branch = ""
        self._is_of_user = False
        self._cwd = self._turn_id = self._context_turn_id = self._model = ""
        self._at_ms = 0
        self._has_started = False
        # Whether the client records each item as it is completed.
        self._has_items = False
        # Calls that wait for their results, by id: the tool's name and its input.
        self._calls: dict[str, tuple[str, Payload]] = {}
        # The last words of a turn and their time, from clients of 2025, which record no turn's end.
        self._words, self._said_ms = "", 0

    def take(self, record: Payload) -> Iterator[ReplayedCall]:
        self._at_ms = at_ms_of(record) or self._at_ms
        payload = object_of(record, "payload")
        match record.get("type"):
            case "session_meta":
                self._open(payload)
            case "turn_context":
                self._context_turn_id = text_of(payload, "turn_id")
                self._turn_id = self._context_turn_id or self._turn_id
                self._cwd = text_of(payload, "cwd") or self._cwd
                self._model = text_of(payload, "model") or self._model
            case "response_item" if self._is_of_user:
                yield from self._model_item(payload)
            case "event_msg" if self._is_of_user:
                yield from self._client_event(payload)

    def end(self) -> Iterator[ReplayedCall]:
        """The last turn's end, where only the next turn would show it."""
        yield from self._stop(self._words, self._said_ms)

    def _open(self, meta: Payload) -> None:
        if self._session_id:
            return  # it belongs to the thread that this one was forked from
        thread_id = text_of(meta, "id")
        source = object_of(meta, "source")
        is_subagent = meta.get("thread_source") == "subagent" or "subagent" in source
        # The client's own threads, which write titles and the like, run no hooks.
        self._is_of_user = meta.get("thread_source", "user") in ("user", "subagent")
        self._session_id = text_of(meta, "session_id") or text_of(meta, "parent_thread_id") or thread_id
        if is_subagent:
            spawned = object_of(object_of(source, "subagent"), "thread_spawn")
            self._subagent_id, self._subagent_type = thread_id, text_of(spawned, "agent_role") or "default"
        self._project = self._cwd = text_of(meta, "cwd")
        self._branch = text_of(object_of(meta, "git"), "branch")

    def _client_event(self, event: Payload) -> Iterator[ReplayedCall]:
        kind = event.get("type")
        self._turn_id = text_of(event, "turn_id") or self._turn_id
        match kind:
            case "item_completed":
                self._has_items = True
                yield from self._item(object_of(event, "item"))
            case "task_complete":
                yield from self._stop(text_of(event, "last_agent_message") or self._words)
            case "turn_aborted" if event.get("reason", "interrupted") == "interrupted":
                yield self._call("Interrupt")
            case "user_message" if not self._has_items and event.get("kind", "plain") == "plain":
                yield from self._stop(self._words, self._said_ms)
                # Something must name the turn where the client does not.
                self._turn_id = text_of(event, "turn_id") or self._context_turn_id or str(self._at_ms)
                yield from self._prompt(text_of(event, "message"))
            case "agent_message" if not self._has_items:
                self._words, self._said_ms = text_of(event, "message"), self._at_ms

    def _item(self, item: Payload) -> Iterator[ReplayedCall]:
        use_id = text_of(item, "id")
        match item.get("type"):
            case "UserMessage":
                texts = (text_of(part, "text") for part in objects_of(item, "content"))
                yield from self._prompt("\n".join(filter(None, texts)))
            case "CommandExecution":
                name, given = self._calls.pop(use_id, ("Bash", {"command": _command(item.get("command"))}))
                if item.get("status") != "declined":
                    output, exit_code = item.get("aggregated_output"), item.get("exit_code")
                    yield self._result(name, given, use_id, output, exit_code)
            case "FileChange" if item.get("status") in _NOT_CALLED:
                self._calls.pop(use_id, None)

    def _model_item(self, item: Payload) -> Iterator[ReplayedCall]:
        call_id = text_of(item, "call_id")
        if item.get("type") in _CALLS:
            self._calls[call_id] = _call(item)
            self._words = ""
        elif item.get("type") in _RESULTS and call_id in self._calls:
            name, given = self._calls.pop(call_id)
            output, exit_code = _output(item.get("output"))
            yield self._result(name, given, call_id, output, exit_code)

    def _prompt(self, prompt: str) -> Iterator[ReplayedCall]:
        if not prompt:
            return
        if not self._has_started:
            self._has_started = True
            # With the first prompt: a thread in which nobody spoke has no beginning.
            if self._subagent_id:
                yield self._call("SubagentStart")
            else:
                yield self._call("SessionStart", source="startup", turn_id="")
        yield self._call("UserPromptSubmit", prompt=prompt)

    def _stop(self, words: str, at_ms: int = 0) -> Iterator[ReplayedCall]:
        self._words = ""
        if words:
            hook = "SubagentStop" if self._subagent_id else "Stop"
            yield self._call(hook, at_ms, last_assistant_message=words)

    def _result(self, name: str, given: Payload, use_id: str, output: object, exit_code: object) -> ReplayedCall:
        tool: dict[str, Any] = {"tool_name": name, "tool_input": given, "tool_use_id": use_id, "tool_response": output}
        if isinstance(exit_code, int):
            tool["exit_code"] = exit_code
        return self._call("PostToolUse", **tool)

    def _call(self, hook: str, at_ms: int = 0, **fields: Any) -> ReplayedCall:
        subagent = {"agent_id": self._subagent_id, "agent_type": self._subagent_type} if self._subagent_id else {}
        payload = {
            "hook_event_name": hook,
            "session_id": self._session_id,
            "turn_id": self._turn_id,
            "cwd": self._cwd,
            "model": self._model,
            **subagent,
            **fields,
        }
        return ReplayedCall(payload, at_ms or self._at_ms, project=self._project, git_branch=self._branch)


def _call(item: Payload) -> tuple[str, Payload]:
    """A call as its hook gets it: every shell is Bash, and a patch is a command."""
    name = text_of(item, "name") or "local_shell"
    raw = item.get("arguments", item.get("input", item.get("action")))
    given: object = raw
    if isinstance(raw, str):
        given = {"command": raw}
        with suppress(ValueError, RecursionError):
            given = json.loads(raw)
    if not isinstance(given, dict):
        given = {"command": raw} if isinstance(raw, str) else {}
    if name in _SHELLS:
        return "Bash", {"command": _command(given.get("cmd", given.get("command")))}
    space = text_of(item, "namespace")
    # The tool that starts a subagent has a name of its own.
    return (name if name == "spawn_agent" or name.startswith(space) else f"{space}{name}"), given


def _command(command: object) -> str:
    """The command, without the shell that runs it."""
    if isinstance(command, list):
        words = [word for word in command if isinstance(word, str)]
        return words[-1] if len(words) == 3 and words[1] in ("-lc", "-c") else " ".join(words)
    return command if isinstance(command, str) else ""


def _output(output: object) -> tuple[object, object]:
    """The result of a call, and its exit code where that is beside it."""
    if isinstance(output, str) and output.startswith('{"output"'):
        with suppress(ValueError, RecursionError):
            result = json.loads(output)
            if isinstance(result, dict):
                return result.get("output"), object_of(result, "metadata").get("exit_code")
    return output, None


def _is_meta(record: Payload) -> bool:
    match record:
        case {"type": "session_meta", "payload": dict()}:
            return True
        case _:
            return False
