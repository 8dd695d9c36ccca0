"""A store for each agent, through the real processes: hooks, calls, transcripts and the agents' own questions."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent_memory.hook.command import program
from agent_memory.mcp import server
from agent_memory.model import Event, EventRole, EventType
from agent_memory.rpc import memory_pb2 as pb
from support import transcripts
from support.stack import Stack, scratch

AT_MS = 1_767_225_600_000  # 1 January 2026


@pytest.fixture(scope="module")
def separate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that began with one store, and has gone over to separate.

    In the one store, session `old` is; `gone` was, and so was OpenCode's, of which `opencode.jsonl` is an export.
    """
    with scratch(tmp_path_factory.mktemp("separate") / "scratch") as stack:
        stack.start()
        with stack.client() as client:
            client.ingest(said("e1", "Before the switch", "old"))
            client.ingest(said("e2", "Forget this", "gone"))
        stack.run("admin", "forget", "--session", "gone", "--yes")
        transcripts.settle("opencode", stack.folder, stack.folder)
        stack.run("backfill", "opencode", stack.folder / "opencode")
        stack.run("admin", "export", "--agent", "opencode", "--output", stack.folder / "opencode.jsonl")
        stack.run("admin", "forget", "--agent", "opencode", "--yes")
        stack.env["MEMORY_MULTI_AGENT_MODE"] = "separate"
        noted = stack.run("restart").stderr
        assert ("Note: multi_agent_mode" in noted, "mend" in noted) == (True, False)
        yield stack


def said(event_id: str, text: str, session_id: str, agent: str = "claude-code") -> Event:
    return Event(event_id, session_id, AT_MS, EventType.USER_MESSAGE, EventRole.USER, text, {}, agent)


def texts(stack: Stack, store: str = "") -> list[str]:
    with stack.client() as client, client.of_store(store) as own:
        return [each.text for each in own.events(pb.GetEventsRequest(to_timestamp_ms=2 * AT_MS, limit=500)).events]


def call_hook(stack: Stack, agent: str, text: str, session_id: str) -> None:
    payload = {"session_id": session_id, "hook_event_name": "UserPromptSubmit", "prompt": text}
    environment = {**stack.env, "MEMORY_HOOK_DEADLINE_MS": "10000"}
    words = [*program(), "--agent", agent, "UserPromptSubmit"]
    subprocess.run(words, input=json.dumps(payload).encode(), capture_output=True, env=environment, check=True)


def stores(stack: Stack) -> set[str]:
    return {each["name"] for each in json.loads(stack.run("stores", "list", "--json").stdout)["stores"]}


def test_hooks_land_in_their_agents_stores(separate: Stack) -> None:
    """Each is made by its first session; one that began before goes on where it began, and a trial makes none."""
    call_hook(separate, "claude-code", "Said to Claude", "c1")
    call_hook(separate, "codex", "Said to Codex", "x1")
    call_hook(separate, "codex", "After the switch", "old")
    call_hook(separate, "gemini-cli", "Only a trial", "hooks-test-0123456789abcdef")

    assert (texts(separate, "claude-code"), texts(separate, "codex")) == (["Said to Claude"], ["Said to Codex"])
    assert texts(separate) == ["Before the switch", "After the switch"]
    assert "gemini-cli" not in stores(separate)


def test_events_of_other_programs_are_told_apart_too(separate: Stack) -> None:
    """One by one and in batches, each result in its place; what was forgotten in the default store stays forgotten."""
    with separate.client() as client:
        assert client.ingest(said("e3", "Said to Goose", "g1", "Goose")).created
        batch = [
            said("e3", "Said to Goose", "g1", "goose"),
            said("e4", "Said to Droid", "d1", "droid"),
            said("e5", "Forget this as well", "gone", "droid"),
            said("e6", "Said to nobody", "n1", ""),
        ]
        results = client.ingest_many(batch)

    assert [(each.event_id, each.created, each.forgotten) for each in results] == [
        ("e3", False, False),
        ("e4", True, False),
        ("e5", False, True),
        ("e6", True, False),
    ]
    assert (texts(separate, "goose"), texts(separate, "droid")) == (["Said to Goose"], ["Said to Droid"])
    assert "Said to nobody" in texts(separate)


def test_a_transcript_goes_where_its_sessions_hooks_would(separate: Stack) -> None:
    """Nothing of it comes into the default store, and a second time nothing is new."""
    transcripts.settle("qwen-code", Path(separate.env["HOME"]))
    before = texts(separate)
    first, second = (
        json.loads(separate.run("backfill", "qwen-code", "--json").stdout)["agents"]["qwen-code"] for _ in range(2)
    )
    assert first["stored"] == len(texts(separate, "qwen-code")) > 0
    assert second["stored"] == 0
    assert texts(separate) == before


def test_who_asks_without_a_store_is_told_of_the_others(separate: Stack) -> None:
    """A person gets the default one, and all of them where all are asked."""
    call_hook(separate, "claude-code", "Said to Claude", "c1")
    asked = separate.run("agents", "list")
    assert "--all-stores" in asked.stderr
    everywhere = json.loads(separate.run("agents", "list", "--all-stores", "--json").stdout)["stores"]
    assert everywhere["claude-code"]["agents"][0]["agent_id"] == "claude-code"
    assert "--all-stores" not in separate.run("agents", "list", "--project-store", "default").stderr


def test_an_agents_tools_ask_its_own_store(separate: Stack) -> None:
    """By the command that `mcp install` writes; with another store named, that one, and it stays named."""
    call_hook(separate, "codex", "Said to Codex", "x1")
    config = Path(separate.env["HOME"]) / ".cursor" / "mcp.json"
    separate.run("mcp", "install", "cursor")
    assert json.loads(config.read_text())["mcpServers"]["agent-memory"]["args"][-2:] == ["--agent", "cursor"]
    separate.run("mcp", "install", "cursor", "--project-store", "codex")
    assert "up to date" in separate.run("mcp", "install", "cursor").stdout
    args = json.loads(config.read_text())["mcpServers"]["agent-memory"]["args"]
    assert args[-2:] == ["--project-store", "codex"]

    run = str(Path(server.__file__).with_name("run.py"))
    for choice in (["--agent", "codex"], ["--project-store", "codex"]):
        words = [sys.executable, "-I", "-S", run, "--db-path", str(separate.db_path), *choice]
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "events", "arguments": {}}}
        done = subprocess.run(words, input=json.dumps(call) + "\n", capture_output=True, text=True, env=separate.env)
        assert "Said to Codex" in done.stdout
        assert "Before the switch" not in done.stdout


def test_hooks_may_be_installed_for_one_store(separate: Stack) -> None:
    """The store is in their command, and stays there when they are brought up to date."""
    separate.run("hooks", "install", "droid", "--project-store", "acme")
    assert "up to date, for the store acme" in separate.run("hooks", "install", "droid").stdout
    assert "the hook in" in separate.run("hooks", "test", "droid").stdout
    assert texts(separate, "acme") == []
    files = [path for path in (Path(separate.env["HOME"]) / ".factory").rglob("*.json") if "hooks" in path.read_text()]
    assert any("MEMORY_PROJECT=acme" in path.read_text() for path in files)


def test_what_there_is_can_be_moved_by_hand(separate: Stack, tmp_path: Path) -> None:
    """As the page on operations says: exported, imported into the agent's store, and then forgotten in the default."""
    with separate.client() as client:
        client.ingest(said("e9", "To be moved", "old", "copilot-cli"))
    file = tmp_path / "copilot.jsonl"
    separate.run("stores", "create", "copilot-cli")
    separate.run("admin", "export", "--agent", "copilot-cli", "--output", file)
    separate.run("admin", "import", "--input", file, "--project-store", "copilot-cli")
    separate.run("admin", "forget", "--agent", "copilot-cli", "--yes")

    assert texts(separate, "copilot-cli") == ["To be moved"]
    assert "To be moved" not in texts(separate)


def test_forgotten_events_come_into_no_other_store(separate: Stack) -> None:
    """They were forgotten by their agent, not by their sessions: neither their transcript nor an export brings them."""
    tally = backfilled(separate, "opencode", separate.folder / "opencode")
    imported = json.loads(
        separate.run("admin", "import", "--input", separate.folder / "opencode.jsonl", "--json").stdout
    )

    assert (tally["stored"], tally["ignored"]) == (0, tally["events"])
    assert (imported["stored"], imported["forgotten"]) == (0, tally["events"])
    assert tally["events"] > 0
    with separate.client() as client:
        forgotten = json.loads((separate.folder / "opencode.jsonl").read_text().splitlines()[1])["event_id"]
        again = client.ingest(said(forgotten, "Under a forgotten id", "another", "opencode"))
    assert (again.created, again.forgotten) == (False, True)


def test_transcripts_of_a_removed_store_stay_out(separate: Stack) -> None:
    """Also once a session has made the store again, and where no hook ever told of them."""
    home = Path(separate.env["HOME"])
    transcripts.settle("gemini-cli", home)
    assert backfilled(separate, "gemini-cli", home / ".gemini")["stored"] > 0
    separate.run("stores", "remove", "gemini-cli", "--yes")
    for words in ("Said afterwards", "Said later still"):
        tally = backfilled(separate, "gemini-cli", home / ".gemini")
        assert (tally["stored"], tally["ignored"]) == (0, tally["events"])
        call_hook(separate, "gemini-cli", words, "later")

    assert texts(separate, "gemini-cli") == ["Said afterwards", "Said later still"]
    assert f"left out {tally['events']} that" in separate.run("backfill", "gemini-cli", home / ".gemini").stdout


def backfilled(stack: Stack, agent: str, path: Path) -> dict[str, int]:
    tally: dict[str, int] = json.loads(stack.run("backfill", agent, path, "--json").stdout)["agents"][agent]
    return tally
