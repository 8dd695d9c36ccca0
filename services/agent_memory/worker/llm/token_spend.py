"""What the summaries cost in tokens, kept in the store, and the day's budget."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from agent_memory.bus.client import Bus
from agent_memory.errors import AgentMemoryError, WriterUnavailable
from agent_memory.process.logs import line
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import codec, keys, records
from agent_memory.store.codec import Cost
from agent_memory.store.reader import Reader
from agent_memory.worker.llm.providers import Answer

log = logging.getLogger(__name__)

RECORD_TIMEOUT_S: Final = 5.0
ERROR_MAX: Final = 500  # characters


class BudgetSpent(AgentMemoryError):
    """The day's tokens are spent; tomorrow there are others."""


class TokenSpend:
    """Counts what is asked of a model, by the level that is summarized: "segment", "day", "week", "month" or "year"."""

    def __init__(self, reader: Reader, writer: Bus, daily_tokens: int, today: Callable[[], str]) -> None:
        self._writer = writer
        self._daily_tokens = daily_tokens
        self._today = today
        self._spending = records.spending(reader)

    def admit(self, tokens: int) -> None:
        """Raise BudgetSpent where a question of about that many tokens would cost more than the day has left."""
        spent = sum(cost.tokens for cost in self._of_today().values())
        if spent + tokens > self._daily_tokens:
            raise BudgetSpent(
                f"The day's budget for summaries is spent: {spent} of {self._daily_tokens} tokens, and the next "
                f"question takes about {tokens}. It goes on tomorrow, or with a higher summarizer_daily_tokens."
            )

    def record(self, level: str, answer: Answer) -> None:
        """Add what an answer cost, usable or not."""
        cost = Cost(1, answer.input_tokens, answer.output_tokens)
        self._spending = replace(
            self._spending,
            day=self._today(),
            today=_added(self._of_today(), level, cost),
            total=_added(self._spending.total, level, cost),
        )
        self._store()

    def note(self, error: str) -> None:
        """Remember what stands in the way, or that nothing does any more: an empty text."""
        if error[:ERROR_MAX] != self._spending.last_error:
            self._spending = replace(self._spending, last_error=error[:ERROR_MAX])
            self._store()

    def _of_today(self) -> dict[str, Cost]:
        return self._spending.today if self._spending.day == self._today() else {}

    def _store(self) -> None:
        row = pb.RecordJob(job_name=keys.SUMMARIES, value=codec.spending_to_json(self._spending))
        try:
            self._writer.ask(pb.Command(record_job=row), RECORD_TIMEOUT_S)
        except WriterUnavailable as error:
            # The row holds the whole sum, so the next one makes up for it; an answer that was paid for is used.
            log.warning(line("what summaries cost was not written", reason=error))


def _added(costs: dict[str, Cost], level: str, cost: Cost) -> dict[str, Cost]:
    return {**costs, level: costs.get(level, Cost()) + cost}
