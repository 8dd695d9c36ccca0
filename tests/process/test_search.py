"""Search through a running daemon: found once acknowledged, filtered, within budget, whatever is asked and broken."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from agent_memory.capture.spool import Spool
from agent_memory.client import Client, Filters
from agent_memory.errors import UsageError
from agent_memory.hook import client as hook_client
from agent_memory.hook import spooling
from agent_memory.model import Event, EventRole, EventType
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.search import format as index
from agent_memory.text.tokens import of_text
from support.stack import Stack, wait_until

DAY_MS = 86_400_000
NOW_MS = 1_795_867_200_000  # Saturday 28 November 2026, noon


def event(
    number: int,
    text: str,
    *,
    session: str = "s1",
    at_ms: int = NOW_MS - 30 * DAY_MS,
    role: EventRole = EventRole.USER,
    agent: str = "claude-code",
    **metadata: str,
) -> Event:
    """An event, its id made of its session and number."""
    kind = {EventRole.TOOL: EventType.TOOL_RESULT, EventRole.ASSISTANT: EventType.ASSISTANT_STOP}.get(
        role, EventType.USER_MESSAGE
    )
    return Event(f"{session}-{number:06}", session, at_ms + number * 1000, kind, role, text, metadata, agent)


def ask(client: Client, query: str, **fields: object) -> pb.SearchResponse:
    return client.search(pb.SearchRequest(query=query, now_ms=NOW_MS, **fields))  # type: ignore[arg-type]


def hits(client: Client, query: str, **fields: object) -> list[str]:
    return [hit.event_id for hit in ask(client, query, **fields).hits]


def wait_until_searchable(client: Client) -> None:
    def all_in() -> bool:
        status = client.index_status()
        return status.available and not status.behind and not status.is_partial

    wait_until(all_in)


STORED = [
    event(
        1,
        "Why did the deploy of the shop take forty minutes?",
        project_id="github.com/me/shop",
        project="/home/dev/shop",
    ),
    event(2, "The cache of getUserName was cold; we decided to keep http_server warm.", role=EventRole.ASSISTANT),
    event(3, "Read: src/web/app.py\ndef handler(): pass", role=EventRole.TOOL, files="/home/dev/shop/src/web/app.py"),
    event(4, "Thanks, then app.py stays as it is."),
    event(1, "We chose Postgres for the queue.", session="s2", agent="codex", at_ms=NOW_MS - DAY_MS),
    event(
        2, "Yes, because of transactions.", session="s2", agent="codex", at_ms=NOW_MS - DAY_MS, role=EventRole.ASSISTANT
    ),
    event(1, "We dropped Postgres for the ledger.", session="s3", at_ms=NOW_MS - 200 * DAY_MS),
    event(1, "デプロイは金曜日に行うことに決めました。", session="ja"),
    event(1, "我们决定使用数据库队列。", session="zh"),
    event(1, "데이터베이스를 선택했습니다.", session="ko"),
    event(1, "Die Rechnung über Grüße wird kaufmännisch gerundet.", session="de"),
    event(1, "C++ templates fail with E0382 in /usr/lib/x86_64/libfoo.so", session="cpp"),
    event(1, "continue", session="noise"),
    event(2, "continue", session="noise"),
]


@pytest.fixture(scope="module")
def client(shared_stack: Stack) -> Iterator[Client]:
    with shared_stack.client() as opened:
        nothing = ask(opened, "postgres")
        assert not nothing.hits
        assert not nothing.note  # an empty store has no index, and none is being made
        results = opened.ingest_many(STORED)
        assert all(result.created for result in results), results
        wait_until_searchable(opened)
        yield opened


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("deploy", "s1-000001"),
        ("deploys of the shop", "s1-000001"),
        ("getUserName", "s1-000002"),
        ("user name cache", "s1-000002"),
        ("http_server", "s1-000002"),
        ("src/web/app.py", "s1-000003"),
        ("金曜日", "ja-000001"),
        ("数据库", "zh-000001"),
        ("데이터베이스", "ko-000001"),
        ("GRUSSE Rechnung", "de-000001"),
        ("kaufmannisch", "de-000001"),
        ("E0382", "cpp-000001"),
        ("C++ templates", "cpp-000001"),
        ("libfoo.so", "cpp-000001"),
        ('"forty minutes"', "s1-000001"),
    ],
)
def test_words_of_any_language_and_kind_are_found(client: Client, query: str, expected: str) -> None:
    """Stemmed, folded, whole identifiers and their parts, paths, error codes, scripts without blanks."""
    assert expected in hits(client, query)[:2]


@pytest.mark.parametrize(
    "query",
    [
        *(
            "",
            " ",
            '"',
            '"a b',
            "foo-bar",
            "AND OR NOT",
            "NEAR(",
            "*",
            "a\0b",
            "🙂",
            "C++",
            "-",
            "--",
            "(((",
            "^a",
            "'",
        ),
        *(
            "x" * 10_000,
            "word " * 2000,
            "agent:",
            'file:"',
            "the of and",
            "\ud7ff",
            "col:val",
            "body : x",
            "%s",
            "\u202e",
        ),
    ],
)
def test_any_text_is_answered(client: Client, query: str) -> None:
    """Never an error, whatever is typed."""
    ask(client, query)


def test_a_hit_says_what_is_needed_to_choose(client: Client) -> None:
    """Ids, time, role, agent, project, the segment's title and price, and its neighbours."""
    hit = ask(client, "forty minutes deploy", explain=True).hits[0]

    assert (hit.event_id, hit.session_id, hit.agent) == ("s1-000001", "s1", "claude-code")
    assert hit.project == "github.com/me/shop"
    assert hit.role == pb.EVENT_ROLE_USER
    assert hit.timestamp_ms == STORED[0].timestamp_ms
    assert hit.title
    assert hit.tokens > 0
    assert "forty minutes" in hit.snippet
    assert hit.after.event_id == "s1-000002"
    assert list(hit.reason.words) == ["deploy", "forty", "minut"]
    reason = hit.reason
    parts = (reason.of_segment, reason.of_words, reason.of_meaning, reason.of_neighbours)
    assert hit.score == pytest.approx(sum(parts), abs=1e-4)
    assert client.node(hit.node_id).node.session_id == "s1"


def test_filters_work_inside_of_the_query(client: Client) -> None:
    """By session, agent, project (id, folder, name), role, file and time; and the same as fields of the query."""
    assert hits(client, "postgres", session_id="s3") == ["s3-000001"]
    assert hits(client, "postgres", agent="Codex")[0] == "s2-000001"
    assert set(hits(client, "postgres agent:codex")) <= {"s2-000001", "s2-000002"}
    for project in ("github.com/me/shop", "/home/dev/shop", "shop", "Shop"):
        assert "s1-000001" in hits(client, "deploy", project=project)
    assert hits(client, "deploy", project="other") == []
    assert hits(client, "cache decided", role="user") == []
    assert hits(client, "cache decided", role="assistant") == ["s1-000002"]
    assert set(hits(client, "", file="web/app.py")) == {"s1-000003", "s1-000004"}
    assert hits(client, "postgres", from_timestamp_ms=NOW_MS - 2 * DAY_MS)[0] == "s2-000001"
    assert hits(client, "postgres", to_timestamp_ms=NOW_MS - 100 * DAY_MS) == ["s3-000001"]
    assert hits(client, "postgres", as_of_ms=NOW_MS - 100 * DAY_MS) == ["s3-000001"]
    assert hits(client, "postgres", when="yesterday") == ["s2-000001"]
    assert "s2-000001" not in hits(client, "postgres -queue")


def test_a_time_in_the_question_is_looked_at_first_and_can_be_lifted(client: Client) -> None:
    """What was said then comes first, what was not is marked; `when: any` treats all times alike."""
    reply = ask(client, "postgres yesterday")

    assert reply.window_text == "yesterday"
    assert reply.hits[0].session_id == "s2"
    assert [hit.session_id for hit in reply.hits if hit.outside_window] == ["s3"]
    assert not ask(client, "postgres yesterday", when="any").HasField("window")


@pytest.mark.parametrize(
    "query",
    [
        "what did we do yesterday",
        "was haben wir gestern gemacht",
        "qu'avons-nous fait hier ?",
        "¿qué hicimos ayer?",
        "昨日何をした",
        "昨天我们做了什么",
    ],
)
def test_what_was_done_in_a_time_is_asked_in_any_language(client: Client, query: str) -> None:
    """It is answered with that time, whatever was said in it."""
    reply = ask(client, query)

    assert [hit.session_id for hit in reply.hits] == ["s2"]
    assert not reply.hits[0].outside_window


def test_what_is_the_same_is_told_once(client: Client) -> None:
    """Two turns with the same words are one hit."""
    assert len(hits(client, "continue")) == 1


def test_a_slip_of_the_finger_is_forgiven(client: Client) -> None:
    """Where nothing has the word; the answer says what was looked for in its place."""
    reply = ask(client, "postgers")

    assert [(each.typed, each.meant) for each in reply.corrections] == [("postger", "postgr")] or reply.hits
    assert {hit.session_id for hit in reply.hits} >= {"s2", "s3"}


@pytest.mark.parametrize("question", ["where is the hippopotamarium", "wo ist das Nilpferdgehege"])
def test_where_nothing_is_found_other_words_are_advised(shared_stack: Stack, question: str) -> None:
    """In whatever language was asked; not where no words were looked for."""
    advice = "Try other words for it, in the language it was said in.\n"

    assert shared_stack.run("search", question).stdout == f"Nothing was found.\n{advice}"
    assert advice not in shared_stack.run("search", "--when", "1 May 1980").stdout


def test_a_question_leads_down_the_table_of_contents(client: Client) -> None:
    """From the years to the segment that answers, always by the first node; each shows the words that were found."""
    reply = client.browse("", about="why postgres for the queue")
    seen = []
    while reply.children[0].level != pb.TOC_LEVEL_SEGMENT:
        node = reply.children[0]
        seen.append(node.level)
        assert "Postgres" in node.bullets[0].text
        assert node.segments_found > 0
        reply = client.browse(node.node_id, about="why postgres for the queue")

    assert reply.children[0].session_id == "s2"
    assert seen == sorted(set(seen))
    assert [node.relevance for node in reply.children] == sorted((n.relevance for n in reply.children), reverse=True)


def test_only_what_speaks_of_it_lies_on_the_way(client: Client, shared_stack: Stack) -> None:
    """Within the parent, within filters, at most so many; a node where there is nothing to choose is passed over."""
    (segment,) = client.browse("2026", about="kaufmännisch gerundet").children
    assert segment.level == pb.TOC_LEVEL_SEGMENT
    assert segment.session_id == "de"
    assert not client.browse("2025", about="kaufmännisch gerundet").parent_id
    assert not client.browse("2026", about="walrusless").children
    codex = client.browse("", about="postgres", filters=Filters(agent="codex")).children
    assert [node.session_id for node in codex] == ["s2"]
    assert len(client.browse("2026", 1, about="postgres").children) == 1
    assert client.browse("2026", 1, about="postgres").has_more
    assert not client.browse(segment.node_id, about="gerundet").children

    page = shared_stack.run("query", "browse", "--about", "postgres").stdout
    assert "What speaks of it" in page
    assert " --about postgres" in page
    assert "Nothing speaks of it." in shared_stack.run("query", "browse", "--about", "walrusless").stdout
    assert shared_stack.run("query", "browse", check=False).returncode == 2
    assert shared_stack.run("query", "browse", "1999", "--about", "postgres", check=False).returncode == 1


def test_a_correction_is_told_in_words(client: Client) -> None:
    """As they are written, and not as they are found by; also where the second character is wrong."""
    reply = ask(client, "trensactions")
    other = ask(client, "rtansactions")
    ending = ask(client, "deply")

    assert [(each.typed, each.meant) for each in reply.corrections] == [("trensactions", "transactions")]
    assert [(each.typed, each.meant) for each in other.corrections] == [("rtansactions", "transactions")]
    assert [(each.typed, each.meant) for each in ending.corrections] == [("deply", "deploy")]
    assert reply.hits
    assert ending.hits


def test_a_word_that_only_asks_is_not_put_right(client: Client) -> None:
    """Such as the German "wart", where somebody said "warm"."""
    assert not ask(client, "wart").corrections


def test_what_waits_in_the_spool_is_told(stack: Stack) -> None:
    """It is not stored, so it can't be found; nothing is said of it once it is taken in, nor of what can't be."""
    bad = Spool(stack.db_path).folder / f"{1:020}-{2:016x}"
    bad.mkdir(parents=True)  # nothing that the daemon can take in
    stack.start()
    with stack.client() as client:
        wait_until(lambda: Spool(stack.db_path).state().failed == 1)
        assert ask(client, "giraffe").spooled == 0
        ingest = stack.kill("ingest", signal.SIGSTOP)
        try:
            key = b"%020d-%016x" % (time.time_ns(), 3)
            said = {"session_id": "s1", "hook_event_name": "UserPromptSubmit", "prompt": "The giraffe is tall."}
            envelope = hook_client.pack(key, b"", b"", b"", [json.dumps(said).encode()])
            assert spooling.spool_envelope(os.fsencode(bad.parent), envelope)
            assert ask(client, "giraffe").spooled == 1
            page = stack.run("search", "giraffe").stdout
        finally:
            os.kill(ingest, signal.SIGCONT)
        wait_until(lambda: ask(client, "giraffe").hits)
        assert ask(client, "giraffe").spooled == 0
    assert "1 hook call waits in the spool and can't be found yet; see: " in page
    assert "memory-daemon status" in " ".join(page.split())


def test_nonsense_in_the_fields_is_told(client: Client) -> None:
    """An unknown role, a time that is none."""
    with pytest.raises(UsageError, match="role"):
        ask(client, "x", role="bystander")
    with pytest.raises(UsageError):
        ask(client, "x", when="whenever it rains")
    with pytest.raises(UsageError, match="from_timestamp_ms"):
        ask(client, "x", from_timestamp_ms=-1)


@pytest.mark.parametrize("max_tokens", [1, 50, 120, 300, 1000])
def test_the_answer_keeps_its_budget_to_the_byte(client: Client, shared_stack: Stack, max_tokens: int) -> None:
    """As a message, as a page and as JSON; and it says when something was left out."""
    query = "postgres deploy cache queue transactions"
    reply = ask(client, query, max_tokens=max_tokens)

    if reply.hits:
        assert reply.ByteSize() <= 4 * max_tokens
        assert reply.size_tokens <= max_tokens
    assert reply.has_more == (len(reply.hits) < len(ask(client, query, limit=100).hits)) or max_tokens >= 300
    page = shared_stack.run("search", query, "--tokens", max_tokens).stdout
    text = shared_stack.run("search", query, "--tokens", max_tokens, "--json").stdout
    found = json.loads(text)
    # Its price is written into it: a number of other length may cost a token more.
    assert abs(found["size_tokens"] - of_text(text)) <= 1
    if len(found["hits"]) < len(reply.hits):
        assert found["has_more"]
        assert found["needed_tokens"] > max_tokens
    assert len(page.encode()) < 4 * max_tokens + 4 or "▸" not in page
    assert len(text.encode()) < 4 * max_tokens + 4 or not json.loads(text)["hits"]


def test_the_page_shows_what_is_needed(client: Client, shared_stack: Stack) -> None:
    """Day, title, node, price, agent, hour and the words; `query search` is the same command."""
    page = shared_stack.run("search", "forty", "minutes", "deploy").stdout

    assert page == shared_stack.run("query", "search", "forty", "minutes", "deploy").stdout
    assert "▸" in page
    assert "forty minutes" in page
    assert "toc:segment:" in page
    assert " tokens  claude-code" in page
    assert "Next:" in page
    found = json.loads(shared_stack.run("search", "forty", "--session", "s1", "--explain", "--json").stdout)
    assert found["hits"][0]["event_id"] == "s1-000001"
    assert found["hits"][0]["reason"]["words"] == ["forty"]


def test_what_did_not_fit_is_asked_for_with_the_same_filters(client: Client, shared_stack: Stack) -> None:
    """The command for more hits repeats all that the search was asked with, and twice the budget at least."""
    given = ("--role", "user", "--as-of", "2026-11-28", "--explain")
    page = shared_stack.run("search", "postgres", "deploy", *given, "--tokens", 1).stdout

    assert " search postgres deploy --role user --as-of 2026-11-28 --explain --tokens " in page


def test_what_makes_no_search_is_a_usage_error(shared_stack: Stack) -> None:
    """No words at all, and an option that there is not."""
    assert shared_stack.run("search", check=False).returncode == 2
    assert shared_stack.run("search", "x", "--jsno", check=False).returncode == 2


def test_an_event_is_found_soon_after_its_acknowledgement(client: Client) -> None:
    """Also as a further event of an open segment."""
    at_ms = int(time.time() * 1000)
    for number in range(3):
        client.ingest(event(number, f"walrus{number} sighted", session="fresh", at_ms=at_ms))
        wait_until(partial(_is_found, client, number))


def _is_found(client: Client, number: int) -> bool:
    return hits(client, f"walrus{number}") == [f"fresh-{number:06}"]


def test_what_was_just_said_is_found_while_the_index_is_behind(client: Client, shared_stack: Stack) -> None:
    """At the first look, before the worker has seen it, with all that filters; afterwards it has its place in time."""
    at_ms = int(time.time() * 1000) + DAY_MS  # what other tests have said is older
    said = event(1, "The narwhal module postgres queue is frozen.", session="just-now", at_ms=at_ms, agent="codex")
    shared_stack.kill("worker", signal.SIGSTOP)
    try:
        client.ingest(said)
        found = ask(client, "narwhals")
        assert [(hit.event_id, hit.node_id) for hit in found.hits] == [("just-now-000001", "")]
        assert found.behind > 0
        assert not found.corrections
        assert "just-now-000001" in hits(client, "postgres queue")
        assert hits(client, "narwhal", agent="claude-code") == []
        assert hits(client, "narwhal", session_id="s1") == []
        assert hits(client, "narwhal", to_timestamp_ms=at_ms) == []
        assert hits(client, "narwhal", when="last week") == []
        page = shared_stack.run("search", "narwhal").stdout
        assert "not in the table of contents yet" in page
        assert " query session just-now" in page
        client.ingest_many(
            event(number, "Something else.", session="others", at_ms=at_ms + number) for number in range(2, 500)
        )
        assert hits(client, "narwhals") == ["just-now-000001"], "it is not lost among others"
    finally:
        shared_stack.kill("worker", signal.SIGCONT)
    wait_until_searchable(client)
    found = ask(client, "narwhals")
    assert [hit.event_id for hit in found.hits] == ["just-now-000001"]
    assert found.hits[0].node_id


def test_a_damaged_index_is_named_and_made_again_while_serving(client: Client, shared_stack: Stack) -> None:
    """Meanwhile the answer comes from nodes and says so; nothing is missing afterwards."""
    folder = index.folder_of(shared_stack.db_path)
    before = hits(client, "postgres queue")
    path = index.current_file(folder)
    path.write_bytes(b"\xff" * path.stat().st_size)
    Path(f"{path}-wal").write_bytes(b"")

    wait_until(lambda: hits(client, "postgres queue") == before and client.index_status().available)

    wait_until_searchable(client)
    assert hits(client, "postgres queue") == before
    assert "search index" in shared_stack.run("logs", "worker", "-n", 200).stdout


def test_a_rebuild_answers_all_the_time(client: Client, shared_stack: Stack) -> None:
    """The command returns when the new file is in use; the answers are the same before, during and after."""
    before = hits(client, "postgres queue")
    path = index.current_file(index.folder_of(shared_stack.db_path))

    asked_ms = client.rebuild_index().asked_ms
    while client.index_status().is_rebuilding:
        assert hits(client, "postgres queue") == before
    shared_stack.run("admin", "rebuild-index", "--type", "bm25")

    assert client.index_status().rebuild_asked_ms >= asked_ms
    assert index.current_file(path.parent) != path
    assert hits(client, "postgres queue") == before


def test_what_was_just_said_is_found_while_there_is_no_index(stack: Stack) -> None:
    """The first searches of a new store; and what is said of the answer does not contradict itself."""
    stack.start()
    worker = stack.kill("worker", signal.SIGSTOP)
    try:
        with stack.client() as client:
            client.ingest(event(1, "The giraffe ate my notes."))
            client.ingest(event(2, "Which notes?", role=EventRole.ASSISTANT))
            reply = ask(client, "giraffe")
            assert ask(client, "walrus").hits == []
        page = " ".join(stack.run("search", "giraffe").stdout.split())
    finally:
        os.kill(worker, signal.SIGCONT)

    assert [hit.event_id for hit in reply.hits] == ["s1-000001"]
    assert reply.index_missing
    assert "The giraffe ate my notes." in page
    assert "The search index is being made: this is from the newest events" in page
    assert "not indexed yet" not in page
