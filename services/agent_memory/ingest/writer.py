"""The RocksDB primary: the only code that opens the store for writing.

Everything is written in groups. A `Group` gathers the effects of several commands and the state after them; `commit`
writes it with one batch and one fsync. Until then nothing has happened, and a group that fails leaves no trace.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import time
from bisect import bisect_left, insort
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from rocksdict import BottommostLevelCompaction, Checkpoint, CompactOptions, Rdict, WriteBatch

from agent_memory import locks, redaction
from agent_memory.errors import StoreError, StoreNotReady
from agent_memory.files import make_private_dir
from agent_memory.ingest import acknowledged, wal
from agent_memory.ingest.acknowledged import Acknowledged
from agent_memory.ingest.figures import WriterFigures
from agent_memory.ingest.rest import FLUSHED_BYTES, Rest
from agent_memory.ingest.torn_log import recover
from agent_memory.local_zone import local_zone
from agent_memory.memory_profile import USUAL, MemoryProfile
from agent_memory.process.logs import line
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import codec, directory, erasures, keys, records, schema
from agent_memory.store.codec import MigrationState, StoreInfo
from agent_memory.store.rows import Rows

log = logging.getLogger(__name__)

# A process that only looks whether the store is taken holds the lock for a microsecond.
LOCK_WAIT_S: Final = 0.1
# RocksDB's messages where its lock is held: by another process, by this one.
LOCK_HELD: Final = ("While lock file: ", "lock hold by current process")
DISK_FULL: Final = "No space left on device"
# RocksDB recovers from some full disks by itself within five seconds, from others (a log it could not append to) never.
RECOVERY_S: Final = 10.0
# Opening a store needs this much at most: its log is flushed and a new one begun.
ROOM_BYTES: Final = 24 << 20
REDACTION_KEY_BYTES: Final = 16
# Of the whole store, and of each column family. Each is read in microseconds.
PROPERTIES: Final = ("block-cache-usage", "num-running-compactions", "num-running-flushes", "background-errors")
MEMORY: Final = "cur-size-all-mem-tables"
FAMILY_PROPERTIES: Final = (
    MEMORY,
    "estimate-pending-compaction-bytes",
    "estimate-table-readers-mem",
    "total-sst-files-size",
)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What is never to be stored again: whether any event was erased, and up to which time whole sessions were."""

    has_events: bool = False
    until_ms: Mapping[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.has_events or bool(self.until_ms)


class Group:
    """The effects of several commands, to be committed together, and the state the store has after them."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._batch = WriteBatch(raw_mode=True)
        self._handles = writer.handles
        self.info = writer.info
        # Rows written by commands of this group, which later commands must see; None for a deleted row.
        self._staged: dict[tuple[str, bytes], bytes | None] = {}
        # Their names in order: a command with a thousand nodes looks up a prefix a thousand times.
        self._staged_order: list[tuple[str, bytes]] = []
        self._reserved: set[bytes] = set()
        self.counters = writer.counters
        # How far each consumer of the outbox has come, and the last entry removed behind all of them.
        self.consumers = dict(writer.consumers)
        self.trimmed = writer.trimmed
        self.forgotten = writer.forgotten

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which days are cut after this group."""
        return ZoneInfo(self.info.timezone)

    def get(self, family: str, key: bytes) -> bytes | None:
        """The row's value after this group, or None."""
        if (family, key) in self._staged:
            return self._staged[family, key]
        return self._writer.get(family, key)

    def reserve_ids(self, id_keys: list[bytes]) -> list[bool]:
        """Reserve event ids for this group; False for each that a stored event or this group has already."""
        stored = self._writer.get_many(schema.EVENTS, id_keys)
        return [value is None and self._reserve(key) for key, value in zip(id_keys, stored, strict=True)]

    def are_removed(self, event_ids: Sequence[str]) -> list[bool]:
        """Whether each of these events was erased on request."""
        rows = self._writer.get_many(schema.EVENTS, [keys.removed_event(event_id) for event_id in event_ids])
        return [row is not None for row in rows]

    def putter(self, family: str) -> Callable[[bytes, bytes], None]:
        """`put` for many rows of one family, which is looked up once."""
        put, handle = self._batch.put, self._handles[family]
        return lambda key, value: put(key, value, handle)

    def put(self, family: str, key: bytes, value: bytes) -> None:
        self._batch.put(key, value, self._handles[family])

    def put_visibly(self, family: str, key: bytes, value: bytes) -> None:
        """Put a row that later commands of this group may read."""
        self._stage(family, key, value)
        self.put(family, key, value)

    def delete(self, family: str, key: bytes) -> None:
        self._stage(family, key, None)
        self._batch.delete(key, self._handles[family])

    def delete_range(self, family: str, start: bytes, stop: bytes) -> None:
        self._batch.delete_range(start, stop, self._handles[family])

    def keys_with(self, family: str, prefix: bytes) -> list[bytes]:
        """The keys with that prefix after this group; only for rows that are put visibly."""
        found = [key for key in self._writer.keys_with(family, prefix) if (family, key) not in self._staged]
        for at in range(bisect_left(self._staged_order, (family, prefix)), len(self._staged_order)):
            name = self._staged_order[at]
            if name[0] != family or not name[1].startswith(prefix):
                break
            if self._staged[name] is not None:
                found.append(name[1])
        return sorted(found)

    def figures(self) -> pb.WriterFigures:
        """What the writer has counted."""
        consumers, sequence = self._writer.consumers, self._writer.counters.sequence
        return self._writer.figures.message(consumers, sequence, self._writer.properties())

    def note_run(self, job: str, took_s: float) -> None:
        """Count what a run of a scheduled job took."""
        self._writer.figures.ran(job, took_s)

    @property
    def batch(self) -> WriteBatch:
        """All rows of the group, and the counters after it."""
        if self.counters != self._writer.counters:
            self.put(schema.CHECKPOINTS, keys.COUNTERS, codec.to_json(self.counters))
        for name, state in self.consumers.items():
            if state != self._writer.consumers.get(name):
                self.put(schema.CHECKPOINTS, keys.consumer(name), codec.to_json(state))
        return self._batch

    def _reserve(self, id_key: bytes) -> bool:
        is_free = id_key not in self._reserved
        self._reserved.add(id_key)
        return is_free

    def _stage(self, family: str, key: bytes, value: bytes | None) -> None:
        if (family, key) not in self._staged:
            insort(self._staged_order, (family, key))
        self._staged[family, key] = value


class Writer(Rows):
    """The store, open for writing; raises StoreError, StoreNotReady also while another writer has it open.

    A store that does not exist yet is created in a folder that does; its days begin at midnight in `timezone`, or in
    this machine's time zone when that is empty. A `cautious` opening tries the store in a child first, even if there is
    nothing to recover.
    """

    def __init__(
        self, db_path: Path, timezone: str = "", *, cautious: bool = False, memory: MemoryProfile = USUAL
    ) -> None:
        super().__init__(db_path, memory.writer_cache, memory)
        _make_directory(db_path)
        self._lock = _lock_directory(db_path)
        self.handles: dict[str, Any] = {}
        self._acknowledged: Acknowledged | None = None
        self._rest = Rest()
        try:
            self._open(cautious)
            self._check_acknowledged()
            self.handles = {name: self._db.get_column_family_handle(name) for name in schema.COLUMN_FAMILIES}
            self.info = self._store_info(timezone)
            self._make_redaction_key()
            self._note_redaction_rules()
            self.counters = codec.counters(self.get(schema.CHECKPOINTS, keys.COUNTERS))
            self.consumers = records.consumers(self)
            self.figures = WriterFigures(self.counters.sequence)
            self.trimmed = self._first_outbox_entry() - 1
            self.forgotten = Forgotten(self._has_removed_events(), erasures.forgotten_sessions(self))
        except BaseException:  # a panic in RocksDB's binding is no Exception
            self.close()
            raise
        # A batch that was written but whose fsync failed must reach the disk before anything is acknowledged.
        self._unsynced = False
        # Set while the disk refuses writes: then even an empty group writes a row, so that a ping fails, too.
        self._failing = False
        self._failing_since = 0.0

    @property
    def is_stuck(self) -> bool:
        """Whether RocksDB goes on refusing although the disk has room again: only opening the store again ends that."""
        if not self._failing or time.monotonic() - self._failing_since < RECOVERY_S:
            return False
        return shutil.disk_usage(self._db_path).free > ROOM_BYTES

    def keys_with(self, family: str, prefix: bytes) -> list[bytes]:
        """The stored keys with that prefix; raises StoreError where a block is damaged."""
        return [key for key, _ in self.scan(family, prefix, keys.after(prefix))]

    def commit(self, group: Group) -> bool:
        """Make the group durable, all of it or nothing; raises StoreError when the disk refuses.

        Returns whether anything became durable, be it an earlier group's.
        """
        if self._failing:
            group.put(schema.CHECKPOINTS, keys.COUNTERS, codec.to_json(group.counters))
        batch = group.batch
        try:
            if not batch.is_empty():
                self._db.write(batch)
                # From here on the rows are visible, so the state must include them even if the fsync fails.
                self.counters, self.consumers, self.trimmed = group.counters, group.consumers, group.trimmed
                self.forgotten, self.info = group.forgotten, group.info
                self._unsynced = True
            if is_new := self._unsynced:
                # Not `sync` on the write: that would hold the interpreter's lock during the fsync.
                with self.figures.fsync_seconds.timed():
                    self._db.flush_wal(True)
                self._unsynced = False
                if self._acknowledged:
                    self._acknowledged.record(self._db.latest_sequence_number())
            self._failing = False
        except Exception as error:  # rocksdict raises bare Exception
            if not self._failing:
                self._failing_since = time.monotonic()
            self._failing = True
            raise StoreError(
                f"The writer can't write to the store at {self._db_path}: {directory.said(error)}.",
                "Nothing acknowledged is lost: make room on the disk or change its permissions, and writing goes on.",
            ) from error
        return is_new

    def properties(self) -> dict[str, int]:
        """RocksDB's own figures by the names of its properties; of column families, the sum."""
        found = {name: int(self._db.property_int_value(f"rocksdb.{name}") or 0) for name in PROPERTIES}
        for name in FAMILY_PROPERTIES:
            values = (each.property_int_value(f"rocksdb.{name}") for each in self._families.values())
            found[name] = sum(int(value or 0) for value in values)
        return found

    def compact(self, family: str) -> None:
        """Compact a whole column family; may take minutes, while other threads go on writing.

        Reads every block: raises StoreError where one is damaged.
        """
        how = CompactOptions()
        how.set_bottommost_level_compaction(BottommostLevelCompaction.force())
        how.set_exclusive_manual_compaction(False)
        try:
            self._families[family].compact_range(None, None, how)
            # Compaction reports no failure; the next operation on the family fails with its reason.
            self._families[family].flush()
        except Exception as error:  # rocksdict raises bare Exception
            raise directory.damaged(self._db_path, family, error) from error

    def create_checkpoint(self, folder: Path) -> None:
        """Make a copy of the store as it is in `folder`, which must not exist; other threads go on writing.

        Its tables are hard links. Raises StoreError where the disk refuses.
        """
        try:
            # Creating it flushes what is left in memory, with the interpreter's lock held: that should be little.
            self._flush()
            Checkpoint(self._db).create_checkpoint(str(folder))
        except Exception as error:  # rocksdict raises bare Exception
            raise StoreError(
                f"A copy of the store could not be made in {folder}: {directory.said(error)}.",
                "Make room on the store's disk, or change the permissions of that folder's parent.",
            ) from error

    def flush_at_rest(self, now_s: float) -> None:
        """To be called now and then: when the store has come to rest, have what it holds in memory written to files.

        Returns at once; RocksDB's own thread writes.
        """
        if not self._rest.begins(self._db.latest_sequence_number(), now_s):
            return
        try:
            held = sum(each.property_int_value(f"rocksdb.{MEMORY}") or 0 for each in self._families.values())
            # A flush that fails for want of room would end the writing, too.
            if held >= FLUSHED_BYTES and shutil.disk_usage(self._db_path).free > ROOM_BYTES:
                self._flush(wait=False)
        except Exception as error:  # rocksdict raises bare Exception; what was committed is in the log
            log.warning(line("not flushed", path=self._db_path, reason=error))

    def leave_no_log(self) -> None:
        """Write what the log holds to files, so that whoever opens the store next has nothing to replay."""
        try:
            self._flush()
        except Exception as error:  # rocksdict raises bare Exception; the log is replayed then
            log.warning(line("not flushed", path=self._db_path, reason=error))

    def close(self) -> None:
        """Close the store; what was acknowledged is on disk."""
        self.handles.clear()
        if self._acknowledged:
            self._acknowledged.close()
        try:
            self._disconnect()
        except Exception as error:  # about something that happened before; everything acknowledged is on disk
            log.info(line("store closed with an error", path=self._db_path, error=error))
        os.close(self._lock)

    def _flush(self, *, wait: bool = True) -> None:
        for family in self._families.values():
            family.flush(wait)

    def _open(self, cautious: bool) -> None:
        exists = (self._db_path / directory.CURRENT).exists()
        if exists:
            _check_families(self._db_path)
        try:
            wal.mend_tails(self._db_path)
            if exists and (cautious or wal.has_records(self._db_path)):
                recover(self._db_path)
            self._connect()
            self._families[schema.OUTBOX].set_options(schema.OUTBOX_WHEN_OPEN)
        except OSError as error:
            raise directory.unusable(self._db_path, error) from error
        except Exception as error:  # rocksdict raises bare Exception
            raise _not_opened(self._db_path, directory.said(error)) from error

    def _check_acknowledged(self) -> None:
        try:
            self._acknowledged = Acknowledged(self._db_path)
        except OSError as error:
            raise directory.unusable(self._db_path, error) from error
        self._acknowledged.check(self._db.latest_sequence_number())

    def _store_info(self, timezone: str) -> StoreInfo:
        value = self.get(schema.CHECKPOINTS, keys.STORE)
        if value is None:
            if next(self.scan(schema.EVENTS, b"", b"\xff"), None) is not None:
                raise StoreError(
                    f"The store at {self._db_path} is another program's, whose events are not read in place.",
                    "Name another folder with --db-path, and take the events in with admin migrate --source.",
                )
            zone = timezone or local_zone()
            info = StoreInfo(schema.SCHEMA_VERSION, zone, created_ms=time.time_ns() // 1_000_000)
            self._put_durably(keys.STORE, codec.to_json(info))
            log.info(line("store created", path=self._db_path, timezone=info.timezone))
            return info
        info = codec.store_info(value)
        schema.check_version(self._db_path, info.schema_version)
        if info.schema_version < schema.SCHEMA_VERSION:
            # Rows are read in either version and written in the new one, which an older program must not open.
            if self.get(schema.CHECKPOINTS, keys.MIGRATION) is None:
                self._put_durably(keys.MIGRATION, codec.to_json(MigrationState(info.schema_version)))
            info = replace(info, schema_version=schema.SCHEMA_VERSION)
            self._put_durably(keys.STORE, codec.to_json(info))
            log.info(line("store upgraded", path=self._db_path, schema=info.schema_version))
        return info

    def _make_redaction_key(self) -> None:
        """Create the store's redaction key; an older store may have none."""
        if self.get(schema.CHECKPOINTS, keys.REDACTION_KEY) is None:
            self._put_durably(keys.REDACTION_KEY, secrets.token_bytes(REDACTION_KEY_BYTES))

    def _note_redaction_rules(self) -> None:
        """Note the version of the rules for secrets, and since when, where it is another one than before."""
        rules = records.redaction_rules(self)
        if not rules or rules[-1][0] != redaction.VERSION:
            rules.append((redaction.VERSION, time.time_ns() // 1_000_000))
            self._put_durably(keys.REDACTION_RULES, b"".join(b"%d %d\n" % each for each in rules))

    def _first_outbox_entry(self) -> int:
        """The number of the first entry, or of the next one where there is none."""
        first = next(self.scan(schema.OUTBOX, keys.OUTBOX_PREFIX, keys.after(keys.OUTBOX_PREFIX)), None)
        return keys.outbox_sequence(first[0]) if first else self.counters.sequence + 1

    def _has_removed_events(self) -> bool:
        prefix = keys.REMOVED_PREFIX
        return next(self.scan(schema.EVENTS, prefix, keys.after(prefix)), None) is not None

    def _put_durably(self, key: bytes, value: bytes) -> None:
        """Put a bookkeeping row before the first group."""
        batch = WriteBatch(raw_mode=True)
        batch.put(key, value, self.handles[schema.CHECKPOINTS])
        self._db.write(batch)
        self._db.flush_wal(True)


def _make_directory(db_path: Path) -> None:
    """Make the store's folder, for this user only; raises StoreError where it can't be made or holds other things."""
    # First, so that a folder named by mistake keeps its mode.
    directory.has_store(db_path)
    directory.refuse_backup(db_path)
    try:
        # Without its parents: the folder of a project store may have been moved or removed, and stays so.
        make_private_dir(db_path, parents=False)
    except OSError as error:
        raise directory.unusable(db_path, error) from error


def _lock_directory(db_path: Path) -> int:
    """Lock the folder, and so the store, for as long as the returned descriptor is open.

    RocksDB has a lock of its own, but logs are mended before it is opened, and a log in use must not be touched.
    """
    try:
        descriptor = locks.take(db_path, LOCK_WAIT_S)
    except OSError as error:
        raise directory.unusable(db_path, error) from error
    if descriptor is None:
        raise _in_use(db_path)
    return descriptor


def _not_opened(db_path: Path, reason: str) -> StoreError:
    if any(words in reason for words in LOCK_HELD):
        return _in_use(db_path)
    if DISK_FULL in reason:
        return StoreNotReady(f"The store at {db_path} can't be opened: {reason}.", "Make room on its disk.")
    return StoreError(
        f"The store at {db_path} can't be opened: {reason}.",
        "It was left as it is: copy the folder before anything else, then restore it from a backup, or name another "
        "with --db-path.",
    )


def _in_use(db_path: Path) -> StoreNotReady:
    return StoreNotReady(
        f"Another process has the store at {db_path} open.", "Stop that process.", reason="STORE_IN_USE"
    )


def _check_families(db_path: Path) -> None:
    try:
        found = set(Rdict.list_cf(str(db_path)))
    except Exception:  # damage; opening the store says more about it
        return
    if unknown := found - {*schema.COLUMN_FAMILIES, "default"}:
        raise schema.newer(db_path, f"column families {', '.join(sorted(unknown))}")
    # RocksDB would make them, and pass over what the log holds of them; only while a store is made may some be missing.
    if (missing := {*schema.COLUMN_FAMILIES} - found) and acknowledged.recorded_in(db_path):
        raise directory.cut_short(db_path, missing)
