"""A call that is made twice is one call; what is said twice is two."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from agent_memory.capture.envelope import REPEATED_WITHIN_MS, Envelope
from agent_memory.hook import delivered
from agent_memory.query.hooks.repeats import CALLS_MAX, Repeats


def call(at_ms: int, number: int = 1, payload: bytes = b"{}", event: str = "") -> Envelope:
    return Envelope(f"{at_ms * 1_000_000:020}-{number:016x}", "", event, "", payload)


def test_a_repeat_has_the_key_of_its_first_call_whenever_it_comes_again() -> None:
    """A hook that got no answer in time puts its envelope into the spool as well."""
    repeats, first, second = Repeats(), call(5000), call(5000 + REPEATED_WITHIN_MS, 2)

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
    calls = [call(5000), call(5000, 2, b"[]"), call(5000, 3, event="Stop"), call(5001 + REPEATED_WITHIN_MS, 4)]

    assert [repeats.as_first(each) for each in calls] == calls


def test_only_so_many_are_remembered() -> None:
    repeats = Repeats()
    for number in range(CALLS_MAX + 1):
        repeats.as_first(call(5000, number, b"%d" % number))

    forgotten = call(5000, 9, b"0")
    assert repeats.as_first(forgotten) == forgotten
    assert repeats.as_first(call(5000, 9, b"2")).key == call(5000, 2).key


def test_calls_that_leave_by_grpc_are_known_from_a_file(tmp_path: Path) -> None:
    """Each of them is a process of its own; both begin at once."""
    calls = [call(5000 + number, number, b"%d" % (number // 2)) for number in range(64)]

    with ThreadPoolExecutor(16) as pool:
        sent = list(pool.map(lambda each: delivered.as_first(each, delivered.path_of(tmp_path / "data" / "db")), calls))

    for one, other in zip(sent[::2], sent[1::2], strict=True):
        assert one.key == other.key
    assert len({each.key for each in sent}) == 32
    later = call(7000 + REPEATED_WITHIN_MS, 1, b"0")
    assert delivered.as_first(later, delivered.path_of(tmp_path / "data" / "db")) == later
    assert (delivered.path_of(tmp_path / "data" / "db")).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"a": 1, "b": "no key"}', b"\xff"])
def test_whatever_is_in_that_file_costs_no_call(content: bytes, tmp_path: Path) -> None:
    path = delivered.path_of(tmp_path / "db")
    path.write_bytes(content)

    assert delivered.as_first(call(5000), path) == call(5000)
    assert delivered.as_first(call(5001, 2), path) == replace(call(5001, 2), key=call(5000).key)
    path.unlink()
    path.mkdir()
    assert delivered.as_first(call(5000), path) == call(5000)
