"""Backups through the commands: made beside a daemon that takes events, checked, damaged, and put back."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from agent_memory.backup import backups, manifest
from agent_memory.backup.checking import problems_of
from agent_memory.bus import frames
from agent_memory.ingest import acknowledged
from agent_memory.ingest.handlers import handle
from agent_memory.ingest.writer import Group, Writer
from agent_memory.messages import event_to_pb
from agent_memory.model import Event
from agent_memory.rpc import bus_pb2 as bus
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import directory, keys, records, schema
from agent_memory.store.reader import open_snapshot
from support.conversations import conversations
from support.stack import Stack

BATCH = 20


class Load(threading.Thread):
    """A client that goes on sending events, and knows which were acknowledged."""

    def __init__(self, stack: Stack, name: str) -> None:
        super().__init__(name="load")
        self._stack = stack
        self._name = name
        self._stopping = threading.Event()
        self.acknowledged: list[str] = []
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            with self._stack.client() as client:
                while not self._stopping.is_set():
                    batch = events(self._name, len(self.acknowledged), BATCH)
                    assert all(each.created for each in client.ingest_many(batch))
                    self.acknowledged += [event.event_id for event in batch]
        except Exception as error:
            self.error = error

    def stop(self) -> None:
        self._stopping.set()
        self.join()
        assert self.error is None


@contextmanager
def load(stack: Stack, name: str) -> Iterator[Load]:
    """A load while the block runs."""
    running = Load(stack, name)
    running.start()
    try:
        yield running
    finally:
        running.stop()


def events(name: str, first: int, count: int) -> list[Event]:
    """Events number `first` and on, of one session of that name."""
    made = conversations(1, sessions=1, events_each=count)
    return [
        replace(event, event_id=f"{name}-{first + number}", session_id=name, timestamp_ms=event.timestamp_ms + first)
        for number, event in enumerate(made)
    ]


def backup(stack: Stack, folder: Path, *options: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stack.run("admin", "backup", folder, *options, "--json").stdout)
    return found


def ids_in(folder: Path) -> set[str]:
    """The ids of the events in a store or a backup."""
    with open_snapshot(folder) as reader:
        rows = list(reader.scan(schema.EVENTS, b"id:", b"id;"))
        assert len(rows) == records.counters(reader).events
    return {key.removeprefix(b"id:").decode() for key, _ in rows}


def state_of(folder: Path) -> dict[str, tuple[int, int, int]]:
    """By which a file that was touched can be told."""
    return {
        str(path): (path.stat().st_ino, path.stat().st_size, path.stat().st_mtime_ns)
        for path in [folder, *folder.rglob("*")]
    }


def copied(backup_folder: Path, target: Path) -> Path:
    """A copy that shares no file with the store."""
    shutil.copytree(backup_folder, target)
    return target


def test_a_backup_beside_a_client_that_writes_has_what_was_acknowledged_before(
    shared_stack: Stack, tmp_path: Path
) -> None:
    """Each is a whole store with every event whose acknowledgement came before the command; it passes every check."""
    parent = tmp_path / "backups"
    with load(shared_stack, "hot") as running:
        for _ in range(3):
            before = shared_stack.wait_until(lambda: set(running.acknowledged))
            made = backup(shared_stack, parent)
            held = ids_in(Path(made["folder"]))
            assert before <= held
            assert made["events"] == len(held)

    assert len(backups.folders(parent)) == 3
    assert shared_stack.run("admin", "backup", "verify", parent).stdout.count(": sound") == 3
    assert not directory.checkpoint_of(shared_stack.db_path).exists()
    newest = backups.folders(parent)[-1]
    assert "counted wrong" not in shared_stack.run("admin", "verify", "--db-path", newest, check=False).stdout


def test_looking_at_a_backup_touches_nothing_in_it(shared_stack: Stack, tmp_path: Path) -> None:
    """Stats, verify and a list of backups; and no daemon takes it for a store."""
    folder = Path(backup(shared_stack, tmp_path / "backups")["folder"])
    before = state_of(folder)

    stats = shared_stack.run("admin", "stats", "--db-path", folder).stdout
    shared_stack.run("admin", "verify", "--db-path", folder, check=False)
    shared_stack.run("admin", "backup", "verify", folder)
    shared_stack.run("admin", "backup", "list", folder.parent)
    refused = shared_stack.run("admin", "compact", "--db-path", folder, check=False)

    assert f"Path: {folder}" in stats
    assert "is a backup" in refused.stderr
    assert state_of(folder) == before


def test_a_backup_takes_the_room_of_what_is_new(shared_stack: Stack, tmp_path: Path) -> None:
    """Tables that the last one has are the same files; --keep removes the oldest, and the others stay whole."""
    parent = tmp_path / "backups"
    with shared_stack.client() as client:
        client.ingest_many([replace(event, text=event.text * 50) for event in events("room", 0, 400)])
    first = backup(shared_stack, parent)
    second = backup(shared_stack, parent)

    known = {path.name: path.stat().st_ino for path in Path(first["folder"]).iterdir()}
    files = [path for path in Path(second["folder"]).iterdir() if path.name != directory.BACKUP]
    new = [path for path in files if path.stat().st_ino != known.get(path.name)]
    assert second["new_bytes"] == sum(path.stat().st_size for path in new) < second["size_bytes"]
    assert not [path for path in new if path.suffix == ".sst" and path.name in known]

    third = backup(shared_stack, parent, "--keep", "2")
    assert [str(path) for path in backups.folders(parent)] == [second["folder"], third["folder"]]
    shared_stack.run("admin", "backup", "verify", parent)


def test_damage_to_a_backup_is_found_and_never_restored(shared_stack: Stack, tmp_path: Path) -> None:
    """A flipped byte in any file, a file that is cut, missing or too many: verify names it, restore changes nothing."""
    made = Path(backup(shared_stack, tmp_path / "backups")["folder"])
    chance = Random(7)
    described = manifest.read(made)
    for file in [*(each for each in described.files if each.size_bytes), None]:
        damaged = copied(made, tmp_path / "damaged")
        path = damaged / (file.name if file else directory.BACKUP)
        content = bytearray(path.read_bytes())
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        path.write_bytes(content)

        assert problems_of(damaged), path.name
        shutil.rmtree(damaged)

    damaged = copied(made, tmp_path / "damaged")
    next(damaged.glob("*.sst")).unlink()
    said = shared_stack.run("admin", "backup", "verify", damaged, check=False)
    assert (said.returncode, "is missing" in said.stdout) == (4, True)
    refused = shared_stack.run("admin", "restore", damaged, "--db-path", tmp_path / "elsewhere" / "db", check=False)
    assert (refused.returncode, "is missing" in refused.stderr) == (4, True)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_restore_takes_the_place_of_no_store_that_is_in_use_or_was_not_given_up(
    shared_stack: Stack, tmp_path: Path
) -> None:
    """Beside a daemon, and where something is, it refuses; elsewhere it makes a whole store."""
    folder = Path(backup(shared_stack, tmp_path / "backups")["folder"])
    running = shared_stack.run("admin", "restore", folder, "--replace", check=False)
    assert "is running" in running.stderr
    other = tmp_path / "other" / "db"
    other.mkdir(parents=True)
    (other / "mine").write_text("mine")
    taken = shared_stack.run("admin", "restore", folder, "--db-path", other, check=False)
    assert (taken.returncode, "is not empty" in taken.stderr) == (2, True)
    (other / "mine").unlink()

    shared_stack.run("admin", "restore", folder.parent, "--db-path", other)

    assert ids_in(other) == ids_in(folder)
    assert not list(other.parent.glob("*before*"))
    with pytest.raises(AssertionError, match="no backup"):
        shared_stack.run("admin", "restore", tmp_path / "other", "--db-path", tmp_path / "third")


def test_a_restored_store_serves_and_loses_what_was_forgotten_since(stack: Stack, tmp_path: Path) -> None:
    """The old store is kept aside; no false alarm of a loss; what was erased after the backup is erased again.

    The backup is the scheduled job's, which makes no folder: a disk that is not mounted is not taken for it.
    """
    parent = tmp_path / "backups"
    stack.env["MEMORY_BACKUP_DIR"] = str(parent)
    stack.start()
    with stack.client() as client:
        client.ingest_many(events("kept", 0, 20) + events("gone", 0, 20))
        stack.wait_until(lambda: client.stats().outbox == 0)
    failed = stack.run("scheduler", "run-now", "backup", check=False)
    assert (failed.returncode, parent.exists()) == (1, False)
    assert f"backup_dir {parent} is not there" in failed.stderr + failed.stdout
    parent.mkdir()
    assert "events 40" in stack.run("scheduler", "run-now", "backup").stdout
    (made,) = parent.iterdir()
    assert f"Backup: just now, {made}" in stack.run("status").stdout
    assert f"made just now: {made}" in " ".join(stack.run("doctor", check=False).stdout.split())
    assert "agent_memory_last_backup_timestamp_seconds 1" in stack.run("metrics").stdout
    with stack.client() as client:
        client.ingest_many(events("later", 0, 300))
    assert json.loads(stack.run("admin", "forget", "--session", "gone", "--yes", "--json").stdout)["proved"]
    stack.stop()
    # Without a daemon, and elsewhere, so that restoring from `parent` does not find it.
    at_rest = backup(stack, tmp_path / "at rest")
    assert at_rest["events"] == len(ids_in(Path(at_rest["folder"]))) == 320

    done = json.loads(stack.run("admin", "restore", parent, "--replace", "--json").stdout)
    stack.start()

    with stack.client() as client:
        stack.wait_until(lambda: client.stats().events == 20)
        assert ids_of(client.events(asked("kept"))) == {f"kept-{number}" for number in range(20)}
        assert client.ingest_many(events("gone", 0, 1))[0].forgotten
        assert client.ingest_many(events("later", 0, 20))[0].created
        stack.wait_until(lambda: client.stats().outbox == 0)
    stack.run("admin", "verify")
    assert {f"later-{number}" for number in range(300)} <= ids_in(Path(done["old_store"]))
    assert (stack.db_path / acknowledged.NAME).exists()


@pytest.mark.drill
@pytest.mark.timeout(1200)
def test_kills_leave_whole_backups_and_the_old_store_or_the_new(stack: Stack, tmp_path: Path) -> None:
    """kill -9 of the command at any time: what is listed is sound, and the store is the one before or the backup's."""
    chance = Random(20261128)
    parent = tmp_path / "backups"
    parent.mkdir()
    stack.start()
    with stack.client() as client:
        for number in range(5):
            client.ingest_many([replace(each, text=each.text * 50) for each in events("big", number * 400, 400)])
    with load(stack, "killed"):
        for _ in range(20):
            kill_after(stack, chance.uniform(0.1, 1.2), "admin", "backup", parent, "--keep", "3")
            assert not [found for folder in backups.folders(parent) for found in problems_of(folder)]
    made = Path(backup(stack, parent)["folder"])
    stack.stop()
    kill_while_restoring(stack, made, tmp_path, chance, times=20)


def kill_while_restoring(stack: Stack, made: Path, tmp_path: Path, chance: Random, times: int) -> None:
    """Restore over a store that holds something else, and kill the command on the way."""
    target = tmp_path / "restored" / "db"
    older, newer = {"older-0"}, ids_in(made)
    with_one_event(stack, target, "older-0")
    for _ in range(times):
        kill_after(stack, chance.uniform(0.1, 0.9), "admin", "restore", made, "--db-path", target, "--replace")
        assert ids_in(target) in (older, newer)
    stack.run("admin", "restore", made, "--db-path", target, "--replace")
    assert ids_in(target) == newer


def with_one_event(stack: Stack, db_path: Path, event_id: str) -> None:
    """Make a store with one event."""

    writer = Writer(db_path, "UTC")
    group = Group(writer)
    event = replace(events("older", 0, 1)[0], event_id=event_id)
    append = bus.AppendEvents(events=[event_to_pb(event).SerializeToString()])
    handle(group, bus.Command(protocol=frames.PROTOCOL, append_events=append))
    writer.commit(group)
    writer.close()


def kill_after(stack: Stack, delay_s: float, *words: object) -> None:
    """Run the command, and kill it if it still runs after that time: the fault's time is left to chance."""
    running = stack.spawn(*words)
    try:
        running.communicate(timeout=delay_s)
    except subprocess.TimeoutExpired:
        running.send_signal(signal.SIGKILL)
        running.communicate()


def asked(session_id: str) -> pb.GetEventsRequest:
    return pb.GetEventsRequest(session_id=session_id, to_timestamp_ms=keys.TIMESTAMP_MAX_MS, limit=1000)


def ids_of(page: pb.GetEventsResponse) -> set[str]:
    return {event.event_id for event in page.events}
