"""What was captured live and what agents kept of it, through the real processes: one event, whichever comes first."""

from __future__ import annotations

import json
import math
import os
import shlex
import subprocess
import uuid
from collections.abc import Container
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from agent_memory import capture
from agent_memory.capture.spool import Spool
from agent_memory.cli import backfill
from agent_memory.hook.command import program
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.settings import Settings
from support import transcripts
from support.stack import Stack, wait_until


def settle(agent: str, stack: Stack) -> None:
    transcripts.settle(agent, Path(stack.env["HOME"]), Path(stack.env["XDG_DATA_HOME"]))


def backfilled(stack: Stack, *arguments: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stack.run("backfill", *arguments, "--json").stdout)
    return found


def stored(stack: Stack, agent: str) -> list[pb.Event]:
    with stack.client() as client:
        request = pb.GetEventsRequest(to_timestamp_ms=9_999_999_999_999, limit=1000, agent=agent)
        return list(client.events(request).events)


def call_hooks(stack: Stack, agent: str, only: Container[str] = ()) -> None:
    """Call the recorded hooks, with what the agent wrote itself where it lies in the stack's home."""
    for event, stdin in transcripts.hook_calls(agent, Path(stack.env["HOME"])):
        if only and event not in only:
            continue
        variables = {**stack.env, "MEMORY_HOOK_DEADLINE_MS": "10000"}
        hook = subprocess.run([*program(), "--agent", agent, event], input=stdin, capture_output=True, env=variables)
        assert hook.stdout == capture.REPLY


@pytest.mark.parametrize("agent", transcripts.AGENTS)
def test_what_was_captured_is_not_stored_again(agent: str, shared_stack: Stack) -> None:
    """Hooks first, then the transcripts of the same sessions: nothing new; the next time nothing either."""
    settle(agent, shared_stack)
    call_hooks(shared_stack, agent)
    captured = stored(shared_stack, agent)
    # What was said between two calls of tools, which no hook tells, is there as well, by itself and once.
    said = [event.text for event in captured if event.role == pb.EVENT_ROLE_ASSISTANT]
    assert sum("the project first." in text for text in said) == 1

    tally = backfilled(shared_stack, agent)["agents"][agent]

    assert (tally["stored"], tally["refused"]) == (0, 0)
    assert tally["known"] == tally["events"] >= 10
    assert stored(shared_stack, agent) == captured


def test_what_is_said_while_the_daemon_restarts_is_stored_once(stack: Stack) -> None:
    """A transcript is read on where it was left off, and from its beginning by the next daemon."""
    transcripts.settle("claude-code", Path(stack.env["HOME"]))
    (path,) = Path(stack.env["HOME"]).glob(".claude/projects/*/*.jsonl")
    whole = path.read_bytes()
    half = whole.index(b"\n", len(whole) // 2) + 1
    path.write_bytes(whole[:half])
    stack.start()
    call_hooks(stack, "claude-code", only=("SessionStart", "UserPromptSubmit"))
    before = [event.text for event in stored(stack, "claude-code")]
    stack.stop()
    with path.open("ab") as file:
        file.write(whole[half:])
    call_hooks(stack, "claude-code", only=("PostToolUse", "Stop", "SubagentStop"))
    stack.start()

    with stack.client() as client:
        wait_until(lambda: client.stats().events > len(before) + 2)
        wait_until(lambda: any(event.text == "Listing." for event in stored(stack, "claude-code")))
    after = [event.text for event in stored(stack, "claude-code")]
    assert "I'll check the project first." in before
    assert [after.count(words) for words in ("I'll check the project first.", "Listing.")] == [1, 1]


@pytest.mark.drill
def test_a_history_is_taken_in_at_its_own_times_and_once(stack: Stack) -> None:
    """All agents at once: each event when it was said; with a broken line named, and the rest there. Then again."""
    home = Path(stack.env["HOME"])
    for agent in transcripts.AGENTS:
        settle(agent, stack)
    kept = [event for agent in transcripts.AGENTS for event in transcripts.kept(agent, home, stack.env)]
    broken = home / ".claude" / "projects" / "-home-dev-project" / "broken.jsonl"
    broken.write_text('{"type": "user"\n', encoding="utf-8")
    stack.start()

    dry = backfilled(stack, "--dry-run")
    assert dry["dry_run"]
    assert [stored(stack, agent) for agent in transcripts.AGENTS] == [[] for _ in transcripts.AGENTS]

    first = backfilled(stack)
    again = backfilled(stack)

    assert [(each["path"], each["line"]) for each in first["broken"]] == [(str(broken), 1)]
    assert sum(tally["stored"] for tally in first["agents"].values()) == len(kept)
    assert sum(tally["stored"] for tally in again["agents"].values()) == 0
    for agent in transcripts.AGENTS:
        assert {(event.event_id, event.timestamp_ms) for event in stored(stack, agent)} == {
            (event.event_id, event.timestamp_ms) for event in kept if event.agent == agent
        }
    with stack.client() as client:
        wait_until(lambda: client.root().nodes and client.stats().outbox == 0)


def test_only_what_was_asked_for_is_taken_in(shared_stack: Stack, tmp_path: Path) -> None:
    """From that moment on, of that folder; a name that is neither agent nor file is an error."""
    (tmp_path / "old").mkdir()
    history = tmp_path / "old" / "s.jsonl"
    transcripts.long_history(history, prompts=10, session_id="since")

    half = backfilled(shared_stack, tmp_path / "old", "--since", "2026-01-01T00:05")
    wrong = shared_stack.run("backfill", "clod-code", check=False)

    assert 0 < half["agents"]["claude-code"]["stored"] < 30
    assert (wrong.returncode, "claude-code" in wrong.stderr) == (2, True)


@pytest.mark.parametrize("is_fork_first", [False, True])
def test_a_fork_whose_original_is_gone_adds_nothing_twice(
    is_fork_first: bool, shared_stack: Stack, tmp_path: Path
) -> None:
    """Its records have its own session's name; what they are copies of is known by the ids of the turns."""
    original, fork = f"original-{is_fork_first}", f"fork-{is_fork_first}"
    ids = [str(uuid.uuid4()) for _ in range(3)]
    first = [turn(original, prompt_id, number) for number, prompt_id in enumerate(ids[:2])]
    second = [turn(fork, prompt_id, number) for number, prompt_id in enumerate(ids)]
    files = {original: list(chain.from_iterable(first)), fork: list(chain.from_iterable(second))}
    for name in reversed(files) if is_fork_first else files:
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps(record) + "\n" for record in files[name]))
        backfilled(shared_stack, path)
        path.unlink()

    with shared_stack.client() as client:
        requests = [pb.GetEventsRequest(session_id=name, to_timestamp_ms=9_999_999_999_999) for name in files]
        found = [event for request in requests for event in client.events(request).events]
    words = [event.text for event in found if not event.text.startswith("Session started")]
    assert sorted(words) == sorted(f"{kind} {number}" for kind in ("Question", "Answer") for number in range(3))
    own = [event.session_id for event in found if event.text.endswith(" 2")]
    assert own == [fork, fork]


def test_a_fork_that_is_live_adds_only_what_is_said_in_it(shared_stack: Stack, tmp_path: Path) -> None:
    """In another project's folder, with the original gone: what the store has of it is not stored under the fork."""
    ids = [str(uuid.uuid4()) for _ in range(3)]
    records = [words_before_a_call("live-original", prompt_id, number) for number, prompt_id in enumerate(ids[:2])]
    original = tmp_path / "projects" / "-home-dev-shop" / "live-original.jsonl"
    write(original, records)
    backfilled(shared_stack, original)
    original.unlink()

    fork = tmp_path / "projects" / "-home-dev-blog" / "live-fork.jsonl"
    write(fork, [words_before_a_call("live-fork", prompt_id, number) for number, prompt_id in enumerate(ids)])
    payload = {"hook_event_name": "UserPromptSubmit", "session_id": "live-fork", "transcript_path": str(fork)}
    stdin = json.dumps({**payload, "prompt": "Question 2", "prompt_id": ids[2]}).encode()
    subprocess.run([*program(), "--agent", "claude-code"], input=stdin, env=shared_stack.env, check=True)
    with shared_stack.client() as client:

        def texts(session_id: str) -> list[str]:
            request = pb.GetEventsRequest(session_id=session_id, to_timestamp_ms=9_999_999_999_999)
            return sorted(event.text for event in client.events(request).events if " " in event.text)

        wait_until(lambda: "I look, 2" in texts("live-fork"))
        assert texts("live-fork") == ["I look, 2", "Question 2"]
        assert backfilled(shared_stack, fork)["agents"]["claude-code"]["stored"] == 2  # the session's start, the call
        assert [text for text in texts("live-fork") if text[-1] in "01"] == []


def write(path: Path, turns: list[list[dict[str, Any]]]) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in chain.from_iterable(turns)))


def words_before_a_call(session_id: str, prompt_id: str, number: int) -> list[dict[str, Any]]:
    question, answer = turn(session_id, prompt_id, number)
    words = [{"type": "text", "text": f"I look, {number}"}]
    call = [{"type": "tool_use", "id": f"t-{prompt_id}", "name": "Bash", "input": {"command": "ls"}}]
    result = [{"type": "tool_result", "tool_use_id": f"t-{prompt_id}", "content": "a"}]
    message = {"id": f"m{number}", "stop_reason": "tool_use"}
    return [
        question,
        {**answer, "uuid": f"w-{prompt_id}", "message": {**message, "content": words}},
        {**answer, "uuid": f"c-{prompt_id}", "message": {**message, "content": call}},
        {**question, "uuid": f"r-{prompt_id}", "message": {"content": result}},
    ]


def turn(session_id: str, prompt_id: str, number: int) -> list[dict[str, Any]]:
    at = f"2026-03-01T09:{number:02}:00.000Z"
    record = {"sessionId": session_id, "promptId": prompt_id, "timestamp": at, "cwd": "/home/dev/shop"}
    answer = {"id": f"m{number}", "stop_reason": "end_turn", "content": [{"type": "text", "text": f"Answer {number}"}]}
    return [
        {**record, "type": "user", "uuid": f"u-{prompt_id}", "message": {"content": f"Question {number}"}},
        {**record, "type": "assistant", "uuid": f"a-{prompt_id}", "message": answer},
    ]


def test_a_history_of_another_program_comes_from_standard_input(shared_stack: Stack) -> None:
    """As JSON lines; the summary says what was left out. It goes the way of all events: secrets stay behind."""
    token = "ghp_" + "a1B2c3D4e" * 4
    line = {"text": f"From elsewhere: {token}", "timestamp": 1769763600, "agent": "Other"}
    done = subprocess.run(
        shared_stack.command("import", "-", "--json"),
        input=f"{json.dumps(line)}\nnonsense\n",
        env=shared_stack.env,
        capture_output=True,
        text=True,
    )

    report = json.loads(done.stdout)
    assert report["agents"]["Other"]["stored"] == 1
    assert [each["line"] for each in report["broken"]] == [2]
    (event,) = stored(shared_stack, "other")
    assert event.text.startswith("From elsewhere: [redacted")


def test_a_history_whose_sessions_take_turns_is_looked_up_by_session(shared_stack: Stack, tmp_path: Path) -> None:
    """What is stored of a session is read once, and not again for each of its lines."""
    path = tmp_path / "turns.jsonl"
    lines = [
        {"text": f"Turn {number}", "timestamp": 1769763600 + number, "session_id": f"turns-{number % 2}"}
        | {"event_id": f"01KG7M4T00ABCDEFGHJKMNP{number:03}"}
        for number in range(40)
    ]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    with shared_stack.client() as client:
        shared_stack.run("import", path)
        before = sum(client.metrics().calls["GetEvents"].counts)

        report = json.loads(shared_stack.run("import", path, "--json").stdout)

        assert sum(client.metrics().calls["GetEvents"].counts) - before == 2
    assert report["agents"]["-"]["known"] == 40


def test_a_history_is_told_to_nobody_but_the_daemon_of_its_store(shared_stack: Stack, tmp_path: Path) -> None:
    """On a machine with several users somebody else's daemon may have the port while one's own does not run."""
    chats = tmp_path / "chats.jsonl"
    chats.write_text('{"timestamp": 1769763600000, "text": "Mine alone.", "agent": "elsewhere"}\n')
    not_running = {"XDG_RUNTIME_DIR": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}

    refused = shared_stack.run("import", chats, env=not_running, check=False)

    assert (refused.returncode, "No memory daemon answers" in refused.stderr) == (3, True)
    assert stored(shared_stack, "elsewhere") == []
    assert "RUNNING" not in shared_stack.run("scheduler", "status", env=not_running, check=False).stdout


def test_what_the_hooks_missed_is_saved_at_night(stack: Stack) -> None:
    """A session that no hook told of, and the part that is missing of another; with what is written to left alone."""
    for agent in ("claude-code", "codex", "copilot-cli"):
        settle(agent, stack)
    home = Path(stack.env["HOME"])
    for path in home.rglob("*.jsonl"):
        os.utime(path, (1_795_000_000, 1_795_000_000))
    written_to = next(home.glob(".copilot/session-state/*/events.jsonl"))
    written_to.touch()
    stack.start()
    call_hooks(stack, "claude-code", only=("SessionStart", "UserPromptSubmit", "SessionEnd"))

    kept = {event.event_id for agent in ("codex", "claude-code") for event in transcripts.kept(agent, home)}
    missing = len(kept - {event.event_id for event in stored(stack, "claude-code")})

    run = json.loads(stack.run("scheduler", "run-now", "reconcile", "--json").stdout)
    again = json.loads(stack.run("reconcile", "--json").stdout)
    # A session of our own, of which a hook was told that it is none of ours to remember.
    own = home / ".claude" / "projects" / "-home-dev-project" / "own.jsonl"
    transcripts.long_history(own, prompts=2, session_id="own")
    os.utime(own, (1_795_000_000, 1_795_000_000))
    stdin = b'{"hook_event_name": "SessionStart", "session_id": "own", "source": "startup"}'
    subprocess.run([*program()], input=stdin, env={**stack.env, "MEMORY_HOOK_DISABLED": "1"}, check=True)
    ours = json.loads(stack.run("reconcile", "--json").stdout)

    assert (ours["events_saved"], ours["agents"]["claude-code"]["files"]) == (0, 1)
    saved = {"sessions_saved": 1, "sessions_completed": 1, "events_saved": missing, "files_being_written": 1}
    assert {name: int(count) for name, count in run["counts"].items()} == saved
    assert (again["events_saved"], again["files_being_written"]) == (0, 1)
    assert sum(tally["unchanged_files"] for tally in again["agents"].values()) == 4
    assert sum(tally["files"] for tally in again["agents"].values()) == 0
    # What is asked for by name is read all the same.
    assert backfilled(stack, home / ".codex")["agents"]["codex"]["files"] == 2


def test_nothing_is_reconciled_where_no_agent_was_used(stack: Stack) -> None:
    """It needs no daemon to find that out."""
    assert json.loads(stack.run("reconcile", "--json").stdout)["events_saved"] == 0


def test_a_history_without_a_line_that_can_be_read_is_an_error(shared_stack: Stack, tmp_path: Path) -> None:
    """Each line is named, in words, with what is wrong with it."""
    chats = tmp_path / "chats.jsonl"
    chats.write_text('{"text": "No time"}\n{"text": "When?", "timestamp": "some day"}\n[]\n')

    done = shared_stack.run("import", chats, check=False)

    assert (done.returncode, "3 lines can't be read as events" in done.stderr) == (1, True)
    assert f"{chats}:1  timestamp is missing; it must be a time such as" in done.stdout
    assert f'{chats}:2  timestamp is "some day"' in done.stdout
    assert f"{chats}:3" in done.stdout
    assert "None" not in done.stdout


def test_what_was_imported_is_known_under_every_files_name(shared_stack: Stack, tmp_path: Path) -> None:
    """In a copy and in a pipe; another text under an id that is taken is told, and not taken for what is there."""
    words = json.dumps({"timestamp": 1769763700, "text": "Known by its words", "agent": "copied"})
    named = {"timestamp": 1769763800, "text": "First", "agent": "copied", "event_id": "copied-1"}
    for name in ("first", "second"):
        (tmp_path / f"{name}.jsonl").write_text(f"{words}\n{json.dumps(named)}\n")
    changed = f"{words}\n{json.dumps({**named, 'text': 'Another'})}\n"

    first, second = (
        json.loads(shared_stack.run("import", tmp_path / f"{name}.jsonl", "--json").stdout)
        for name in ("first", "second")
    )
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["sh", "-c", f"printf %s {shlex.quote(changed)} > {shlex.quote(str(pipe))}"]):
        piped = json.loads(shared_stack.run("import", pipe, "--json").stdout)

    tallies = [report["agents"]["copied"] for report in (first, second, piped)]
    assert [(each["stored"], each["known"], each["refused"]) for each in tallies] == [(2, 0, 0), (0, 2, 0), (0, 1, 1)]
    assert "another event is stored as 'copied-1'" in piped["broken"][0]["reason"]
    assert [event.text for event in stored(shared_stack, "copied")] == ["Known by its words", "First"]


@pytest.mark.drill
def test_what_still_waits_in_the_spool_goes_first(stack: Stack) -> None:
    """Told by the hook's clock, it is found again by the transcript's only where it is stored before."""
    call_hooks(stack, "gemini-cli")
    settle("gemini-cli", stack)
    stack.start()

    tally = backfilled(stack)["agents"]["gemini-cli"]

    assert (tally["stored"], tally["known"]) == (0, tally["events"])


def test_what_can_never_be_taken_in_is_not_waited_for(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """One bad item in the spool; what is only on its way is waited for."""
    spool = Spool(stack.db_path)
    (spool.folder / f"{1:020}-{2:016x}").mkdir(parents=True)
    assert spool.on_its_way(10) == 1
    stack.start()
    wait_until(lambda: spool.state().failed == 1)

    assert len(spool.waiting()) == 1
    assert spool.on_its_way(10) == 0
    monkeypatch.setattr(backfill, "SPOOL_PATIENCE_S", math.inf)
    backfill._wait_for_spool(Settings(db_path=stack.db_path))


@pytest.mark.drill
@pytest.mark.timeout(600)
def test_a_backfill_that_is_killed_goes_on_where_it_was(stack: Stack, tmp_path: Path) -> None:
    """Wherever it is ended: the same command again brings the rest, and nothing twice."""
    stack.start()
    history = tmp_path / "long.jsonl"
    transcripts.long_history(history, prompts=5000)
    with stack.client() as client:
        for part in (1, 5000, 10_000):
            command = subprocess.Popen(stack.command("backfill", history), env=stack.env, stdout=subprocess.DEVNULL)
            wait_until(lambda part=part: client.stats().events >= part)  # type: ignore[misc]
            command.kill()
            command.wait()

        tally = backfilled(stack, history)["agents"]["claude-code"]

        assert tally["events"] == tally["stored"] + tally["known"] == client.stats().events == 15_001
        assert 0 < tally["stored"] <= 5001
        wait_until(lambda: client.stats().outbox == 0)
    assert json.loads(stack.run("admin", "verify", "--json").stdout)["sound"]


@pytest.mark.drill
@pytest.mark.timeout(600)
def test_a_long_history_takes_no_more_memory_than_a_short_one(stack: Stack, tmp_path: Path) -> None:
    """200,000 lines in one file: the command needs as much as for 2,000; it takes thousands of events a second."""
    stack.start()
    needed = []
    for name, prompts in (("short", 500), ("long", 50_000)):
        transcripts.long_history(tmp_path / f"{name}.jsonl", prompts, session_id=name)
        command = subprocess.Popen(
            stack.command("backfill", tmp_path / f"{name}.jsonl", "--json"), env=stack.env, stdout=subprocess.PIPE
        )
        assert command.stdout
        report = json.loads(command.stdout.read())
        _, command.returncode, usage = os.wait4(command.pid, 0)
        assert report["agents"]["claude-code"]["stored"] == 3 * prompts + 1
        needed.append(usage.ru_maxrss)

    assert needed[1] < 1.3 * needed[0]
    # By the processor's clock: what else the machine does is not the command's.
    assert 3 * 50_000 / (usage.ru_utime + usage.ru_stime) > 3000
