"""Answers: what a hook prints to give its agent a context to begin a session with, in each agent's own form.

Every other call of a hook is answered with `REPLY`, whichever the agent.
"""

from __future__ import annotations

import json
from typing import Final

from agent_memory.agents import registry
from agent_memory.capture.wire import HookCall

# Sessions that begin with nothing: one that was resumed, or forked, still has the context of its beginning.
_BEGINNINGS: Final = frozenset({"startup", "new", "clear", "compact", ""})


def takes_context(call: HookCall) -> bool:
    """Whether the agent passes this hook's answer on to its model, and the model does not have the context yet."""
    needs_it = call.source in _BEGINNINGS or registry.named(call.agent).forgets_context
    return call.hook == "SessionStart" and needs_it


def takes_news(call: HookCall) -> bool:
    """Whether the session goes on with what its model knew when it was left."""
    return call.hook == "SessionStart" and call.source == "resume" and not takes_context(call)


def with_context(agent: str, context: str) -> bytes:
    """The answer to a session's start that puts the context before the model: one line of JSON, and nothing else."""
    return json.dumps(registry.named(agent).session_start_reply(context)).encode() + b"\n"
