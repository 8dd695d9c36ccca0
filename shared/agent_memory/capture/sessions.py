"""Sessions that are under way: what only their first calls say, kept for the calls that follow."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final

from agent_memory.agents import registry
from agent_memory.capture.wire import HookCall
from agent_memory.recent import keep

# More than anybody has open at once; the one that was silent longest goes first.
SESSIONS_MAX: Final = 4096
# The calls by which a subagent ends that is a session of its own: its stop says all, its session's end nothing more.
_OF_SUBAGENT: Final = {"Stop": "SubagentStop", "SessionEnd": ""}


@dataclass(frozen=True, slots=True)
class _Session:
    project: str = ""
    model: str = ""
    # Of a subagent that is a session of its own: the session that started it.
    parent: str = ""


class Sessions:
    """Completes calls with what earlier calls of their session said. For any thread.

    What it knows is lost with the process: then a project's folder or a model is missing, and nothing else.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[str, _Session] = OrderedDict()
        self._lock = threading.Lock()

    def with_session(self, call: HookCall) -> HookCall:
        """The call with its project and its model, and under its parent's session where it is a subagent's."""
        # A subagent may be another model's.
        speaker = call.subagent_id or call.session_id
        with self._lock:
            if call.hook == "SubagentStart" and call.subagent_id:
                self._keep(call.subagent_id, _Session(call.project, parent=call.session_id))
            elif call.project:
                self._keep(call.session_id, replace(self._session(call.session_id), project=call.project))
            if call.model:
                self._keep(speaker, replace(self._session(speaker), model=call.model))
            session, model = self._session(call.session_id), self._session(speaker).model
        call = replace(call, project=call.project or session.project, model=model)
        if not session.parent or not registry.named(call.agent).subagents_are_sessions:
            return call
        return replace(
            call,
            session_id=session.parent,
            subagent_id=call.session_id,
            subagent_type="subagent",
            hook=_OF_SUBAGENT.get(call.hook, call.hook),
        )

    def _session(self, session_id: str) -> _Session:
        return self._known.get(session_id, _Session())

    def _keep(self, session_id: str, session: _Session) -> None:
        keep(self._known, session_id, session, SESSIONS_MAX)
