"""What happens to one store ends that one at most: the process that writes it goes on and says why."""

from __future__ import annotations

import random
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest

from agent_memory import project_stores
from agent_memory.bus import frames
from agent_memory.bus.client import Announcements, Bus
from agent_memory.errors import StoreError, StoreNotReady, StoreUnavailable, UnknownStore
from agent_memory.ingest import stores
from agent_memory.ingest.recovery import RecoveryFailed, recover
from agent_memory.ingest.stores import Store
from agent_memory.ingest.writer import Group, Writer
from agent_memory.model import DEFAULT_STORE
from agent_memory.process.lifetime import Lifetime
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import codec, keys, schema
from agent_memory.worker import runner
from agent_memory.worker.store_workers import StoreWorkers
from support.writer import WriterProcess, said

START_MS = 1_760_000_000_000
# A header of a recyclable type with a length beyond the block's end: recovery spins on it for ever.
SPINNING = bytes([1, 2, 3, 4, 0xFF, 0xFF, 5]) + b"garbage" * 70


def after_a_crash(tmp_path: Path, events: int = 20) -> tuple[Path, Path]:
    """A store as kill -9 leaves it: its folder, and the log that holds the events."""
    live = Writer(tmp_path / "live", "UTC")
    for number in range(events):
        group = Group(live)
        group.put(schema.EVENTS, keys.event(START_MS + number, "e"), b"x" * 500)
        live.commit(group)
    crashed = shutil.copytree(tmp_path / "live", tmp_path / "db")
    live.close()
    (log,) = (path for path in crashed.glob("*.log") if path.stat().st_size)
    return crashed, log


def flip_the_middle(log: Path) -> None:
    content = bytearray(log.read_bytes())
    content[len(content) // 2] ^= 0xFF
    log.write_bytes(content)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store of its own, not open yet."""
    store = Store("default", tmp_path / "db", tmp_path / "commits", lambda: "UTC")
    yield store
    store.close()


def opened(store: Store, *, again: bool = False) -> None:
    """Open the store, or open it again; return when that is decided."""
    decided = threading.Event()
    store.reopen(decided.set) if again else store.open(decided.set)
    assert decided.wait(60)


def test_recovery_replays_the_log_in_a_child(tmp_path: Path) -> None:
    """The log is empty afterwards, and every event is there."""
    crashed, log = after_a_crash(tmp_path)

    recover(crashed)

    assert not log.exists()
    assert sum(path.stat().st_size for path in crashed.glob("*.log")) == 0
    writer = Writer(crashed)
    assert writer.get(schema.EVENTS, keys.event(START_MS + 19, "e")) == b"x" * 500
    writer.close()


def test_a_recovery_that_never_ends_ends_with_its_child(tmp_path: Path) -> None:
    """RocksDB spins with the interpreter's lock held; this process gets an error, and the log is as it was."""
    crashed, log = after_a_crash(tmp_path, events=1)
    log.write_bytes(log.read_bytes() + SPINNING)
    before = log.read_bytes()

    with pytest.raises(RecoveryFailed, match=r"ended after 1\.5 s"):
        recover(crashed, limit_s=1.5)

    assert log.read_bytes() == before


def test_a_recovery_that_fails_says_what_rocksdb_said(tmp_path: Path) -> None:
    """The words come from the child to whoever asked."""
    crashed, log = after_a_crash(tmp_path)
    flip_the_middle(log)

    with pytest.raises(RecoveryFailed, match="Corruption: checksum mismatch"):
        recover(crashed)


def test_a_cautious_opening_tries_the_store_in_a_child_first(tmp_path: Path) -> None:
    """Also when its log is empty: what killed the process before kills the child now."""
    Writer(tmp_path / "db", "UTC").close()
    table = max((tmp_path / "db").glob("MANIFEST-*"))
    table.write_bytes(b"")

    with pytest.raises(StoreError, match="can't be opened"):
        Writer(tmp_path / "db", cautious=True)


def test_a_damaged_store_gets_an_error_and_the_process_goes_on(store: Store, tmp_path: Path) -> None:
    """Store.error says what is wrong and what to do; once the damage is mended, opening again works."""
    _, log = after_a_crash(tmp_path)
    good = log.read_bytes()
    flip_the_middle(log)

    opened(store)

    assert store.writer is None
    assert isinstance(store.error, StoreError)
    assert "can't be opened" in store.error.message
    assert "backup" in store.error.remedy
    log.write_bytes(good)
    opened(store, again=True)
    assert store.error is None
    assert store.writer is not None
    assert store.writer.get(schema.EVENTS, keys.event(START_MS + 19, "e")) == b"x" * 500


def test_a_defect_of_the_opening_is_an_error_of_the_store(store: Store, tmp_path: Path) -> None:
    """A row that nobody can read raises an exception that nobody foresaw: it ends in Store.error, too."""
    writer = Writer(tmp_path / "db", "UTC")
    group = Group(writer)
    group.put(schema.CHECKPOINTS, keys.STORE, b"\xff no JSON")
    writer.commit(group)
    writer.close()

    opened(store)

    assert store.writer is None
    assert store.error is not None
    assert "can't be opened" in store.error.message


def test_a_store_in_use_is_opened_once_it_is_free(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What may pass by itself is tried again; nobody has to restart anything."""
    monkeypatch.setattr(stores, "RETRY_FIRST_S", 0.01)
    other = Writer(tmp_path / "db", "UTC")
    looks = threading.Semaphore(0)
    store.open(looks.release)
    assert looks.acquire(timeout=60)
    assert isinstance(store.error, StoreNotReady)
    assert "Another process has the store" in store.error.message

    other.close()

    while store.writer is None:
        assert looks.acquire(timeout=60)
    assert store.error is None


def test_a_store_is_reopened_in_the_same_process(store: Store) -> None:
    """Closed and opened again with everything in it, its count of commits going on; a compaction is waited for."""
    opened(store)
    assert store.writer is not None
    before = store.writer
    group = Group(before)
    group.put(schema.EVENTS, b"evt:1", b"x")
    before.commit(group)
    store.count_commit()
    replies: list[pb.Reply] = []
    store.compactor.start(before, "", replies.append)

    opened(store, again=True)

    assert store.writer is not None
    assert store.writer is not before
    assert store.writer.get(schema.EVENTS, b"evt:1") == b"x"
    assert list(replies[0].compacted.column_families) == list(schema.COLUMN_FAMILIES)


def test_a_writer_whose_store_is_damaged_lives_and_says_so(writer: WriterProcess) -> None:
    """Every command is answered with the reason; the log stays as it is; stopped, the process ends with 0."""
    writer.append([said(f"e{number}", START_MS + number, "x" * 500) for number in range(50)])
    writer.kill()
    (log,) = (path for path in writer.db_path.glob("*.log") if path.stat().st_size)
    flip_the_middle(log)
    before = log.read_bytes()

    writer.spawn()

    for command in (pb.Command(ping=pb.Ping()), pb.Command(compact=pb.Compact())):
        with pytest.raises(StoreUnavailable, match=r"can't be opened: .*backup"):
            writer.bus.ask(command, timeout_s=30)
    assert not writer.bus.answers()
    assert log.read_bytes() == before
    assert writer.stop() == 0


def test_a_store_of_a_newer_version_is_refused_by_a_living_writer(writer: WriterProcess) -> None:
    """The remedy is an upgrade, and the process says so for as long as it runs."""
    writer.stop()
    store = Writer(writer.db_path)
    group = Group(store)
    newer = codec.StoreInfo(schema.SCHEMA_VERSION + 1, "UTC", 0)
    group.put(schema.CHECKPOINTS, keys.STORE, codec.to_json(newer))
    store.commit(group)
    store.close()

    writer.spawn()

    with pytest.raises(StoreUnavailable, match=r"newer version.*upgrade"):
        writer.bus.ask(pb.Command(ping=pb.Ping()), timeout_s=30)


def test_commands_wait_while_the_store_is_being_opened(writer: WriterProcess) -> None:
    """As they wait for a writer that is not there: nobody is refused because a log has to be replayed first."""
    for life in range(3):
        writer.append([said(f"{life}-{number}", START_MS + number, "x" * 1000) for number in range(500)])
        writer.kill()
        writer.spawn()

        assert writer.append([said(f"after-{life}", START_MS)]) == [True]


def test_a_command_for_an_unknown_store_is_refused_by_name(writer: WriterProcess) -> None:
    """Only the default store is there, under its name and without one; nothing is written for another one."""
    unknown = Bus(writer.runtime.ingest_socket, "elsewhere")
    named = Bus(writer.runtime.ingest_socket, DEFAULT_STORE)
    try:
        with pytest.raises(UnknownStore, match=r"no store 'elsewhere'.*default"):
            unknown.ask(pb.Command(set_job_paused=pb.SetJobPaused(job_name="j", paused=True)))
        assert named.answers()
    finally:
        unknown.close()
        named.close()
    assert writer.reader().get(schema.CHECKPOINTS, keys.paused("j")) is None


def test_an_announcement_names_its_store(writer: WriterProcess) -> None:
    """Whoever listens for another store hears nothing of this one's commits."""
    ours = Announcements(writer.runtime.announce_socket, "", frames.ANNOUNCE_EVENTS)
    others = Announcements(writer.runtime.announce_socket, "elsewhere", frames.ANNOUNCE_EVENTS)
    try:
        number = 0
        # A subscription takes a moment to arrive, and says nothing when it has.
        while not ours.wait(50):
            writer.append([said(f"e{number}", START_MS)])
            number += 1
            assert number < 200
        assert not others.wait(50)
    finally:
        ours.close()
        others.close()


def test_a_store_whose_commits_can_not_be_counted_is_retried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not left open meanwhile: the next attempt finds it free."""
    monkeypatch.setattr(stores, "RETRY_FIRST_S", 0.01)
    commits = tmp_path / "runtime" / "commits"
    store = Store("default", tmp_path / "db", commits, lambda: "UTC")
    looks = threading.Semaphore(0)
    store.open(looks.release)
    assert looks.acquire(timeout=60)
    assert isinstance(store.error, StoreNotReady)
    assert str(commits) in store.error.message

    commits.parent.mkdir()

    while store.writer is None:
        assert looks.acquire(timeout=60)
    store.close()


def test_damage_that_is_met_while_a_store_is_open_is_told(tmp_path: Path) -> None:
    """Who needs the damaged block is refused as such; what needs others is done, and the list of stores names it."""
    with_events = WriterProcess(tmp_path)
    with_events.start()
    chance = random.Random(1)
    with_events.append([said(f"e{number}", START_MS + number, chance.randbytes(30).hex()) for number in range(5000)])
    with_events.bus.ask(pb.Command(compact=pb.Compact()), 60)
    with_events.stop()
    with_events.start()
    try:
        table = max(with_events.db_path.glob("*.sst"), key=lambda path: path.stat().st_size)
        with table.open("r+b") as file:
            # Where the blocks are is told at the end, and known by now.
            file.write(bytes(table.stat().st_size - 10_000))

        with pytest.raises(StoreError, match="damaged in events"):
            with_events.append([said("e3000", START_MS + 1, "x")])

        listed = with_events.bus.ask(pb.Command(list_stores=pb.ListStores())).stores_listed
        assert [(state.is_open, "damaged in events" in state.error) for state in listed.stores] == [(True, True)]
        with_events.bus.ask(pb.Command(set_job_paused=pb.SetJobPaused(job_name="j", paused=True)))
    finally:
        with_events.close()


def test_a_busy_worker_hears_that_a_store_is_to_be_let_go_of(writer: WriterProcess) -> None:
    """It listens between two pieces of its work, not only when there is nothing left to do."""
    heard: set[tuple[str, bytes]] = set()
    project_stores.create(writer.db_path, "acme")

    class Busy:
        is_outdated = False
        steps = 0

        def step(self) -> bool:
            self.steps += 1
            # A subscription takes a moment to arrive, and says nothing when it has.
            writer.bus.ask(pb.Command(close_store=pb.CloseStore(name="acme")))
            return True

        def hear(self, announced: set[tuple[str, bytes]]) -> None:
            heard.update(announced)

    class UntilHeard:
        def fileno(self) -> int:
            return never.fileno()

        @property
        def stopping(self) -> bool:
            return ("acme", frames.ANNOUNCE_RELEASE) in heard or busy.steps >= 1000

    busy, announcements = Busy(), Announcements(writer.runtime.announce_socket, None)
    never, other_end = socket.socketpair()
    with closing(announcements), never, other_end:
        runner.run(cast(StoreWorkers, busy), announcements, cast(Lifetime, UntilHeard()))

    assert busy.steps < 1000
