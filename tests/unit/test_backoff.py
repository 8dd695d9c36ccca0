"""Waits after failures."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent_memory import backoff


def test_the_wait_doubles_up_to_the_longest() -> None:
    """1, 2, 4... and never more than what is allowed."""
    assert [backoff.delay(failures, 1.0, 5.0) for failures in range(1, 6)] == [1.0, 2.0, 4.0, 5.0, 5.0]


@given(st.integers(1, 10**9), st.integers(1, 10**6), st.integers(1, 10**9))
def test_a_wait_never_shrinks_and_never_fails(failures: int, first: int, more: int) -> None:
    """Whatever the number of failures: at least as long as before, at most the longest."""
    longest = first + more

    assert first <= backoff.delay(failures, first, longest) <= backoff.delay(failures + 1, first, longest) <= longest
    assert backoff.delay(failures, float(first), float(longest)) <= longest
