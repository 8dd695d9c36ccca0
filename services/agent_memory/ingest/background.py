"""Work that takes long and runs beside the writing, one piece after another, in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from agent_memory.bus import frames
from agent_memory.errors import StoreError
from agent_memory.rpc import bus_pb2 as pb


class Background:
    """One kind of such work for one store; `name` is what errors call it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread = ThreadPoolExecutor(1, name)
        self._last: Future[pb.Reply] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether something is under way or waits."""
        return self._last is not None and not self._last.done()

    def begin(self, work: Callable[[], pb.Reply], answer: Callable[[pb.Reply], None]) -> None:
        """Do the work after what came before; `answer` gets the reply, in whatever thread."""
        self._last = self._thread.submit(work)
        self._last.add_done_callback(lambda done: answer(self._reply(done)))

    def wait(self) -> None:
        """Wait until nothing is under way."""
        self._thread.submit(lambda: None).result()

    def close(self) -> None:
        """Wait for what is under way; refuse what has not begun."""
        self._thread.shutdown(cancel_futures=True)

    def _reply(self, done: Future[pb.Reply]) -> pb.Reply:
        if done.cancelled():
            return frames.refused(pb.Refused.UNAVAILABLE, "The writer is stopping.", "Ask again when it is back.")
        error = done.exception()
        if isinstance(error, StoreError):
            return frames.refused(pb.Refused.UNAVAILABLE, error.message, error.remedy)
        if error:
            return frames.refused(pb.Refused.UNAVAILABLE, f"The {self._name} failed: {error}")
        return done.result()
