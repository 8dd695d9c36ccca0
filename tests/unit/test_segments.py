"""Segmentation: every event in exactly one segment, cut where the rules say, the same from wherever one begins."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from agent_memory.model import TOOL_HEAD_CHARACTERS, Event, EventRole, EventType
from agent_memory.worker.toc.segments import CONTEXT_MS, CONTEXT_TOKENS, GAP_MS, SEGMENT_TOKENS, Segment, split, tokens

NEVER = 10**15
TYPES = st.sampled_from(list(EventType))


def event(number: int, timestamp_ms: int, text: str = "word", kind: EventType = EventType.USER_MESSAGE) -> Event:
    return Event(f"e{number:05}", "s", timestamp_ms, kind, EventRole.USER, text)


@st.composite
def sessions(draw: st.DrawFn) -> list[Event]:
    """A session's events in order: pauses of all lengths, texts from none to more than a segment holds."""
    steps = draw(
        st.lists(
            st.tuples(
                st.sampled_from([0, 1_000, 60_000, GAP_MS - 1, GAP_MS, 3 * GAP_MS]),
                st.sampled_from(["", "short", "x" * 1_500, "語" * 3_000, "y" * 20_000]),
                TYPES,
            ),
            max_size=40,
        )
    )
    at = 1_700_000_000_000
    found = []
    for number, (pause, text, kind) in enumerate(steps):
        at += pause
        found.append(event(number, at, text, kind))
    return found


def cut(events: list[Event], now_ms: int = NEVER) -> list[Segment]:
    return list(split(events, (), now_ms))


@given(sessions())
def test_every_event_is_in_exactly_one_segment(events: list[Event]) -> None:
    """Put together, the segments are the session; context repeats nothing into them."""
    ids = [event.event_id for segment in cut(events) for event in segment.events]

    assert ids == [event.event_id for event in events]


@given(sessions())
def test_a_cut_stands_at_a_pause_an_end_or_a_full_segment_only(events: list[Event]) -> None:
    """No pause of half an hour and no end inside of a segment; between two segments there is a reason."""
    found = cut(events)
    for segment in found:
        for one, other in pairwise(segment.events):
            assert other.timestamp_ms - one.timestamp_ms < GAP_MS
            assert one.event_type != EventType.SESSION_END or other.event_type == EventType.SESSION_END
        assert len(segment.events) == 1 or sum(map(tokens, segment.events)) <= SEGMENT_TOKENS
    for before, after in pairwise(found):
        pause = after.first.timestamp_ms - before.last.timestamp_ms >= GAP_MS
        ended = before.last.event_type == EventType.SESSION_END
        full = sum(map(tokens, before.events)) + tokens(after.first) > SEGMENT_TOKENS
        assert pause or ended or full


@given(sessions(), st.data())
def test_cutting_again_from_any_segment_gives_the_same_cut(events: list[Event], data: st.DataObject) -> None:
    """A re-cut may begin at any segment: with the events before it at hand, all that follows is the same."""
    whole = cut(events)
    if not whole:
        return
    number = data.draw(st.integers(0, len(whole) - 1))
    at = events.index(next(e for e in events if e.event_id == whole[number].first.event_id))

    again = list(split(events[at:], reversed(events[:at]), NEVER))

    assert [segment.digest for segment in again] == [segment.digest for segment in whole[number:]]


@given(sessions())
def test_context_is_short_and_recent_and_before_the_segment(events: list[Event]) -> None:
    """At most 500 tokens and five minutes of what went right before, and only where the cut was made for fullness."""
    for before, after in pairwise(cut(events)):
        if not after.context:
            continue
        assert after.context[-1].event_id == before.last.event_id
        assert sum(map(tokens, after.context)) <= CONTEXT_TOKENS
        assert after.first.timestamp_ms - after.context[-1].timestamp_ms < GAP_MS
        steps = [b.timestamp_ms - a.timestamp_ms for a, b in pairwise(after.context)]
        assert all(step <= CONTEXT_MS for step in steps)


@given(sessions(), st.integers(-1, 2 * GAP_MS))
def test_only_the_last_segment_can_be_open_and_only_for_a_gap(events: list[Event], later_ms: int) -> None:
    """Open is what an event of now could still join."""
    if not events:
        return
    found = cut(events, now_ms=events[-1].timestamp_ms + later_ms)

    ended = events[-1].event_type == EventType.SESSION_END
    assert [segment.is_open for segment in found[:-1]] == [False] * (len(found) - 1)
    assert found[-1].is_open == (not ended and later_ms < GAP_MS)


def test_a_tool_result_counts_by_its_head() -> None:
    """A megabyte of build output does not fill a segment, nor the worker's memory."""
    (segment,) = cut([event(1, 1_000, "o" * 1_000_000, EventType.TOOL_RESULT), event(2, 2_000, "and now?")])

    assert sum(len(each.text) for each in segment.events) < 2 * TOOL_HEAD_CHARACTERS


def test_a_second_goodbye_joins_the_first() -> None:
    """Some agents send session_end twice; that makes no segment of its own."""
    ends = [event(n, n * 1_000, "", EventType.SESSION_END) for n in (2, 3)]

    assert len(cut([event(1, 1_000), *ends])) == 1
    assert len(cut([event(1, 1_000), *ends, event(4, 4_000)])) == 2


def test_tokens_are_about_four_bytes_in_every_script() -> None:
    """English by words, Chinese by characters; never none."""
    assert tokens(event(1, 1, "four")) == 2
    assert tokens(event(1, 1, "語" * 400)) == 301
    assert tokens(event(1, 1, "")) == 1
