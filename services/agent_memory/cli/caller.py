"""The caller: who typed the command that runs. Usually this process; in the query service, one that asked it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a command was typed, and with which environment."""

    environ: Mapping[str, str]
    # None: this process's current folder.
    folder: Path | None = None
    # The only store that the answer may be about; None: any.
    store: Path | None = None


class NotServed(Exception):
    """This command line has to be answered by the process it was typed to."""


_THIS_PROCESS: Final = Caller(os.environ)
_current: Final = ContextVar("caller", default=_THIS_PROCESS)


def caller() -> Caller:
    """Who typed the command that runs in this thread."""
    return _current.get()


def not_served(why: str) -> None:
    """Raise NotServed, in the query service: an answer of any size, or one that takes long, is not to be made there."""
    if _current.get() is not _THIS_PROCESS:
        raise NotServed(why)


@contextmanager
def on_behalf_of(other: Caller) -> Iterator[None]:
    """What runs in the block was typed by that caller."""
    token = _current.set(other)
    try:
        yield
    finally:
        _current.reset(token)
