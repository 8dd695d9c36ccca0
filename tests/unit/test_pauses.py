"""A pause is a span of time that is known for ever; the hook and the daemon see the same."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent_memory.capture.privacy.pauses import OPEN_END_MS, Pause, Pauses
from agent_memory.errors import UsageError
from agent_memory.hook import client
from agent_memory.present.times import parse_duration

NOW = 1_800_000_000_000


def is_paused(pauses: Pauses, db_path: Path, at_ms: int) -> bool:
    """What both sides say, which must be the same for now."""
    said = client.is_paused(os.fsencode(db_path), at_ms)
    assert said == (pauses.current(at_ms) is not None)
    return said


def test_a_pause_ends_by_itself(tmp_path: Path) -> None:
    db_path = tmp_path / "new" / "db"
    pauses = Pauses(db_path)
    assert not is_paused(pauses, db_path, NOW)

    pauses.begin(NOW, NOW + 1000)

    assert is_paused(pauses, db_path, NOW)
    assert is_paused(pauses, db_path, NOW + 999)
    assert not is_paused(pauses, db_path, NOW + 1000)
    assert not is_paused(pauses, db_path, NOW - 1)
    assert pauses.path.stat().st_mode & 0o777 == 0o600


def test_what_was_paused_stays_known(tmp_path: Path) -> None:
    """An agent's transcript can be taken in long after the pause that it was written in."""
    pauses = Pauses(tmp_path / "db")
    pauses.begin(NOW, OPEN_END_MS)
    assert pauses.end(NOW + 500)
    pauses.begin(NOW + 2000, NOW + 3000)

    again = Pauses(tmp_path / "db")

    assert again.all() == (Pause(NOW + 2000, NOW + 3000), Pause(NOW, NOW + 500))
    assert [again.current(NOW + ms) is not None for ms in (0, 499, 500, 2000, 3000)] == [True, True, False, True, False]
    assert not is_paused(again, tmp_path / "db", NOW + 1000)


def test_a_pause_that_goes_on_is_made_longer_or_shorter(tmp_path: Path) -> None:
    pauses = Pauses(tmp_path / "db")
    pauses.begin(NOW, NOW + 1000)

    pauses.begin(NOW + 10, NOW + 20)

    assert pauses.all() == (Pause(NOW, NOW + 20),)
    assert not pauses.end(NOW + 30)


@pytest.mark.parametrize("content", [b"", b"\n", b"never\n", b"1800000000000"])
def test_a_file_without_a_pause_loses_no_event(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "db-pauses").write_bytes(content)

    assert not client.is_paused(os.fsencode(tmp_path / "db"), NOW)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30m", 1800), ("90", 5400), ("2h", 7200), ("1 day", 86400), ("45 seconds", 45), ("1w", 604800)],
)
def test_lengths_of_time_are_understood(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-5m", "1y", "5 m 3"])
def test_other_lengths_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="duration"):
        parse_duration(text)
