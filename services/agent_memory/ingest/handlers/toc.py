"""The worker's result: nodes, grips, segments, and the cursor."""

from __future__ import annotations

from dataclasses import replace

from agent_memory.bus import frames
from agent_memory.ingest.handlers import consumers, ledger
from agent_memory.ingest.handlers.erasure import put_erasure
from agent_memory.ingest.handlers.jobs import put_job
from agent_memory.ingest.handlers.outcome import Outcome
from agent_memory.ingest.writer import Group
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import codec, keys, schema
from agent_memory.store.codec import Counters
from agent_memory.store.records import TOC


def commit_toc(group: Group, command: pb.Command) -> Outcome:
    """Store nodes, grips, segments and cursor, all or none; refused as stale where another commit came first."""
    commit = command.commit_toc
    if outcome := consumers.stale(group, TOC, commit.expected_commit):
        return outcome
    for node_id in commit.removed_node_ids:
        _remove_node(group, node_id)
    for node in commit.nodes:
        _put_node(group, node)
    for gone in commit.removed_segments:
        row = keys.segment(gone.session_id, gone.first_ms, gone.first_event_id)
        ledger.count_reached(group, row, {})
        group.delete(schema.CHECKPOINTS, row)
        group.delete(schema.CHECKPOINTS, keys.open_segment(gone.session_id, gone.first_ms, gone.first_event_id))
    # Before the puts: a segment that changed its project is filed under the new one by this same commit.
    for filed in commit.unfiled:
        group.delete(schema.CHECKPOINTS, keys.project_segment(filed.project, filed.first_ms, filed.first_event_id))
    for segment in commit.segments:
        _put_segment(group, segment)
    for grip in commit.removed_grips:
        _remove_grip(group, grip.node_id, grip.grip_id)
    if commit.HasField("rebuild"):
        # With the effects: a worker that dies half-way goes on from there.
        group.put_visibly(schema.CHECKPOINTS, keys.REBUILD, commit.rebuild)
    if commit.HasField("erasure"):
        put_erasure(group, commit.erasure)
    if commit.HasField("summary_rules"):
        group.put(schema.CHECKPOINTS, keys.SUMMARY_RULES, b"%d" % commit.summary_rules)
    if commit.HasField("job"):
        # With the effects, too: a job shows as done if and only if its effects are stored.
        put_job(group, commit.job)
    if commit.HasField("counter_changes"):
        group.counters = _changed(group.counters, commit.counter_changes)
    for change in commit.ledger_changes:
        ledger.change(group, change.entry, stored=change.stored, reached=change.reached)
    number = consumers.advance(group, TOC, commit.cursor)
    return Outcome(pb.Reply(protocol=frames.PROTOCOL, toc_committed=pb.TocCommitted(commit=number)))


def _put_node(group: Group, node: pb.NodePut) -> None:
    latest = keys.latest(node.node_id)
    if group.get(schema.TOC_LATEST, latest) is None:
        group.counters = replace(group.counters, toc_nodes=group.counters.toc_nodes + 1)
    _remove_grips(group, node.node_id, kept={grip.grip_id for grip in node.grips})
    for version in node.dropped_versions:
        group.delete(schema.TOC_NODES, keys.node(node.node_id, version))
    group.put(schema.TOC_NODES, keys.node(node.node_id, node.version), node.value)
    group.put_visibly(schema.TOC_LATEST, latest, node.version.to_bytes(4, "big"))
    for grip in node.grips:
        key = keys.grip(grip.grip_id)
        if group.get(schema.GRIPS, key) is None:
            group.counters = replace(group.counters, grips=group.counters.grips + 1)
        group.put_visibly(schema.GRIPS, key, grip.value)
        group.put_visibly(schema.GRIPS, keys.node_grip(node.node_id, grip.grip_id), b"")


def _remove_node(group: Group, node_id: str) -> None:
    latest = keys.latest(node_id)
    if group.get(schema.TOC_LATEST, latest) is not None:
        group.counters = replace(group.counters, toc_nodes=group.counters.toc_nodes - 1)
        group.delete(schema.TOC_LATEST, latest)
    # Also without the row above: versions that nothing points to can be removed, too.
    group.delete_range(schema.TOC_NODES, *keys.node_versions(node_id))
    _remove_grips(group, node_id, kept=set())


def _remove_grips(group: Group, node_id: str, kept: set[str]) -> None:
    for row in group.keys_with(schema.GRIPS, keys.node_grips(node_id)):
        _, grip_id = keys.names_of_node_row(row)
        if grip_id not in kept:
            _remove_grip(group, node_id, grip_id)


def _remove_grip(group: Group, node_id: str, grip_id: str) -> None:
    if group.get(schema.GRIPS, keys.grip(grip_id)) is not None:
        group.counters = replace(group.counters, grips=group.counters.grips - 1)
    group.delete(schema.GRIPS, keys.node_grip(node_id, grip_id))
    group.delete(schema.GRIPS, keys.grip(grip_id))


def _put_segment(group: Group, segment: pb.SegmentPut) -> None:
    key = segment.key
    row = keys.segment(key.session_id, key.first_ms, key.first_event_id)
    ledger.count_reached(group, row, codec.segment_row(segment.value).counts)
    group.put_visibly(schema.CHECKPOINTS, row, segment.value)
    open_key = keys.open_segment(key.session_id, key.first_ms, key.first_event_id)
    if segment.HasField("open_since_ms"):
        group.put(schema.CHECKPOINTS, open_key, b"%d" % segment.open_since_ms)
    else:
        group.delete(schema.CHECKPOINTS, open_key)
    if segment.project:
        filed = keys.project_segment(segment.project, key.first_ms, key.first_event_id)
        group.put(schema.CHECKPOINTS, filed, segment.filed)


def _changed(counters: Counters, changes: pb.CounterChanges) -> Counters:
    return replace(
        counters,
        events=counters.events + changes.events,
        toc_nodes=counters.toc_nodes + changes.toc_nodes,
        grips=counters.grips + changes.grips,
    )
