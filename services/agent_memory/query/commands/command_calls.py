"""Command calls: framed command lines from the socket, and the answers to them."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final, Protocol, TypeAlias

from agent_memory.command_call import CALL_MAX_BYTES, COMMAND_CALL, FULL
from agent_memory.errors import InvalidEvent

log = logging.getLogger(__name__)

# Calls are answered one at a time, and each that waits keeps a thread from serving hooks.
WAITING_MAX: Final = 4
# In less than this the caller has loaded the full command and answered itself.
WAIT_S: Final = 1.0

_HEADER: Final = re.compile(re.escape(COMMAND_CALL) + rb" (\d{1,7})\n")


@dataclass(frozen=True, slots=True)
class CommandCall:
    """A command line, and what of its caller the answer may depend on."""

    version: str
    folder: str
    is_terminal: bool
    environ: Mapping[str, str]
    words: Sequence[str]


class Answered(Protocol):
    """An answer: an exit code, and what to print to standard output and to standard error."""

    @property
    def exit_code(self) -> int: ...
    @property
    def text(self) -> bytes: ...
    @property
    def error(self) -> bytes: ...


# Answers one call at a time, or not.
Answers: TypeAlias = Callable[[CommandCall], Answered | None]


class CommandCalls:
    """Answers the calls of any thread, one at a time."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._waiting = threading.BoundedSemaphore(WAITING_MAX)
        self._turn = threading.Lock()

    def answer(self, header: bytes, stream: BinaryIO) -> bytes:
        """What to send back for the call that begins with this header; raises InvalidEvent where it is none."""
        match = _HEADER.fullmatch(header)
        size = int(match[1]) if match else CALL_MAX_BYTES + 1
        if size > CALL_MAX_BYTES:
            raise InvalidEvent(f"this is no command call: it begins with {header[:80]!r}")
        call = unpack(stream.read(size), size)
        if call is None or not self._waiting.acquire(blocking=False):
            return FULL
        try:
            if not self._turn.acquire(timeout=WAIT_S):
                return FULL
            try:
                answer = self._answers(call)
            finally:
                self._turn.release()
        finally:
            self._waiting.release()
        if answer is None:
            return FULL
        sizes = answer.exit_code, len(answer.text), len(answer.error)
        return b"done %d %d %d\n%s%s" % (*sizes, answer.text, answer.error)


def unpack(content: bytes, size: int) -> CommandCall | None:
    """The call; None for one that is torn, or that is not text."""
    try:
        version, folder, terminal, count, *rest = content.decode().split("\0")
        variables, words = rest[: int(count)], rest[int(count) :]
        environ = dict(_variable(each) for each in variables)
    except ValueError:  # UnicodeDecodeError is one
        return None
    if len(content) != size or len(variables) != int(count):
        return None
    return CommandCall(version, folder, terminal == "1", environ, words)


def _variable(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found:
        raise ValueError(text)
    return name, value
