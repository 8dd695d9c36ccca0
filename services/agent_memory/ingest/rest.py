"""A store at rest is flushed: what it has not written to files, each process that reads it holds in memory as well."""

from __future__ import annotations

from typing import Final

# A store that nothing was committed to for so long is at rest. Shorter pauses than that would make many small files.
REST_S: Final = 10.0
# Less is not worth a file.
FLUSHED_BYTES: Final = 2 << 20


class Rest:
    """Tells when the rest of a store begins, from the number of its last change at each look."""

    def __init__(self) -> None:
        self._change = -1
        self._changed_s = 0.0
        self._has_begun = True

    def begins(self, change: int, now_s: float) -> bool:
        """Whether there was no change for REST_S, and that is news."""
        if change != self._change:
            self._change, self._changed_s, self._has_begun = change, now_s, False
        if self._has_begun or now_s - self._changed_s < REST_S:
            return False
        self._has_begun = True
        return True
