"""The one retry policy: what may pass is tried a few times, until a deadline; what will not, once."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Final, TypeVar

from agent_memory.worker.llm.providers import AnswerUnusable, ProviderUnavailable

ATTEMPTS: Final = 3
REQUEST_TIMEOUT_S: Final = 60.0
DEADLINE_S: Final = 150.0
FIRST_PAUSE_S: Final = 1.0

Result = TypeVar("Result")


class Retries:
    """Asks again. `wait` waits that many seconds and says whether to stop for good."""

    def __init__(
        self,
        wait: Callable[[float], bool],
        clock_s: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._wait = wait
        self._clock_s = clock_s
        self._chance = chance

    def run(self, attempt: Callable[[float], Result]) -> Result:
        """What the attempt returns; it is given the seconds it may take. Raises what its last failure raised."""
        deadline_s = self._clock_s() + DEADLINE_S
        left = ATTEMPTS
        while True:
            left -= 1
            try:
                return attempt(min(REQUEST_TIMEOUT_S, deadline_s - self._clock_s()))
            except AnswerUnusable:
                pause_s = 0.0
                if not left:
                    raise
            except ProviderUnavailable as error:
                # Chance keeps many machines from coming back in the same second.
                own_s = FIRST_PAUSE_S * 4 ** (ATTEMPTS - 1 - left) * (1 + self._chance() / 4)
                pause_s = own_s if error.retry_after_s is None else error.retry_after_s
                if not left or self._clock_s() + pause_s >= deadline_s or self._wait(pause_s):
                    raise
            if self._clock_s() >= deadline_s:
                raise ProviderUnavailable(f"No usable answer within {DEADLINE_S:g} s.")
