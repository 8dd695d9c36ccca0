"""Jobs: how their runs went, which run is asked for, which job is paused."""

from __future__ import annotations

from agent_memory.bus import frames
from agent_memory.ingest.handlers.outcome import Outcome
from agent_memory.ingest.writer import Group
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import codec, keys, schema


def record_job(group: Group, command: pb.Command) -> Outcome:
    """Remember how a job's run went."""
    put_job(group, command.record_job)
    return Outcome(pb.Reply(protocol=frames.PROTOCOL, job_recorded=pb.JobRecorded()))


def ask_for_run(group: Group, command: pb.Command) -> Outcome:
    """Have the worker run a job. A second request while one waits gets the same run."""
    key = keys.run_asked_for(command.ask_for_run.job_name)
    asked_ms = int(group.get(schema.CHECKPOINTS, key) or 0)
    if not asked_ms:
        asked_ms = command.ask_for_run.asked_ms
        group.put_visibly(schema.CHECKPOINTS, key, b"%d" % asked_ms)
    reply = pb.Reply(protocol=frames.PROTOCOL, run_asked_for=pb.RunAskedFor(asked_ms=asked_ms))
    return Outcome(reply, frames.ANNOUNCE_JOBS)


def set_job_paused(group: Group, command: pb.Command) -> Outcome:
    """Pause or resume a job. The flag has a row of its own, so that a run that ends meanwhile does not undo it."""
    key = keys.paused(command.set_job_paused.job_name)
    if command.set_job_paused.paused:
        group.put_visibly(schema.CHECKPOINTS, key, b"1")
    else:
        group.delete(schema.CHECKPOINTS, key)
    return Outcome(pb.Reply(protocol=frames.PROTOCOL, job_paused_set=pb.JobPausedSet()), frames.ANNOUNCE_JOBS)


def reset_job(group: Group, command: pb.Command) -> Outcome:
    """Forget how a job's runs went. A paused job stays paused."""
    group.delete(schema.CHECKPOINTS, keys.job(command.reset_job.job_name))
    return Outcome(pb.Reply(protocol=frames.PROTOCOL, job_reset=pb.JobReset()), frames.ANNOUNCE_JOBS)


def put_job(group: Group, record: pb.RecordJob) -> None:
    """Stage a job's rows as they are after a run."""
    group.put_visibly(schema.CHECKPOINTS, keys.job(record.job_name), record.value)
    if record.HasField("runs"):
        group.put_visibly(schema.CHECKPOINTS, keys.job_runs(record.job_name), record.runs)
        if runs := codec.job_runs(record.runs):
            group.note_run(record.job_name, runs[-1].duration_ms / 1000)
    if record.is_answer:
        group.delete(schema.CHECKPOINTS, keys.run_asked_for(record.job_name))
