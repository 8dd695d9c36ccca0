"""Lanes: questions to the daemon, asked in a thread of their own, so that no key waits for an answer.

In a lane only the last question counts. One that is overtaken is cancelled, and its answer is dropped.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from agent_memory.client import Client
from agent_memory.errors import AgentMemoryError, NotRunning, WriterUnavailable

# A question that overtakes another waits so long for the next one: a key that is held down asks nothing until it is
# let go.
SETTLE_S: Final = 0.06
# Longer than any answer takes. Nobody is kept waiting by it: whoever asks something else cancels it.
ANSWER_S: Final = 20.0

Value = TypeVar("Value")
Connect = Callable[[], Client]
# Has a function called in the screen's thread.
Deliver = Callable[[Callable[[], None]], None]


@dataclass(frozen=True, slots=True)
class _Question:
    number: int
    ask: Callable[[Client], Any]
    on_value: Callable[[Any], None]
    on_error: Callable[[AgentMemoryError], None]


class Lane:
    """Asks one question at a time. Its methods are for one thread, that of the screen."""

    def __init__(self, connect: Connect, deliver: Deliver, answer_s: float = ANSWER_S) -> None:
        self._connect = connect
        self._deliver = deliver
        self._answer_s = answer_s
        self._changed = threading.Condition()
        self._last = 0
        self._pending: _Question | None = None
        self._due_s = self._quiet_s = 0.0
        self._client: Client | None = None
        self._is_asking = self._is_closed = False
        # A daemon thread: the program can end while the daemon hangs.
        threading.Thread(target=self._run, name="browse-lane", daemon=True).start()

    @property
    def is_waiting(self) -> bool:
        """Whether an answer is still to come."""
        return self._is_asking or self._pending is not None

    def ask(
        self,
        ask: Callable[[Client], Value],
        on_value: Callable[[Value], None],
        on_error: Callable[[AgentMemoryError], None],
        settle_s: float = SETTLE_S,
    ) -> None:
        """Call `ask` in the lane's thread, and then one of the others in the screen's, unless it is overtaken."""
        with self._changed:
            self._last += 1
            now_s = time.monotonic()
            settles = self.is_waiting or now_s < self._quiet_s
            self._quiet_s = now_s + settle_s
            self._due_s = self._quiet_s if settles else now_s
            self._pending = _Question(self._last, ask, on_value, on_error)
            self._cancel_call()
            self._changed.notify()

    def cancel(self) -> None:
        """Nobody wants an answer any more."""
        with self._changed:
            self._last += 1
            self._pending = None
            self._cancel_call()

    def close(self) -> None:
        """Cancel, and end the thread."""
        self.cancel()
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def _cancel_call(self) -> None:
        if self._is_asking and self._client:
            self._client.close()  # a channel that is closed ends its calls at once
            self._client = None

    def _run(self) -> None:
        while (question := self._next()) is not None:
            outcome = self._outcome(question)
            with self._changed:
                self._is_asking = False
            self._deliver(partial(self._arrive, question.number, outcome))
        if self._client:
            self._client.close()

    def _next(self) -> _Question | None:
        with self._changed:
            while not self._is_closed:
                wait_s = self._due_s - time.monotonic()
                if self._pending and wait_s <= 0:
                    question, self._pending, self._is_asking = self._pending, None, True
                    return question
                self._changed.wait(wait_s if self._pending else None)
            return None

    def _outcome(self, question: _Question) -> Callable[[], None]:
        """What to call in the screen's thread."""
        try:
            value = question.ask(self._connected())
        except (NotRunning, WriterUnavailable) as error:
            with self._changed:  # the next daemon may listen elsewhere
                if self._client:
                    self._client.close()
                    self._client = None
            return partial(question.on_error, error)
        except AgentMemoryError as error:
            return partial(question.on_error, error)
        except Exception as error:
            return partial(_raise, error)
        return partial(question.on_value, value)

    def _connected(self) -> Client:
        with self._changed:
            if self._client:
                return self._client
        client = self._connect()
        client.timeout_s = self._answer_s
        with self._changed:
            self._client = client
        return client

    def _arrive(self, number: int, outcome: Callable[[], None]) -> None:
        if number == self._last:  # a call that was cancelled failed for that reason
            outcome()


def _raise(error: Exception) -> None:
    """A defect, or a call that was cancelled; only in the screen's thread it is known which."""
    raise error
