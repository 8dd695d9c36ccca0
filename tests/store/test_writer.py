"""The writer: everything acknowledged is on disk, once, whatever happens to the process."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest

from agent_memory import redaction
from agent_memory.bus import frames
from agent_memory.errors import CommandRefused, StaleCommit, StoreError
from agent_memory.ingest import acknowledged, wal
from agent_memory.ingest.writer import Group, Writer
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import codec, keys, records, schema
from agent_memory.store.reader import Reader
from support.writer import WriterProcess, said

START_MS = 1_760_000_000_000


def count(reader: Reader, family: str, prefix: bytes) -> int:
    reader.catch_up()
    return sum(1 for _ in reader.scan(family, prefix, keys.after(prefix)))


def test_a_repeated_event_is_stored_once(writer: WriterProcess) -> None:
    """Appending the same event id again answers created=False, adds no row, and the first text stays."""
    assert writer.append([said("e1", START_MS, "first")]) == [True]
    assert writer.append([said("e1", START_MS + 5, "second")]) == [False]

    reader = writer.reader()
    assert [event.text for event in records.session_events(reader, "s1")] == ["first"]
    assert count(reader, schema.OUTBOX, keys.OUTBOX_PREFIX) == 1
    assert records.counters(reader).events == 1


def test_the_first_of_an_id_wins_within_one_batch(writer: WriterProcess) -> None:
    """Two events with one id in one command: one row, the earlier's."""
    assert writer.append([said("e1", START_MS, "one"), said("e1", START_MS, "two"), said("e2", START_MS)]) == [
        True,
        False,
        True,
    ]


def test_exactly_one_of_many_racers_creates(writer: WriterProcess) -> None:
    """Many callers with the same id at the same time: one gets created=True."""
    together = threading.Barrier(16)

    def append(number: int) -> bool:
        together.wait()
        return writer.append([said("same", START_MS + number)])[0]

    with ThreadPoolExecutor(16) as pool:
        created = list(pool.map(append, range(16)))

    assert sum(created) == 1


def test_an_acknowledged_event_survives_kill_9_whole(writer: WriterProcess) -> None:
    """Event, look-up rows and outbox row are one batch: after a kill acknowledged ones are there whole."""
    acknowledged: list[str] = []
    stop = threading.Event()

    def keep_appending() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            batch = [said(f"e{number:05}-{k}", START_MS + number) for k in range(8)]
            writer.append(batch)
            acknowledged.extend(event.event_id for event in batch)

    thread = threading.Thread(target=keep_appending)
    thread.start()
    for _ in range(3):
        before = len(acknowledged)
        while len(acknowledged) < before + 80:
            stop.wait(0.001)
        writer.kill()
        writer.start()
    stop.set()
    thread.join()

    reader = writer.reader()
    stored = {event.event_id for event in records.session_events(reader, "s1")}
    assert set(acknowledged) <= stored
    total = count(reader, schema.EVENTS, keys.EVENT_PREFIX)
    assert total == len(stored) == count(reader, schema.EVENTS, keys.ID_PREFIX)
    assert total == count(reader, schema.OUTBOX, keys.OUTBOX_PREFIX) == records.counters(reader).events
    assert [number for number, _, _ in records.outbox(reader, 0)] == list(range(1, total + 1))


def test_a_commit_from_an_old_state_is_refused_and_changes_nothing(writer: WriterProcess) -> None:
    """The fence: of two workers that computed from the same state, one commits and the other is refused as STALE."""
    node = pb.NodePut(node_id="toc:year:2026", version=1, value=b"{}")
    writer.bus.ask(pb.Command(commit_toc=pb.CommitToc(expected_commit=0, cursor=3, nodes=[node])))

    with pytest.raises(StaleCommit):
        writer.bus.ask(pb.Command(commit_toc=pb.CommitToc(expected_commit=0, cursor=9, nodes=[node])))

    reader = writer.reader()
    assert records.consumer(reader, records.TOC) == codec.ConsumerState(cursor=3, commit=1)
    assert records.counters(reader).toc_nodes == 1


def test_grips_go_with_their_node_and_the_counters_know(writer: WriterProcess) -> None:
    """A node's grips are those of its last version; removing the node removes them; counters are exact throughout."""

    def commit(number: int, **fields: object) -> None:
        writer.bus.ask(pb.Command(commit_toc=pb.CommitToc(expected_commit=number, **fields)))  # type: ignore[arg-type]

    def put(*grips: str) -> pb.NodePut:
        return pb.NodePut(
            node_id="toc:segment:2026-01-30:X",
            version=1,
            value=b"{}",
            grips=[pb.GripPut(grip_id=grip, value=b"{}") for grip in grips],
        )

    reader = writer.reader()
    commit(0, nodes=[put("grip:1:A", "grip:1:B")])
    assert count(reader, schema.GRIPS, b"grip:") == records.counters(reader).grips == 2
    commit(1, nodes=[put("grip:1:B", "grip:1:C")])
    assert count(reader, schema.GRIPS, b"grip:") == records.counters(reader).grips == 2
    commit(2, removed_node_ids=["toc:segment:2026-01-30:X"])
    assert count(reader, schema.GRIPS, b"grip:") == records.counters(reader).grips == 0
    assert count(reader, schema.GRIPS, b"node:") == count(reader, schema.TOC_NODES, b"toc:") == 0
    assert records.counters(reader).toc_nodes == 0


def test_a_command_of_another_version_is_refused_with_the_remedy(writer: WriterProcess) -> None:
    """A rolling restart never lets two versions misunderstand each other."""
    command = pb.Command(protocol=frames.PROTOCOL + 1, ping=pb.Ping())

    with pytest.raises(CommandRefused, match="memory-daemon restart"):
        writer.bus.ask(command)


def test_one_bad_command_costs_the_others_of_its_group_nothing(writer: WriterProcess) -> None:
    """A batch that can't be parsed is refused; events sent at the same moment are stored."""
    with ThreadPoolExecutor(8) as pool:
        good = [pool.submit(writer.append, [said(f"e{n}", START_MS)]) for n in range(20)]
        bad = pool.submit(writer.bus.ask, pb.Command(append_events=pb.AppendEvents(events=[b"\xff\xff"])))
        with pytest.raises(CommandRefused):
            bad.result()

        assert [future.result() for future in good] == [[True]] * 20


def test_files_and_folders_are_for_their_owner_only(writer: WriterProcess) -> None:
    """0700 and 0600, sockets included."""
    writer.append([said("e1", START_MS)])

    for path in [writer.db_path, *writer.db_path.iterdir(), *writer.runtime.folder.iterdir()]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_clean_stop_ends_with_0_and_loses_nothing(writer: WriterProcess) -> None:
    """SIGTERM is an orderly end."""
    writer.append([said("e1", START_MS)])

    assert writer.stop() == 0
    writer.start()
    assert writer.append([said("e1", START_MS)]) == [False]


def test_compaction_runs_beside_the_writing(writer: WriterProcess) -> None:
    """The reply names the column families compacted; an unknown one is refused by name."""
    writer.append([said("e1", START_MS)])

    reply = writer.bus.ask(pb.Command(compact=pb.Compact()))
    assert list(reply.compacted.column_families) == list(schema.COLUMN_FAMILIES)
    with pytest.raises(CommandRefused, match="nonsense"):
        writer.bus.ask(pb.Command(compact=pb.Compact(column_family="nonsense")))


def test_a_second_writer_is_refused(writer: WriterProcess) -> None:
    """One primary a store; the second harms nothing."""
    with pytest.raises(StoreError, match="Another process"):
        Writer(writer.db_path)
    assert writer.append([said("e1", START_MS)]) == [True]


def test_a_store_from_a_newer_version_is_refused_by_name(tmp_path: Path) -> None:
    """It is left as it is, and the remedy is an upgrade."""
    store = Writer(tmp_path / "db")
    group = Group(store)
    newer = codec.StoreInfo(schema.SCHEMA_VERSION + 1, "UTC", 0)
    group.put(schema.CHECKPOINTS, keys.STORE, codec.to_json(newer))
    store.commit(group)
    store.close()

    with pytest.raises(StoreError, match="newer version"):
        Writer(tmp_path / "db")


def test_a_folder_with_other_things_in_it_is_no_place_for_a_store(tmp_path: Path) -> None:
    """--db-path ~ must not strew files over somebody's home."""
    (tmp_path / "letter.txt").write_text("dear")

    with pytest.raises(StoreError, match="holds other things"):
        Writer(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def as_a_crash_leaves_it(tmp_path: Path, events: int) -> tuple[Path, Path]:
    """A store's folder with that many events in its log, none of them flushed; the folder and the log."""
    store = Writer(tmp_path / "live")
    for number in range(events):
        group = Group(store)
        group.put(schema.EVENTS, keys.event(START_MS + number, "e"), b"x" * 500)
        store.commit(group)
    # A copy of an open store is what kill -9 would leave; a clean close would flush the log away.
    crashed = shutil.copytree(tmp_path / "live", tmp_path / "db")
    store.close()
    (log,) = (path for path in crashed.glob("*.log") if path.stat().st_size)
    return crashed, log


@pytest.mark.parametrize("damage", ["flipped", "truncated"])
def test_damage_is_distinguished_from_a_torn_tail(tmp_path: Path, damage: str) -> None:
    """A tail torn off is what a crash leaves: the store opens. A byte flipped in the middle is refused aloud."""
    folder, log = as_a_crash_leaves_it(tmp_path, events=200)
    content = bytearray(log.read_bytes())
    if damage == "flipped":
        content[len(content) // 2] ^= 0xFF
    else:
        del content[-100:]
        (folder / acknowledged.NAME).unlink()  # a tail that a crash tears off was never acknowledged
    log.write_bytes(content)

    if damage == "flipped":
        with pytest.raises(StoreError, match=r"can't be opened.*backup"):
            Writer(folder)
        return
    store = Writer(folder)
    assert store.get(schema.EVENTS, keys.event(START_MS + 198, "e")) == b"x" * 500
    store.close()


@pytest.mark.parametrize("kind", sorted(wal.RECYCLABLE_TYPES))
def test_garbage_that_would_hang_recovery_is_cut_off_and_kept(tmp_path: Path, kind: int) -> None:
    """A header of a recyclable type with an oversize length spins RocksDB for ever; it goes, all events stay."""
    folder, log = as_a_crash_leaves_it(tmp_path, events=1)
    garbage = bytes([1, 2, 3, 4, 0xFF, 0xFF, kind]) + b"garbage" * 70
    log.write_bytes(log.read_bytes() + garbage)

    store = Writer(folder)

    assert store.get(schema.EVENTS, keys.event(START_MS, "e")) == b"x" * 500
    store.close()
    (kept,) = folder.glob("*.tail-*")
    assert kept.read_bytes() == garbage


def test_a_compaction_tells_of_damage(tmp_path: Path) -> None:
    """It reads every block, and so shows whether a copy is sound."""
    writer = Writer(tmp_path / "db")
    group = Group(writer)
    group.put(schema.EVENTS, b"evt:1", Random(1).randbytes(4000))
    writer.commit(group)
    writer.compact(schema.EVENTS)
    writer.close()
    table = max((tmp_path / "db").glob("*.sst"), key=lambda path: path.stat().st_size)
    content = bytearray(table.read_bytes())
    content[10:20] = bytes(10)
    table.write_bytes(content)

    writer = Writer(tmp_path / "db")
    with pytest.raises(StoreError, match="damaged in events"):
        writer.compact(schema.EVENTS)
    writer.close()


def test_the_store_notes_which_rules_for_secrets_looked_since_when(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line for each version, none for opening the store again."""
    for version in (1, 1, 2):
        monkeypatch.setattr(redaction, "VERSION", version)
        Writer(tmp_path / "db").close()

    store = Writer(tmp_path / "db")
    rules = records.redaction_rules(store)
    store.close()
    assert [version for version, _ in rules] == [1, 2]
    assert START_MS < rules[0][1] <= rules[1][1]
