"""Names are functions of what they name, and sort like it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from ulid import ULID

from agent_memory import ids
from agent_memory.model import Event, EventRole, EventType

TIMES = st.integers(min_value=1, max_value=9_999_999_999_999)
TEXT = st.text(max_size=50)


def event(event_id: str = "e1", timestamp_ms: int = 1_000, session_id: str = "s1") -> Event:
    return Event(event_id, session_id, timestamp_ms, EventType.USER_MESSAGE, EventRole.USER, "text")


@given(TIMES, TEXT)
def test_a_ulid_is_one_by_the_specification(now_ms: int, part: str) -> None:
    """The reference library reads our ULIDs, and reads the time we put in."""
    parsed = ULID.from_str(ids.derived_ulid(now_ms, part))

    assert parsed.milliseconds == now_ms


def test_ids_that_are_stored_stay_what_they_are() -> None:
    """A rebuild, and the same event said again, must find them."""
    made = [ids.derived_ulid(0, "a", "b"), ids.derived_ulid(1_800_000_000_000, "segment", "s1", "e1")]

    assert made == ["0000000000B6S73BGVQJRX67A1", "01MCC5RM00G169AAAC82DAA0A1"]
    assert ids.derived_ulid((1 << 48) - 1, "") == "7ZZZZZZZZZWERC8GMRZGE196QV"
    assert made[0].startswith(ids.NO_TIME)
    assert ids.timed_apart(made[1]) == ("01MCC5RM00", "G169AAAC82DAA0A1")


@given(TIMES, TEXT, TEXT)
def test_a_derived_ulid_is_the_same_for_the_same_parts_only(now_ms: int, one: str, other: str) -> None:
    """Deterministic, and different as soon as a part is."""
    assert ids.derived_ulid(now_ms, one, "x") == ids.derived_ulid(now_ms, one, "x")
    assert (ids.derived_ulid(now_ms, one) == ids.derived_ulid(now_ms, other)) == (one == other)


@given(TIMES, TIMES)
def test_segments_of_a_day_sort_by_time(earlier: int, later: int) -> None:
    """Browsing a day is a walk over keys, so ids of segments compare like their first events' times."""
    one = ids.segment_node_id("toc:day:2026-01-30", event("a", earlier))
    other = ids.segment_node_id("toc:day:2026-01-30", event("b", later))

    assert (one < other) == (earlier < later) or earlier == later


def test_a_grip_names_its_time_and_its_evidence() -> None:
    """grip:{timestamp_ms}:{ULID}; another excerpt of the same events is another grip."""
    first, last = event("a", 1_706_600_000_000), event("b", 1_706_600_001_000)

    grip = ids.grip_id(first, last, "we use Postgres")

    assert grip.startswith("grip:1706600000000:")
    assert ULID.from_str(grip.rsplit(":", 1)[1])
    assert grip != ids.grip_id(first, last, "we use SQLite")
