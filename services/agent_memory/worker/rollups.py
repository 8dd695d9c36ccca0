"""Rollups: what a day, week, month or year was about, told by the best lines of its children.

A rollup is a function of the set of its children. It changes only when a child says more than what is told already: the
more children there are, the more seldom, so that versions grow far slower than the data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import chain, zip_longest

from agent_memory.model import Bullet, TocNode
from agent_memory.periods import Period
from agent_memory.worker.summaries.text import terms
from agent_memory.worker.summaries.words import BULLETS_MAX, BULLETS_MIN, KEYWORDS_MAX

SAME = 0.6  # from this share of common terms on, two lines say the same
POOL = 64  # lines that are compared with each other; what is left after so many near repetitions is one, too


@dataclass(frozen=True, slots=True)
class _Told:
    """A line and the child that told it; `rank` is its place among that child's lines, the weightiest first."""

    child: int
    place: int
    rank: int
    bullet: Bullet


def roll_up(period: Period, children: Sequence[TocNode], zone: tzinfo) -> TocNode:
    """The node of a period from the nodes below it; there is one at least.

    Three to five lines, fewer only where the children have fewer. They keep the grips and weights they had below, so
    that every level leads down to the events.
    """
    children = sorted(children, key=lambda child: (child.start_ms, child.node_id))
    chosen = _chosen(children)
    start_ms, end_ms = period.span_ms(zone)
    return TocNode(
        node_id=period.node_id,
        level=period.level,
        title=period.title,
        bullets=tuple(line.bullet for line in sorted(chosen, key=lambda line: (line.child, line.place))),
        keywords=_keywords([children[line.child] for line in chosen] or children),
        start_ms=start_ms,
        end_ms=end_ms,
        is_open=all(child.is_open for child in children),
        agents=tuple(sorted({agent for child in children for agent in child.agents})),
    )


def _chosen(children: Sequence[TocNode]) -> list[_Told]:
    """The lines that tell most, the best first: one of each child before a second of any, none twice."""
    lines = sorted(chain.from_iterable(map(_ranked, range(len(children)), children)), key=_worth)[:POOL]
    chosen: list[_Told] = []
    repeating: list[_Told] = []
    for line in lines:
        if len(chosen) == BULLETS_MAX:
            break
        (repeating if any(_same(line.bullet.text, other.bullet.text) for other in chosen) else chosen).append(line)
    # Much the same is better than too little; the very same is not.
    texts = {line.bullet.text for line in chosen}
    for line in repeating:
        if len(chosen) < BULLETS_MIN and line.bullet.text not in texts:
            chosen.append(line)
            texts.add(line.bullet.text)
    return chosen


def _ranked(child: int, node: TocNode) -> Iterator[_Told]:
    order = sorted(range(len(node.bullets)), key=lambda place: (-node.bullets[place].weight, node.bullets[place].text))
    return (_Told(child, place, rank, node.bullets[place]) for rank, place in enumerate(order))


def _worth(line: _Told) -> tuple[int, float, str, tuple[str, ...], int]:
    return (line.rank, -line.bullet.weight, line.bullet.text, line.bullet.grip_ids, line.child)


def _same(one: str, other: str) -> bool:
    """Whether two lines say much the same."""
    ours, theirs = terms(one), terms(other)
    return one == other or len(ours & theirs) > SAME * min(len(ours), len(theirs))


def _keywords(children: Sequence[TocNode]) -> tuple[str, ...]:
    """The first keyword of each child, then the second of each, and so on.

    Only of the children that the lines are from, so that the keywords change when the lines do and not more often.
    """
    found: dict[str, str] = {}
    for word in chain.from_iterable(zip_longest(*(child.keywords for child in dict.fromkeys(children)))):
        if word is not None:
            found.setdefault(word.casefold(), word)
    return tuple(found.values())[:KEYWORDS_MAX]
