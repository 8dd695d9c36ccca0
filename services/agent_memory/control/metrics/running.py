"""Metrics that only the running processes know: what calls and commits took, how far readers are behind, RocksDB's own.

They begin again at 0 with their process, as Prometheus expects of counters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from agent_memory.control.metrics.exposition import Buckets, Family, Kind

if TYPE_CHECKING:  # protobuf costs 50 ms, and --help has no use for it
    from agent_memory.rpc import memory_pb2 as pb

PREFIX: Final = "agent_memory_"
_ROCKSDB: Final = {
    "cur-size-all-mem-tables": ("rocksdb_memtable_bytes", "Rows in memory that are not yet in a file."),
    "block-cache-usage": ("rocksdb_block_cache_bytes", "Blocks of files kept in the writer's memory."),
    "estimate-table-readers-mem": ("rocksdb_table_readers_bytes", "Indexes of files in the writer's memory."),
    "total-sst-files-size": ("rocksdb_files_bytes", "Size of the store's files, of those too that are still read."),
    "estimate-pending-compaction-bytes": ("rocksdb_pending_compaction_bytes", "What a compaction has yet to rewrite."),
    "num-running-compactions": ("rocksdb_running_compactions", "Compactions under way."),
    "num-running-flushes": ("rocksdb_running_flushes", "Flushes under way."),
    "background-errors": ("rocksdb_background_errors", "Errors of flushes and compactions since the start."),
}


def running_families(found: pb.GetMetricsResponse | None, prices: Mapping[str, float]) -> Iterator[Family]:
    """The metrics of processes that say this of themselves; without values where none does.

    `prices` are dollars per million tokens, of "input" and "output"; 0 where not known.
    """
    calls = {method: _buckets(took) for method, took in found.calls.items()} if found else {}
    yield _family("call_duration_seconds", "What calls took, by method.", calls, "kind", "histogram")
    yield _histogram(
        "append_duration_seconds", "For how long the writer was waited for, by group.", found, "append_seconds"
    )
    yield _histogram("commit_duration_seconds", "What the writer took for a group.", found, "commit_seconds")
    yield _histogram("fsync_duration_seconds", "What the disk took to have a group.", found, "fsync_seconds")
    yield _histogram("group_commands", "Commands that were committed together.", found, "group_commands")
    runs = {job: _buckets(took) for job, took in found.job_seconds.items()} if found else {}
    yield _family("job_duration_seconds", "What runs of jobs took.", runs, "job", "histogram")
    lag = {None: float(found.reader_lag_events)} if found else {}
    yield _family("reader_lag_events", "Events stored and not yet seen by the query service.", lag)
    ages: Mapping[str, float] = dict(found.oldest_age_seconds) if found else {}
    yield _family("backlog_oldest_age_seconds", "For how long a consumer's oldest event waits.", ages, "kind")
    tokens = dict(found.spent_tokens) if found else {}
    yield _family("summarizer_tokens_total", "Tokens that summaries cost.", tokens, "kind", "counter")
    cost = {kind: tokens[kind] * price / 1e6 for kind, price in prices.items() if price and kind in tokens}
    yield _family("summarizer_cost_dollars_total", "What they cost, at the prices set.", cost, "kind", "counter")
    for property_name, (name, help_text) in _ROCKSDB.items():
        there = found is not None and property_name in found.rocksdb
        yield _family(name, help_text, {None: float(found.rocksdb[property_name])} if found and there else {})


def _histogram(name: str, help_text: str, found: pb.GetMetricsResponse | None, field: str) -> Family:
    has_any = found is not None and found.HasField(field)  # type: ignore[arg-type]
    return _family(name, help_text, {None: _buckets(getattr(found, field))} if has_any else {}, "", "histogram")


def _buckets(histogram: pb.Histogram) -> Buckets:
    return Buckets(list(histogram.bounds), list(histogram.counts), histogram.sum)


def _family(
    name: str,
    help_text: str,
    values: Mapping[str, float] | Mapping[None, float] | Mapping[str, Buckets] | Mapping[None, Buckets],
    label: str = "",
    kind: Kind = "gauge",
) -> Family:
    return Family(PREFIX + name, kind, help_text, dict(values.items()), label)
