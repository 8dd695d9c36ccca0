"""A deadline that a provider's library can't miss: its own limits are for each step, and a server that drips outlasts
them all."""

from __future__ import annotations

import threading
from concurrent.futures import Future, wait

from agent_memory.worker.llm.providers import Answer, Provider, ProviderUnavailable, Question


class Deadline:
    """Ends the waiting for an answer. The call itself ends when its connection does; until then no other is begun."""

    def __init__(self) -> None:
        self._left_behind: Future[Answer] | None = None

    def ask(self, provider: Provider, question: Question, timeout_s: float) -> Answer:
        """What the provider answers; raises what it raises, and ProviderUnavailable when the time is over."""
        if self._left_behind is not None and not self._left_behind.done():
            raise ProviderUnavailable(f"{provider.name} still answers a question whose time is over.")
        asked: Future[Answer] = Future()
        # A daemon, so that a server that never ends does not keep the process from ending.
        arguments = (asked, provider, question, timeout_s)
        threading.Thread(target=_ask, args=arguments, name="question", daemon=True).start()
        if not wait([asked], timeout_s).done:
            self._left_behind = asked
            raise ProviderUnavailable(f"{provider.name} did not answer within {timeout_s:g} s.")
        return asked.result()


def _ask(asked: Future[Answer], provider: Provider, question: Question, timeout_s: float) -> None:
    try:
        asked.set_result(provider.ask(question, timeout_s))
    except BaseException as error:
        asked.set_exception(error)
