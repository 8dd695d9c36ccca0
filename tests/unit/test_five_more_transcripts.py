"""What Droid, Antigravity, Goose and Kilo CLI keep of their sessions, by the readers of their folders."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from agent_memory.agents.registry import AGENTS
from agent_memory.agents.replayed_call import Broken
from agent_memory.backfill import transcript_paths
from agent_memory.backfill.reading import events_of
from agent_memory.backfill.transcript_paths import Transcript
from agent_memory.capture.envelope import Envelope
from agent_memory.capture.events import event_from
from agent_memory.capture.followed import FollowedTranscripts
from agent_memory.capture.pipeline import Pipeline
from agent_memory.capture.project.projects import Projects
from agent_memory.capture.wire import call_of, parse
from agent_memory.ids import timed_apart
from agent_memory.model import Event, EventRole, EventType
from support import transcripts

RECORDINGS = Path(__file__).parents[1] / "data" / "hooks"
NOW_MS = 1_795_363_889_243


def read(agent: str, path: Path) -> list[Event]:
    """The events of the transcript, which nothing in it keeps from being read."""
    broken: list[Broken] = []
    transcript = Transcript(agent, path, path.stat().st_size, path.stat().st_mtime_ns)
    events = list(events_of(transcript, Projects({}), broken.append, lambda size: None))
    assert broken == []
    return events


def written(path: Path, *records: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def test_a_droid_session_without_a_terminal_has_its_prompt_and_its_words(tmp_path: Path) -> None:
    """No hook is called for the prompt, and none is given the words: the session's file has both, under their ids."""
    records = droid_session("s1", say("u1", "user", "Set up notes.md."), say("a1", "assistant", "Done."))
    path = written(tmp_path / "s1.jsonl", *records)
    followed = FollowedTranscripts()
    hook = {"hook_event_name": "Stop", "session_id": "s1", "transcript_path": str(path)}

    (followed_path,) = followed.paths(call_of(hook, agent="droid", event="", project=""))
    calls, _ = followed.read(followed_path, 1 << 20)

    assert [each.call.payload["hook_event_name"] for each in calls] == ["UserPromptSubmit", "Stop"]
    assert [event.text for event in read("droid", path)][1:] == ["Set up notes.md.", "Done."]


def test_a_forked_droid_session_tells_only_what_was_said_in_it(tmp_path: Path) -> None:
    """It begins with the other's messages, unless that one's file is gone."""
    said = [say("u1", "user", "First."), say("a1", "assistant", "Yes.")]
    written(tmp_path / "s1.jsonl", *droid_session("s1", *said))
    fork = droid_session("s2", *said, say("u2", "user", "Second."), parent="s1", forkedAtMessageId="a1")
    path = written(tmp_path / "s2.jsonl", *fork)

    assert [event.text for event in read("droid", path)] == ["Session started (fork)", "Second."]
    (tmp_path / "s1.jsonl").unlink()
    assert "First." in [event.text for event in read("droid", path)]


@pytest.mark.parametrize(
    ("reason", "text"),
    [("cancelled", "interrupted by the user"), ("model_request_rejected", "model request rejected")],
)
def test_a_droid_turn_that_failed_says_so(tmp_path: Path, reason: str, text: str) -> None:
    outcome = {"type": "agent_turn_outcome", "turnId": "u1", "reason": reason, "resultKind": "null"}
    path = written(tmp_path / "s1.jsonl", *droid_session("s1", say("u1", "user", "First.")), outcome)

    last = read("droid", path)[-1]

    assert (last.event_type, last.role, last.text) == (EventType.ASSISTANT_STOP, EventRole.SYSTEM, text)


def test_droids_summary_of_a_conversation_is_its_own(tmp_path: Path) -> None:
    """What it goes on with after a compaction is kept as what it is."""
    summary = {
        "type": "compaction_state",
        "id": "k1",
        "timestamp": "2026-11-28T15:00:00Z",
        "summaryText": "All so far.",
    }
    path = written(tmp_path / "s1.jsonl", *droid_session("s1", say("u1", "user", "First.")), summary)

    last = read("droid", path)[-1]

    assert (last.role, last.text, last.metadata["machine_text"]) == (
        EventRole.SYSTEM,
        "All so far.",
        "compaction-summary",
    )


def test_an_antigravity_transcript_tells_all_of_a_conversation(tmp_path: Path) -> None:
    """Its hooks say only where it is, and may name the one that is cut short."""
    logs = tmp_path / ".gemini/antigravity-cli/brain/c-1/.system_generated/logs"
    path = written(logs / "transcript_full.jsonl", *antigravity_steps())
    hook = json.loads((RECORDINGS / "antigravity" / "02-Stop.json").read_bytes())
    hook |= {"conversationId": "c-1", "transcriptPath": str(logs / "transcript.jsonl")}
    call = parse(json.dumps(hook).encode(), agent="antigravity", event="Stop")
    followed = FollowedTranscripts()

    assert (call.agent, event_from(call, NOW_MS, "k1")) == ("antigravity", None)
    assert followed.paths(call) == [str(path)]
    calls, _ = followed.read(str(path), 1 << 20)
    events = read("antigravity", path)

    assert len(calls) == len(events)
    assert {event.session_id for event in events} == {"c-1"}
    assert [(event.event_type, event.text) for event in events] == [
        (EventType.SESSION_START, "Session started (startup)"),
        (EventType.USER_MESSAGE, "Set up notes.md."),
        (EventType.ASSISTANT_MESSAGE, "I look at the project first."),
        (EventType.TOOL_RESULT, "run_command: ls\na.txt"),
        (EventType.ASSISTANT_STOP, "Done."),
    ]
    assert events[-1].metadata["model"] == "Gemini 3.5 Flash (Medium)"
    assert [each.path for each in transcript_paths.found(AGENTS["antigravity"], {}, tmp_path)] == [path.resolve()]
    assert transcript_paths.agent_of(path) == "antigravity"


def test_kilos_database_is_kilos(tmp_path: Path) -> None:
    """It is opencode's, with a table more, under another name."""
    for name, owner in (("kilo.db", "kilo-cli"), ("copy.db", "kilo-cli"), ("opencode.db", "opencode")):
        with sqlite3.connect(tmp_path / name) as database:
            database.execute("CREATE TABLE message (id, session_id, time_created, data)")
            if owner != "opencode":
                database.execute("CREATE TABLE kilo_board (id)")
        database.close()

        assert transcript_paths.agent_of(tmp_path / name) == owner


def test_gooses_database_has_what_its_hooks_had(tmp_path: Path) -> None:
    """Under ids that differ in nothing but the time, which both have; and what was said between two calls."""
    path = tmp_path / ".local/share/goose/sessions/sessions.db"
    goose_database(path)
    pipeline = Pipeline(Projects({}).with_project)
    hooked = [
        pipeline.event_of(
            Envelope(f"{NOW_MS * 1_000_000:020}-{number:016x}", "", "", "", hook.read_bytes()), NOW_MS
        ).event
        for number, hook in enumerate(sorted((RECORDINGS / "goose").glob("*.json")))
    ]

    kept = read("goose", path)

    assert [each.path for each in transcript_paths.found(AGENTS["goose"], {}, tmp_path)] == [path.resolve()]
    assert transcript_paths.agent_of(path) == "goose"
    apart = {timed_apart(event.event_id)[1]: event for event in hooked if event}
    common = [event for event in kept if timed_apart(event.event_id)[1] in apart]
    assert [event.text for event in kept if event not in common] == ["I look at the project first."]
    assert [apart[timed_apart(event.event_id)[1]].text.rstrip() for event in common] == [
        event.text.rstrip() for event in common
    ]
    assert len(common) == 5  # all but the session's end


def test_goose_messages_without_a_time_keep_their_order(tmp_path: Path) -> None:
    """A column holds whatever a version puts there; what it does not say is taken from the message before."""
    path = tmp_path / "sessions.db"
    goose_database(path)
    whole = read("goose", path)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE messages SET content_json = replace(content_json, 'notes.md', '\\udfff')")
    database.close()
    whole = read("goose", path)
    assert any("\ufffd" in event.text for event in whole)
    for created in (None, "soon", b"\xff", float("inf"), -(2**63)):
        with sqlite3.connect(path) as database:
            database.execute("UPDATE messages SET created_timestamp = ? WHERE id = 3", (created,))
        database.close()

        assert [event.text for event in read("goose", path)] == [event.text for event in whole]


@pytest.mark.parametrize("role", ['["user"]', "{}", "null", "7"])
def test_a_message_of_no_known_kind_costs_opencode_only_itself(tmp_path: Path, role: str) -> None:
    """However its fields are typed, what came before and after it is read."""
    transcripts.settle("opencode", tmp_path)
    path = tmp_path / ".local" / "share" / "opencode" / "opencode.db"
    whole = [event.text for event in read("opencode", path)]
    data = f'{{"role": {role}, "time": {{"created": {role}}}, "summary": {role}}}'
    with sqlite3.connect(path) as database:
        (last,) = database.execute("SELECT max(id) FROM message").fetchone()
        database.execute("UPDATE message SET data = ? WHERE id = ?", (data, last))
    database.close()

    assert set(whole) - {event.text for event in read("opencode", path)} <= {whole[-1]}


def say(record_id: str, role: str, text: str) -> dict[str, Any]:
    message = {"role": role, "content": [{"type": "text", "text": text}]}
    return {"type": "message", "id": record_id, "timestamp": "2026-11-28T14:24:55.351Z", "message": message}


def droid_session(session: str, *records: dict[str, Any], **more: str) -> list[dict[str, Any]]:
    return [{"type": "session_start", "id": session, "version": 2, "cwd": "/home/dev/project", **more}, *records]


def goose_database(path: Path) -> None:
    def part(kind: str, **more: Any) -> dict[str, Any]:
        return {"type": kind, **more}

    def use(number: int, name: str, **given: str) -> dict[str, Any]:
        value = {"name": name, "arguments": given}
        return part("toolRequest", id=f"call_{number}", toolCall={"status": "success", "value": value})

    shown = {"content": [part("text", text="hello from goose\n")], "isError": False}
    failed = {"status": "error", "error": "No such file"}
    prompt = "Please set up notes.md. We deploy on Fridays."
    missing = "/home/dev/project/missing.md"
    messages = [
        ("user", [part("text", text=prompt)]),
        (
            "assistant",
            [
                part("text", text="I look at the project first."),
                use(1, "developer__shell", command="echo hello from goose"),
            ],
        ),
        ("user", [part("toolResponse", id="call_1", toolResult={"status": "success", "value": shown})]),
        ("assistant", [use(2, "developer__text_editor", command="view", path=missing)]),
        ("user", [part("toolResponse", id="call_2", toolResult=failed)]),
        ("assistant", [part("text", text="I wrote notes.md; one command failed.")]),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE sessions (id TEXT, working_dir TEXT, created_at TIMESTAMP)")
        database.execute(
            "CREATE TABLE messages (id INTEGER PRIMARY KEY, session_id TEXT, role TEXT, content_json TEXT,"
            " created_timestamp INTEGER, metadata_json TEXT)"
        )
        database.execute("INSERT INTO sessions VALUES ('20261128_1', '/home/dev/project', '2026-11-28 14:00:00')")
        for number, (role, content) in enumerate(messages):
            row = ("20261128_1", role, json.dumps(content), NOW_MS // 1000 + number, '{"userVisible": true}')
            database.execute(
                "INSERT INTO messages (session_id, role, content_json, created_timestamp, metadata_json)"
                " VALUES (?, ?, ?, ?, ?)",
                row,
            )
    database.close()


def antigravity_steps() -> list[dict[str, Any]]:
    """A prompt, a command, an answer, and what the client notes between them."""

    def step(number: int, source: str, kind: str, **more: Any) -> dict[str, Any]:
        record = {"step_index": number, "source": source, "type": kind, "status": "DONE"}
        return {**record, "created_at": f"2026-11-28T14:00:{number:02}Z", **more}

    asked = (
        "<USER_REQUEST>\nSet up notes.md.\n</USER_REQUEST>\n<ADDITIONAL_METADATA>\nIt is Saturday.\n"
        "</ADDITIONAL_METADATA>\n<USER_SETTINGS_CHANGE>\nThe user changed setting `Model Selection` from None to "
        "Gemini 3.5 Flash (Medium). Say nothing of it.\n</USER_SETTINGS_CHANGE>"
    )
    command = {"name": "default_api:run_command", "args": {"CommandLine": '"ls"', "Cwd": '"/home/dev/project"'}}
    return [
        step(0, "USER_EXPLICIT", "USER_INPUT", content=asked),
        step(1, "SYSTEM", "CONVERSATION_HISTORY"),
        step(2, "MODEL", "PLANNER_RESPONSE", content="I look at the project first.", tool_calls=[command]),
        step(3, "MODEL", "RUN_COMMAND", status="RUNNING"),
        step(3, "MODEL", "RUN_COMMAND", content="a.txt"),
        step(4, "SYSTEM", "CHECKPOINT", content="What came before, in short."),
        step(5, "MODEL", "PLANNER_RESPONSE", content="Done.", thinking="It is done."),
    ]
