"""What is freed goes back to the system, once, when work has ended."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import pytest

from agent_memory.process.malloc_trim import Idleness

# Of blocks too small to be given back one by one, the last stays, and holds back all that lie below it.
PROGRAM = """
import psutil
from agent_memory.process.malloc_trim import give_back

blocks = [bytes(4000) for _ in range(25_000)]
del blocks[:-1]
before = psutil.Process().memory_info().rss
give_back()
print(before - psutil.Process().memory_info().rss)
"""


@pytest.mark.parametrize(
    ("used_s", "begins"),
    [
        # Work, and the first look that finds none.
        ((3.0, 5.0, 5.01, 5.02, 6.0, 6.1), (False, False, True, False, False, True)),
        # A little again and again is work as well.
        ((1.1, 1.15, 1.25, 1.3, 1.4, 1.5), (False, False, True, False, False, True)),
        # None at all.
        ((1.0, 1.01, 1.02, 1.03, 1.04, 1.05), (False,) * 6),
    ],
)
def test_idleness_begins_once_after_work(used_s: Sequence[float], begins: Sequence[bool]) -> None:
    """When there was work, and nothing is done any more."""
    idleness = Idleness(1.0)

    assert tuple(map(idleness.begins, used_s)) == begins


def test_freed_memory_is_given_back() -> None:
    """Most of a hundred megabytes that an allocator would have kept."""
    if not sys.platform.startswith("linux"):
        pytest.skip("other systems' allocators give back by themselves")

    given_back = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout

    assert int(given_back) > 50 << 20
