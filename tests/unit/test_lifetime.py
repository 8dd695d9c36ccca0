"""How often a process may die young."""

from __future__ import annotations

from pathlib import Path

from agent_memory.lifetime import CRASH_WITHIN_S, count_crashes


def test_crashes_are_counted_from_one_start_to_the_next(tmp_path: Path) -> None:
    """The first life has none before it; a long one makes good for all that were short."""
    crashes = tmp_path / "crashes"

    assert [count_crashes(crashes, now_s) for now_s in (1000.0, 1002.0, 1003.5)] == [0, 1, 2]
    assert count_crashes(crashes, 1003.5 + CRASH_WITHIN_S) == 0
    assert count_crashes(crashes, 1003.5 + CRASH_WITHIN_S + 1) == 1


def test_what_can_not_be_counted_keeps_nobody_from_starting(tmp_path: Path) -> None:
    """Half a file, as a full disk leaves it, and a folder that is gone: counting begins again."""
    half = tmp_path / "half"
    half.write_text("")

    assert count_crashes(half, 1000.0) == 0
    assert count_crashes(half, 1001.0) == 1
    assert count_crashes(tmp_path / "gone" / "crashes", 1000.0) == 0
