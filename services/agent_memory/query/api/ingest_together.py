"""Single events that arrive at the same time: checked together, stored together, each answered by itself."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from agent_memory.errors import AgentMemoryError
from agent_memory.histogram import Histogram
from agent_memory.model import DEFAULT_STORE
from agent_memory.query.api.calls import store_named
from agent_memory.query.api.core_calls import Aborted, Asked, CoreCall
from agent_memory.query.api.errors import abort
from agent_memory.query.api.interceptor import Handler
from agent_memory.query.api.service import ingested
from agent_memory.query.inbound.append_batcher import Outcome
from agent_memory.query.inbound.intake import Admitted
from agent_memory.query.store_context import StoreContext, Stores
from agent_memory.rpc import memory_pb2 as pb

log = logging.getLogger(__name__)


class IngestTogether:
    """Answers calls of IngestEvent; `checked` is a handler that returns the request of a call that may be answered."""

    def __init__(self, stores: Stores, checked: Handler, took: Histogram) -> None:
        """`took` counts how long each call takes."""
        assert checked.unary_unary
        assert checked.request_deserializer
        self._stores = stores
        self._took = took
        self._parse, self._checked = checked.request_deserializer, checked.unary_unary

    def __call__(self, calls: Sequence[Asked]) -> Sequence[Asked]:
        """Answer them, soon; those that are to be refused are left to the handler of one call."""
        left: list[Asked] = []
        together: list[tuple[Asked, pb.Event]] = []
        for asked in calls:
            content, call = asked
            try:
                request: pb.IngestEventRequest = self._checked(self._parse(content), call)  # type: ignore[arg-type]
            except Exception:  # the handler meets it again, and says so
                left.append(asked)
                continue
            # A project store may be closed by the time that its calls are answered, unless each holds it open.
            if request.HasField("event") and self._is_for_default(call):
                together.append((asked, request.event))
            else:
                left.append(asked)
        return [*left, *_ingest(self._stores.default, together, self._took)]

    def _is_for_default(self, call: CoreCall) -> bool:
        return store_named(call) in ("", DEFAULT_STORE) and not self._stores.agents.is_on


def _ingest(store: StoreContext, calls: Sequence[tuple[Asked, pb.Event]], took: Histogram) -> Sequence[Asked]:
    began_s = time.monotonic()
    try:
        outcomes = store.intake.admit_all([event for _, event in calls])
    except Exception:
        log.exception("events not checked together")
        return [asked for asked, _ in calls]
    admitted: list[Admitted] = []
    waiting: list[tuple[CoreCall, str]] = []
    for ((_, call), event), outcome in zip(calls, outcomes, strict=True):
        if isinstance(outcome, Admitted):
            admitted.append(outcome)
            waiting.append((call, event.event_id))
        elif outcome is None:
            call.reply(ingested(event.event_id, None).SerializeToString())
        else:
            _fail(call, outcome)

    def answer(appended: Outcome) -> None:
        _answer(waiting, appended)
        took.observe(time.monotonic() - began_s, len(waiting))

    if admitted:
        store.batcher.append_soon(admitted, answer)
    return []


def _answer(calls: Sequence[tuple[CoreCall, str]], outcome: Outcome) -> None:
    if isinstance(outcome, AgentMemoryError):
        for call, _ in calls:
            _fail(call, outcome)
        return
    for (call, event_id), appended in zip(calls, outcome, strict=True):
        call.reply(ingested(event_id, appended).SerializeToString())


def _fail(call: CoreCall, error: AgentMemoryError) -> None:
    try:
        abort(call, error)
    except Aborted:
        call.end_aborted()
