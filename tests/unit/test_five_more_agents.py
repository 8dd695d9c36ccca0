"""Kilo CLI, Droid, Cursor, Antigravity and Goose: their payloads, what they keep, and the hooks that they are given."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from datetime import datetime
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
from agent_memory.capture.sessions import Sessions
from agent_memory.capture.wire import HookCall, call_of, parse
from agent_memory.hook.install.formats import State
from agent_memory.hook.install.installation import Installation
from agent_memory.ids import timed_apart
from agent_memory.model import Event, EventRole, EventType

RECORDINGS = Path(__file__).parents[1] / "data" / "hooks"
NOW_MS = 1_795_363_889_243
NOW = datetime(2026, 11, 28, 15, 0)


def recorded(name: str, agent: str = "another", **changed: Any) -> HookCall:
    """The recorded call; its event is named on the command line, as installed hooks do."""
    path = RECORDINGS / f"{name}.json"
    payload = {**json.loads(path.read_bytes()), **changed}
    return parse(json.dumps(payload).encode(), agent=agent, event=path.stem.split("-")[1])


def event_of(call: HookCall) -> Event:
    event = event_from(call, NOW_MS, key="k1")
    assert event is not None
    return event


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


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "GOOSE_PATH_ROOT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        "kilo-cli/02-chat-message",
        "droid/05-UserPromptSubmit-in-subagent",
        "cursor/02-beforeSubmitPrompt",
        "goose/02-UserPromptSubmit",
    ],
)
def test_a_prompt_is_kept_with_its_words(name: str) -> None:
    event = event_of(recorded(name))

    assert (event.event_type, event.role) == (EventType.USER_MESSAGE, EventRole.USER)
    assert "notes" in event.text


@pytest.mark.parametrize(
    ("name", "text", "success"),
    [
        ("kilo-cli/03-tool-execute-after", "bash: echo hello; sleep 1\nhello", "true"),
        ("cursor/04-postToolUse-Shell", "Shell: echo hello from cursor\nhello from cursor", "true"),
        ("cursor/05-postToolUseFailure-Read", "Read: /home/dev/project/missing.md\nFile not found", "false"),
        ("goose/03-PostToolUse", "developer__shell: echo hello from goose\nhello from goose", "true"),
        ("goose/04-PostToolUseFailure", "developer__text_editor: view\nNo such file", "false"),
    ],
)
def test_a_tool_call_reads_as_what_was_done_and_what_came_of_it(name: str, text: str, success: str) -> None:
    event = event_of(recorded(name))

    assert (event.event_type, event.text.rstrip(), event.metadata["success"]) == (EventType.TOOL_RESULT, text, success)


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("cursor/03-afterAgentResponse", EventType.ASSISTANT_MESSAGE, "I look at the project first."),
        ("cursor/08-stop-aborted", EventType.ASSISTANT_STOP, "ended: aborted"),
        ("cursor/09-subagentStop", EventType.SUBAGENT_STOP, "There are none."),
        ("cursor/10-sessionEnd", EventType.SESSION_END, "Session ended (completed)"),
        ("goose/05-Stop", EventType.ASSISTANT_STOP, "I wrote notes.md; one command failed."),
        ("goose/06-SessionEnd", EventType.SESSION_END, "Session ended"),
    ],
)
def test_a_turn_and_a_session_are_told_to_their_end(name: str, kind: EventType, text: str) -> None:
    event = event_of(recorded(name))

    assert (event.event_type, event.text) == (kind, text)


def test_cursor_is_cursor_also_in_claude_codes_hooks() -> None:
    """It runs those too: the prompt is one event, under its own name, and nobody's address is kept."""
    own = event_of(recorded("cursor/02-beforeSubmitPrompt", agent="cursor"))
    in_claudes = event_of(recorded("cursor/11-UserPromptSubmit-of-claude-code", agent="claude-code"))

    assert (in_claudes.agent, in_claudes.event_id) == (own.agent, own.event_id) == ("cursor", own.event_id)
    assert own.metadata["project"] == "/home/dev/project"
    assert "dev@example.com" not in repr((own, in_claudes))


def test_droids_subagent_belongs_to_the_session_that_called_it() -> None:
    """Its task is the agent's words; its end is no end of the session."""
    sessions = Sessions()
    start, prompt, end = (
        sessions.with_session(recorded(f"droid/{name}"))
        for name in ("04-SessionStart-in-subagent", "05-UserPromptSubmit-in-subagent", "09-SessionEnd-in-subagent")
    )

    assert event_of(start).event_type is EventType.SUBAGENT_START
    assert (event_of(prompt).session_id, event_of(prompt).role) == (start.session_id, EventRole.SYSTEM)
    assert event_from(end, NOW_MS, "k1") is None


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


def test_a_droid_turn_that_failed_says_so(tmp_path: Path) -> None:
    outcome = {"type": "agent_turn_outcome", "turnId": "u1", "reason": "interrupted", "resultKind": "null"}
    path = written(tmp_path / "s1.jsonl", *droid_session("s1", say("u1", "user", "First.")), outcome)

    last = read("droid", path)[-1]

    assert (last.event_type, last.role, last.text) == (EventType.ASSISTANT_STOP, EventRole.SYSTEM, "interrupted")


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


@pytest.mark.parametrize(
    ("agent", "file", "where"),
    [
        ("cursor", ".cursor/hooks.json", lambda found: found["hooks"]["stop"][0]["command"]),
        (
            "antigravity",
            ".gemini/antigravity-cli/hooks.json",
            lambda found: found["agent-memory"]["Stop"][0]["command"],
        ),
        ("droid", ".factory/settings.json", lambda found: found["hooks"]["Stop"][0]["hooks"][0]["command"]),
        (
            "goose",
            ".agents/plugins/agent-memory/hooks/hooks.json",
            lambda found: found["hooks"]["Stop"][0]["hooks"][0]["command"],
        ),
    ],
)
def test_the_hooks_are_where_and_as_the_agent_reads_them(home: Path, agent: str, file: str, where: Any) -> None:
    Installation(AGENTS[agent]).connect(NOW)

    assert Installation(AGENTS[agent]).path == home / file
    assert f"--agent {agent} " in where(json.loads((home / file).read_text()))


def test_others_hooks_in_the_same_file_stay(home: Path) -> None:
    """Handlers without a group around them, and events in an object of another name."""
    theirs = {"version": 1, "hooks": {"stop": [{"command": "true"}]}}
    path = written(home / ".cursor/hooks.json", theirs)
    Installation(AGENTS["cursor"]).connect(NOW)
    assert Installation(AGENTS["cursor"]).state is State.CURRENT
    changed = json.loads(path.read_text())
    assert changed["hooks"]["stop"][0] == {"command": "true"}
    path.write_text(json.dumps(changed, indent=4))

    Installation(AGENTS["cursor"]).disconnect(NOW)

    assert json.loads(path.read_text()) == theirs


def test_droid_reads_hooks_from_another_file_once_it_is_there(home: Path) -> None:
    """Then those in its settings are not read, and its events are not in an object of their own."""
    theirs = {"Stop": [{"hooks": [{"type": "command", "command": "true"}]}], "hooksDisabled": False}
    path = written(home / ".factory/hooks.json", theirs)

    Installation(AGENTS["droid"]).connect(NOW)
    assert Installation(AGENTS["droid"]).path == path
    found = json.loads(path.read_text())
    assert (len(found["Stop"]), "hooks" in found) == (2, False)
    path.write_text(json.dumps(found))
    Installation(AGENTS["droid"]).disconnect(NOW)

    assert json.loads(path.read_text()) == theirs


@pytest.mark.parametrize(
    ("agent", "event", "answer"),
    [
        ("codex", "Interrupt", ""),
        ("codex", "Stop", '{"continue":true}\n'),
        ("antigravity", "Stop", "{}\n"),
        ("cursor", "beforeSubmitPrompt", '{"continue":true}\n'),
        ("cursor", "stop", "{}\n"),
        ("goose", "Stop", ""),
    ],
)
def test_each_hook_is_answered_as_its_agent_wants_it(home: Path, agent: str, event: str, answer: str) -> None:
    """Where it refuses our usual answer, or complains of it; with a daemon and, as here, without."""
    Installation(AGENTS[agent]).connect(NOW)
    commands = [
        line for line in commands_in(Installation(AGENTS[agent]).path) if line.split(";")[0].find(f" {event}") > 0
    ]

    for line in commands:
        done = subprocess.run(
            ["/bin/sh", "-c", line], input=b"{}", capture_output=True, check=True, env={"HOME": str(home)}
        )
        assert (done.stdout.decode(), done.stderr) == (answer, b"")
    assert commands


def commands_in(path: Path) -> list[str]:
    found: list[str] = []

    def look(value: Any) -> None:
        if isinstance(value, dict):
            found.extend([value["command"]] if isinstance(value.get("command"), str) else [])
        for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            look(each)

    look(json.loads(path.read_text()))
    return found


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
    path.parent.mkdir(parents=True)
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
