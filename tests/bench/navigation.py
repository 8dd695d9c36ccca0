"""How well the table of contents leads to what was asked for: with the built-in summarizer, and with others.

    python tests/bench/navigation.py LOCOMO_JSON

For each summarizer a tree is built from all conversations together, as one store holds them, by the real cutting and
rolling up; only the words of the segments differ, and all have the same room. Each question is then looked for from the
root down, by nothing but what the nodes say: a reader takes those that match its words best (BM25). A node with a
single child below it is read for all of them, down to where there is a choice or a segment: lists name that one.

- "found": at every level the three best children of the three best nodes are kept; how often a segment that holds
  evidence is among the last three, and how many tokens of nodes were read on the way.
- "as listed": the same where the reader sees what `query browse` prints of a node, and pays for all of that: title, id,
  what is needed to choose, two lines, keywords.
- "answered within N tokens": the best node seen so far is opened, again and again: a period's children are read, or a
  segment's messages, until one holds evidence or the tokens are spent. Behind it, the tokens that were read in all for
  each question answered within the largest budget.

Two rows are for comparison only: the tree with nothing in it but the names of its periods, and reading the messages in
order with no tree at all.

The first table's conversations were used to try things with, those of the second were not.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from itertools import accumulate, islice, takewhile
from math import log
from pathlib import Path
from statistics import fmean

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent_memory.ids import segment_node_id
from agent_memory.messages import node_to_pb
from agent_memory.model import Bullet, Event, TocLevel, TocNode
from agent_memory.periods import Period, day_of
from agent_memory.present import pages
from agent_memory.present.view import NEUTRAL
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.text.tokens import of_text
from agent_memory.worker.summarizer.summary import BULLET_MAX, BULLETS_MAX, KEYWORDS_MAX, Summary
from agent_memory.worker.summarizer.text import shorten, term, words
from agent_memory.worker.toc.rollups import roll_up
from agent_memory.worker.toc.segments import Segment, split
from bench import locomo
from bench.locomo import Question, Session
from bench.summarizers import summarizers, turn
from support.segments import summarize as local

BEAM = 3
BUDGETS = (4000, 8000, 16000)
LONG_AFTER_MS = 10**15
# BM25's usual parameters.
K1 = 1.2
B = 0.75

Summarize = Callable[[Sequence[Event]], Summary]
# The text of a node, and what it costs to read; it may lead to another one.
Shown = Callable[[TocNode, str], str]


@dataclass(frozen=True, slots=True)
class Page:
    """A node as it is read: its terms, its price in tokens; a segment with its events and what they cost."""

    terms: Counter[str]
    tokens: int
    children: tuple[Page, ...]
    # The node, or the one below it to which it leads.
    node_id: str
    events: frozenset[str] = frozenset()
    events_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a question: whether the beam kept its evidence, and the tokens of nodes that it read; after how
    many tokens the best-first reader came upon it (more than any budget: not at all)."""

    kept: bool
    tokens: int
    answered_at: int


def main(path: Path) -> None:
    for title, conversations in zip(("tried with", "held out"), locomo.read(path), strict=True):
        sessions = sorted(
            (session for each in conversations for session in each.sessions),
            key=lambda session: session.events[0].position,
        )
        questions = [question for each in conversations for question in each.questions]
        everything = sum(of_text(turn(event)) for session in sessions for event in session.events)
        print(f"{title}: {len(questions)} questions, {len(sessions)} sessions, {everything:,} tokens\n")
        budgets = "".join(f"{f'<= {budget}':>10}" for budget in BUDGETS)
        print(f"{'':16} {'found':>7} {'tokens':>7}   answered{budgets} {'tokens each':>12}")
        for summarizer in summarizers():
            if summarizer.words is None:
                print(f"{summarizer.name:16} not installed")
                continue
            _print_found(summarizer.name, found(sessions, questions, summarizer.words))
        _print_found("local, as listed", found(sessions, questions, local, _listed))
        _print_found("periods' names", found(sessions, questions, lambda _: Summary("", (), ())))
        _print_found("no tree", _read_in_order(sessions, questions))
        print()


def found(
    sessions: Sequence[Session], questions: Sequence[Question], summarize: Summarize, shown: Shown | None = None
) -> list[Found]:
    """What becomes of each question in the tree that is made with this summarizer, where that is shown of a node."""
    roots = _pages(sessions, summarize, shown or _text)
    return [Found(*_beam(roots, question), _best_first(roots, question)) for question in questions]


def _print_found(name: str, found: Sequence[Found]) -> None:
    within = [fmean(each.answered_at <= budget for each in found) for budget in BUDGETS]
    spent = sum(min(each.answered_at, BUDGETS[-1]) for each in found)
    each_tokens = spent / max(1, sum(each.answered_at <= BUDGETS[-1] for each in found))
    kept, tokens = fmean(each.kept for each in found), fmean(each.tokens for each in found)
    shares = "".join(f"{share:10.1%}" for share in within)
    print(f"{name:16} {kept:7.1%} {tokens:7.0f}           {shares} {each_tokens:12.0f}")


def _read_in_order(sessions: Sequence[Session], questions: Sequence[Question]) -> list[Found]:
    """Reading all there is from the first message on."""
    events = [event for session in sessions for event in session.events]
    read = dict(zip((e.event_id for e in events), accumulate(of_text(turn(e)) for e in events), strict=True))
    return [Found(False, 0, min(read[each] for each in question.evidence)) for question in questions]


# --- the tree


def _pages(sessions: Sequence[Session], summarize: Summarize, shown: Shown) -> list[Page]:
    """The years, as the real code rolls them up from these summaries."""
    nodes: dict[str, TocNode] = {}
    shown_of: dict[str, Page] = {}
    level: dict[Period, list[str]] = {}
    for session in sessions:
        for segment in split(session.events, (), LONG_AFTER_MS):
            day = day_of(segment.first.timestamp_ms, UTC)
            node = _node(segment, segment_node_id(day.node_id, segment.first), summarize(segment.events))
            nodes[node.node_id] = node
            shown_of[node.node_id] = _segment_page(node, segment, shown)
            level.setdefault(day, []).append(node.node_id)
    while True:
        above: dict[Period, list[str]] = {}
        for period, below in level.items():
            nodes[period.node_id] = roll_up(period, [nodes[each] for each in below], UTC)
            shown_of[period.node_id] = _page(nodes[period.node_id], tuple(shown_of[each] for each in below), shown)
            if period.parent is not None:
                above.setdefault(period.parent, []).append(period.node_id)
        if not above:
            return [shown_of[period.node_id] for period in level]
        level = above


def _node(segment: Segment, node_id: str, said: Summary) -> TocNode:
    """The segment's node. Whoever summarizes it has the same room."""
    return TocNode(
        node_id=node_id,
        level=TocLevel.SEGMENT,
        title=said.title,
        bullets=tuple(Bullet(shorten(line.text, BULLET_MAX), (), line.weight) for line in said.bullets[:BULLETS_MAX]),
        keywords=said.keywords[:KEYWORDS_MAX],
        start_ms=segment.first.timestamp_ms,
        end_ms=segment.last.timestamp_ms,
    )


def _segment_page(node: TocNode, segment: Segment, shown: Shown) -> Page:
    text = shown(node, "")
    ids = frozenset(event.event_id for event in segment.events)
    events_tokens = sum(of_text(turn(event)) for event in segment.events)
    return Page(_terms(text), of_text(text), (), node.node_id, ids, events_tokens)


def _page(node: TocNode, children: tuple[Page, ...], shown: Shown) -> Page:
    if len(children) == 1:
        text = shown(node, children[0].node_id)
        return replace(children[0], terms=_terms(text), tokens=of_text(text))
    text = shown(node, "")
    return Page(_terms(text), of_text(text), children, node.node_id)


def _text(node: TocNode, _leads_to: str) -> str:
    return "\n".join((node.title, *(bullet.text for bullet in node.bullets), ", ".join(node.keywords)))


def _listed(node: TocNode, leads_to: str) -> str:
    """The node as an entry of a list."""
    message = node_to_pb(node, [])
    message.leads_to = leads_to
    message.tokens = of_text(_text(node, ""))
    page = pages.browse(NEUTRAL, node.node_id, pb.BrowseTocResponse(children=[message]), "")
    # Behind the list's heading, up to what to type next.
    return "\n".join(takewhile(bool, (line.text for line in islice(page, 1, None))))


def _terms(text: str) -> Counter[str]:
    return Counter(filter(None, map(term, words(text))))


# --- the walks


def _beam(roots: Sequence[Page], question: Question) -> tuple[bool, int]:
    """Whether a segment with evidence is kept to the end, and the tokens of the nodes that were read."""
    tokens = 0
    read: Sequence[Page] = roots
    kept: list[Page] = []
    while read:
        tokens += sum(page.tokens for page in read)
        # Segments come at every depth; those that were kept stand beside what is read next.
        seen = [*(page for page in kept if not page.children), *read]
        scores = _scores(seen, question)
        kept = sorted(seen, key=lambda page: -scores[id(page)])[:BEAM]
        read = [child for page in kept for child in page.children]
    return any(page.events & question.evidence for page in kept), tokens


def _best_first(roots: Sequence[Page], question: Question) -> int:
    """After how many tokens, of nodes and messages, evidence was read."""
    seen = list(roots)
    waiting = list(roots)
    tokens = sum(page.tokens for page in roots)
    while waiting and tokens <= BUDGETS[-1]:
        scores = _scores(seen, question)
        page = max(waiting, key=lambda page: scores[id(page)])
        waiting.remove(page)
        seen += page.children
        waiting += page.children
        tokens += page.events_tokens + sum(child.tokens for child in page.children)
        if page.events & question.evidence:
            return tokens
    return BUDGETS[-1] + 1


def _scores(pages: Sequence[Page], question: Question) -> Mapping[int, float]:
    """How well each of the pages, which are all that the reader knows, matches the question."""
    asked = _terms(question.text).keys()
    mean = fmean(page.terms.total() for page in pages) or 1.0
    worth = {
        each: log(1 + (len(pages) - count + 0.5) / (count + 0.5))
        for each in asked
        if (count := sum(each in page.terms for page in pages))
    }
    return {id(page): sum(weight * _saturated(page, each, mean) for each, weight in worth.items()) for page in pages}


def _saturated(page: Page, word: str, mean: float) -> float:
    count = page.terms[word]
    return count * (K1 + 1) / (count + K1 * (1 - B + B * page.terms.total() / mean))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} LOCOMO_JSON")
    main(Path(sys.argv[1]))
