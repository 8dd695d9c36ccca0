"""Codex's rollouts: the model's input and output (`response_item`), and the client's view of it (`event_msg`).

Each thread has a file, `sessions/YYYY/MM/DD/rollout-TIME-ID.jsonl`; a subagent's names its parent. Clients of 2025
write no `item_completed` and no turn ids; their older events are read instead.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from agent_memory.agents.agent import TranscriptHead
from agent_memory.agents.codex import forks
from agent_memory.agents.payload import Payload, at_ms_of, object_of, objects_of, text_of
from agent_memory.agents.replayed_call import ReplayedCall
from agent_memory.agents.tails import newest_first

_SHELLS = ("exec_command", "shell", "local_shell", "container.exec", "shell_command")
_CALLS = ("function_call", "custom_tool_call", "local_shell_call")
_RESULTS = ("function_call_output", "custom_tool_call_output")
# A call that was not made, or failed before it began: its hook was not called either.
_NOT_CALLED = ("failed", "declined")
_DECLINED: Final = "refused by the user"


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

    def __init__(self, path: Path) -> None:
        self._path = path
        self._session_id = self._subagent_id = self._subagent_type = self._project = self._branch = self._remote = ""
        # The session that it is itself, once it repeats no other any more.
        self._thread_id = ""
        self._is_of_user = False
        self._cwd = self._turn_id = self._context_turn_id = self._model = ""
        # The turn that was prompted last.
        self._prompted = ""
        self._at_ms = 0
        # Sessions and subagents that have begun.
        self._begun: set[str] = set()
        # Of a fork: what it repeats of the thread that it was forked from, while it does.
        self._replay: forks.Replay | None = None
        # Whether the client records each item as it is completed.
        self._has_items = False
        # Calls that wait for their results, by id: the tool's name and its input.
        self._calls: dict[str, tuple[str, Payload]] = {}
        # What the assistant said since its last call.
        self._words: list[_Words] = []
        # How often it said the same in this turn, where its messages have no ids.
        self._said: Counter[str] = Counter()

    def take(self, record: Payload) -> Iterator[ReplayedCall]:
        payload = object_of(record, "payload")
        if self._replay is not None:
            if self._replay.is_over(record):
                yield from self._stop("")
                self._session_id, self._replay = self._thread_id, None
            elif self._replay.is_kept_elsewhere:
                return
        self._at_ms = at_ms_of(record) or self._at_ms
        match record.get("type"):
            case "session_meta":
                self._open(payload)
            case "turn_context":
                self._context_turn_id = text_of(payload, "turn_id")
                self._turn_id = self._context_turn_id or self._turn_id
                self._cwd = text_of(payload, "cwd") or self._cwd
                self._model = text_of(payload, "model") or self._model
            case "compacted" if self._is_of_user and (summary := text_of(payload, "message")):
                digest = digest_of(summary)
                yield self._call("PostCompact", compact_summary=summary, message_id=digest, is_unhooked=True)
            case "response_item" if self._is_of_user:
                yield from self._model_item(payload)
            case "event_msg" if self._is_of_user:
                yield from self._client_event(payload)

    def end(self) -> Iterator[ReplayedCall]:
        """The end of a turn that has no record of it."""
        yield from self._stop("")

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
        if forked_from := text_of(meta, "forked_from_id"):
            # What it repeats was said in the other thread.
            self._replay = forks.Replay(self._path, thread_id, forked_from)
            self._session_id, self._thread_id = forked_from, self._session_id
        self._project = self._cwd = text_of(meta, "cwd")
        git = object_of(meta, "git")
        self._branch, self._remote = text_of(git, "branch"), text_of(git, "repository_url")

    def _client_event(self, event: Payload) -> Iterator[ReplayedCall]:
        kind = event.get("type")
        turn_id = text_of(event, "turn_id")
        if turn_id and turn_id != self._turn_id:
            self._turn_id = turn_id
            self._said.clear()
        match kind:
            case "item_completed":
                self._has_items = True
                yield from self._item(object_of(event, "item"))
            case "task_complete":
                yield from self._stop(text_of(event, "last_agent_message"))
            case "turn_aborted":
                yield from self._flush()
                if event.get("reason", "interrupted") == "interrupted":
                    yield self._call("Interrupt")
            case "user_message" if not self._has_items and event.get("kind", "plain") == "plain":
                yield from self._stop("")
                # Something must name the turn where the client does not.
                self._turn_id = turn_id or self._context_turn_id or str(self._at_ms)
                self._said.clear()
                yield from self._prompt(text_of(event, "message"))
            case "agent_message" if not self._has_items:
                self._say("", text_of(event, "message"))

    def _item(self, item: Payload) -> Iterator[ReplayedCall]:
        use_id = text_of(item, "id")
        match item.get("type"):
            case "UserMessage":
                yield from self._prompt(_texts(item))
            case "AgentMessage":
                self._say(use_id, _texts(item))
            case "CommandExecution":
                name, given = self._calls.pop(use_id, ("Bash", {"command": _command(item.get("command"))}))
                output, exit_code = item.get("aggregated_output"), item.get("exit_code")
                if item.get("status") == "declined":
                    yield self._refused(name, given, use_id, output)
                else:
                    yield self._result(name, given, use_id, output, exit_code)
            case "FileChange" if item.get("status") in _NOT_CALLED and use_id in self._calls:
                name, given = self._calls.pop(use_id)
                if item.get("status") == "declined":
                    yield self._refused(name, given, use_id, None)

    def _model_item(self, item: Payload) -> Iterator[ReplayedCall]:
        call_id = text_of(item, "call_id")
        if item.get("type") == "message" and item.get("role") == "developer":
            yield self._call("AdditionalContext", additional_context=_texts(item), is_unhooked=True)
        elif item.get("type") in _CALLS:
            self._calls[call_id] = _call(item)
            yield from self._flush()
        elif item.get("type") in _RESULTS and call_id in self._calls:
            name, given = self._calls.pop(call_id)
            output, exit_code = _output(item.get("output"))
            yield self._result(name, given, call_id, output, exit_code)

    def _say(self, item_id: str, text: str) -> None:
        if not text.strip():
            return
        if not item_id:
            self._said[text] += 1
            item_id = f"{digest_of(text)}-{self._said[text]}"
        # Some clients count their items in each turn.
        self._words.append(_Words(text, f"{self._turn_id}:{item_id}", self._turn_id, self._at_ms))

    def _prompt(self, prompt: str) -> Iterator[ReplayedCall]:
        if not prompt:
            return
        if self._words and self._words[-1].turn_id != self._turn_id:
            yield from self._stop("", is_unhooked=True)  # that turn was cut off
        yield from self._flush()
        if (speaker := self._subagent_id or self._session_id) not in self._begun:
            self._begun.add(speaker)
            # With the first prompt: a thread in which nobody spoke has no beginning.
            if self._subagent_id:
                yield self._call("SubagentStart")
            else:
                source = "fork" if self._thread_id else "startup"
                yield self._call("SessionStart", source=source, turn_id="")
        # What is typed while the agent works belongs to the turn that goes on; a hook may be called for it, or not.
        is_ahead = self._prompted == self._turn_id
        self._prompted = self._turn_id
        yield self._call("UserPromptSubmit", prompt=prompt, is_unhooked=is_ahead)

    def _flush(self) -> Iterator[ReplayedCall]:
        """The words that came so far were not the last of the turn."""
        said, self._words = self._words, []
        for each in said:
            yield self._call(
                "AssistantMessage",
                each.at_ms,
                last_assistant_message=each.text,
                message_id=each.message_id,
                is_unhooked=True,
            )

    def _stop(self, words: str, *, is_unhooked: bool = False) -> Iterator[ReplayedCall]:
        """The turn's end with its last words, where the client names them, else with those that came last."""
        last = self._words.pop() if self._words else None
        if last is not None and words and words.strip() != last.text.strip():
            self._words.append(last)
            last = None
        yield from self._flush()
        if words or last is not None:
            hook = "SubagentStop" if self._subagent_id else "Stop"
            at_ms, turn_id = (last.at_ms, last.turn_id) if last is not None and not words else (0, self._turn_id)
            text = words or (last.text if last else "")
            yield self._call(hook, at_ms, is_unhooked=is_unhooked, turn_id=turn_id, last_assistant_message=text)

    def _refused(self, name: str, given: Payload, use_id: str, output: object) -> ReplayedCall:
        error = output if isinstance(output, str) and output else _DECLINED
        tool: dict[str, Any] = {"tool_name": name, "tool_input": given, "tool_use_id": use_id, "error": error}
        return self._call("PostToolUseFailure", is_unhooked=True, **tool)

    def _result(self, name: str, given: Payload, use_id: str, output: object, exit_code: object) -> ReplayedCall:
        tool: dict[str, Any] = {"tool_name": name, "tool_input": given, "tool_use_id": use_id, "tool_response": output}
        if isinstance(exit_code, int):
            tool["exit_code"] = exit_code
        return self._call("PostToolUse", **tool)

    def _call(self, hook: str, at_ms: int = 0, *, is_unhooked: bool = False, **fields: Any) -> ReplayedCall:
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
        return ReplayedCall(
            payload,
            at_ms or self._at_ms,
            project=self._project,
            git_branch=self._branch,
            git_origin=self._remote,
            is_unhooked=is_unhooked,
        )


@dataclass(frozen=True, slots=True)
class _Words:
    """A message of the assistant's."""

    text: str
    message_id: str
    turn_id: str
    at_ms: int


def digest_of(text: str) -> str:
    """What stands for a text that has no id."""
    return hashlib.sha256(text.strip().encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _texts(item: Payload) -> str:
    return "\n".join(filter(None, (text_of(part, "text") for part in objects_of(item, "content"))))


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
    if not space or name == "spawn_agent" or name.startswith(space):
        return name, given
    # As hooks spell it: a server's tool behind two underscores, one of its own namespaces behind nothing.
    between = "__" if space.startswith("mcp__") and not space.endswith("__") else ""
    return f"{space}{between}{name}", given


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
