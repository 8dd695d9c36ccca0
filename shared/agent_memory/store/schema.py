"""The column families: what each holds, and how it is compacted and compressed.

    events       universal, zstd   evt:{timestamp_ms:013}:{event_id}   protobuf Event
                                   id:{event_id}                       timestamp_ms, 13 digits
                                   ses:{session_id}\\0{ts:013}:{id}     empty: a session's events in order
                                   gone:{event_id}                     empty: the event was deleted on request
    toc_nodes    level, none       toc:{node_id}:v{version:06}         JSON
    toc_latest   level, none       latest:{node_id}                    version, 4 bytes, big-endian
    grips        level, none       {grip_id}                           JSON
                                   node:{node_id}:{grip_id}            empty
    outbox       FIFO, none        outbox:{sequence:020}               the event: its ses: row's key without "ses:"
    checkpoints  level, none       checkpoint:{job}                    JSON; jobs, and bookkeeping named in keys.py

Everything but `events` can be rebuilt from `events`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from rocksdict import (
    BlockBasedIndexType,
    BlockBasedOptions,
    Cache,
    DBCompactionStyle,
    DBCompressionType,
    DBRecoveryMode,
    FifoCompactOptions,
    Options,
)

from agent_memory.errors import StoreError
from agent_memory.memory_profile import USUAL, MemoryProfile

# Written when a store is created or upgraded; a program refuses a store with a higher number than its own.
SCHEMA_VERSION: Final = 2

EVENTS: Final = "events"
TOC_NODES: Final = "toc_nodes"
TOC_LATEST: Final = "toc_latest"
GRIPS: Final = "grips"
OUTBOX: Final = "outbox"
CHECKPOINTS: Final = "checkpoints"
# All are created at the first open: a secondary can't follow a primary that adds one later.
COLUMN_FAMILIES: Final = (EVENTS, TOC_NODES, TOC_LATEST, GRIPS, OUTBOX, CHECKPOINTS)

_WAL_MAX_BYTES: Final = 64 << 20
# FIFO drops its oldest file beyond this: some four million entries, more than any backlog of the worker's.
_OUTBOX_MAX_BYTES: Final = 256 << 20
# Each catch-up looks at every file, so the outbox's, which nothing else merges, are merged.
_OUTBOX_FILES_TO_MERGE: Final = 16
# The library has no setter for this; the writer sets it once the store is open.
OUTBOX_WHEN_OPEN: Final = {
    "compaction_options_fifo": f"{{max_table_files_size={_OUTBOX_MAX_BYTES};allow_compaction=true}}"
}
_BLOOM_BITS: Final = 10
# Level 1 in place of the library's 3, and twice the files: together they took about a third off the processor time of
# a bulk load (9.4 to 11.3 ms a batch of 500 became 6.6 to 6.8), for a store of 33 MB in place of 32.
_ZSTD_LEVEL: Final = 1
_ZSTD_WINDOW_BITS: Final = -14  # the library's own
_EVENTS_FILES_TO_MERGE: Final = 8
# Four times the library's: a quarter less on disk, and events that are read together lie together.
_EVENTS_BLOCK_BYTES: Final = 16 << 10


def options(
    cache_bytes: int, *, read_only: bool = False, memory: MemoryProfile = USUAL
) -> tuple[Options, dict[str, Options]]:
    """The database's options and each column family's; one block cache of `cache_bytes` is shared by all.

    Of `memory`, the write buffers count: every secondary holds a copy of what the primary has not flushed.
    """
    database = _raw()
    database.create_if_missing(not read_only)
    database.create_missing_column_families(not read_only)
    database.set_max_total_wal_size(_WAL_MAX_BYTES)
    # A crash leaves a torn tail, which holds nothing acknowledged. Damage before the tail must be refused.
    database.set_wal_recovery_mode(DBRecoveryMode.tolerate_corrupted_tail_records())
    database.set_max_background_jobs(2)
    database.set_keep_log_file_num(3)
    database.set_max_log_file_size(1 << 20)
    database.set_stats_dump_period_sec(0)
    database.set_stats_persist_period_sec(0)
    # Each catch-up would start sixteen threads a column family with the default: 28 ms in place of 0.04.
    database.set_max_file_opening_threads(1)
    # A secondary keeps files open that the primary has compacted away.
    database.set_max_open_files(-1)
    cache = Cache(cache_bytes)
    return database, {name: _family(name, cache, memory) for name in COLUMN_FAMILIES}


def check_version(db_path: Path, version: int) -> None:
    """Raise StoreError where the store has a newer schema than this program knows."""
    if version > SCHEMA_VERSION:
        raise newer(db_path, f"schema {version}")


def newer(db_path: Path, what: str) -> StoreError:
    """The error for a store in which only a newer program can have written `what`."""
    return StoreError(
        f"The store at {db_path} was written by a newer version of agent-memory ({what}; this one knows schema "
        f"{SCHEMA_VERSION}).",
        "It was left as it is: upgrade agent-memory, or name another folder with --db-path.",
    )


def _family(name: str, cache: Cache, memory: MemoryProfile) -> Options:
    family = _raw()
    family.set_write_buffer_size(memory.events_buffer if name == EVENTS else memory.other_buffer)
    blocks = BlockBasedOptions()
    blocks.set_block_cache(cache)
    blocks.set_bloom_filter(_BLOOM_BITS, False)
    blocks.set_cache_index_and_filter_blocks(True)
    blocks.set_pin_l0_filter_and_index_blocks_in_cache(True)
    # In one piece, a large file's index or filter fits into no shard of a small cache, and is read again for every
    # look-up: at a million events that made reads up to five times as slow as at ten thousand.
    blocks.set_index_type(BlockBasedIndexType.two_level_index_search())
    blocks.set_partition_filters(True)
    blocks.set_pin_top_level_index_and_filter(True)
    if name == EVENTS:
        blocks.set_block_size(_EVENTS_BLOCK_BYTES)
        family.set_compaction_style(DBCompactionStyle.universal())
        family.set_level_zero_file_num_compaction_trigger(_EVENTS_FILES_TO_MERGE)
        family.set_compression_type(DBCompressionType.zstd())
        family.set_compression_options(_ZSTD_WINDOW_BITS, _ZSTD_LEVEL, 0, 0)
    elif name == OUTBOX:
        family.set_compaction_style(DBCompactionStyle.fifo())
        fifo = FifoCompactOptions()
        fifo.max_table_files_size = _OUTBOX_MAX_BYTES
        family.set_fifo_compaction_options(fifo)
        family.set_level_zero_file_num_compaction_trigger(_OUTBOX_FILES_TO_MERGE)
        family.set_compression_type(DBCompressionType.none())
    else:
        family.set_compaction_style(DBCompactionStyle.level())
        family.set_compression_type(DBCompressionType.none())
    family.set_block_based_table_factory(blocks)
    return family


def _raw() -> Options:
    """Bytes in, bytes out; must be the same on every open and every batch."""
    return Options(raw_mode=True)
