"""Answers: what the daemon says to a question, as a response to a browser."""

from __future__ import annotations

import json
import os
import secrets
import threading
import time
from dataclasses import dataclass
from typing import Final

from agent_memory import project_stores
from agent_memory.capture.privacy.pauses import Pauses
from agent_memory.command_client import ask, pack
from agent_memory.errors import AgentMemoryError, UsageError
from agent_memory.model import DEFAULT_STORE
from agent_memory.web.daemon_state import DaemonState
from agent_memory.web.places import place
from agent_memory.web.questions import Given, WrongQuestion, command_line

# An answer takes milliseconds.
_PATIENCE_S: Final = 10.0
# The daemon answers one command after another, and sends away who waits for long.
_PAUSES_S: Final = (0.1, 0.3, 0.6, 0.0)
_STATUS_OF_EXIT_CODE: Final = {1: 404, 2: 400}
_UNAVAILABLE: Final = 503


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status, and JSON: the daemon's own, or an object with `error` and `reason`."""

    status: int
    body: bytes


class Answers:
    """Asks the daemon of a store. For any thread; one question at a time, so that other callers are not held up."""

    def __init__(self, daemon: DaemonState) -> None:
        self._daemon = daemon
        # What our own page's program shows when it changes something.
        self.token = secrets.token_urlsafe()
        self._turn = threading.Lock()

    def answer(self, name: str, given: Given) -> Answer:
        """The answer to the question of that name."""
        try:
            if name == "about":
                return Answer(200, json.dumps(self._about()).encode())
            if name == "place":
                return Answer(200, json.dumps(place(given.get("id", ""))).encode())
            if name == "capture":
                return Answer(200, json.dumps(self._capture(store_meant(self._daemon, given))).encode())
            words = ["--project-store", store_meant(self._daemon, given), *command_line(name, given)]
        except WrongQuestion as error:
            return failed(400, str(error), "WRONG_QUESTION")
        except AgentMemoryError as error:  # nobody knows what is paused
            return failed(_UNAVAILABLE, str(error), "REFUSED")
        with self._turn:
            return self._asked(words)

    def _about(self) -> dict[str, object]:
        others = project_stores.names(self._daemon.db_path) if self._daemon.store == DEFAULT_STORE else []
        return {"store": self._daemon.store, "stores": [self._daemon.store, *others], "token": self.token}

    def _capture(self, store: str) -> dict[str, object]:
        """Until when capture is paused, as commands print it. A pause of the default store is one of everything."""
        main, now_ms = self._daemon.db_path, time.time_ns() // 1_000_000
        paths = dict.fromkeys((main, project_stores.db_path_of(main, store)))
        pauses = [pause for path in paths if (pause := Pauses(path).current(now_ms))]
        return {"capture_paused_until_ms": max((pause.to_ms for pause in pauses), default=None)}

    def _asked(self, words: list[str]) -> Answer:
        call = pack(b"", b"", False, [], [word.encode(errors="replace") for word in words])
        for pause_s in _PAUSES_S:
            try:
                found = ask(os.fsencode(self._daemon.db_path), call, _PATIENCE_S)
            except TimeoutError:
                return failed(_UNAVAILABLE, "The daemon did not answer in time.", "LATE")
            except OSError:
                if not self._daemon.is_up():
                    return failed(_UNAVAILABLE, "The daemon is not running.", "NOT_RUNNING")
                found = None
            if found is not None:
                return answered(*found)
            time.sleep(pause_s)
        return failed(_UNAVAILABLE, "The daemon is busy, or of another version than this page.", "BUSY")


def store_meant(daemon: DaemonState, given: Given) -> str:
    """The store that a request is about; raises WrongQuestion. A page that was opened for one store shows no other."""
    try:
        store = project_stores.parse_name(given.get("store") or daemon.store)
    except UsageError as error:
        raise WrongQuestion(str(error)) from error
    if daemon.store not in (DEFAULT_STORE, store):
        raise WrongQuestion(f"This page shows the store {daemon.store} alone.")
    return store


def answered(code: int, text: bytes, error: bytes) -> Answer:
    """What a command ended with and printed."""
    # Where something is not there, commands print the answer without it, too.
    if code == 0 or (code == 1 and text):
        return Answer(200, text)
    return failed(_STATUS_OF_EXIT_CODE.get(code, _UNAVAILABLE), _sentence(error), "REFUSED")


def failed(status: int, sentence: str, reason: str) -> Answer:
    """An answer that says what went wrong."""
    return Answer(status, json.dumps({"error": sentence, "reason": reason}).encode())


def _sentence(error: bytes) -> str:
    return error.decode(errors="replace").strip().removeprefix("Error: ")
