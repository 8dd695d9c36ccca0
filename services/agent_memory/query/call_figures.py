"""Call figures: how long the calls of each method took, since this process began."""

from __future__ import annotations

from agent_memory.histogram import SECONDS, Histogram


class CallFigures:
    """A histogram for each method that was called; to be asked only for methods that there are."""

    def __init__(self) -> None:
        self.by_method: dict[str, Histogram] = {}

    def of(self, method: str) -> Histogram:
        """The method's histogram."""
        return self.by_method.setdefault(method, Histogram(SECONDS))
