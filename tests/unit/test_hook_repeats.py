"""A call that is made twice is one call; what is said twice is two."""

from __future__ import annotations

from dataclasses import replace

from agent_memory.capture.envelope import Envelope
from agent_memory.query.hooks.repeats import CALLS_MAX, WITHIN_MS, Repeats


def call(at_ms: int, number: int = 1, payload: bytes = b"{}", event: str = "") -> Envelope:
    return Envelope(f"{at_ms * 1_000_000:020}-{number:016x}", "", event, "", payload)


def test_a_repeat_has_the_key_of_its_first_call_whenever_it_comes_again() -> None:
    """A hook that got no answer in time puts its envelope into the spool as well."""
    repeats, first, second = Repeats(), call(5000), call(5000 + WITHIN_MS, 2)

    assert repeats.as_first(first) == first
    assert repeats.as_first(second) == replace(second, key=first.key)
    later = call(90_000, 3)
    assert repeats.as_first(later) == later
    for again in (second, first):
        assert repeats.as_first(again).key == first.key


def test_a_repeat_may_come_in_before_its_first_call() -> None:
    repeats, first, second = Repeats(), call(5000), call(5100, 2)

    assert repeats.as_first(second) == second
    assert repeats.as_first(first).key == second.key


def test_other_calls_are_calls_of_their_own() -> None:
    """Another payload, another event on the command line, or a while later."""
    repeats = Repeats()
    calls = [call(5000), call(5000, 2, b"[]"), call(5000, 3, event="Stop"), call(5001 + WITHIN_MS, 4)]

    assert [repeats.as_first(each) for each in calls] == calls


def test_only_so_many_are_remembered() -> None:
    repeats = Repeats()
    for number in range(CALLS_MAX + 1):
        repeats.as_first(call(5000, number, b"%d" % number))

    forgotten = call(5000, 9, b"0")
    assert repeats.as_first(forgotten) == forgotten
    assert repeats.as_first(call(5000, 9, b"2")).key == call(5000, 2).key
