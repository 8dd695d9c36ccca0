"""Spool failures: which envelopes the daemon tried to take in and could not, and why, for `status` to show."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from agent_memory.files import atomic_write

# Somebody who looks into it looks at the first few.
SHOWN_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Failure:
    """An item of the spool that could not be taken in, by its path, and what to do about it."""

    path: str
    message: str
    remedy: str


def of_each_kind(failures: Iterable[Failure]) -> list[Failure]:
    """The first failure with each message: many items fail for one reason."""
    return list({each.message: each for each in reversed([*failures])}.values())[::-1]


class SpoolFailures:
    """The file in which the daemon notes them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, failures: Sequence[Failure]) -> None:
        """Note these and no others; raises OSError."""
        if failures:
            noted = {"failed": len(failures), "failures": [asdict(each) for each in failures[:SHOWN_MAX]]}
            atomic_write(self._path, json.dumps(noted, indent=1).encode())
        else:
            self._path.unlink(missing_ok=True)

    def read(self) -> tuple[int, Sequence[Failure]]:
        """How many there are, and the first of them that still lie there."""
        try:
            noted = json.loads(self._path.read_text(encoding="utf-8"))
            failures = [Failure(**each) for each in noted["failures"]]
            there = [each for each in failures if Path(each.path).is_symlink() or Path(each.path).exists()]
            # What somebody moved away is none any more, also while no daemon runs.
            return int(noted["failed"]) - len(failures) + len(there), there
        except (OSError, ValueError, KeyError, TypeError):
            return 0, ()
