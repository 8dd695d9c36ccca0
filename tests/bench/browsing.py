"""How well walking down the table of contents with the question in mind leads to what was asked for, through a daemon.

    python tests/bench/browsing.py LOCOMO_JSON [--out QUESTIONS_JSONL]

All conversations in one store, no filter. A reader begins with `query browse --about QUESTION`, goes to the node that
speaks of it most, and so on from there, always to the most telling of all that it has seen and not opened, until it has
read three segments. Pages show three nodes (`--limit 3`), segments are read with `--tokens 250`, and all pages are
counted as they are printed.

- found: how often one of the three segments holds evidence, and the tokens that were read for it.
- an empty memory is asked first, where nothing may be found.

The conversations at even places of the file were used to try the ranking with, the others were not.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent_memory.client import Client
from agent_memory.model import Event
from agent_memory.present import pages
from agent_memory.present.lines import Line
from agent_memory.present.view import NEUTRAL
from agent_memory.present.within import within
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.text.tokens import of_text
from bench import locomo, rig
from bench.locomo import Conversation, Question
from bench.search import store

SEGMENTS = 3
CHILDREN = 3
SEGMENT_TOKENS = 250
PAGES_MAX = 40


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question."""

    question: str
    found: bool
    tokens: int
    pages: int
    took_ms: float


def main() -> None:
    parser = argparse.ArgumentParser(description="How well a walk with the question in mind leads to its answer.")
    parser.add_argument("locomo", type=Path)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    rig.print_machine("browsing")
    tried, others = locomo.read(given.locomo)
    events = [event for each in (*tried, *others) for session in each.sessions for event in session.events]
    said = {event.event_id: event for event in events}
    outcomes: list[Outcome] = []
    with rig.scratch_stack() as stack, stack.client() as client:
        questions = [question for each in (*tried, *others) for question in each.questions]
        assert not any(walked(client, question, said).tokens for question in questions[:20])
        store(stack, client, events)
        rows: list[Sequence[object]] = []
        for name, conversations in (("tried with", tried), ("others", others)):
            done = list(_outcomes(client, conversations, said))
            outcomes += done
            rows.append([name, len(done), *_figures(done)])
    rig.table(["", "questions", "found %", "tokens", "p90", "pages", "p50 ms"], rows)
    if given.out:
        given.out.write_text("".join(f"{json.dumps(asdict(each))}\n" for each in outcomes), encoding="utf-8")


def _figures(outcomes: Sequence[Outcome]) -> list[object]:
    took = [each.took_ms / 1000 for each in outcomes]
    sizes = sorted(each.tokens for each in outcomes)
    return [
        100 * fmean(each.found for each in outcomes),
        fmean(sizes),
        float(sizes[len(sizes) * 9 // 10]),
        fmean(each.pages for each in outcomes),
        rig.percentile_ms(took, 50),
    ]


def _outcomes(client: Client, conversations: Sequence[Conversation], said: dict[str, Event]) -> Iterator[Outcome]:
    for conversation in conversations:
        for question in conversation.questions:
            yield walked(client, question, said)


def walked(client: Client, question: Question, said: dict[str, Event]) -> Outcome:
    """Read page after page, until three segments were read or nothing is left."""
    began = time.perf_counter()
    tokens = count = segments = 0
    found = False
    # What was seen and not opened, each with how much it promises.
    seen: list[tuple[float, pb.TocNode | None]] = [(1.0, None)]
    while seen and segments < SEGMENTS and count < PAGES_MAX:
        promise, node = seen.pop(max(range(len(seen)), key=lambda place: seen[place][0]))
        count += 1
        if node is not None and node.level == pb.TOC_LEVEL_SEGMENT:
            segments += 1
            whole = client.node(node.node_id)
            tokens += _size(pages.node(NEUTRAL, within(whole, SEGMENT_TOKENS, _node_page).node))
            found = found or any(_holds(whole.node, said[event_id]) for event_id in question.evidence)
            continue
        parent = node.node_id if node is not None else ""
        reply = client.browse(parent, CHILDREN, about=question.text)
        if not reply.children:
            continue
        tokens += _size(pages.browse(NEUTRAL, parent, reply, ""))
        best = reply.children[0].relevance
        seen += [(promise * child.relevance / best, child) for child in reply.children]
    return Outcome(question.text, found, tokens, count, (time.perf_counter() - began) * 1000)


def _node_page(reply: pb.GetNodeResponse) -> str:
    return "".join(f"{each.text}\n" for each in pages.node(NEUTRAL, reply.node))


def _holds(node: pb.TocNode, event: Event) -> bool:
    return node.session_id == event.session_id and node.start_time_ms <= event.timestamp_ms <= node.end_time_ms


def _size(lines: Iterator[Line]) -> int:
    return of_text("".join(f"{each.text}\n" for each in lines))


if __name__ == "__main__":
    main()
