"""The page of habits: bars that are never longer than a line, and show the least."""

from __future__ import annotations

from datetime import UTC, date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from agent_memory.present.habit_page import habits, spark
from agent_memory.present.view import View
from agent_memory.rpc import memory_pb2 as pb


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=400))
def test_a_bar_for_each_number_in_their_order(numbers: list[int]) -> None:
    """Nothing is a blank, anything else shows, and a greater number has no lower bar."""
    bars = spark(numbers)

    assert len(bars) == len(numbers)
    for number, bar in zip(numbers, bars, strict=True):
        assert (bar == " ") == (number == 0)
    assert [bar for _, bar in sorted(zip(numbers, bars, strict=True))] == sorted(bars)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=366), st.integers(1, 10**6))
def test_the_page_fits_eighty_columns(events: list[int], count: int) -> None:
    """Also a year of days, and long names."""
    first = date(2026, 1, 1)
    days = [
        pb.DayHabit(day=f"{first + timedelta(days=place)}", events=number, segments=number)
        for place, number in enumerate(events)
    ]
    reply = pb.GetHabitsResponse(
        days=days,
        agents=[pb.AgentHabit(agent="agent" * 20, events=count)],
        projects=[pb.ProjectHabit(project_id="project/" * 20, segments=1)],
        hours=[0] * 24,
        weekdays=[1] * 7,
    )

    lines = [line.text for line in habits(View(0, UTC, "", 80), reply)]

    assert max(map(len, lines)) <= 80
