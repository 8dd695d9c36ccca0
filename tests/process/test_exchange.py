"""Export and import through the commands, from one daemon into another."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from rocksdict import Options, Rdict

from agent_memory.exchange import lines
from agent_memory.store import keys, schema
from support.conversations import conversations
from support.stack import Stack


def event_lines(path: Path) -> list[bytes]:
    return [line for line in path.read_bytes().splitlines(keepends=True) if lines.event_of(line)]


def imported(stack: Stack, path: Path, *options: object, code: int = 0) -> dict[str, Any]:
    done = stack.run("admin", "import", "--input", path, "--json", *options, check=False)
    assert done.returncode == code, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_an_export_makes_the_same_events_elsewhere(shared_stack: Stack, stack: Stack, tmp_path: Path) -> None:
    """All of it, byte for byte; cut files are refused or read as far as they go; repeating it changes nothing."""
    events = conversations(5, sessions=6, events_each=150)
    with shared_stack.client() as client:
        for at in range(0, len(events), 500):
            client.ingest_many(events[at : at + 500])
    path, again = tmp_path / "export.jsonl", tmp_path / "again.jsonl"
    assert "Exported 900 events" in shared_stack.run("admin", "export", "--output", path).stdout
    assert path.stat().st_mode & 0o777 == 0o600
    mistaken = shared_stack.run("import", path, check=False)
    assert (mistaken.returncode, "admin import" in mistaken.stderr, len(mistaken.stderr.splitlines())) == (2, True, 1)
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    stack.start()

    refused = stack.run("admin", "import", "--input", cut, check=False)
    half = imported(stack, cut, "--partial", code=1)
    whole = imported(stack, path)
    repeated = imported(stack, path)

    assert (refused.returncode, "is not whole" in refused.stderr) == (1, True)
    assert 0 < half["stored"] < 900
    assert (whole["stored"], whole["known"]) == (900 - half["stored"], half["stored"])
    assert (repeated["stored"], repeated["known"]) == (0, 900)
    stack.run("admin", "export", "--output", again)
    assert event_lines(again) == event_lines(path)


def test_an_export_can_be_of_a_part(shared_stack: Stack, tmp_path: Path) -> None:
    """Of sessions, an agent, a project, a time; as pages for people; and no file is overwritten."""
    with shared_stack.client() as client:
        first, second = conversations(6, sessions=1, events_each=2)
        own = replace(first, event_id="own", session_id="own", agent="own-agent", metadata={"project": "/srv/own-shop"})
        client.ingest_many([own, replace(second, event_id="other", session_id="other")])
    for number, options in enumerate([("--session", "own"), ("--agent", "own-agent"), ("--project", "own-shop")]):
        path = tmp_path / f"{number}.jsonl"
        shared_stack.run("admin", "export", "--output", path, *options)
        assert [json.loads(line)["event_id"] for line in event_lines(path)] == ["own"]
    refused = shared_stack.run("admin", "export", "--output", path, check=False)
    assert (refused.returncode, "is there already" in refused.stderr) == (2, True)
    for option in ("--session", "--agent", "--project"):
        unknown = shared_stack.run("admin", "export", "--output", tmp_path / "none", option, "nobody", check=False)
        assert (unknown.returncode, f"the {option[2:]} nobody" in unknown.stderr) == (1, True)
        assert not list(tmp_path.glob("*none*"))
    page = tmp_path / "page.md"

    shared_stack.run("admin", "export", "--output", page, "--format", "markdown", "--session", "own")

    assert page.read_text().startswith("# Wednesday, 22 October 2025\n\n## ")
    assert "own-agent · own-shop · own*" in page.read_text()


def test_events_of_an_earlier_program_s_store_are_taken_in(shared_stack: Stack, tmp_path: Path) -> None:
    """The same keys with JSON as values; it is left as it is, and no daemon writes to it."""
    events = [replace(event, event_id=f"old/{n}", session_id="old") for n, event in enumerate(conversations(8, 1, 30))]
    path = tmp_path / "earlier"
    raw = Options(raw_mode=True)
    raw.create_if_missing(True)
    raw.create_missing_column_families(True)
    store = Rdict(str(path), raw, {name: Options(raw_mode=True) for name in (*schema.COLUMN_FAMILIES, "vectors")})
    rows = store.get_column_family(schema.EVENTS)
    for event in events:
        said = {**json.loads(lines.event_line(event)), "timestamp": event.timestamp_ms}
        rows[keys.event(*event.position)] = json.dumps({name: said[name] for name in sorted(said)}).encode()
    rows[keys.event(events[-1].timestamp_ms + 1, "broken")] = b'{"event_id": 5}'
    store.close()
    (path / "rocksdict-config.json").unlink()
    before = contents(path)

    first = json.loads(shared_stack.run("admin", "migrate", "--source", path, "--json", check=False).stdout)
    again = json.loads(shared_stack.run("admin", "migrate", "--source", path, "--json", check=False).stdout)

    assert (first["stored"], first["known"], first["failed"]) == (30, 0, 1)
    assert (again["stored"], again["known"], again["failed"]) == (0, 30, 1)
    assert "Event 31 can't be read" in first["problems"][0]
    assert contents(path) == before
    with shared_stack.client() as client:
        assert client.event("old/7").event.text == events[7].text
    refused = shared_stack.run("admin", "migrate", "--source", shared_stack.db_path, check=False)
    assert (refused.returncode, "is a store of agent-memory itself" in refused.stderr) == (2, True)
    opened = shared_stack.run("admin", "compact", "--db-path", path, check=False)
    assert opened.returncode == 4
    assert "admin migrate --source" in opened.stderr or "column families" in opened.stderr


def contents(folder: Path) -> dict[str, bytes]:
    """Its files, but for RocksDB's own log, whose end comes when it likes."""
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name != "LOG"}
