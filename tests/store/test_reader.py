"""The reader sees everything that was acknowledged, also by a writer that is gone."""

from __future__ import annotations

from pathlib import Path

from agent_memory.ingest.writer import Group, Writer
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import keys, schema
from agent_memory.store.commit_counter import CommitCounter
from agent_memory.store.reader import Reader
from support.writer import WriterProcess, said


def test_what_was_overwritten_before_a_restart_is_seen(writer: WriterProcess) -> None:
    """A row that the reader has in memory is changed, and the log removed, before the reader catches up."""
    reader = writer.reader()
    writer.bus.ask(pb.Command(record_job=pb.RecordJob(job_name="some", value=b"old")))
    reader.catch_up()
    assert reader.get(schema.CHECKPOINTS, keys.job("some")) == b"old"

    change(writer, keys.job("some"), b"new")
    reader.catch_up()

    assert reader.get(schema.CHECKPOINTS, keys.job("some")) == b"new"


def test_commits_are_counted_and_questions_are_not(writer: WriterProcess) -> None:
    """The count tells a reader that it has seen everything."""
    commits = CommitCounter(writer.runtime.commits)
    before = commits.count

    writer.bus.ask(pb.Command(ping=pb.Ping()))
    assert commits.count == before

    assert writer.append([said("e1", 1_760_000_000_000)]) == [True]
    assert before
    assert commits.count == (before[0], before[1] + 1)


def test_a_removed_count_is_made_again(writer: WriterProcess, tmp_path: Path) -> None:
    """A cleaner removes the file: readers that are open and new ones still see each commit."""
    reader = Reader(writer.db_path, tmp_path / "open", commits=writer.runtime.commits)
    reader.catch_up()

    writer.runtime.commits.unlink()
    late = Reader(writer.db_path, tmp_path / "late", commits=writer.runtime.commits)
    for number in range(3):
        assert writer.append([said(f"e{number}", 1_760_000_000_000 + number)]) == [True]
        for each in (reader, late):
            each.catch_up()
            assert each.get(schema.EVENTS, keys.event_id(f"e{number}")) is not None, number
    assert CommitCounter(writer.runtime.commits).count
    late.close()


def test_a_reader_that_counts_commits_sees_each_of_them(writer: WriterProcess, tmp_path: Path) -> None:
    """Right after the acknowledgement, after a kill of the writer, and after another writer in between."""
    reader = Reader(writer.db_path, tmp_path / "counting", commits=writer.runtime.commits)
    for life in range(3):
        for number in range(20):
            event_id = f"e{life}-{number}"
            writer.append([said(event_id, 1_760_000_000_000 + number)])
            reader.catch_up()
            assert reader.get(schema.EVENTS, keys.event_id(event_id)) is not None, event_id
        writer.kill()
        reader.catch_up()
        writer.start()
    change(writer, keys.job("some"), b"new")
    reader.catch_up()
    assert reader.get(schema.CHECKPOINTS, keys.job("some")) == b"new"
    reader.close()


def change(writer: WriterProcess, key: bytes, value: bytes) -> None:
    """Write a row with another writer, while the usual one is stopped."""
    writer.stop()
    store = Writer(writer.db_path)
    group = Group(store)
    group.put(schema.CHECKPOINTS, key, value)
    store.commit(group)
    store.close()
    writer.start()
