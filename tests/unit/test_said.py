"""All that was said is in a transcript's events, under the session that it was said in, and once."""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent_memory.agents.registry import AGENTS
from agent_memory.agents.replayed_call import Broken
from agent_memory.backfill import transcript_paths
from agent_memory.backfill.transcript_paths import Transcript
from agent_memory.capture import wire
from agent_memory.capture.events import event_from
from agent_memory.model import Event, EventRole, EventType
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store.copies import Copies
from support import transcripts

Record = dict[str, Any]


def written(path: Path, records: list[Record], age: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    os.utime(path, (1_800_000_000 - age, 1_800_000_000 - age))
    return path


def read(agent: str, path: Path) -> list[Event]:
    return transcripts.read(Transcript(agent, path, path.stat().st_size, path.stat().st_mtime_ns))


def said(events: list[Event]) -> list[str]:
    return [each.text for each in events if each.event_type != EventType.SESSION_START]


class Claude:
    """Writes the records of Claude Code's sessions, a second apart."""

    def __init__(self, session: str, start: int = 9 * 3600) -> None:
        self._session = session
        self._seconds = itertools.count(start)
        self._number = itertools.count(1)

    def user(self, content: object, **fields: Any) -> Record:
        return self._record("user", {"role": "user", "content": content}, fields)

    def assistant(self, *content: Record, stop: str | None = "end_turn", model: str = "m", **fields: Any) -> Record:
        message = {"id": f"msg-{self._session}-{next(self._number)}", "model": model, "stop_reason": stop}
        return self._record("assistant", {**message, "role": "assistant", "content": list(content)}, fields)

    def attachment(self, **fields: Any) -> Record:
        return {**self._record("attachment", {}, {}), "attachment": fields}

    def _record(self, kind: str, message: Record, fields: Record) -> Record:
        seconds, number = next(self._seconds), next(self._number)
        at = f"2026-11-20T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.000Z"
        ids = {
            "sessionId": self._session,
            "uuid": f"{self._session}-{number}",
            "promptId": f"p-{self._session}-{number}",
        }
        return {"type": kind, **ids, "timestamp": at, "cwd": "/home/dev/shop", "message": message, **fields}


def text(words: str) -> Record:
    return {"type": "text", "text": words}


def use(use_id: str, command: str) -> Record:
    return {"type": "tool_use", "id": use_id, "name": "Bash", "input": {"command": command}}


def result(use_id: str, content: str, *, failed: bool = False) -> list[Record]:
    return [{"type": "tool_result", "tool_use_id": use_id, "content": content, "is_error": failed}]


def test_each_of_the_assistants_words_is_a_message_at_its_own_time(tmp_path: Path) -> None:
    """The last ones of a turn are its end; a message that comes in two parts is two."""
    claude = Claude("s")
    records = [
        claude.user("Speed up the import"),
        claude.assistant(text("I look at the query first."), stop="tool_use"),
        claude.assistant(use("t1", "explain"), stop="tool_use"),
        claude.user(result("t1", "Seq scan")),
        claude.assistant(text("There is no index."), use("t2", "create index"), stop="tool_use"),
        claude.user(result("t2", "done")),
        claude.assistant(text("Ten times as fast now.")),
    ]

    events = read("claude-code", written(tmp_path / "s.jsonl", records))

    assert [(each.event_type, each.text) for each in events if each.role == EventRole.ASSISTANT] == [
        (EventType.ASSISTANT_MESSAGE, "I look at the query first."),
        (EventType.ASSISTANT_MESSAGE, "There is no index."),
        (EventType.ASSISTANT_STOP, "Ten times as fast now."),
    ]
    assert events[2].timestamp_ms - events[1].timestamp_ms == 1000


def test_a_turn_that_was_broken_off_keeps_its_words(tmp_path: Path) -> None:
    """And that it was broken off, and what was asked next."""
    claude = Claude("s")
    records = [
        claude.user("Delete the old index"),
        claude.assistant(text("First I will"), stop=None),
        claude.user([text("[Request interrupted by user]")]),
        claude.user("Leave it"),
    ]

    events = read("claude-code", written(tmp_path / "s.jsonl", records))

    assert said(events) == ["Delete the old index", "First I will", "interrupted by the user", "Leave it"]
    assert [each.event_type for each in events[2:4]] == [EventType.ASSISTANT_MESSAGE, EventType.ASSISTANT_STOP]
    assert events[3].role == EventRole.SYSTEM


def test_what_was_typed_to_refuse_a_call_is_the_users(tmp_path: Path) -> None:
    """The client puts it into the result of the call that was not made."""
    claude = Claude("s")
    refusal = (
        "The user doesn't want to proceed with this tool use. The tool use was rejected. To tell you how to proceed, "
        "the user said:\nRename it instead\n\nNote: The user's next message may contain a correction"
    )
    records = [
        claude.user("Clean up"),
        claude.assistant(use("t1", "rm notes"), stop="tool_use"),
        claude.user(result("t1", refusal, failed=True)),
        claude.assistant(use("t2", "mv notes"), stop="tool_use"),
        claude.user(result("t2", "Permission to use Bash has been denied.", failed=True)),
    ]

    events = read("claude-code", written(tmp_path / "s.jsonl", records))
    refused, words, denied = events[2:]

    assert (refused.event_type, refused.metadata["success"]) == (EventType.TOOL_RESULT, "false")
    assert "rm notes" in refused.text
    assert "rejected" in refused.text
    assert (words.role, words.text) == (EventRole.USER, "Rename it instead")
    assert (denied.metadata["success"], "mv notes" in denied.text) == ("false", True)


def test_what_was_typed_while_the_agent_worked_is_the_users(tmp_path: Path) -> None:
    claude = Claude("s")
    records = [
        claude.user("Build it"),
        claude.assistant(use("t1", "make"), stop="tool_use"),
        claude.user(result("t1", "ok")),
        claude.attachment(type="queued_command", prompt="Without tests", commandMode="prompt"),
        claude.attachment(type="queued_command", prompt="<task-notification>x", commandMode="task-notification"),
        claude.attachment(type="queued_command", prompt="From a peer", origin={"kind": "peer"}),
        claude.attachment(type="queued_command", prompt="!ls", commandMode="bash"),
        claude.attachment(type="todo", content="x"),
        claude.assistant(text("Built.")),
    ]

    events = read("claude-code", written(tmp_path / "s.jsonl", records))

    first, second = (each for each in events if each.role == EventRole.USER)
    assert (first.text, second.text) == ("Build it", "Without tests")
    # As the hook has it, where one is called: with the id of the turn that goes on.
    payload = {"hook_event_name": "UserPromptSubmit", "session_id": "s", "prompt_id": "p-s-1", "prompt": second.text}
    hooked = event_from(wire.call_of(payload, agent="claude-code", event="", project=""), 1, "k")
    assert hooked is not None
    assert hooked.event_id == second.event_id


def test_the_clients_own_words_are_nobodys(tmp_path: Path) -> None:
    """What it fills in for the model is nothing; its summary at a compaction is what it is."""
    claude = Claude("s")
    records = [
        claude.user("Go on"),
        claude.assistant(text("No response requested."), model="<synthetic>"),
        claude.user("This session is being continued from before.", isCompactSummary=True),
    ]

    events = read("claude-code", written(tmp_path / "s.jsonl", records))

    assert said(events) == ["Go on", "This session is being continued from before."]
    assert (events[-1].role, events[-1].metadata["machine_text"]) == (EventRole.SYSTEM, "compaction-summary")


def claude_talk(session: str, start: int = 9 * 3600) -> list[Record]:
    claude = Claude(session, start)
    return [
        claude.user(f"Question of {session}"),
        claude.assistant(text(f"I look, in {session}."), use(f"t-{session}", "ls"), stop="tool_use"),
        claude.user(result(f"t-{session}", "a.py")),
        claude.assistant(text(f"Answer of {session}")),
    ]


def kept_id(records: list[Record]) -> list[Record]:
    """As some versions copy them: with the session that they come from."""
    return records


def given_away(records: list[Record]) -> list[Record]:
    """As others do: under the fork's own."""
    return [{**record, "sessionId": "fork"} for record in records]


def named(records: list[Record]) -> list[Record]:
    """As yet others do: under ids of their own, with those of the original beside them."""
    return [
        {
            **record,
            "sessionId": "fork",
            "uuid": f"copy-{record['uuid']}",
            "forkedFrom": {"sessionId": record["sessionId"], "messageUuid": record["uuid"]},
        }
        for record in records
    ]


@pytest.mark.parametrize("copied", [kept_id, given_away, named])
@pytest.mark.parametrize("is_original_continued", [False, True])
@pytest.mark.parametrize("is_clock_set_back", [False, True])
@pytest.mark.parametrize("folder", ["shop", "blog"])
def test_a_fork_adds_what_was_said_in_it(
    copied: Any, is_original_continued: bool, is_clock_set_back: bool, folder: str, tmp_path: Path
) -> None:
    """Whichever transcript is read first, each thing was said once, in the session that it was said in."""
    original = claude_talk("original")
    more = claude_talk("more", 11 * 3600) if is_original_continued else []
    continued = [{**record, "sessionId": "original"} for record in more]
    own = claude_talk("fork", 8 * 3600 if is_clock_set_back else 15 * 3600)
    projects = tmp_path / "projects"
    first = written(projects / "shop" / "original.jsonl", [*original, *continued], age=60)
    mode = {"type": "mode", "sessionId": "fork"}
    second = written(projects / folder / "fork.jsonl", [mode, *copied(original), *own])

    alone = {(each.event_id, each.session_id, each.text) for each in read("claude-code", first)}
    fork = {(each.event_id, each.session_id, each.text) for each in read("claude-code", second)}

    assert {each for each in fork if each[1] == "original"} <= alone
    assert sorted(words for _, session, words in fork if session == "fork") == sorted(
        ["Session started (fork)", "Question of fork", "I look, in fork.", "Bash: ls\na.py", "Answer of fork"]
    )


@pytest.mark.parametrize("copied", [kept_id, given_away, named])
@pytest.mark.parametrize("is_fork_used", [False, True])
def test_an_original_that_goes_on_after_its_fork_stays_the_original(
    copied: Any, is_fork_used: bool, tmp_path: Path
) -> None:
    """It was written to last, and the fork may end within it: what shows it is the client's own bookkeeping."""
    session, fork_id = "00000000-0000-4000-8000-00000000000a", "fork"
    claude, talk = Claude(session), claude_talk(session)
    more = [{**record, "sessionId": session} for record in claude_talk("more", 11 * 3600)]
    own = claude_talk(fork_id, 15 * 3600) if is_fork_used else []
    books = [claude.attachment(type="environment") for _ in talk]
    kept = [record for pair in zip(talk, books, strict=True) for record in pair]
    first = written(tmp_path / "p" / f"{session}.jsonl", [*kept, *more])
    second = written(tmp_path / "p" / f"{fork_id}.jsonl", [*copied(talk), *own], age=60)

    original, fork = said(read("claude-code", first)), said(read("claude-code", second))

    assert original == [*said_in(session), *said_in("more")]
    assert fork == (said_in(fork_id) if is_fork_used else [])


def said_in(session: str) -> list[str]:
    return [f"Question of {session}", f"I look, in {session}.", "Bash: ls\na.py", f"Answer of {session}"]


def test_of_a_turn_that_is_stored_in_part_the_rest_is_no_copy() -> None:
    """A fork whose original was not known brought a part of it; the original brings the rest."""
    turn = "00000000-0000-4000-8000-000000000001"
    stored = pb.Event(session_id="fork", role=pb.EVENT_ROLE_ASSISTANT, text="I  look", metadata={"prompt_id": turn})

    def ask(request: pb.GetEventsRequest) -> pb.GetEventsResponse:
        return pb.GetEventsResponse(events=[stored])

    def event(text: str) -> Event:
        said_by = (EventType.ASSISTANT_MESSAGE, EventRole.ASSISTANT)
        return Event("e", "original", 1_795_363_889_243, *said_by, text, {"prompt_id": turn}, None)

    copies, live = Copies(ask), Copies(ask, of_whole_turns=True)

    assert [copies.has(event(text)) for text in ("I look", "It is done")] == [True, False]
    assert [live.has(event(text)) for text in ("I look", "It is done")] == [True, True]


def test_a_record_that_is_there_twice_under_one_id_was_said_once(tmp_path: Path) -> None:
    """A transcript that was put together from two."""
    records = claude_talk("s")

    events = read("claude-code", written(tmp_path / "s.jsonl", [*records, *records]))

    assert len({each.event_id for each in events}) == 5


class Codex:
    """Writes rollouts, a second apart."""

    def __init__(self, start: int = 9 * 3600) -> None:
        self._seconds = itertools.count(start)

    def record(self, kind: str, **payload: Any) -> Record:
        seconds = next(self._seconds)
        at = f"2026-11-20T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.000Z"
        return {"timestamp": at, "type": kind, "payload": payload}

    def turn(self, turn: str, prompt: str, words: list[str], *, ended: bool = True) -> Iterator[Record]:
        yield self.record("turn_context", turn_id=turn, cwd="/home/dev/shop", model="m")
        yield self._item(turn, type="UserMessage", id=f"u-{turn}", content=[{"type": "text", "text": prompt}])
        for number, each in enumerate(words):
            yield self._item(turn, type="AgentMessage", id=f"m-{number}", content=[{"type": "Text", "text": each}])
            if number < len(words) - 1:
                call = {"name": "shell", "call_id": f"c-{turn}-{number}", "arguments": '{"command": "ls"}'}
                yield self.record("response_item", type="function_call", **call)
                yield self.record("response_item", type="function_call_output", call_id=call["call_id"], output="a")
        if ended:
            yield self.record("event_msg", type="task_complete", turn_id=turn, last_agent_message=words[-1])

    def _item(self, turn: str, **item: Any) -> Record:
        return self.record("event_msg", type="item_completed", turn_id=turn, item=item)


def test_codex_words_between_calls_are_messages(tmp_path: Path) -> None:
    """Also where its items have the same ids in each turn, and where a turn has no end."""
    codex = Codex()
    records = [
        codex.record("session_meta", id="a", cwd="/home/dev/shop"),
        *codex.turn("t1", "One", ["Looking.", "Done."]),
        *codex.turn("t2", "Two", ["Looking.", "Still looking."], ended=False),
        codex.record("event_msg", type="turn_aborted", turn_id="t2", reason="interrupted"),
        *codex.turn("t3", "Three", ["Cut off"], ended=False),
        *codex.turn("t4", "Four", ["All good."]),
    ]

    events = read("codex", written(tmp_path / "rollout-a.jsonl", records))
    messages = [each.text for each in events if each.event_type == EventType.ASSISTANT_MESSAGE]
    ends = [each.text for each in events if each.event_type == EventType.ASSISTANT_STOP]

    assert messages == ["Looking.", "Looking.", "Still looking."]
    assert ends == ["Done.", "interrupted by the user", "Cut off", "All good."]
    assert len({each.event_id for each in events}) == len(events)


@pytest.mark.parametrize("is_parent_there", [True, False])
def test_a_forked_rollout_adds_what_was_said_in_it(is_parent_there: bool, tmp_path: Path) -> None:
    """What it repeats is the other thread's, under the same ids, whether or not that one's rollout is still there."""
    parent_id, fork_id = "019d0000-0000-7000-8000-00000000000a", "019d5555-0000-7000-8000-00000000000b"
    turns = ["019d0000-1111-7000-8000-000000000001", "019d5555-1111-7000-8000-000000000002"]
    codex = Codex()
    meta = codex.record("session_meta", id=parent_id, cwd="/home/dev/shop")
    talk = list(codex.turn(turns[0], "Parent's question", ["Looking.", "Parent's answer"]))
    folder = tmp_path / "sessions" / "2026" / "11" / "20"
    parent = written(folder / f"rollout-1-{parent_id}.jsonl", [meta, *talk])
    later = Codex(15 * 3600)
    fork_meta = later.record("session_meta", id=fork_id, cwd="/home/dev/shop", forked_from_id=parent_id)
    replayed = [{**record, "timestamp": fork_meta["timestamp"]} for record in [meta, *talk]]
    own = list(later.turn(turns[1], "Fork's question", ["Fork's answer"]))
    fork = written(folder / f"rollout-2-{fork_id}.jsonl", [fork_meta, *replayed, *own])
    alone = {(each.event_id, each.session_id) for each in read("codex", parent)}
    if not is_parent_there:
        parent.unlink()

    events = read("codex", fork)

    assert said([each for each in events if each.session_id == fork_id]) == ["Fork's question", "Fork's answer"]
    assert {(each.event_id, each.session_id) for each in events if each.session_id == parent_id} <= alone
    assert {each.session_id for each in events} <= {parent_id, fork_id}


def test_a_chat_of_geminis_that_is_resumed_says_nothing_twice(tmp_path: Path) -> None:
    """All of its messages come again, in another form; the last words of a turn stay its last."""

    def message(message_id: str, kind: str, content: object, second: int, **fields: Any) -> Record:
        at = f"2026-11-20T09:00:{second:02}.000Z"
        return {"id": message_id, "timestamp": at, "type": kind, "content": content, **fields}

    call = {
        "id": "c1",
        "name": "read_file",
        "args": {"path": "a"},
        "status": "success",
        "timestamp": "2026-11-20T09:00:03Z",
    }
    talk = [
        message("m1", "user", [{"text": "Read a"}], 1),
        message("m2", "gemini", "I read it.", 2),
        message("m2", "gemini", "I read it.", 2, toolCalls=[call]),
        message("m3", "user", [{"functionResponse": {"id": "c1"}}], 4),
        message("m4", "gemini", "It is empty.", 5),
    ]
    again = [
        message("m1", "user", [{"text": "Read a"}], 1),
        message("m2", "gemini", [{"text": "I read it."}, {"functionCall": {"id": "c1"}}], 2, toolCalls=[call]),
        message("m2", "user", [{"functionResponse": {"id": "c1"}}], 9),
        message("m4", "gemini", [{"text": "It is empty."}], 5),
    ]
    more = [message("m5", "user", [{"text": "And b?"}], 10), message("m6", "gemini", "The same.", 11)]
    start = {"sessionId": "g", "projectHash": "x", "startTime": "2026-11-20T09:00:00Z", "kind": "main"}

    events = read(
        "gemini-cli", written(tmp_path / "session-g.jsonl", [start, *talk, {"$set": {"messages": again}}, *more])
    )

    assert [(each.event_type, each.text) for each in events[1:]] == [
        (EventType.USER_MESSAGE, "Read a"),
        (EventType.ASSISTANT_MESSAGE, "I read it."),
        (EventType.TOOL_RESULT, "read_file: a"),
        (EventType.ASSISTANT_STOP, "It is empty."),
        (EventType.USER_MESSAGE, "And b?"),
        (EventType.ASSISTANT_STOP, "The same."),
    ]


def opencode_id(kind: str, at_ms: int, number: int) -> str:
    """As opencode makes them: the time first."""
    return f"{kind}_{((at_ms << 12) + number) & ((1 << 48) - 1):012x}{'x' * 14}"


def test_a_forked_session_of_opencodes_adds_what_was_said_in_it(tmp_path: Path) -> None:
    """Its copies have ids of their own, made when it was forked; a summary is what it is."""
    path = tmp_path / "opencode.db"
    at_ms, forked_ms = 1_795_379_500_000, 1_795_379_900_000
    with sqlite3.connect(path) as database:
        for table, columns in transcripts.COLUMNS.items():
            database.execute(f"CREATE TABLE {table} ({', '.join(columns)})")

        def session(name: str) -> None:
            database.execute("INSERT INTO session VALUES (?, NULL, '/home/dev/shop', 'build', ?)", (name, at_ms))

        def message(session_id: str, role: str, words: str, made_ms: int, created_ms: int, **fields: Any) -> None:
            message_id, part_id = opencode_id("msg", made_ms, 1), opencode_id("prt", made_ms, 2)
            data = json.dumps({"role": role, "time": {"created": created_ms}, **fields})
            database.execute("INSERT INTO message VALUES (?, ?, ?, ?)", (message_id, session_id, created_ms, data))
            part = json.dumps({"type": "text", "text": words})
            row = (part_id, message_id, session_id, created_ms, part)
            database.execute("INSERT INTO part VALUES (?, ?, ?, ?, ?)", row)

        session("original")
        message("original", "user", "Question", at_ms + 1, at_ms + 1)
        message("original", "assistant", "Answer", at_ms + 2, at_ms + 2)
        message("original", "assistant", "All that was said", at_ms + 3, at_ms + 3, summary=True)
        session("fork")
        message("fork", "user", "Question", forked_ms, at_ms + 1)
        message("fork", "assistant", "Answer", forked_ms + 5, at_ms + 2)
        message("fork", "user", "Question of the fork", forked_ms + 9000, forked_ms + 9000)
        # What the session that it is copied from has no more is the fork's.
        message("fork", "assistant", "Kept here alone", forked_ms + 7, at_ms + 9)
    database.close()

    events = read("opencode", path)

    assert said([each for each in events if each.session_id == "original"]) == [
        "Question",
        "Answer",
        "All that was said",
    ]
    assert sorted(said([each for each in events if each.session_id == "fork"])) == [
        "Kept here alone",
        "Question of the fork",
    ]
    (summary,) = [each for each in events if each.text == "All that was said"]
    assert (summary.role, summary.metadata["machine_text"]) == (EventRole.SYSTEM, "compaction-summary")


def test_a_file_that_is_passed_over_is_named(tmp_path: Path) -> None:
    """One that is nobody's, one of another agent's; not one that begins with long bookkeeping."""
    summary = {"type": "summary", "summary": "x" * 1000, "leafUuid": "l"}
    long = written(tmp_path / "long.jsonl", [summary] * 3000 + claude_talk("s"))
    nobodys = written(tmp_path / "notes.jsonl", [{"type": "note"}])
    codex = written(tmp_path / "rollout.jsonl", [Codex().record("session_meta", id="a")])
    passed_over: list[Broken] = []

    found = transcript_paths.named(tmp_path, "claude-code", passed_over.append)

    assert [each.path for each in found] == [long]
    assert {(each.path, each.line) for each in passed_over} == {(nobodys, 0), (codex, 0)}
    assert all(each.reason for each in passed_over)
    assert {each.agent for each in transcript_paths.named(tmp_path)} == {"claude-code", "codex"}


def test_every_agent_that_has_transcripts_of_lines_has_them_followed() -> None:
    """Else what is said between two calls comes in only at night."""
    has_a_database = {"goose", "kilo-cli", "opencode"}
    keeps_nothing = {"cursor"}

    unread = {name for name, agent in AGENTS.items() if agent.transcripts.reader is None}

    assert unread == has_a_database | keeps_nothing
    assert {name for name in unread if not AGENTS[name].transcripts.parts} == keeps_nothing
