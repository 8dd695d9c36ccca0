"""The browser, driven by keys, against a real daemon."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from agent_memory.capture.privacy.pauses import Pauses
from agent_memory.model import Event, EventRole, EventType
from agent_memory.rpc import memory_pb2 as pb
from support.stack import Stack
from support.terminal import Screen, check_snapshot, drive
from support.writer import said

# A Wednesday.
NOW_MS = int(datetime(2025, 11, 19, 18, tzinfo=UTC).timestamp() * 1000)
SIZES = [(80, 24), (120, 40)]
HOSTILE = "\x1b]0;owned\x07\x1b[2Jred \x1b[31mtext\u202e\u200b \x9b5n done"


def at(day: int, hour: int, minute: int = 0) -> int:
    return int(datetime(2025, 11, day, hour, minute, tzinfo=UTC).timestamp() * 1000)


def turns(session_id: str, begin_ms: int, *texts: str) -> Iterator[Event]:
    """A conversation, the user first."""
    for number, text in enumerate(texts):
        kind, role = (EventType.USER_MESSAGE, EventRole.USER)
        if number % 2:
            kind, role = (EventType.ASSISTANT_STOP, EventRole.ASSISTANT)
        event = said(f"{session_id}-{number}", begin_ms + number * 60_000, text, session_id=session_id)
        yield replace(event, event_type=kind, role=role, metadata={"project_id": "github.com/acme/atlas"})


@pytest.fixture(scope="module")
def memory(shared_stack: Stack) -> Stack:
    """A week with a few conversations."""
    events = [
        *turns(
            "queue", at(10, 9), "Where do we keep the job queue, in Redis or in Postgres?",
            "I recommend Postgres: the jobs and the orders must commit together.",
            "Agreed. Decision: the queue lives in Postgres, with SKIP LOCKED.",
        ),
        *turns("rundung", at(12, 11), "Die Rechnung 10482 ist um einen Cent falsch.", "Ich runde kaufmännisch."),
        *turns("search", at(17, 15), "日本語の検索が遅いです。バイグラムにしましょう。", "索引を作り直しました。"),
        *turns("hostile", at(18, 8), f"The log said {HOSTILE}", "Somebody wrote escapes into the log."),
        *turns("retry", at(18, 16), "test_retry fails on Mondays.", "It reads the clock. I inject it.", "Good. Push."),
    ]  # fmt: skip
    with shared_stack.client() as client:
        client.ingest_many(events)
        shared_stack.wait_until(lambda: client.stats().outbox == 0)
    return shared_stack


@pytest.mark.parametrize("size", SIZES)
def test_the_tree_stands_beside_the_node(memory: Stack, size: tuple[int, int]) -> None:
    """What was last is open; the proof of a line, the conversation and the way back are a key away."""

    async def steps(screen: Screen) -> None:
        await screen.until("test_retry", "16:00 - 16:02")
        await screen.until("12 events")
        check_snapshot(f"tree-{size[0]}", screen.text)
        await screen.press("l", "enter")
        await screen.until("The evidence")
        await screen.until("12 events")
        check_snapshot(f"evidence-{size[0]}", screen.text)
        await screen.press("enter")
        await screen.until("session retry", "I inject it.")
        await screen.press("enter")
        await screen.until("retry-0")
        await screen.press("escape")
        await screen.until("session retry", without="retry-0")
        await screen.press("escape")
        await screen.until("The evidence")
        await screen.press("escape", "escape", "h", "h", "h", "h")
        await screen.until(without="Tue 18 Nov")
        assert "Week 47 17-23 Nov" in screen.text

    drive(memory, steps, size=size, now_ms=NOW_MS)


def test_vim_and_arrow_keys_lead_everywhere(memory: Stack) -> None:
    """Down to the oldest day and back up; what is open closes, and the node beside it follows the cursor."""

    async def steps(screen: Screen) -> None:
        await screen.until("16:00 - 16:02")
        await screen.press("G")
        await screen.until("Week 46 of 2025")
        await screen.press("l")
        await screen.until("Mon 10 Nov")
        await screen.press("j", "down", "right", "right")
        await screen.until("SKIP LOCKED", "09:00 Where")
        await screen.press("left", "left")
        await screen.until(without="09:00 Where")
        await screen.press("g")
        await screen.until("▾ 2025")
        await screen.press("tab", "z")
        assert "▾ 2025" not in screen.text
        await screen.press("tab")
        assert "▾ 2025" in screen.text

    drive(memory, steps, now_ms=NOW_MS)


@pytest.mark.parametrize("size", SIZES)
def test_search_answers_while_it_is_typed(memory: Stack, size: tuple[int, int]) -> None:
    """A time in the question is understood; what is chosen is shown in its conversation, and escape leads back."""

    async def steps(screen: Screen) -> None:
        await screen.until("16:00 - 16:02")
        await screen.press("slash")
        await screen.until("a question")
        await screen.type("where is the queue in November 2025")
        await screen.until("is Sat 1 - Sun 30 Nov 2025", "Agreed. Decision")
        await screen.until("12 events")
        check_snapshot(f"search-{size[0]}", screen.text)
        await screen.press("ctrl+t")
        await screen.until("any time")
        await screen.press("ctrl+t", "down", "enter")
        await screen.until("session queue", "Mon 10 Nov")
        await screen.press("escape")
        await screen.until("where is the queue in November 2025")
        await screen.press("escape")
        await screen.until("▾ 2025")

    drive(memory, steps, size=size, now_ms=NOW_MS)


def test_it_is_narrowed_to_a_project_or_an_agent(memory: Stack) -> None:
    """Tree, node and search are told from what is left; the header says so, and everything comes back."""
    other = said("gull", at(18, 17), "The gull nests on the roof.", session_id="gull")
    with memory.client() as client:
        client.ingest(replace(other, agent="codex", metadata={"project_id": "github.com/acme/birds"}))
        memory.wait_until(lambda: client.stats().outbox == 0)

    async def steps(screen: Screen) -> None:
        await screen.until("gull nests", "16:00 test_retry")
        await screen.press("n")
        await screen.until("Only a project", "github.com/acme/birds", "codex")
        await screen.press("j", "enter")
        await screen.until("agent-memory · birds", "gull nests", without="test_retry")
        await screen.press("slash")
        await screen.until("a question")
        await screen.type("where")
        await screen.until("17:00 user", without="test_retry")
        await screen.press("escape", "n")
        await screen.until("• github.com/acme/birds")
        await screen.press("g", "enter")
        await screen.until("16:00 test_retry", without="agent-memory · birds")
        await screen.press("slash")
        await screen.until("17:00 user", "test_retry")
        await screen.press("escape")

    drive(memory, steps, now_ms=NOW_MS)
    with memory.client() as client:
        client.erase(pb.EraseRequest(kind=pb.ERASURE_KIND_FORGET, selection=pb.EventSelection(session_ids=["gull"])))
        memory.wait_until(lambda: not client.erasure_status().is_running)


def test_another_store_is_chosen(memory: Stack) -> None:
    """The browser ends with its name, and begins again for it."""
    memory.run("stores", "create", "acme")

    async def steps(screen: Screen) -> None:
        await screen.until("16:00 - 16:02")
        await screen.press("n")
        await screen.until("Another store", "• default")
        await screen.press("G", "enter")

    try:
        assert drive(memory, steps, now_ms=NOW_MS).return_value == "acme"
    finally:
        memory.run("stores", "remove", "acme", "--yes")


def test_a_time_in_words_leads_to_its_node(memory: Stack) -> None:
    """Understood while it is typed; a half-typed one is no error to shout about."""

    async def steps(screen: Screen) -> None:
        await screen.until("16:00 - 16:02")
        await screen.press("t")
        await screen.until("Times in words")
        await screen.type("12 Novem")
        await screen.until("is not a time")
        await screen.type("ber 2025")
        await screen.until("Wed 12 Nov 2025, UTC", "Wednesday, 12 November")
        await screen.press("enter")
        await screen.until("Rechnung 10482", "▸ Wed 12 Nov")

    drive(memory, steps, now_ms=NOW_MS)


def test_no_key_is_unexplained(memory: Stack) -> None:
    """`?` lists the keys and comes back to where one was."""

    async def steps(screen: Screen) -> None:
        await screen.until("16:00 - 16:02")
        await screen.press("question_mark")
        await screen.until("go to a time in words")
        await screen.until("12 events")
        check_snapshot("help-80", screen.text)
        await screen.press("q")
        await screen.until("▾ 2025")
        await screen.press("q")

    assert drive(memory, steps, now_ms=NOW_MS).return_code == 0


def test_nothing_that_a_terminal_obeys_comes_through(memory: Stack) -> None:
    """In the tree, the node, its proof, the conversation, the event in full and the search."""

    async def steps(screen: Screen) -> None:
        def check() -> None:
            assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202e]", screen.text)

        await screen.until("16:00 - 16:02")
        await screen.press("j", "l")
        await screen.until("08:00 - 08:01", "The log said")
        check()
        for key, shown in (("enter", "The evidence"), ("enter", "session hostile"), ("enter", "hostile-0")):
            await screen.press(key)
            await screen.until(shown)
            check()
        await screen.press("slash")
        await screen.type("log said")
        await screen.until("Somebody wrote")
        check()

    drive(memory, steps, now_ms=NOW_MS)


@pytest.mark.parametrize("size", SIZES)
def test_the_year_has_a_cell_for_each_day(memory: Stack, size: tuple[int, int]) -> None:
    """The arrows go by days and weeks; what the day was about stands below, and enter goes there in the tree."""

    async def steps(screen: Screen) -> None:
        await screen.until("16:00 - 16:02")
        await screen.press("c")
        await screen.until("12 events on 4 days", "Wed 19 Nov 2025  nothing")
        await screen.press("b")
        await screen.until("Tue 18 Nov 2025  5 events", "The log said", "12 events · capturing")
        check_snapshot(f"year-{size[0]}", screen.text)
        await screen.press("left", "down")
        await screen.until("Wed 12 Nov 2025  2 events", "kaufmännisch")
        await screen.press("p")
        await screen.until("2024: 0 events")
        await screen.press("t", "b", "b", "enter")
        await screen.until("Mon 17 Nov", "日本語", "▾ 2025")

    drive(memory, steps, size=size, now_ms=NOW_MS)


def test_what_is_captured_comes_in_by_itself(memory: Stack) -> None:
    """At the bottom, as in a log; enter reads on in the conversation."""

    async def steps(screen: Screen) -> None:
        await screen.until("16:00 - 16:02")
        await screen.press("f")
        await screen.until("Good. Push.", "Ich runde")
        with memory.client() as client:
            event = said("late", NOW_MS, "One more thing.", session_id="late")
            client.ingest(event)
            await screen.until("One more thing.", "13 events")
            await screen.press("enter")
            await screen.until("session late", "▾ 2025")
            client.erase(pb.EraseRequest(kind=pb.ERASURE_KIND_FORGET, selection=pb.EventSelection(event_ids=["late"])))
        await screen.until("12 events")

    drive(memory, steps, now_ms=NOW_MS)


def test_the_doctor_and_the_pauses_are_a_key_away(memory: Stack) -> None:
    """A pause begun here is one for the hooks, the header says it, and it ends here, too."""

    async def steps(screen: Screen) -> None:
        await screen.until("16:00 - 16:02")
        await screen.press("s")
        await screen.until("ok     daemon", "SERVING")
        await screen.press("q", "p", "enter")
        await screen.until("paused until")
        assert Pauses(memory.db_path).current(time.time_ns() // 1_000_000)
        await screen.press("p")
        await screen.until("Capture is paused.")
        await screen.press("enter")
        await screen.until("12 events · capturing")
        assert not Pauses(memory.db_path).current(time.time_ns() // 1_000_000)

    drive(memory, steps)


def test_forgetting_shows_what_goes_and_waits_for_the_words(memory: Stack) -> None:
    """Of an event, its conversation too is offered; anything but the words changes nothing; a proof follows."""
    with memory.client() as client:
        client.ingest_many(list(turns("secret", at(3, 9), "The gate code is 4711.", "I noted it.")))
        memory.wait_until(lambda: client.stats().outbox == 0)

    async def steps(screen: Screen) -> None:
        await screen.until("14 events")
        await screen.press("t")
        await screen.type("3 November 2025")
        await screen.until("Mon 3 Nov 2025")
        await screen.press("enter")
        await screen.until("The gate code", "▸ Mon 3 Nov")
        await screen.press("tab", "enter")
        await screen.until("The evidence")
        await screen.press("x")
        await screen.until("Forget this event?", "1 event of 1 session")
        await screen.press("tab")
        await screen.until("Forget the whole conversation?", "2 events of 1 session", "Type forget 2 to do it.")
        await screen.type("yes")
        await screen.press("enter")
        await screen.until("Nothing was changed.")
        await screen.press(*["backspace"] * 3)
        await screen.type("forget 2")
        await screen.press("enter")
        await screen.until("Forgotten: 2 events", "Nothing was found.", "12 events")
        await screen.press("escape")
        await screen.until("▾ 2025", without="Mon 3 Nov")

    drive(memory, steps, now_ms=NOW_MS)


def test_a_daemon_that_hangs_holds_up_no_key(memory: Stack) -> None:
    """Keys do what they can, the header says what is wrong, answers come when it goes on; the program ends anyway."""
    query = memory.pid("query")

    async def steps(screen: Screen) -> None:
        await screen.until("16:00 - 16:02")
        os.kill(query, signal.SIGSTOP)
        await screen.press("g", "j", "j", "j", "k", "tab", "j", "tab")
        await screen.until("The daemon does not answer. memory-daemon restart")
        await screen.press("slash")
        await screen.type("rechnung")
        assert "rechnung" in screen.lines[1]
        os.kill(query, signal.SIGCONT)
        await screen.until("11:00 user", "12 events · capturing")
        os.kill(query, signal.SIGSTOP)
        await screen.press("escape", "g", "j", "q")

    try:
        assert drive(memory, steps, now_ms=NOW_MS).return_code == 0
    finally:
        os.kill(query, signal.SIGCONT)


@pytest.mark.drill
def test_the_screen_follows_what_is_stored_and_survives_the_daemon(stack: Stack) -> None:
    """An empty store says what to do, and fills by itself; a daemon that stops is seen, and one that starts again."""
    stack.env["MEMORY_TIMEZONE"] = "UTC"
    stack.start()

    async def steps(screen: Screen) -> None:
        await screen.until("Nothing is remembered yet.", "0 events · capturing")
        with stack.client() as client:
            client.ingest_many(list(turns("s", NOW_MS, "First words", "Second words")))
        await screen.until("2 events", "18:00 Second words", "• Second")
        stack.stop()
        await screen.until("The daemon is not running. memory-daemon start")
        await screen.press("k")
        await screen.until("r asks again.")
        stack.start()
        await screen.until("2 events · capturing", "• ", without="asks again")

    drive(stack, steps, now_ms=NOW_MS + 3_600_000)


def test_without_the_extra_one_line_says_how_to_add_it(memory: Stack, tmp_path_factory: pytest.TempPathFactory) -> None:
    """And without a terminal, that one is needed."""
    folder = tmp_path_factory.mktemp("without")
    (folder / "sitecustomize.py").write_text("import sys\nsys.modules['textual'] = None\n")
    path = os.pathsep.join([str(folder), memory.env["PYTHONPATH"]])

    without = memory.run("browse", check=False, env={"PYTHONPATH": path})
    assert without.returncode == 2
    assert "-m pip install 'agent-memory[browse]'" in without.stderr
    assert len(without.stderr.splitlines()) == 1
    no_terminal = memory.run("browse", check=False)
    assert no_terminal.returncode == 2
    assert "browse needs a terminal" in no_terminal.stderr
