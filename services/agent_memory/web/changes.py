"""Changes: what may be done from the page, by the command lines that do it elsewhere.

Each runs in a process of its own, as an erasure's proof takes long and needs what the page's server does not load.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Final

from agent_memory import own_command
from agent_memory.errors import AgentMemoryError
from agent_memory.web.answers import Answer, answered, failed, store_meant
from agent_memory.web.daemon_state import DaemonState
from agent_memory.web.questions import Given, WrongQuestion, options, required

# How long a pause may last; the last one until it is resumed.
LENGTHS: Final = ("30m", "2h", "1d", "")
# The proof that nothing is left looks through all files.
_PATIENCE_S: Final = 3600.0


class Changes:
    """Changes the store of a page. For any thread; one change at a time."""

    def __init__(self, daemon: DaemonState) -> None:
        self._daemon = daemon
        self._turn = threading.Lock()

    def change(self, name: str, given: Given) -> Answer:
        """Do what has that name; the answer is what its command prints."""
        try:
            store = store_meant(self._daemon, given)
            words = command_line(name, given)
        except WrongQuestion as error:
            return failed(400, str(error), "WRONG_QUESTION")
        of_store = ("--db-path", str(self._daemon.db_path), "--project-store", store)
        with self._turn:
            try:
                done = own_command.run(*words, *of_store, timeout_s=_PATIENCE_S)
            except (AgentMemoryError, OSError) as error:
                return failed(503, f"It was not done: {error}.", "LATE")
        return answered(done.returncode, done.stdout.encode(), done.stderr.encode())


def command_line(name: str, given: Given) -> list[str]:
    """The words of the command; raises WrongQuestion."""
    if name not in _CHANGES:
        raise WrongQuestion(f"There is nothing at {name!r}.")
    if any("\0" in value for value in given.values()):
        raise WrongQuestion("A value holds a NUL.")
    return _CHANGES[name](given)


def _pause(given: Given) -> list[str]:
    length = given.get("length", "")
    if length not in LENGTHS:
        raise WrongQuestion("There is no such pause.")
    return ["pause-capture", *filter(None, [length])]


def _resume(given: Given) -> list[str]:
    return ["resume-capture"]


def _preview(given: Given) -> list[str]:
    return [*_forgetting(given), "--dry-run"]


def _forget(given: Given) -> list[str]:
    events = required(given, "events")
    if not events.isdecimal():
        raise WrongQuestion("The number of events is none.")
    return [*_forgetting(given), "--yes", f"--expect={events}"]


def _forgetting(given: Given) -> list[str]:
    """What is meant: a conversation, a time, or what of the conversation is in that time."""
    selected = options(given, "session", "from", "to")
    if not selected:
        raise WrongQuestion("Nothing says what to forget.")
    return ["admin", "forget", *selected]


_CHANGES: Final[Mapping[str, Callable[[Given], list[str]]]] = {
    "pause": _pause,
    "resume": _resume,
    "preview": _preview,
    "forget": _forget,
}
