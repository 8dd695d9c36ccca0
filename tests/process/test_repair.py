"""Rebuild, reset and repair through the command line and the three real processes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent_memory.ingest.writer import Group, Writer
from agent_memory.store import keys, schema
from support.conversations import conversations
from support.stack import Stack

EVENTS = conversations(21, sessions=5, events_each=40)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running daemon with some conversations in its table of contents."""
    stack = Stack(tmp_path_factory.mktemp("stack") / "home", tmp_path_factory.mktemp("r"))
    try:
        stack.start()
        with stack.client() as client:
            client.ingest_many(EVENTS)
            stack.wait_until(lambda: client.stats().outbox == 0)
        yield stack
    finally:
        stack.close()


def walked(stack: Stack) -> list[str]:
    """Everything that is reached from the root, as its readers get it."""
    with stack.client() as client:
        found = []
        waiting = [node.node_id for node in client.root().nodes]
        while waiting:
            node = client.node(waiting.pop()).node
            found.append(str(node))
            waiting.extend(node.child_node_ids)
        return sorted(found)


def verified(stack: Stack, *options: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stack.run("admin", "verify", "--json", *options, check=False).stdout)
    return found


def test_the_dry_run_tells_and_changes_nothing(stack: Stack) -> None:
    """The lines that scripts match; with a date, what is from then on; on a day that is none, the remedy."""
    stamps = [event.timestamp_ms for event in EVENTS]

    lines = stack.run("admin", "rebuild-toc", "--dry-run").stdout.splitlines()
    later = stack.run("admin", "rebuild-toc", "--from-date", "2100-01-01", "--dry-run").stdout.splitlines()
    wrong = stack.run("admin", "rebuild-toc", "--from-date", "soon", "--dry-run", check=False)

    assert lines[:2] == ["DRY RUN - No changes will be made", f"Found {len(EVENTS)} events to process"]
    assert lines[2].startswith("Would process events from 17")
    assert lines[3:] == [f"First event timestamp: {min(stamps)}", f"Last event timestamp: {max(stamps)}"]
    assert later == ["DRY RUN - No changes will be made", "Found 0 events to process"]
    assert (wrong.returncode, "YYYY-MM-DD" in wrong.stderr) == (2, True)


def test_a_rebuild_beside_readers_gives_the_same_tree(stack: Stack) -> None:
    """Live, twice: nothing is another afterwards, and it says so."""
    before = walked(stack)

    said = [stack.run("admin", "rebuild-toc", "--yes").stdout for _ in range(2)]

    assert said == [f"Rebuilt from {len(EVENTS)} events; 0 nodes changed\n"] * 2
    assert walked(stack) == before
    assert verified(stack)["sound"]


def test_a_rebuild_survives_the_worker(stack: Stack) -> None:
    """kill -9 in the midst of it: the next worker goes on, and the command that waits gets its answer."""
    before = walked(stack)

    waiting = stack.spawn("admin", "rebuild-toc", "--yes")
    with stack.client() as client:
        stack.wait_until(lambda: client.rebuild_status().is_running or waiting.poll() is not None)
    stack.kill("worker")
    said, _ = waiting.communicate(timeout=60)

    assert waiting.returncode == 0
    assert said.startswith(f"Rebuilt from {len(EVENTS)} events")
    assert walked(stack) == before


def test_what_is_broken_is_told_and_repaired(stack: Stack) -> None:
    """A node and a grip lost while the daemon was down: verify exits with 1 and names them, --repair mends them."""
    before = walked(stack)
    stack.stop()
    store = Writer(stack.db_path)
    group = Group(store)
    grip = store.keys_with(schema.GRIPS, keys.GRIP_PREFIX)[0]
    node = store.keys_with(schema.TOC_NODES, b"toc:toc:segment:")[0]
    group.delete(schema.GRIPS, grip)
    group.delete(schema.TOC_NODES, node)
    store.commit(group)
    store.close()

    at_rest = stack.run("admin", "verify", check=False)
    refused = stack.run("admin", "verify", "--repair", check=False)
    stack.start()
    repaired = stack.run("admin", "verify", "--repair")

    assert at_rest.returncode == 1
    assert grip.decode() in at_rest.stdout
    assert keys.node_id_of_version(node) in at_rest.stdout
    assert (refused.returncode, "memory-daemon start" in refused.stderr) == (3, True)
    assert "Repaired: " in repaired.stderr
    assert "The store is sound." in repaired.stdout
    assert [text.partition("written_ms")[0] for text in walked(stack)] == [
        text.partition("written_ms")[0] for text in before
    ]


def test_a_job_begins_as_if_it_had_never_run(stack: Stack) -> None:
    """Its row is as at the first start, and the worker does not bring the old one back; unknown jobs are named."""
    with stack.client() as client:
        stack.wait_until(lambda: all(job.next_run_ms for job in client.scheduler_status().jobs))
        planned = {job.job_name: job.next_run_ms for job in client.scheduler_status().jobs}

        said = stack.run("admin", "reset-checkpoint", "--job", "toc_rollup_day").stdout
        stack.wait_until(lambda: all(job.next_run_ms for job in client.scheduler_status().jobs))
        again = {job.job_name: job.next_run_ms for job in client.scheduler_status().jobs}
    wrong = stack.run("admin", "reset-checkpoint", "--job", "nothing", check=False)

    assert said == "Checkpoint of toc_rollup_day is reset\n"
    assert again == planned
    assert wrong.returncode == 1
    assert "toc_rollup_week" in wrong.stderr


def test_a_copy_is_verified_where_it_is(stack: Stack, tmp_path: Path) -> None:
    """--db-path: a store that no daemon serves."""
    stack.stop()
    copy = tmp_path / "copy"
    copy.mkdir(mode=0o700)
    for file in stack.db_path.iterdir():
        if file.is_file():
            (copy / file.name).write_bytes(file.read_bytes())

    found = json.loads(stack.run("admin", "verify", "--json", "--db-path", copy).stdout)
    plan = stack.run("admin", "rebuild-toc", "--dry-run", "--db-path", copy).stdout
    stack.start()

    assert (found["sound"], found["events"]) == (True, str(len(EVENTS)))
    assert f"Found {len(EVENTS)} events to process" in plan
