"""The reader sees everything that was acknowledged, also what a writer wrote that has gone since."""

from __future__ import annotations

from agent_memory.ingest.writer import Group, Writer
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import keys, schema
from writer import WriterProcess


def test_what_was_overwritten_before_a_restart_is_seen(writer: WriterProcess) -> None:
    """A row that the reader holds in memory is changed and the log put away before the reader looks again."""
    reader = writer.reader()
    writer.bus.ask(pb.Command(record_job=pb.RecordJob(job_name="some", value=b"old")))
    reader.catch_up()
    assert reader.get(schema.CHECKPOINTS, keys.job("some")) == b"old"

    change(writer, keys.job("some"), b"new")
    reader.catch_up()

    assert reader.get(schema.CHECKPOINTS, keys.job("some")) == b"new"


def change(writer: WriterProcess, key: bytes, value: bytes) -> None:
    """Write a row by a writer of its own, between two of the usual one's lives."""
    writer.stop()
    store = Writer(writer.db_path)
    group = Group(store)
    group.put(schema.CHECKPOINTS, key, value)
    store.commit(group)
    store.close()
    writer.start()
