"""Better summaries, later: a thread has a model summarize what has only a local summary, the worker's loop commits it.

The thread only reads. Draining never waits for it: it may hang on a provider for as long as it likes.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, Future
from datetime import tzinfo
from itertools import chain, zip_longest
from typing import Final

from agent_memory import backoff
from agent_memory.errors import AgentMemoryError, SettingsError
from agent_memory.model import Bullet, TocNode
from agent_memory.process.logs import line
from agent_memory.store.reader import Reader
from agent_memory.worker.llm.answers import ModelSummary
from agent_memory.worker.llm.asking import Asking
from agent_memory.worker.llm.deadline import Deadline
from agent_memory.worker.llm.pending import Pending, PendingPeriod, PendingSegment, PendingSummaries
from agent_memory.worker.llm.providers import Provider, ProviderRefused, ProviderUnavailable, QuestionRefused
from agent_memory.worker.llm.retries import Retries
from agent_memory.worker.llm.token_spend import TokenSpend
from agent_memory.worker.summarizer.segment_text import SegmentText
from agent_memory.worker.summarizer.summary import DraftBullet, Summary
from agent_memory.worker.toc import grips
from agent_memory.worker.toc.summary_replacement import NewSummary
from agent_memory.worker.toc.toc import Toc

log = logging.getLogger(__name__)

# Periods close by the clock, so the tree is looked through so often though nothing was committed.
LOOK_S: Final = 60.0
# Commits come in bursts; the tree is looked through once for those of so many seconds.
SETTLE_S: Final = 1.0
# The wait before a provider that failed is asked again, doubled with each failure in a row.
PAUSE_FIRST_S: Final = 30.0
PAUSE_MAX_S: Final = 3600.0
# A question without a usable answer is left alone; so many in a row, and it is the provider that is left alone.
UNANSWERED_MAX: Final = 3
# Grips that one line of a period leads to.
GRIPS_MAX: Final = 3
# The worker's stop waits so long for the thread, which reads the store until then.
STOP_S: Final = 2.0


class Resummarizer:
    """Has a model summarize the nodes of one store, and passes the summaries to the thread that commits."""

    def __init__(
        self,
        reader: Reader,
        zone: tzinfo,
        provider: Callable[[], Provider],
        spend: TokenSpend,
        now_ms: Callable[[], int],
    ) -> None:
        self._reader = reader
        self._zone = zone
        self._provider = provider
        self._spend = spend
        self._deadline = Deadline()
        self._now_ms = now_ms
        self._stop = threading.Event()
        # Something was committed, or the stop has come: look again.
        self._news = threading.Event()
        self._seen_commit = 0
        self._finished: deque[tuple[NewSummary, Future[bool]]] = deque()
        # Nodes, by id and version, that the model had no usable answer for.
        self._given_up: set[tuple[str, int]] = set()
        self._failures = 0
        # Whether the last look found nothing more to ask.
        self.is_at_rest = False
        self._thread = threading.Thread(target=self._work, name="resummarizer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def commit_finished(self, toc: Toc) -> None:
        """Commit what the thread has brought. To be called by the one thread that owns the table of contents.

        Raises StaleCommit and WriterUnavailable; what could not be committed is tried again with the next call.
        """
        while self._finished:
            summary, done = self._finished[0]
            kept = toc.replace_summary(summary, self._now_ms())
            self._finished.popleft()
            done.set_result(kept)
        if toc.state.commit != self._seen_commit:
            self._seen_commit = toc.state.commit
            self.is_at_rest = False
            self._news.set()

    def close(self) -> None:
        """Stop the thread; one that waits for a provider is left behind and ends with the process."""
        self._stop.set()
        self._news.set()
        self._thread.join(STOP_S)

    def _work(self) -> None:
        while not self._stop.is_set():
            pause_s = self._try()
            if pause_s:
                self.is_at_rest = True
                self._stop.wait(pause_s)
            else:
                self.is_at_rest = not self._news.is_set()
                self._news.wait(LOOK_S)
                self._news.clear()
                self._stop.wait(SETTLE_S)

    def _try(self) -> float:
        """Work off the pending summaries; the seconds to stay away when something is in the way."""
        try:
            asking = Asking(self._provider(), Retries(self._stop.wait), self._deadline, self._spend)
            self._resummarize_all(asking)
            self._spend.note("")
        except CancelledError:
            return 0.0
        except (AgentMemoryError, OSError) as error:
            if self._stop.is_set():
                return 0.0
            pause_s = self._pause_s(error)
            log.warning(line("summaries stay local for now", again_in_s=int(pause_s), reason=error))
            self._spend.note(f"{type(error).__name__}: {error}")
            return pause_s
        except Exception:
            pause_s = self._pause_s(None)
            log.exception(line("summaries stay local for now", again_in_s=int(pause_s)))
            return pause_s
        self._failures = 0
        return 0.0

    def _resummarize_all(self, asking: Asking) -> None:
        unanswered = 0
        for pending in PendingSummaries(self._reader, self._zone, self._now_ms(), self._is_given_up):
            try:
                kept = self._resummarize(pending, asking)
                unanswered = 0
            except QuestionRefused as error:
                unanswered += 1
                if unanswered == UNANSWERED_MAX:
                    raise
                log.warning(line("no usable answer, the local summary stays", node=pending.node.node_id, reason=error))
                kept = False
            if not kept:
                # Whatever the reason: nothing is paid for twice.
                self._given_up.add((pending.node.node_id, pending.node.version))

    def _resummarize(self, pending: Pending, asking: Asking) -> bool:
        """Whether the node has the model's summary now; not where the node had changed meanwhile."""
        summary = _new_summary(pending, asking)
        self._failures = 0
        kept = summary is not None and self._have_committed(summary)
        log.info(line("summarized by a model", node=pending.node.node_id, by=asking.name, kept=kept))
        return kept

    def _have_committed(self, summary: NewSummary) -> bool:
        """Wait until the other thread has committed the summary; whether it took it."""
        done: Future[bool] = Future()
        self._finished.append((summary, done))
        while True:
            try:
                return done.result(SETTLE_S)
            except TimeoutError:
                if self._stop.is_set():
                    raise CancelledError from None

    def _is_given_up(self, node: TocNode) -> bool:
        return (node.node_id, node.version) in self._given_up

    def _pause_s(self, error: Exception | None) -> float:
        self._failures += 1
        own_s = backoff.delay(self._failures, PAUSE_FIRST_S, PAUSE_MAX_S)
        if isinstance(error, ProviderUnavailable) and error.retry_after_s is not None:
            return max(own_s, error.retry_after_s)
        return PAUSE_MAX_S if isinstance(error, (ProviderRefused, SettingsError)) else own_s


def _new_summary(pending: Pending, asking: Asking) -> NewSummary | None:
    """The node's summary by the model, proved; None where it holds no text. Raises what `Asking` raises."""
    items = pending.items
    if not items:
        return None
    answer = asking.summarize(pending.node.level, items)
    if isinstance(pending, PendingSegment):
        return _of_segment(pending, answer, asking.name)
    return _of_period(pending, answer, asking.name)


def _of_segment(pending: PendingSegment, answer: ModelSummary, name: str) -> NewSummary:
    node_id = pending.node.node_id
    lines = tuple(DraftBullet(each.text, each.weight) for each in answer.lines)
    summary = Summary(answer.title, lines, answer.keywords)
    # Proof is looked for in the events themselves: a model's word that it is there counts for nothing.
    bullets, gripped = grips.grips_for(node_id, summary, SegmentText(pending.events))
    return NewSummary(node_id, summary.title, bullets, summary.keywords, gripped, name, pending.digest)


def _of_period(pending: PendingPeriod, answer: ModelSummary, name: str) -> NewSummary:
    below = [bullet for child in pending.children for bullet in child.bullets]
    bullets = tuple(
        Bullet(each.text, _grip_ids(below[place] for place in each.sources), each.weight) for each in answer.lines
    )
    # A period's title says when it was, whoever summarizes it.
    return NewSummary(pending.node.node_id, pending.node.title, bullets, answer.keywords, (), name, pending.digest)


def _grip_ids(bullets: Iterable[Bullet]) -> tuple[str, ...]:
    """What a line made of these leads to: the best grip of each before a second of any."""
    ranked = chain.from_iterable(zip_longest(*(bullet.grip_ids for bullet in bullets)))
    return tuple(dict.fromkeys(grip_id for grip_id in ranked if grip_id))[:GRIPS_MAX]
