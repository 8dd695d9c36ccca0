"""Rollups: what a day, week, month or year was about, in the best lines of its children.

A rollup is a function of the set of its children. It changes only when a child says more than what it says already: the
more children there are, the more seldom, so that versions grow far slower than the data.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import tzinfo
from itertools import chain, islice, zip_longest
from typing import Final

from agent_memory.model import Bullet, TocLevel, TocNode
from agent_memory.periods import Period
from agent_memory.worker.summarizer.summary import BULLETS_MIN, DECISIVE_WEIGHT, TRACE_WEIGHT
from agent_memory.worker.summarizer.text import brief, terms

SAME = 0.6  # from this share of common terms on, two lines say the same
# A period is rolled up from so many children at most. Their ids alone decide which, so a new one seldom changes it.
CHILDREN_MAX = 256
LINE_MAX = 120  # characters
DECISIVE_LINE_MAX = 180
POOL = 64  # lines that are compared with each other; what is left after so many repetitions is one, too


@dataclass(frozen=True, slots=True)
class _Room:
    """What a period of some length has room for: so many lines and keywords, and so many lines that are decisive."""

    lines: int
    decisive: int
    keywords: int
    # Decisive lines of one child that come before those of the others.
    turn: int = 2
    # Whether it says no more than the first sentence of each line, and names nothing that its lines name already.
    is_far: bool = False


# Whoever looks for something reads many periods and few segments: the longer a period, the less it says of each thing;
# but it names many. What is decisive has room of its own: it is what a period is asked for. There is one year among
# many months, so it may tell more of that, some of each month.
_ROOM: Final = {
    TocLevel.DAY: _Room(lines=5, decisive=8, keywords=24),
    TocLevel.WEEK: _Room(lines=4, decisive=8, keywords=32),
    TocLevel.MONTH: _Room(lines=4, decisive=6, keywords=40, is_far=True),
    TocLevel.YEAR: _Room(lines=3, decisive=16, keywords=12, turn=1, is_far=True),
}


@dataclass(frozen=True, slots=True)
class _ChildBullet:
    """A line and the child it is from; `rank` is its place among that child's lines, the weightiest first."""

    child: int
    place: int
    rank: int
    bullet: Bullet


def roll_up(period: Period, children: Sequence[TocNode], zone: tzinfo) -> TocNode:
    """The node of a period from the nodes below it; there is one at least.

    Three lines at least, fewer only where the children have fewer. They keep the grips and weights they had below, so
    that every level leads down to the events.
    """
    room = _ROOM[period.level]
    children = sorted(children, key=lambda child: (child.start_ms, child.node_id))
    chosen = _chosen(children, room)
    # A day has many children: its keywords change when its lines do and not more often.
    heard = [children[child] for child in dict.fromkeys(line.child for line in chosen)]
    named = heard if heard and period.level == TocLevel.DAY else children
    said = frozenset[str]().union(*(terms(line.bullet.text) for line in chosen)) if room.is_far else frozenset[str]()
    start_ms, end_ms = period.span_ms(zone)
    return TocNode(
        node_id=period.node_id,
        level=period.level,
        title=period.title,
        bullets=tuple(line.bullet for line in sorted(chosen, key=lambda line: (line.child, line.place))),
        keywords=tuple(islice(_keywords(named, said), room.keywords)),
        start_ms=start_ms,
        end_ms=end_ms,
        is_open=all(child.is_open for child in children),
        agents=tuple(sorted({agent for child in children for agent in child.agents})),
    )


def sample(ids: Sequence[str]) -> Sequence[str]:
    """The children that a period is rolled up from: all, or of too many those whose ids' hashes are the lowest."""
    if len(ids) <= CHILDREN_MAX:
        return ids
    return sorted(ids, key=lambda each: hashlib.blake2b(each.encode()).digest())[:CHILDREN_MAX]


def digest(children: Iterable[TocNode]) -> str:
    """Stands for what the children say and what proves it: equal digests, equal sources of a period's summary."""
    content = [
        (node.node_id, node.title, [(bullet.text, bullet.grip_ids) for bullet in node.bullets], node.keywords)
        for node in children
    ]
    text = json.dumps(sorted(content), ensure_ascii=False)
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()


def _chosen(children: Sequence[TocNode], room: _Room) -> list[_ChildBullet]:
    """The lines that say most, the best first, none twice: what is decisive, then one of each child before a second of
    any.

    What nobody spoke of, that a session started or a tool was used, comes in only where too little was said.
    """
    ranked = chain.from_iterable(map(_ranked, range(len(children)), children))
    lines = sorted(ranked, key=lambda line: _worth(line, room.turn))
    distinct = {line.bullet.text: line for line in reversed(lines)}
    chosen: list[_ChildBullet] = []
    repeating: list[_ChildBullet] = []
    covered: list[set[str]] = []
    there: set[str] = set()
    for line in islice((line for line in lines if distinct[line.bullet.text] is line), POOL):
        most = room.decisive if _is_decisive(line) else BULLETS_MIN if _is_trace(line) else room.lines
        if len(chosen) >= most:
            continue
        text = _shown(line, room.is_far)
        # Different lines can begin with the same sentence.
        if text in there:
            continue
        there.add(text)
        shown = replace(line, bullet=replace(line.bullet, text=text))
        said = terms(line.bullet.text)
        if any(_same(said, other) for other in covered):
            repeating.append(shown)
        else:
            chosen.append(shown)
            covered.append(said)
    # Much the same is better than too little.
    return chosen + repeating[: max(0, BULLETS_MIN - len(chosen))]


def _shown(line: _ChildBullet, is_far: bool) -> str:
    """The line as a period says it: whole sentences, as many as fit, or from afar the first."""
    if _is_decisive(line):
        return brief(line.bullet.text, DECISIVE_LINE_MAX, saying_min=1, only_first=is_far)
    return brief(line.bullet.text, LINE_MAX, only_first=is_far)


def _ranked(child: int, node: TocNode) -> Iterator[_ChildBullet]:
    order = sorted(range(len(node.bullets)), key=lambda place: (-node.bullets[place].weight, node.bullets[place].text))
    return (_ChildBullet(child, place, rank, node.bullets[place]) for rank, place in enumerate(order))


def _worth(line: _ChildBullet, turns: int) -> tuple[int, int, float, str, tuple[str, ...], int]:
    kind = 0 if _is_decisive(line) else 2 if _is_trace(line) else 1
    turn = line.rank // turns if kind == 0 else line.rank
    return (kind, turn, -line.bullet.weight, line.bullet.text, line.bullet.grip_ids, line.child)


def _is_decisive(line: _ChildBullet) -> bool:
    return line.bullet.weight > DECISIVE_WEIGHT


def _is_trace(line: _ChildBullet) -> bool:
    return line.bullet.weight <= TRACE_WEIGHT


def _same(one: set[str], other: set[str]) -> bool:
    """Whether lines of these terms say much the same."""
    return len(one & other) > SAME * min(len(one), len(other))


def _keywords(children: Sequence[TocNode], said: Set[str]) -> Iterator[str]:
    """The first keyword of each child, then the second of each, and so on, without those that name nothing new.

    Of each child the topics come before the files: many children worked on a file, and it says least of what on.
    """
    named = set(said)
    topics_first = (sorted(child.keywords, key=lambda word: "." in word or "/" in word) for child in children)
    for word in chain.from_iterable(zip_longest(*topics_first)):
        if word is not None and not (new := terms(word) or {word.casefold()}) <= named:
            named |= new
            yield word
