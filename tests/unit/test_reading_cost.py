"""What reading a node costs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent_memory.present import pages
from agent_memory.present.view import NEUTRAL, size_tokens
from agent_memory.query.views.reading_cost import reading_tokens
from agent_memory.rpc import memory_pb2 as pb

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=3)


@given(TEXTS, TEXTS, st.integers(0, 2))
def test_a_nodes_cost_is_that_of_its_page_each_time_it_is_asked_for(
    bullets: list[str], keywords: list[str], more: int
) -> None:
    """Also where another node, or the same one with other lines, was asked for before."""
    message = pb.TocNode(node_id="toc:day:2026-01-30", level=pb.TOC_LEVEL_DAY, title="A day", keywords=keywords)
    asked = []
    for text in [*bullets, *["more"] * more]:
        message.bullets.add(text=text)
        asked.append((reading_tokens(message), size_tokens(pages.node(NEUTRAL, message))))
    again = reading_tokens(message), size_tokens(pages.node(NEUTRAL, message))

    assert all(remembered == counted for remembered, counted in [*asked, again])
