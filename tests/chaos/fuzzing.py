"""Fuzzing: a parser is given one input after the other, and watched."""

from __future__ import annotations

import gc
import random
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

from support.mutations import Samples

# Of processor time: the machine does other things too.
LONGEST_S: Final = 1.0
# What one input may add to the most that the process ever had, besides a multiple of its own size.
MEMORY_BYTES: Final = 64 << 20
MEMORY_TIMES: Final = 60
_SHOWN: Final = 3
_RSS_UNIT: Final = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Parser:
    """Something that reads what others wrote."""

    name: str
    samples: Samples
    call: Callable[[bytes], object]
    # The errors that it is documented to raise; any other is a defect.
    raises: tuple[type[Exception], ...] = ()


@dataclass(slots=True)
class Found:
    """What came of a run: how many inputs in how much processor time, and those that failed, by what they failed of."""

    inputs: int = 0
    seconds: float = 0.0
    slowest_s: float = 0.0
    failures: dict[str, list[str]] = field(default_factory=dict)

    def add(self, what: str, where: str) -> None:
        shown = self.failures.setdefault(what, [])
        if len(shown) < _SHOWN:
            shown.append(where)


class TooLong(BaseException):
    """An input took longer than it may. Not an Exception: nobody is to handle it."""


def fuzz(parser: Parser, seed: int, inputs: int, seconds: float) -> Found:
    """Give the parser so many inputs, or as many as it reads in that time; input N of a seed is always the same."""
    found = Found()
    before = signal.signal(signal.SIGVTALRM, _too_long)
    gc.freeze()
    begun_s, used_s = time.monotonic(), time.thread_time()
    try:
        while found.inputs < inputs and time.monotonic() - begun_s < seconds:
            _try(parser, seed, found.inputs, found)
            found.inputs += 1
    finally:
        signal.signal(signal.SIGVTALRM, before)
        gc.unfreeze()
    found.seconds = time.thread_time() - used_s
    return found


def input_of(parser: Parser, seed: int, number: int) -> bytes:
    return parser.samples.input(random.Random(f"{seed}/{parser.name}/{number}"))


def _try(parser: Parser, seed: int, number: int, found: Found) -> None:
    data = input_of(parser, seed, number)
    memory = _most_memory()
    what = ""
    begun_s = time.thread_time()
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST_S)
        try:
            with suppress(*parser.raises):
                parser.call(data)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except TooLong as error:
        what = f"took over {LONGEST_S} s in {_place(error)}"
    except Exception as error:
        what = f"{type(error).__name__} in {_place(error)}: {str(error)[:100]}"
    found.slowest_s = max(found.slowest_s, time.thread_time() - begun_s)
    added = _most_memory() - memory
    if not what and added > MEMORY_BYTES + MEMORY_TIMES * len(data):
        what = "took too much memory"
    if what:
        found.add(what, f"seed {seed}, input {number}: {len(data)} bytes, {data[:160]!r}")


def _too_long(number: int, frame: FrameType | None) -> None:
    raise TooLong


def _most_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT


def _place(error: BaseException) -> str:
    """The last place in the product that the error went through."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/agent_memory/" in frame.filename] or list(frames)
    return f"{own[-1].filename.partition('/agent_memory/')[2] or own[-1].filename}:{own[-1].lineno}"
