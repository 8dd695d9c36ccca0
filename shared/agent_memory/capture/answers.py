"""Answers: what a hook prints to give its agent something to begin a session with, in each agent's own form.

To every other call of a hook, `REPLY` is the answer, whichever the agent.
"""

from __future__ import annotations

import json
from typing import Final

from agent_memory.capture.wire import HookCall

# Only what begins with nothing: who resumes a session, or forks one, still has what it was told at its beginning.
_BEGINNINGS: Final = frozenset({"startup", "new", "clear", "compact", ""})
# They read one key of the top level and no other; opencode reads what our own plugin gives it.
_FLAT: Final = frozenset({"copilot-cli", "opencode"})


def takes_context(call: HookCall) -> bool:
    """Whether the agent passes on to its model what this hook answers, and the model has not been told yet."""
    # Our plugin for opencode puts it before each request and keeps it nowhere: a session that goes on needs it again.
    begins = call.source in _BEGINNINGS or call.agent == "opencode"
    return call.hook == "SessionStart" and begins


def with_context(agent: str, context: str) -> bytes:
    """The answer to a session's start that puts the context before the model: one line of JSON, and nothing else.

    An agent drops the whole of an answer that holds a key it does not know, so there is no form for all of them.
    """
    if agent in _FLAT:
        answer: dict[str, object] = {"additionalContext": context}
    else:
        answer = {"hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": context}}
    return json.dumps(answer).encode() + b"\n"
