"""Figures that only the running processes have: what calls and commits took, and how far readers are behind."""

from __future__ import annotations

from agent_memory.messages import histogram_to_pb
from agent_memory.model import DEFAULT_STORE
from agent_memory.query.call_figures import CallFigures
from agent_memory.query.store_context import StoreContext
from agent_memory.rpc import bus_pb2 as bus
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import records


def metrics(store: StoreContext, calls: CallFigures) -> pb.GetMetricsResponse:
    """The figures of the store and its writer, with the default one those of this process; raises WriterUnavailable."""
    seen = records.counters(store.reader).sequence
    pong = store.writer.ask(bus.Command(ping=bus.Ping(figures=True))).pong
    costs = records.spending(store.caught_up()).total.values()
    return pb.GetMetricsResponse(
        calls=_calls(calls) if store.name == DEFAULT_STORE else {},
        append_seconds=histogram_to_pb(store.batcher.took),
        commit_seconds=_as_ours(pong.figures.commit_seconds),
        fsync_seconds=_as_ours(pong.figures.fsync_seconds),
        group_commands=_as_ours(pong.figures.group_commands),
        reader_lag_events=max(0, pong.sequence - seen),
        oldest_age_seconds=pong.figures.oldest_age_seconds,
        rocksdb=pong.figures.rocksdb,
        job_seconds={job: _as_ours(took) for job, took in pong.figures.job_seconds.items()},
        spent_tokens={
            "input": sum(cost.input_tokens for cost in costs),
            "output": sum(cost.output_tokens for cost in costs),
        },
    )


def _calls(calls: CallFigures) -> dict[str, pb.Histogram]:
    return {method: histogram_to_pb(took) for method, took in list(calls.by_method.items())}


def _as_ours(histogram: bus.Histogram) -> pb.Histogram:
    return pb.Histogram(bounds=histogram.bounds, counts=histogram.counts, sum=histogram.sum)
