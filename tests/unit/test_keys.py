"""Row keys: bytes compare the way the things they name are ordered, and read back as what they were made from."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from agent_memory.store import keys

# What the query service lets in: any text without control characters.
IDS = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)
TIMES = st.integers(min_value=1, max_value=keys.TIMESTAMP_MAX_MS)
POSITIONS = st.tuples(TIMES, IDS)


@given(POSITIONS, POSITIONS)
def test_events_sort_by_time_and_then_by_id(one: tuple[int, str], other: tuple[int, str]) -> None:
    """The order of keys is that of (timestamp, id), ids by their bytes."""
    by_key = keys.event(*one) < keys.event(*other)

    assert by_key == ((one[0], one[1].encode()) < (other[0], other[1].encode()))


@given(POSITIONS, st.integers(0, 10**14), st.integers(0, 10**14))
def test_a_span_of_events_is_half_open(position: tuple[int, str], from_ms: int, to_ms: int) -> None:
    """An event is in the range if its time is in the span, also where the span ends after every time there may be."""
    start, stop = keys.events_between(from_ms, to_ms)

    assume(from_ms <= keys.TIMESTAMP_MAX_MS)
    assert (start <= keys.event(*position) < stop) == (from_ms <= position[0] < to_ms)


@given(IDS, IDS, POSITIONS)
def test_a_session_is_not_a_prefix_of_another(one: str, other: str, position: tuple[int, str]) -> None:
    """A scan of a session's prefix meets its own rows only, even where one name begins with the other."""
    assume(one != other)

    assert not keys.session_event(other, *position).startswith(keys.session(one))


@given(IDS, POSITIONS)
def test_rows_read_back_as_what_they_name(session_id: str, position: tuple[int, str]) -> None:
    """Every key that is read gives its parts again."""
    row = keys.session_event(session_id, *position)

    assert keys.session_of(row) == session_id
    assert keys.event_of_session_row(row) == keys.event(*position)
    assert keys.position(keys.event(*position)) == position
    event_key, session_key, stamp, entry = keys.event_names(session_id, *position)
    assert (event_key, session_key) == (keys.event(*position), row)
    assert int(stamp) == position[0]
    assert keys.named_event(entry) == (session_id, position)
    assert keys.segment_first(keys.segment(session_id, *position)) == position
    assert keys.open_session(keys.open_segment(session_id, *position)) == session_id


@given(st.integers(0, 10**18), st.integers(0, 10**18))
def test_the_outbox_sorts_by_sequence(one: int, other: int) -> None:
    """Draining in key order is draining in order of arrival."""
    assert (keys.outbox(one) < keys.outbox(other)) == (one < other)
    assert keys.outbox_sequence(keys.outbox(one)) == one


@given(IDS, POSITIONS)
def test_after_is_behind_every_key_with_the_prefix_and_before_the_next(name: str, position: tuple[int, str]) -> None:
    """The upper bound of a scan leaves nothing out and takes nothing else in."""
    prefix = keys.session(name)

    assert prefix <= keys.session_event(name, *position) < keys.after(prefix)


def test_the_documented_forms_are_those_on_disk() -> None:
    """Other programs read these."""
    assert keys.event(1_706_540_400_000, "01HN4QXKN6YWXVKZ3JMHP4") == b"evt:1706540400000:01HN4QXKN6YWXVKZ3JMHP4"
    assert keys.outbox(7) == b"outbox:00000000000000000007"
    assert keys.node("toc:day:2026-01-30", 2) == b"toc:toc:day:2026-01-30:v000002"
    assert keys.latest("toc:day:2026-01-30") == b"latest:toc:day:2026-01-30"
    assert keys.job("toc_rollup_day") == b"checkpoint:toc_rollup_day"
    assert keys.node_grip("toc:day:2026-01-30", "grip:1:X") == b"node:toc:day:2026-01-30:grip:1:X"
