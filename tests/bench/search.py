"""How well search finds what answers a question, and how fast, through a real daemon.

    python tests/bench/search.py [--locomo LOCOMO_JSON [--alone]] [--beam FOLDER] [--events 100000]
                                 [--out QUESTIONS_JSONL]

Everything goes the way of any other program: events by gRPC, questions by gRPC, all conversations in one store, no
filter; with --alone, each conversation in a store of its own, as others publish it. What is not given is skipped.
Questions are asked of an empty memory first, where nothing may be found.

- session any@k: whether one of the first k sessions of the answer holds evidence.
- turn any@10: whether one of the first ten hits is evidence.
- within N tokens: whether an evidence turn stands in an answer that was asked for with that budget, as a hit or as a
  hit's neighbour.

With --out, what became of each question is written there, a JSON object a line.

Where conversations were used to tune the ranking, its figures on them are a little better than on others: those of
LoCoMo at even places of its file (0, 2, 4, ...) and at 0-4 are such.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import fmean

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent_memory.client import Client
from agent_memory.messages import event_to_pb
from agent_memory.model import Event
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.search import format as index
from agent_memory.search.tokens import tokens
from bench import beam, locomo, rig
from bench.locomo import Conversation, Question
from support.stack import Stack, wait_until

BUDGETS = (500, 1000, 4000)
ASKED_HITS = 100
LATENCY_QUERIES = 200
WARM_UP = 20
PROJECTS = 40


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question. A place counts from 1; 0 is not at all."""

    question: str
    conversation: str
    session_place: int
    turn_place: int
    within: dict[str, bool]
    took_ms: float


def main() -> None:
    parser = argparse.ArgumentParser(description="How well and how fast search finds what answers a question.")
    parser.add_argument("--locomo", type=Path)
    parser.add_argument("--alone", action="store_true", help="each conversation in a store of its own")
    parser.add_argument("--beam", type=Path)
    parser.add_argument("--events", type=int, default=0)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    rig.print_machine("search")
    outcomes: list[Outcome] = []
    if given.locomo and given.locomo.exists():
        conversations = [each for half in locomo.read(given.locomo) for each in half]
        if given.alone:
            outcomes += [each for one in conversations for each in answers(one.name, [one])]
            show(outcomes)
        else:
            outcomes += answers("LoCoMo", conversations)
    if given.beam and given.beam.exists():
        outcomes += answers("BEAM", beam.read(given.beam))
    if given.events:
        latency(given.events)
    if given.out:
        given.out.write_text("".join(f"{json.dumps(asdict(each))}\n" for each in outcomes), encoding="utf-8")


def answers(name: str, conversations: Sequence[Conversation]) -> list[Outcome]:
    """Ask all questions of a store that holds all conversations."""
    events = [event for each in conversations for session in each.sessions for event in session.events]
    asked = [(each.name, question) for each in conversations for question in each.questions]
    sessions = {event.event_id: event.session_id for event in events}
    with rig.scratch_stack() as stack, stack.client() as client:
        nothing = [hit for _, question in asked for hit in client.search(pb.SearchRequest(query=question.text)).hits]
        print(f"{name}: {len(asked)} questions, {len(events)} events, {len(set(sessions.values()))} sessions")
        print(f"an empty memory answers {len(nothing)} hits")
        store(stack, client, events)
        outcomes = [outcome(client, conversation, question, sessions) for conversation, question in asked]
    show(outcomes)
    return outcomes


def store(stack: Stack, client: Client, events: Iterable[Event]) -> None:
    """Ingest the events and wait until all of them can be found."""
    rig.load(stack, map(event_to_pb, events))
    wait_until(lambda: is_searchable(client), timeout_s=rig.SYNC_S)


def is_searchable(client: Client) -> bool:
    status = client.index_status()
    return status.available and not status.behind and not status.is_partial and not client.stats().outbox


def outcome(client: Client, conversation: str, question: Question, sessions: dict[str, str]) -> Outcome:
    began = time.perf_counter()
    reply = client.search(pb.SearchRequest(query=question.text, limit=ASKED_HITS))
    took_ms = (time.perf_counter() - began) * 1000
    wanted = {sessions[event_id] for event_id in question.evidence}
    found = list(dict.fromkeys(hit.session_id for hit in reply.hits))
    # Hits of one session stand together; turns are counted by their scores.
    hits = sorted(reply.hits, key=lambda hit: (hit.outside_window, -hit.score))
    return Outcome(
        question=question.text,
        conversation=conversation,
        session_place=place(found, wanted),
        turn_place=place([hit.event_id for hit in hits], question.evidence),
        within={str(budget): is_within(client, question, budget) for budget in BUDGETS},
        took_ms=took_ms,
    )


def place(found: Sequence[str], wanted: Iterable[str]) -> int:
    """The place of the first that is wanted."""
    wanted = set(wanted)
    return next((number for number, each in enumerate(found, 1) if each in wanted), 0)


def is_within(client: Client, question: Question, budget: int) -> bool:
    reply = client.search(pb.SearchRequest(query=question.text, max_tokens=budget))
    assert reply.ByteSize() <= budget * 4, (reply.ByteSize(), budget)
    shown = {hit.event_id for hit in reply.hits}
    shown |= {neighbour.event_id for hit in reply.hits for neighbour in (hit.before, hit.after)}
    return not question.evidence.isdisjoint(shown)


def show(outcomes: Sequence[Outcome]) -> None:
    def share(of: Iterable[bool]) -> float:
        return 100 * fmean(of)

    figures = {
        "session any@5": share(0 < each.session_place <= 5 for each in outcomes),
        "session any@10": share(0 < each.session_place <= 10 for each in outcomes),
        "turn any@10": share(0 < each.turn_place <= 10 for each in outcomes),
        **{f"within {budget} tokens": share(each.within[str(budget)] for each in outcomes) for budget in BUDGETS},
        "p50 ms": rig.percentile_ms([each.took_ms / 1000 for each in outcomes], 50),
    }
    rig.table(["", *figures], [["", *figures.values()]])


def latency(count: int) -> None:
    """How long a query takes of so many events, beside SQLite alone on the same index, and what it costs."""
    chance = random.Random(1)
    said = Counter(word for event in rig.conversations(2000) for word in event.text.split() if word.isalpha())
    words = sorted(word for word in said if tokens(word))
    commonest = [word for word, _ in said.most_common() if tokens(word)][:8]
    with rig.scratch_stack() as stack, stack.client() as client:
        rig.load(stack, in_projects(rig.conversations(count)))
        text_bytes = sum(len(event.text.encode()) for event in rig.conversations(count))
        began = time.perf_counter()
        wait_until(lambda: is_searchable(client), timeout_s=rig.SYNC_S)
        status = client.index_status()
        print(f"{count:,} events, {status.segments:,} segments, {text_bytes / 1e6:.0f} MB of text,", end=" ")
        print(f"index {status.size_bytes / 1e6:.0f} MB, {status.size_bytes / text_bytes:.2f} of the text;", end=" ")
        print(f"searchable {time.perf_counter() - began:.1f} s after the last acknowledgement")
        query = rig.processes(stack)["query"]
        before = rig.rss_mib(query)
        asked = 0
        rows: list[list[object]] = []
        for name, size, request in (
            ("one word", 1, pb.SearchRequest()),
            ("three words", 3, pb.SearchRequest()),
            ("eight words", 8, pb.SearchRequest()),
            ("the eight commonest", 0, pb.SearchRequest()),
            ("three words, a project", 3, pb.SearchRequest(project="/home/dev/project-7")),
            ("three words, a session", 3, pb.SearchRequest(session_id="bench-000007")),
        ):
            queries = [chance.sample(words, size) if size else commonest for _ in range(WARM_UP + LATENCY_QUERIES)]
            has_filter = request.ByteSize() > 0
            took = timed(partial(ask, client, request), queries)
            alone = [] if has_filter else timed(partial(sqlite_alone, stack), queries)
            asked += len(queries)
            p50 = rig.percentile_ms(took, 50)
            of_sqlite = p50 / rig.percentile_ms(alone, 50) if alone else ""
            rows.append([name, p50, rig.percentile_ms(took, 99), of_sqlite])
        rig.table(["", "p50 ms", "p99 ms", "SQLite x"], rows)
        print(f"query service: {before:.0f} MiB before, {rig.rss_mib(query):.0f} MiB after {asked:,} searches")


def in_projects(events: Iterable[pb.Event]) -> Iterator[pb.Event]:
    """The same events, each session of them in one of the projects."""
    for event in events:
        event.metadata["project"] = f"/home/dev/project-{int(event.session_id.rpartition('-')[2]) % PROJECTS}"
        yield event


def ask(client: Client, request: pb.SearchRequest, query: Sequence[str]) -> None:
    request.query = " ".join(query)
    client.search(request)


def timed(call: Callable[[Sequence[str]], object], queries: Sequence[Sequence[str]]) -> list[float]:
    """The seconds that each query took, without the first ones."""
    took = []
    for query in queries:
        began = time.perf_counter()
        call(query)
        took.append(time.perf_counter() - began)
    return took[WARM_UP:]


def sqlite_alone(stack: Stack, query: Sequence[str]) -> None:
    """Rank every row of every word, as FTS5 does it by itself."""
    path = index.current_file(index.folder_of(stack.db_path))
    terms = " OR ".join(index.quoted(token) for word in query for token in tokens(word))
    with closing(index.connect(path, read_only=True)) as database:
        database.execute("SELECT rowid FROM words WHERE words MATCH ? ORDER BY rank LIMIT 20", (terms,)).fetchall()


if __name__ == "__main__":
    main()
