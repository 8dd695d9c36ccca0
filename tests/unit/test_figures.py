"""The figures of benchmarks: compared with their floors, kept, and marked where they became worse."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bench import figures
from bench.figures import Figure, Run

values = st.floats(0.01, 1e6)


@given(value=values, floor=values, busy=st.floats(0.1, 10))
def test_a_busy_machine_changes_nothing(value: float, floor: float, busy: float) -> None:
    """What slows a figure and its floor alike is no change, whether more or less of it is better."""
    time_before, time_now = Figure("a", value, "ms", floor), Figure("a", value * busy, "ms", floor * busy)
    assert abs(time_now.change_since(time_before)) < 1e-9
    rate_before = Figure("a", value, "/s", floor, is_rate=True)
    rate_now = Figure("a", value / busy, "/s", floor / busy, is_rate=True)
    assert abs(rate_now.change_since(rate_before)) < 1e-9


def test_more_time_and_a_lower_rate_are_worse() -> None:
    """A tenth is marked; less than that, and an improvement, are not counted as worse."""
    earlier = Run("before", 1, [Figure("time", 10, "ms"), Figure("rate", 100, "/s", is_rate=True)])

    assert [each.name for each in figures.worse([Figure("time", 11, "ms")], earlier)] == ["time"]
    assert [each.name for each in figures.worse([Figure("rate", 90, "/s", is_rate=True)], earlier)] == ["rate"]
    assert figures.worse([Figure("time", 10.9, "ms"), Figure("rate", 130, "/s", is_rate=True)], earlier) == []
    assert figures.worse([Figure("new", 1, "ms"), Figure("time", 0, "ms")], earlier) == []
    assert figures.worse([Figure("time", 99, "ms")], None) == []


def test_the_table_fits_and_marks_what_changed() -> None:
    """80 columns; an exclamation mark where it is worse."""
    earlier = Run("before", 1, [Figure("time", 10, "ms", 5), Figure("rate", 1_000_000, "/s", is_rate=True)])
    now = [Figure("time", 20, "ms", 5), Figure("rate", 2_000_000, "/s", is_rate=True), Figure("new", 1, "ms")]

    time, rate, new = (figures.line(each, earlier) for each in now)

    assert time.split() == ["time", "20.00", "ms", "4.00x", "10.00", "+100%!"]
    assert rate.split() == ["rate", "2,000,000", "/s", "1,000,000", "-50%"]
    assert new.split() == ["new", "1.00", "ms"]
    assert figures.line(now[0], None).split() == ["time", "20.00", "ms", "4.00x"]
    assert max(map(len, (figures.HEAD, time, rate, new))) <= 80


def test_runs_are_kept_one_for_each_commit(tmp_path: Path) -> None:
    """The later run of a commit takes the place of the earlier; the oldest comes first."""
    second = Run("two", 2, [Figure("time", 2.0, "ms", 1.0)])
    for run in (second, Run("one", 5, []), Run("one", 1, [Figure("rate", 3.0, "/s", is_rate=True)])):
        figures.keep(tmp_path / "results", run)

    assert figures.kept(tmp_path / "results") == [Run("one", 1, [Figure("rate", 3.0, "/s", is_rate=True)]), second]
    assert figures.kept(tmp_path / "nothing") == []
