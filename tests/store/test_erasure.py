"""Erasing: what is left is what there would be if the events had never been stored, and nothing else holds them."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.errors import CommandRefused
from agent_memory.model import Event
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import codec, keys, records, schema
from agent_memory.store.codec import ErasureKind, RebuildState
from agent_memory.store.forgotten import ForgottenFile
from agent_memory.store.maintenance.verify import verify
from agent_memory.store.reader import open_snapshot
from support.conversations import LATER_MS, conversations
from support.erasing import Eraser
from support.tree import tree_of
from support.writer import WriterProcess, said

EVENTS = conversations(7, sessions=4, events_each=60)


def unlike_others(event: Event) -> Event:
    """The event with words that no other one has."""
    return replace(event, text=f"{event.text} We chose plan{event.event_id.replace('/', 'x').replace('-', 'y')}.")


def word_of(event: Event) -> bytes:
    """The word that only this event has, as any row would have it in lower case."""
    return event.text.rpartition(" ")[2].rstrip(".").lower().encode()


@pytest.mark.parametrize(
    ("share", "is_drained", "now_ms"),
    [(1.0, True, LATER_MS), (0.5, False, LATER_MS), (0.1, True, EVENTS[-1].timestamp_ms)],
)
def test_what_is_left_is_as_if_the_events_had_never_been(
    writer: WriterProcess, tmp_path_factory: pytest.TempPathFactory, share: float, is_drained: bool, now_ms: int
) -> None:
    """The table of contents and the index are those of a store that never had them, and `verify` finds no fault.

    Also where the worker had not taken them in yet, and while sessions go on.
    """
    random = Random(share)
    events = [unlike_others(event) for event in EVENTS]
    gone = [event for event in events if random.random() < share]
    kept = [event for event in events if event not in gone]
    writer.append(events)
    eraser = Eraser(writer)
    eraser.now_ms = now_ms
    if is_drained:
        eraser.drain()

    eraser.erase(gone)

    other = WriterProcess(tmp_path_factory.mktemp("o"))
    try:
        other.start()
        other.append(kept)
        never = Eraser(other)
        never.now_ms = now_ms
        never.drain()
        assert tree_of(eraser.reader) == tree_of(never.reader)
        never.close()
    finally:
        other.close()
    if kept:
        eraser.check()
    with open_snapshot(writer.db_path) as reader:
        assert not verify(reader).problems
        assert records.counters(reader).events == len(kept)
    eraser.close()


def test_no_row_tells_of_what_is_erased(writer: WriterProcess) -> None:
    """Neither old versions of nodes nor grips hold a word of it, also where it changed what a node says."""
    events = [unlike_others(event) for event in EVENTS]
    gone = [event for number, event in enumerate(events) if number % 3 == 1]
    eraser = Eraser(writer)
    for at in range(0, len(events), 20):
        # In pieces, so that nodes have old versions.
        writer.append(events[at : at + 20])
        eraser.drain()

    eraser.erase(gone)

    words = [word_of(event) for event in gone]
    rows = [
        (key, value) for family in schema.COLUMN_FAMILIES for key, value in eraser.reader.scan(family, b"", b"\xff")
    ]
    assert not [(key, word) for key, value in rows for word in words if word in value.lower()]
    assert not [key for key, _ in rows if key.startswith(keys.MARK_PREFIX)]
    eraser.close()


def test_erased_events_are_never_stored_again(writer: WriterProcess) -> None:
    """The writer refuses their ids, also after a restart, and other ids of the same session not."""
    eraser = Eraser(writer)
    writer.append([said("e1", 1_000_000), said("e2", 2_000_000)])
    eraser.drain()

    eraser.erase([said("e1", 1_000_000)])

    assert writer.append([said("e1", 1_000_000), said("e3", 3_000_000)]) == [False, True]
    writer.stop()
    writer.start()
    assert writer.append([said("e1", 5_000_000)]) == [False]
    eraser.reader.catch_up()
    assert [event.event_id for event in records.session_events(eraser.reader, "s1")] == ["e2", "e3"]
    eraser.close()


def test_a_reader_that_looked_only_before_does_not_see_them(writer: WriterProcess) -> None:
    """Also one that replayed the events from the log, and not their removal, before the files were rewritten."""
    eraser = Eraser(writer)
    writer.append(EVENTS)
    eraser.drain()
    late = writer.reader()
    assert sum(1 for _ in late.scan(schema.EVENTS, keys.EVENT_PREFIX, keys.after(keys.EVENT_PREFIX))) == len(EVENTS)

    eraser.erase(EVENTS)

    late.catch_up()
    assert not list(late.scan(schema.EVENTS, keys.EVENT_PREFIX, keys.after(keys.EVENT_PREFIX)))
    eraser.close()


def test_the_files_hold_nothing_that_is_erased(writer: WriterProcess) -> None:
    """The store's files and the index's are rewritten."""
    events = [unlike_others(event) for event in EVENTS]
    eraser = Eraser(writer)
    writer.append(events)
    eraser.drain()
    word = word_of(events[5])
    assert held(eraser.db_path.parent, word)

    eraser.erase([events[5]])

    assert not held(eraser.db_path.parent, word)
    eraser.close()


def held(folder: Path, word: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and word in path.read_bytes().lower()]


def cut_off_after(writer: WriterProcess, commands: int) -> bool:
    """Erase, with a worker that dies after so many commands and another one after it; whether the first one died."""
    events = [unlike_others(event) for event in conversations(100 + commands, sessions=2, events_each=8)]
    gone = events[1::2]
    writer.append(events)
    eraser = Eraser(writer)
    eraser.drain()
    eraser.begin(gone)
    eraser.mortal.dies_after = eraser.mortal.commands + commands
    has_died = eraser.is_cut_off()
    eraser.close()

    successor = Eraser(writer)
    successor.finish()

    successor.check()
    with open_snapshot(writer.db_path) as reader:
        assert not verify(reader).problems
    left = [event.event_id for event in stored_of(successor, events)]
    assert left == [event.event_id for event in events if event not in gone]
    successor.close()
    return has_died


def test_an_erasure_that_is_cut_off_is_finished_by_the_next_worker(writer: WriterProcess) -> None:
    """Wherever: nothing is half erased, nothing doubled, and the index is whole."""
    for commands in Random(1).sample(range(9), 2):
        assert cut_off_after(writer, commands)


@pytest.mark.drill
@pytest.mark.timeout(900)
def test_an_erasure_that_is_cut_off_anywhere_is_finished_by_the_next_worker(writer: WriterProcess) -> None:
    """The same, after every one of its commands in turn."""
    commands = 0
    while cut_off_after(writer, commands):
        commands += 1
    assert commands > 8


def stored_of(eraser: Eraser, events: list[Event]) -> list[Event]:
    sessions = sorted({event.session_id for event in events})
    found = [event for session_id in sessions for event in records.session_events(eraser.reader, session_id)]
    return sorted(found, key=lambda event: event.position)


def test_redacting_rewrites_events_in_their_places_and_all_that_was_made_of_them(writer: WriterProcess) -> None:
    """Better rules find more: the secret is in no row, no old version and no file then, and the order is the same."""
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    events = [unlike_others(event) for event in EVENTS[:60]]
    found = [replace(event, text=f"We decided that the token for the push is {secret}.") for event in events[3:20:4]]
    events = [next((each for each in found if each.event_id == event.event_id), event) for event in events]
    eraser = Eraser(writer)
    for at in range(0, len(events), 10):
        # In pieces, so that nodes have old versions.
        writer.append(events[at : at + 10])
        eraser.drain()
    assert held(eraser.db_path.parent, secret.lower().encode())

    eraser.erase(found, ErasureKind.REDACT)

    rows = [value for family in schema.COLUMN_FAMILIES for _, value in eraser.reader.scan(family, b"", b"\xff")]
    assert not [value for value in rows if secret.encode() in value]
    assert not held(eraser.db_path.parent, secret.lower().encode())
    stored = stored_of(eraser, events)
    assert [event.position for event in stored] == [event.position for event in events]
    assert sum("[redacted:github-token" in event.text for event in stored) == len(found)
    eraser.check()
    with open_snapshot(writer.db_path) as reader:
        assert not verify(reader).problems
    eraser.close()


def test_a_writer_that_is_killed_forgets_nothing_of_an_erasure(writer: WriterProcess) -> None:
    """What is begun is begun; the ids stay refused."""
    writer.append(EVENTS)
    eraser = Eraser(writer)
    eraser.drain()
    eraser.begin(EVENTS[:50])

    writer.kill()
    writer.start()
    eraser.finish()

    assert writer.append(EVENTS[:50]) == [False] * 50
    assert len(stored_of(eraser, EVENTS)) == len(EVENTS) - 50
    eraser.close()


def test_only_one_erasure_or_rebuild_is_under_way(writer: WriterProcess) -> None:
    """The writer refuses another meanwhile, and says why."""
    writer.append(EVENTS)
    eraser = Eraser(writer)
    eraser.drain()
    eraser.begin(EVENTS[:5])

    with pytest.raises(CommandRefused, match="Another erasure is under way"):
        eraser.begin(EVENTS[5:9])
    with pytest.raises(CommandRefused, match="An erasure is under way"):
        eraser.bus.ask(pb.Command(begin_rebuild=pb.BeginRebuild(value=codec.to_json(RebuildState(started_ms=1)))))

    eraser.finish()
    eraser.erase(EVENTS[5:9])
    assert len(stored_of(eraser, EVENTS)) == len(EVENTS) - 9
    eraser.close()


def test_a_backup_does_not_bring_back_what_was_erased_since(writer: WriterProcess) -> None:
    """What is noted beside the store is erased from the backup that takes its place, and refused from then on."""
    writer.append(EVENTS[:40])
    eraser = Eraser(writer)
    eraser.drain()
    eraser.close()
    writer.stop()
    backup = writer.db_path.with_name("backup")
    shutil.copytree(writer.db_path, backup)
    writer.start()
    writer.append(EVENTS[40:60])
    eraser = Eraser(writer)
    eraser.drain()
    eraser.erase([*EVENTS[:10], *EVENTS[50:60]])
    eraser.close()
    writer.stop()
    shutil.rmtree(writer.db_path)
    backup.rename(writer.db_path)

    writer.start()
    successor = Eraser(writer)
    assert len(stored_of(successor, EVENTS)) == 40
    successor.finish_renewal()

    assert stored_of(successor, EVENTS) == EVENTS[10:40]
    assert writer.append([*EVENTS[:10], *EVENTS[40:60]]) == [False] * 10 + [True] * 10 + [False] * 10
    successor.drain()
    with open_snapshot(writer.db_path) as reader:
        assert not verify(reader).problems
    successor.close()


@given(
    st.lists(st.text(st.characters(min_codepoint=32, exclude_characters="\x7f", codec="utf-8"), min_size=1)),
    st.integers(1, 1 << 62),
    st.binary(),
)
def test_what_is_noted_beside_a_store_is_read_again(ids: list[str], number: int, torn: bytes) -> None:
    """Whatever stood there before, half a line or garbage."""
    with tempfile.TemporaryDirectory() as folder:
        noted = ForgottenFile(Path(folder) / "db")
        Path(folder, "db-forgotten").write_bytes(torn)
        noted.add(number, ids, dict.fromkeys(ids, 5))

        assert [*noted.event_ids()][-len(ids) :] == ids or not ids
        assert {*noted.sessions()} >= {(each, 5) for each in ids}
        assert noted.last_erasure() == number


def test_nothing_is_noted_beside_a_store_that_nothing_was_erased_from(tmp_path: Path) -> None:
    noted = ForgottenFile(tmp_path / "db")

    assert (noted.last_erasure(), [*noted.event_ids()], [*noted.sessions()]) == (0, [], [])
