"""Transcripts give the events that hooks gave: pairs of recordings, and what may go wrong."""

from __future__ import annotations

import io
import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_memory.agents import jsonl
from agent_memory.agents.codex import transcript as codex_transcript
from agent_memory.agents.registry import AGENTS
from agent_memory.agents.replayed_call import Broken
from agent_memory.backfill import generic, transcript_paths
from agent_memory.backfill.reading import events_of
from agent_memory.backfill.transcript_paths import Transcript
from agent_memory.capture.envelope import Envelope
from agent_memory.capture.followed import FollowedTranscripts
from agent_memory.capture.pipeline import Pipeline
from agent_memory.capture.project.projects import Projects
from agent_memory.errors import InvalidEvent
from agent_memory.ids import NO_TIME, timed_apart
from agent_memory.model import Event, EventRole, EventType
from support import transcripts

NOW_MS = 1_795_379_600_000


def live(agent: str, home: Path) -> list[Event]:
    """What live capture makes of the recorded hooks, called a second apart from another clock."""
    pipeline, followed = Pipeline(Projects({}).with_project), FollowedTranscripts()
    made = []
    for number, (name, stdin) in enumerate(transcripts.hook_calls(agent, home)):
        at_ms = NOW_MS + number * 1000
        envelope = Envelope(f"{at_ms * 1_000_000:020}-{number:016x}", "", name, "", stdin)
        captured = pipeline.event_of(envelope, at_ms)
        written = (each for path in followed.paths(captured.call) for each in followed.read(path, 1 << 20)[0])
        made += [captured.event, *map(pipeline.event_of_written, written)]
    return [event for event in made if event is not None]


def names(event: Event) -> str:
    """What stands for the event: its id, where only a time tells it apart without that."""
    time_part, name = timed_apart(event.event_id)
    return event.event_id if time_part == NO_TIME else name


@pytest.mark.parametrize("agent", transcripts.AGENTS)
def test_a_transcript_tells_what_the_hooks_told(agent: str, tmp_path: Path) -> None:
    """Every event of it is one of theirs, under its id and in its words; only ends without words are not in it."""
    transcripts.settle(agent, tmp_path)

    hooked = live(agent, tmp_path)
    kept = transcripts.kept(agent, tmp_path)

    assert len(kept) >= 10
    assert {names(event) for event in kept} <= {names(event) for event in hooked}
    for event in kept:
        # Of several that only their time tells apart, the nearest.
        namesakes = [each for each in hooked if names(each) == names(event)]
        same = min(namesakes, key=lambda each: abs(each.timestamp_ms - event.timestamp_ms))
        assert (event.session_id, event.event_type, event.role, event.agent) == (
            same.session_id,
            same.event_type,
            same.role,
            same.agent,
        )
        # The hook of one agent has its last words from the transcript, which a recording's hook did not find.
        assert event.text == same.text or (agent == "copilot-cli" and same.text == "")
        assert event.metadata.get("agent_id") == same.metadata.get("agent_id")
        assert event.metadata["project"] == "/home/dev/project"
    left = [event for event in hooked if names(event) not in set(map(names, kept))]
    assert all(event.event_type == EventType.SESSION_END or event.text == "" for event in left)


@pytest.mark.parametrize("agent", transcripts.AGENTS)
def test_reading_twice_gives_the_same_events(agent: str, tmp_path: Path) -> None:
    """Nothing in an event depends on when it is read."""
    transcripts.settle(agent, tmp_path)

    assert transcripts.kept(agent, tmp_path) == transcripts.kept(agent, tmp_path)


@pytest.mark.parametrize("agent", ["claude-code", "codex", "copilot-cli", "droid", "gemini-cli", "qwen-code"])
def test_a_transcript_that_was_cut_off_tells_what_is_there(agent: str, tmp_path: Path) -> None:
    """However long the beginning is that was written: what it tells is a part of the whole, and nothing else."""
    transcripts.settle(agent, tmp_path)
    whole = {names(event) for event in transcripts.kept(agent, tmp_path)}
    longest = max(transcript_paths.found(AGENTS[agent], {}, tmp_path), key=lambda each: each.size)
    data = longest.path.read_bytes()

    for size in range(0, len(data), 997):
        longest.path.write_bytes(data[:size])
        there = {names(event) for event in transcripts.read(longest)}
        # A turn that goes on has words that may not be its last.
        new = [event for event in transcripts.read(longest) if names(event) not in whole]
        assert all(event.event_type == EventType.ASSISTANT_STOP for event in new)
        assert len(there - whole) <= 1


def claude_line(**fields: Any) -> dict[str, Any]:
    record = {"type": "user", "sessionId": "s1", "cwd": "/home/dev/project", "timestamp": "2026-01-30T09:00:00Z"}
    return {**record, "promptId": "p1", "uuid": "u1", **fields}


def written(folder: Path, *records: Any, name: str = "s1.jsonl") -> Transcript:
    path = folder / name
    rows = [record if isinstance(record, bytes) else json.dumps(record).encode() + b"\n" for record in records]
    path.write_bytes(b"".join(rows))
    return Transcript(transcript_paths.agent_of(path), path, path.stat().st_size, path.stat().st_mtime_ns)


def texts(transcript: Transcript, broken: list[Broken] | None = None) -> list[str]:
    return [each.text for each in transcripts.read(transcript, broken) if each.event_type != EventType.SESSION_START]


@pytest.mark.parametrize(
    "record",
    [
        claude_line(message={"content": "Caveat: ..."}, isMeta=True),
        claude_line(message={"content": "<command-name>/compact</command-name>\n<command-message>compact"}),
        claude_line(message={"content": "<local-command-stdout>Compacted</local-command-stdout>"}),
        # A forked session repeats what was said in the one before.
        claude_line(message={"content": "copied"}, timestamp="2026-01-30T08:00:00Z"),
        claude_line(message={"content": "a subagent's task"}, isSidechain=True),
        {"type": "queue-operation", "sessionId": "s1", "content": "typed ahead"},
    ],
)
def test_what_no_user_said_is_no_prompt(record: dict[str, Any], tmp_path: Path) -> None:
    """The client's own notes in a user's record, commands of its terminal, and what a fork repeats."""
    transcript = written(tmp_path, claude_line(message={"content": "Hello"}), record)

    assert texts(transcript) == ["Hello"]


def test_a_slash_command_is_what_was_typed(tmp_path: Path) -> None:
    """As the hook gets it, not as the transcript has it."""
    command = "<command-message>recap</command-message>\n<command-name>/recap</command-name>\n"
    transcript = written(tmp_path, claude_line(message={"content": f"{command}<command-args>deploys</command-args>"}))

    assert texts(transcript) == ["/recap deploys"]


def test_what_codex_wrote_last_year_is_understood(tmp_path: Path) -> None:
    """No items, no turns, no word of a turn's end; the exit code beside the output."""
    rows = [
        ("session_meta", {"id": "t1", "cwd": "/home/dev/project", "timestamp": "2025-06-01T09:00:00Z"}),
        ("response_item", {"type": "message", "role": "user", "content": [{"text": "<environment_context>"}]}),
        ("event_msg", {"type": "user_message", "message": "List it", "kind": "plain"}),
        ("event_msg", {"type": "agent_message", "message": "Looking."}),
        ("response_item", {"type": "function_call", "name": "shell", "call_id": "c1",
                           "arguments": '{"command": ["bash", "-lc", "ls"]}'}),
        ("response_item", {"type": "function_call_output", "call_id": "c1",
                           "output": '{"output": "a.txt", "metadata": {"exit_code": 2}}'}),
        ("event_msg", {"type": "agent_message", "message": "There is a.txt."}),
        ("event_msg", {"type": "user_message", "message": "List it", "kind": "plain"}),
        ("event_msg", {"type": "agent_message", "message": "As before."}),
    ]  # fmt: skip
    records = [
        {"timestamp": f"2025-06-01T09:00:{second:02}Z", "type": kind, "payload": payload}
        for second, (kind, payload) in enumerate(rows)
    ]

    found = transcripts.read(written(tmp_path, *records))

    assert [event.text for event in found] == [
        "Session started (startup)", "List it", "Looking.", "Bash: ls\na.txt", "There is a.txt.",
        "List it", "As before.",
    ]  # fmt: skip
    assert found[3].metadata["success"] == "false"
    assert len({event.event_id for event in found}) == len(found)
    assert all(timed_apart(event.event_id)[0] == NO_TIME for event in found)


def test_a_broken_line_is_named_and_costs_no_other(tmp_path: Path) -> None:
    """By file and line; the line that is being written is none."""
    transcript = written(
        tmp_path,
        claude_line(message={"content": "one"}),
        b'{"type": "user", "mess\n',
        b"[1, 2]\n",
        b"\n",
        # A line may hold what Python takes for the end of one.
        json.dumps(claude_line(message={"content": "two \u2028 \x85"}), ensure_ascii=False).encode() + b"\n",
        b'{"type": "user", "message": {"content": "not yet wr',
    )
    broken: list[Broken] = []

    assert texts(transcript, broken) == ["one", "two \u2028 \x85"]
    assert [(each.path, each.line) for each in broken] == [(transcript.path, 2), (transcript.path, 3)]


def test_a_transcript_that_is_one_document_is_read(tmp_path: Path) -> None:
    """As an early version of Gemini CLI writes it, over several lines; whoever has it is known, too."""
    messages = [
        {"id": "1", "type": "user", "timestamp": "2025-10-01T10:00:00Z", "content": "When?"},
        {"id": "2", "type": "gemini", "timestamp": "2025-10-01T10:00:05Z", "content": "On Friday."},
    ]
    chat = {"sessionId": "s", "projectHash": "h", "startTime": "2025-10-01T10:00:00Z", "messages": messages}
    path = tmp_path / "chats" / "session-1.json"
    path.parent.mkdir()
    path.write_text(json.dumps(chat, indent=2))

    (transcript,) = transcript_paths.named(tmp_path)

    assert transcript.agent == "gemini-cli"
    assert [event.text for event in transcripts.read(transcript)][1:] == ["When?", "On Friday."]
    path.write_text(json.dumps(chat, indent=2)[:-5])
    broken: list[Broken] = []
    list(events_of(transcript, Projects({}), broken.append, lambda size: None))
    assert [(each.path, each.line) for each in broken] == [(path, 1)]


def test_a_record_that_was_never_finished_is_named(tmp_path: Path) -> None:
    """Once its writer is gone."""
    transcript = written(tmp_path, claude_line(message={"content": "one"}), b'{"type": "user", "message": {"con')
    os.utime(transcript.path, (1_700_000_000, 1_700_000_000))
    broken: list[Broken] = []

    assert texts(transcript, broken) == ["one"]
    assert [each.line for each in broken] == [2]


def test_what_is_not_opened_in_an_agents_folder_is_named(tmp_path: Path) -> None:
    """A link to another place, which its owner may name."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder = tmp_path / ".claude" / "projects" / "-home-dev-shop"
    folder.mkdir(parents=True)
    (folder.parent / "-home-dev-blog").symlink_to(elsewhere)
    (folder / "s.jsonl").symlink_to(elsewhere / "s.jsonl")
    passed_over: list[Broken] = []

    assert transcript_paths.found(AGENTS["claude-code"], {}, tmp_path, passed_over.append) == []
    assert {each.path for each in passed_over} == {folder.parent / "-home-dev-blog", folder / "s.jsonl"}


def test_a_line_beyond_all_measure_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is never in memory as a whole."""
    monkeypatch.setattr(jsonl, "LINE_MAX_BYTES", 1000)
    huge = claude_line(message={"content": "x" * 5000})
    transcript = written(tmp_path, claude_line(message={"content": "one"}), huge, claude_line(message={"content": "2"}))
    broken: list[Broken] = []

    assert texts(transcript, broken) == ["one", "2"]
    assert [each.line for each in broken] == [2]


def test_records_of_no_known_shape_do_no_harm(tmp_path: Path) -> None:
    """Any JSON in any field: nothing is raised, and what can be read is."""
    odd: list[Any] = [None, 1, "x", [], {}, [None], {"a": [1]}]
    records = [claude_line(message={"content": "one"})]
    records += [claude_line(**{field: value}) for value in odd for field in ("message", "timestamp", "toolUseResult")]
    records += [claude_line(type="assistant", message={"content": value}) for value in odd]
    records.append(claude_line(message={"content": "two"}, promptId="p2"))
    transcript = written(tmp_path, *records)

    assert [text for text in texts(transcript) if text in ("one", "two")] == ["one", "two"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def mangled(value: Any, data: st.DataObject, odds: int) -> Any:
    """The value with something else in the place of one in so many of its parts, whatever that is."""
    if data.draw(st.integers(0, odds)) == 0:
        return data.draw(JSON)
    if isinstance(value, dict):
        return {name: mangled(each, data, odds) for name, each in value.items()}
    return [mangled(each, data, odds) for each in value] if isinstance(value, list) else value


@settings(max_examples=25)
@given(data=st.data())
@pytest.mark.parametrize("agent", ["claude-code", "codex", "copilot-cli", "droid", "gemini-cli", "qwen-code"])
def test_whatever_stands_where_something_else_should_does_no_harm(agent: str, data: st.DataObject) -> None:
    """A recorded transcript with odd things in it is read to its end, and nothing in it is beyond understanding."""
    (recording, *_) = sorted(
        (transcripts.RECORDINGS / agent / "home").rglob("*.jsonl"), key=lambda path: -path.stat().st_size
    )
    first, *rest = [json.loads(line) for line in recording.read_text(encoding="utf-8").splitlines()]
    broken: list[Broken] = []
    with tempfile.TemporaryDirectory() as folder:
        odd = written(Path(folder), first, *(mangled(record, data, odds=60) for record in rest[:12]))
        transcripts.read(replace(odd, agent=agent), broken)

    assert [each for each in broken if "not understood" in each.reason] == []


def test_nothing_outside_of_an_agents_folder_is_opened(tmp_path: Path) -> None:
    """Links in it lead elsewhere, to whatever somebody put there; the folder itself may be a link to it."""
    outside, project = tmp_path / "outside", tmp_path / "dotfiles" / "projects" / "p"
    outside.mkdir()
    project.mkdir(parents=True)
    written(outside, claude_line(message={"content": "secret"}))
    own = written(project, claude_line(message={"content": "own"}))
    (project / "link.jsonl").symlink_to(outside / "s1.jsonl")
    (project / "folder").symlink_to(outside)
    os.mkfifo(project / "pipe.jsonl")
    home = tmp_path / "home"
    home.mkdir()
    (home / ".claude").symlink_to(tmp_path / "dotfiles")

    assert [each.path for each in transcript_paths.found(AGENTS["claude-code"], {}, home)] == [own.path.resolve()]


@pytest.mark.parametrize(
    ("agent", "variable", "below"),
    [
        ("claude-code", "CLAUDE_CONFIG_DIR", ".claude"),
        ("codex", "CODEX_HOME", ".codex"),
        ("copilot-cli", "COPILOT_HOME", ".copilot"),
        ("gemini-cli", "GEMINI_CLI_HOME", ""),
        ("qwen-code", "QWEN_HOME", ".qwen"),
    ],
)
def test_an_agents_own_variable_says_where_it_keeps_them(agent: str, variable: str, below: str, tmp_path: Path) -> None:
    """Instead of the folder in the home."""
    transcripts.settle(agent, tmp_path / "elsewhere")
    there = transcript_paths.found(AGENTS[agent], {}, tmp_path / "elsewhere")

    found = transcript_paths.found(AGENTS[agent], {variable: str(tmp_path / "elsewhere" / below)}, tmp_path / "home")

    assert found == there != []


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_that_was_never_used_has_no_transcripts(agent: str, tmp_path: Path) -> None:
    assert transcript_paths.found(AGENTS[agent], {}, tmp_path) == []


@pytest.mark.parametrize("agent", transcripts.AGENTS)
def test_whose_a_transcript_is_is_told_from_what_is_in_it(agent: str, tmp_path: Path) -> None:
    """Whatever it is called, and wherever it lies."""
    transcripts.settle(agent, tmp_path)
    found = transcript_paths.found(AGENTS[agent], {}, tmp_path)
    (tmp_path / "notes.json").write_text('{"type": "user"}')

    assert {(each.agent, each.path) for each in transcript_paths.named(tmp_path)} == {
        (agent, each.path) for each in found
    }


def test_a_line_of_any_program_is_an_event() -> None:
    """What it leaves out is filled in; the same line twice is the same event."""
    line = {"text": "Hello", "timestamp": "2026-01-30T10:00:00+01:00"}

    event = generic.event_of(line, "import:chats.jsonl")

    assert (event.session_id, event.timestamp_ms, event.role) == ("import:chats.jsonl", 1769763600000, EventRole.USER)
    assert event.event_type == EventType.USER_MESSAGE
    assert event == generic.event_of(line, "import:chats.jsonl")
    assert event.event_id != generic.event_of({**line, "text": "Hello!"}, "import:chats.jsonl").event_id
    # Whatever file it stands in; of another conversation it is another event.
    assert event.event_id == generic.event_of(line, "import:copy.jsonl").event_id
    assert event.event_id != generic.event_of({**line, "session_id": "s1"}, "import:chats.jsonl").event_id
    whole = generic.event_of(
        {
            **line,
            "role": "ai",
            "event_type": "assistant_stop",
            "event_id": "e1",
            "session_id": "s1",
            "agent": "Mine",
            "metadata": {"model": "m", "tags": ["a"]},
        },
        "",
    )
    assert (whole.event_id, whole.session_id, whole.agent, whole.role) == ("e1", "s1", "Mine", EventRole.ASSISTANT)
    assert whole.metadata == {"model": "m", "tags": '["a"]'}


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"timestamp": 1769763600}, "text"),
        ({"text": 1, "timestamp": 1769763600}, "text"),
        ({"text": " ", "timestamp": 1769763600}, "text is empty"),
        ({"text": "x"}, "timestamp"),
        ({"text": "x", "timestamp": "yesterday"}, "timestamp"),
        ({"text": "x", "timestamp": 1, "role": "king"}, "role"),
        ({"text": "x", "timestamp": 1, "event_type": "coronation"}, "event_type"),
        ({"text": "x", "timestamp": 1, "metadata": []}, "metadata"),
        ({"text": "x", "timestamp": 1, "sesion_id": "s"}, "sesion_id"),
    ],
)
def test_a_line_that_is_no_event_is_refused_by_its_field(line: dict[str, Any], field: str) -> None:
    """With what it may hold."""
    with pytest.raises(InvalidEvent, match=field):
        generic.event_of(line, "s")


def test_lines_come_from_an_open_stream_as_well() -> None:
    """Standard input; a broken line is named by its number."""
    stream = io.BytesIO(b'{"text": "a", "timestamp": 1769763600}\nnonsense\n{"text": "b", "timestamp": 1769763601}\n')
    broken: list[Broken] = []

    found = list(generic.events_of(stream, "s", broken.append, lambda _: None))

    assert [event.text for event in found] == ["a", "b"]
    assert [(str(each.path), each.line) for each in broken] == [("-", 2)]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_line_in_another_encoding_is_named_and_left_out(encoding: str) -> None:
    """Read as UTF-8 it would be stored with other letters than it has."""
    line = '{"text": "Grüße", "timestamp": 1769763600}\n'
    broken: list[Broken] = []

    found = generic.events_of(io.BytesIO(line.encode(encoding)), "s", broken.append, lambda _: None)

    assert list(found) == []
    assert broken[0].line == 1
    assert "not UTF-8" in broken[0].reason


@pytest.mark.parametrize("depth", [300, *range(880, 1000, 6), 5000])
def test_a_record_nested_too_deeply_costs_only_itself(depth: int) -> None:
    """At whatever depth the interpreter itself gives up: the line is named, and those around it are read."""
    deep = b'{"a": %s%s}' % (b"[" * depth, b"]" * depth)

    assert jsonl.objects(deep)[0] == []
    assert jsonl.objects(deep)[1]
    assert jsonl.objects(deep + b'{"b": 1}')[0][-1:] == [{"b": 1}]
    assert jsonl.document(b'[\n{"b": 1},\n' + deep + b"\n]")[0] == [{"b": 1}]


@pytest.mark.parametrize(
    ("space", "name", "spelled"),
    [
        ("mcp__agent_memory", "search", "mcp__agent_memory__search"),
        ("mcp__agent_memory__", "search", "mcp__agent_memory__search"),
        ("collaboration", "wait_agent", "collaborationwait_agent"),
        ("", "search", "search"),
    ],
)
def test_codex_spells_a_tool_in_its_transcript_as_in_its_hook(space: str, name: str, spelled: str) -> None:
    """Else the memory's own tools would be taken for somebody else's."""
    assert codex_transcript._call({"name": name, "namespace": space, "arguments": "{}"})[0] == spelled


def test_what_an_agent_keeps_beside_its_transcripts_is_not_told_of(tmp_path: Path) -> None:
    """It belongs to them; whoever names the folder need not hear that it was left out."""
    (tmp_path / "agent-1.meta.json").write_text('{"agentType": "Explore"}')
    (tmp_path / "other.json").write_text("{}")
    passed_over: list[Broken] = []

    assert transcript_paths.named(tmp_path, "", passed_over.append) == []
    assert [each.path.name for each in passed_over] == ["other.json"]
