"""What each command does to a group. A handler decides everything first and stages its rows last, so that one that is
refused leaves nothing behind in a group that others share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from agent_memory.bus import frames
from agent_memory.ingest.writer import Group
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.rpc import memory_pb2 as memory
from agent_memory.store import codec, keys, ledger, schema
from agent_memory.store.codec import Counters


@dataclass(frozen=True, slots=True)
class Outcome:
    """A command's reply, to be sent once its group is on disk, and what to announce then."""

    reply: pb.Reply
    announce: bytes | None = None


def handle(group: Group, command: pb.Command) -> Outcome:
    """Stage the command's effects in the group."""
    if command.protocol != frames.PROTOCOL:
        return _refused(
            f"The writer speaks bus protocol {frames.PROTOCOL}, this command {command.protocol}: processes of two "
            "versions are running. Run: memory-daemon restart"
        )
    handler = _HANDLERS.get(command.WhichOneof("body") or "")
    if handler is None:
        return _refused("The writer does not know this command. Run: memory-daemon restart")
    return handler(group, command)


def append_events(group: Group, command: pb.Command) -> Outcome:
    """Store the events that are new. The first write of an id wins, also within one group."""
    contents = command.append_events.events
    events = [memory.Event.FromString(content) for content in contents]
    id_keys = [keys.event_id(event.event_id) for event in events]
    created = group.reserve_ids(id_keys)
    sequence = group.counters.sequence
    put_event, put_entry = group.putter(schema.EVENTS), group.putter(schema.OUTBOX)
    # By quarter of an hour and agent: most events of a batch share both.
    stored: Counter[tuple[int, str]] = Counter()
    for content, event, id_key, is_new in zip(contents, events, id_keys, created, strict=True):
        if is_new:
            sequence += 1
            timestamp_ms = event.timestamp_ms
            event_key, session_key, stamp, entry = keys.event_names(event.session_id, timestamp_ms, event.event_id)
            # The event, its look-ups and its outbox entry: all or none, so nothing is stored and never summarised.
            put_event(event_key, content)
            put_event(id_key, stamp)
            put_event(session_key, b"")
            put_entry(keys.outbox(sequence), entry)
            stored[timestamp_ms // ledger.QUARTER_MS, event.agent] += 1
    if new := sequence - group.counters.sequence:
        group.counters = replace(group.counters, events=group.counters.events + new, sequence=sequence)
    _count_stored(group, stored)
    _count_redacted(group, command.append_events.redacted, created)
    reply = pb.Reply(protocol=frames.PROTOCOL, appended=pb.Appended(created=created, sequence=sequence))
    return Outcome(reply, frames.ANNOUNCE_EVENTS if new else None)


def commit_toc(group: Group, command: pb.Command) -> Outcome:
    """Store the worker's result, unless another commit came first: nodes, grips, cuts and cursor, all or none."""
    commit = command.commit_toc
    if commit.expected_commit != group.toc.commit:
        return Outcome(
            frames.refused(
                pb.Refused.STALE,
                f"Commit {group.toc.commit} came first; this one was computed from {commit.expected_commit}.",
            )
        )
    for node_id in commit.removed_node_ids:
        _remove_node(group, node_id)
    for node in commit.nodes:
        _put_node(group, node)
    for gone in commit.removed_segments:
        row = keys.segment(gone.session_id, gone.first_ms, gone.first_event_id)
        _count_reached(group, row, {})
        group.delete(schema.CHECKPOINTS, row)
        group.delete(schema.CHECKPOINTS, keys.open_segment(gone.session_id, gone.first_ms, gone.first_event_id))
    # Before they are put: a segment that changed its project is in another place among the same commit's.
    for filed in commit.unfiled:
        group.delete(schema.CHECKPOINTS, keys.project_segment(filed.project, filed.first_ms, filed.first_event_id))
    for segment in commit.segments:
        _put_segment(group, segment)
    for grip in commit.removed_grips:
        _remove_grip(group, grip.node_id, grip.grip_id)
    if commit.HasField("rebuild"):
        # With the effects: a worker that dies half-way goes on where it was.
        group.put_visibly(schema.CHECKPOINTS, keys.REBUILD, commit.rebuild)
    if commit.HasField("job"):
        # With the effects, too: a job that shows as done has done it, and one that has done it shows so.
        _put_job(group, commit.job)
    if commit.HasField("counter_changes"):
        group.counters = _changed(group.counters, commit.counter_changes)
    for change in commit.ledger_changes:
        _change_ledger(group, change.entry, stored=change.stored, reached=change.reached)
    group.toc = replace(group.toc, cursor=max(group.toc.cursor, commit.cursor), commit=group.toc.commit + 1)
    reply = pb.Reply(protocol=frames.PROTOCOL, toc_committed=pb.TocCommitted(commit=group.toc.commit))
    return Outcome(reply)


def record_job(group: Group, command: pb.Command) -> Outcome:
    """Remember how a job's run went."""
    _put_job(group, command.record_job)
    return Outcome(pb.Reply(protocol=frames.PROTOCOL, job_recorded=pb.JobRecorded()))


def ask_for_run(group: Group, command: pb.Command) -> Outcome:
    """Have the worker run a job; who asks while somebody else waits, waits for the same run."""
    key = keys.run_asked_for(command.ask_for_run.job_name)
    asked_ms = int(group.get(schema.CHECKPOINTS, key) or 0)
    if not asked_ms:
        asked_ms = command.ask_for_run.asked_ms
        group.put_visibly(schema.CHECKPOINTS, key, b"%d" % asked_ms)
    reply = pb.Reply(protocol=frames.PROTOCOL, run_asked_for=pb.RunAskedFor(asked_ms=asked_ms))
    return Outcome(reply, frames.ANNOUNCE_JOBS)


def set_job_paused(group: Group, command: pb.Command) -> Outcome:
    """Pause a job or let it go on; a row of its own, so that a run that ends meanwhile does not undo it."""
    key = keys.paused(command.set_job_paused.job_name)
    if command.set_job_paused.paused:
        group.put_visibly(schema.CHECKPOINTS, key, b"1")
    else:
        group.delete(schema.CHECKPOINTS, key)
    return Outcome(pb.Reply(protocol=frames.PROTOCOL, job_paused_set=pb.JobPausedSet()), frames.ANNOUNCE_JOBS)


def begin_rebuild(group: Group, command: pb.Command) -> Outcome:
    """Have the worker rebuild the table of contents; the same rebuild again goes on where it is."""
    running = codec.rebuild_state(group.get(schema.CHECKPOINTS, keys.REBUILD))
    if not running.is_running:
        group.put_visibly(schema.CHECKPOINTS, keys.REBUILD, command.begin_rebuild.value)
    elif not running.asks_the_same(codec.rebuild_state(command.begin_rebuild.value)):
        return _refused(
            f"Another rebuild is under way: {running.events_done} of {running.events} events are done. "
            "Ask again when it is finished."
        )
    reply = pb.Reply(protocol=frames.PROTOCOL, rebuild_begun=pb.RebuildBegun())
    return Outcome(reply, frames.ANNOUNCE_JOBS)


def reset_job(group: Group, command: pb.Command) -> Outcome:
    """Forget how a job's runs went; whether it is paused stays."""
    group.delete(schema.CHECKPOINTS, keys.job(command.reset_job.job_name))
    return Outcome(pb.Reply(protocol=frames.PROTOCOL, job_reset=pb.JobReset()), frames.ANNOUNCE_JOBS)


def ping(group: Group, command: pb.Command) -> Outcome:
    """Say how far everything has come."""
    pong = pb.Pong(sequence=group.counters.sequence, commit=group.toc.commit)
    return Outcome(pb.Reply(protocol=frames.PROTOCOL, pong=pong))


_HANDLERS: dict[str, Callable[[Group, pb.Command], Outcome]] = {
    "append_events": append_events,
    "commit_toc": commit_toc,
    "record_job": record_job,
    "ask_for_run": ask_for_run,
    "set_job_paused": set_job_paused,
    "begin_rebuild": begin_rebuild,
    "reset_job": reset_job,
    "ping": ping,
}


def _count_redacted(group: Group, redacted: Iterable[pb.Redacted], created: Sequence[bool]) -> None:
    """Count the secrets that were taken out of the new ones of the events."""
    found: Counter[str] = Counter()
    for each in redacted:
        if created[each.event]:
            found.update(each.counts)
    if found:
        counts = codec.counts(group.get(schema.CHECKPOINTS, keys.REDACTED)) + found
        group.put_visibly(schema.CHECKPOINTS, keys.REDACTED, codec.counts_to_json(counts))


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
    # Also without the row above: what nothing points to can be removed, too.
    group.delete_range(schema.TOC_NODES, *keys.node_versions(node_id))
    _remove_grips(group, node_id, kept=set())


def _remove_grips(group: Group, node_id: str, kept: set[str]) -> None:
    for row in group.keys_with(schema.GRIPS, keys.node_grips(node_id)):
        grip_id = keys.grip_id_of_node_row(row, node_id)
        if grip_id not in kept:
            _remove_grip(group, node_id, grip_id)


def _remove_grip(group: Group, node_id: str, grip_id: str) -> None:
    if group.get(schema.GRIPS, keys.grip(grip_id)) is not None:
        group.counters = replace(group.counters, grips=group.counters.grips - 1)
    group.delete(schema.GRIPS, keys.node_grip(node_id, grip_id))
    group.delete(schema.GRIPS, keys.grip(grip_id))


def _put_job(group: Group, record: pb.RecordJob) -> None:
    group.put_visibly(schema.CHECKPOINTS, keys.job(record.job_name), record.value)
    if record.HasField("runs"):
        group.put_visibly(schema.CHECKPOINTS, keys.job_runs(record.job_name), record.runs)
    if record.is_answer:
        group.delete(schema.CHECKPOINTS, keys.run_asked_for(record.job_name))


def _put_segment(group: Group, segment: pb.SegmentPut) -> None:
    key = segment.key
    row = keys.segment(key.session_id, key.first_ms, key.first_event_id)
    _count_reached(group, row, codec.segment_row(segment.value).counts)
    group.put_visibly(schema.CHECKPOINTS, row, segment.value)
    open_key = keys.open_segment(key.session_id, key.first_ms, key.first_event_id)
    if segment.HasField("open_since_ms"):
        group.put(schema.CHECKPOINTS, open_key, b"%d" % segment.open_since_ms)
    else:
        group.delete(schema.CHECKPOINTS, open_key)
    if segment.project:
        filed = keys.project_segment(segment.project, key.first_ms, key.first_event_id)
        group.put(schema.CHECKPOINTS, filed, segment.filed)


def _count_stored(group: Group, stored: Mapping[tuple[int, str], int]) -> None:
    entries: Counter[str] = Counter()
    for (quarter, agent), count in stored.items():
        entries[ledger.name(quarter * ledger.QUARTER_MS, agent, group.zone)] += count
    for entry, count in entries.items():
        _change_ledger(group, entry, stored=count)


def _count_reached(group: Group, segment_row: bytes, counts: Mapping[str, int]) -> None:
    """Let the ledger say what a segment's row will hold, in place of what it held."""
    was = group.get(schema.CHECKPOINTS, segment_row)
    before = codec.segment_row(was).counts if was is not None else {}
    if before == counts:
        return
    for entry in {*before, *counts}:
        _change_ledger(group, entry, reached=counts.get(entry, 0) - before.get(entry, 0))


def _change_ledger(group: Group, entry: str, *, stored: int = 0, reached: int = 0) -> None:
    key = keys.ledger(entry)
    changed = codec.ledger_entry(group.get(schema.CHECKPOINTS, key)).changed(stored=stored, reached=reached)
    group.put_visibly(schema.CHECKPOINTS, key, codec.to_json(changed))


def _changed(counters: Counters, changes: pb.CounterChanges) -> Counters:
    return replace(
        counters,
        events=counters.events + changes.events,
        toc_nodes=counters.toc_nodes + changes.toc_nodes,
        grips=counters.grips + changes.grips,
    )


def _refused(message: str) -> Outcome:
    return Outcome(frames.refused(pb.Refused.INVALID, message))
