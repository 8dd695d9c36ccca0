"""Several stores' answers to one question as one answer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent_memory.rpc import memory_pb2 as pb
from agent_memory.search.merging import merged


def hit(node_id: str, score: float, *, outside: bool = False) -> pb.SearchHit:
    return pb.SearchHit(event_id=f"{node_id}{score}", node_id=node_id, score=score, outside_window=outside)


def test_the_best_segment_of_any_store_comes_first() -> None:
    """Hits of a segment stay together, each says its store, and what was said at another time comes last."""
    work = pb.SearchResponse(hits=[hit("a", 3), hit("a", 1), hit("b", 2), hit("c", 9, outside=True)], behind=2)
    home = pb.SearchResponse(hits=[hit("a", 2.5)], behind=1, spooled=4)

    found = merged({"default": work, "home": home}, limit=10)

    shown = [(each.store, each.node_id, each.score) for each in found.hits]
    assert shown == [
        ("default", "a", 3),
        ("default", "a", 1),
        ("home", "a", 2.5),
        ("default", "b", 2),
        ("default", "c", 9),
    ]
    assert (found.behind, found.spooled) == (3, 4)


def test_a_correction_is_told_only_where_nothing_was_found() -> None:
    """A word that stands in no text of one store may stand in another's."""
    nothing = pb.SearchResponse(corrections=[pb.SearchCorrection(typed="pengin", meant="penguin")])
    something = pb.SearchResponse(hits=[hit("a", 1)])

    assert not merged({"one": nothing, "two": something}, limit=10).corrections
    assert len(merged({"one": nothing, "two": pb.SearchResponse()}, limit=10).corrections) == 1


@given(
    st.lists(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), max_size=6), max_size=4), st.integers(1, 9)
)
def test_no_hit_is_told_twice_and_none_better_is_left_out(stores: list[list[tuple[str, int]]], limit: int) -> None:
    """Whatever the stores answer: as many as asked for, and the best of all is among them."""
    replies = {
        f"s{place}": pb.SearchResponse(hits=[hit(node, float(score)) for node, score in sorted(hits)])
        for place, hits in enumerate(stores)
    }
    given_ = [(name, each.score) for name, reply in replies.items() for each in reply.hits]

    found = merged(replies, limit)

    shown = [(each.store, each.score) for each in found.hits]
    assert len(shown) == min(limit, len(given_))
    assert all(shown.count(each) <= given_.count(each) for each in shown)
    if given_:
        first = found.hits[0]
        of_segment = [each.score for each in replies[first.store].hits if each.node_id == first.node_id]
        assert max(of_segment) == max(score for _, score in given_)
