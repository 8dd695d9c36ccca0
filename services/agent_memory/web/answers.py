"""Answers: what the daemon says to a question, as a response to a browser."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from agent_memory.command_client import ask, pack
from agent_memory.web.daemon_state import DaemonState
from agent_memory.web.places import place
from agent_memory.web.questions import WrongQuestion, command_line

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
        self._turn = threading.Lock()

    def answer(self, name: str, given: Mapping[str, str]) -> Answer:
        """The answer to the question of that name."""
        try:
            if name == "about":
                return Answer(200, json.dumps({"store": self._daemon.store}).encode())
            if name == "place":
                return Answer(200, json.dumps(place(given.get("id", ""))).encode())
            words = ["--project-store", self._daemon.store, *command_line(name, given)]
        except WrongQuestion as error:
            return failed(400, str(error), "WRONG_QUESTION")
        with self._turn:
            return self._asked(words)

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
                code, text, error = found
                # Where something is not there, commands print the answer without it, too.
                if code == 0 or (code == 1 and text):
                    return Answer(200, text)
                return failed(_STATUS_OF_EXIT_CODE.get(code, _UNAVAILABLE), _sentence(error), "REFUSED")
            time.sleep(pause_s)
        return failed(_UNAVAILABLE, "The daemon is busy, or of another version than this page.", "BUSY")


def failed(status: int, sentence: str, reason: str) -> Answer:
    """An answer that says what went wrong."""
    return Answer(status, json.dumps({"error": sentence, "reason": reason}).encode())


def _sentence(error: bytes) -> str:
    return error.decode(errors="replace").strip().removeprefix("Error: ")
