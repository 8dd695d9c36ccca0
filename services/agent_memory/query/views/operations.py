"""Operations: the ledger, the scheduled jobs and the rebuild, as their rows say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agent_memory.jobs import Job
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import records
from agent_memory.store.ledger import day_and_agent, entries
from agent_memory.store.reader import Reader


def ledger(reader: Reader, request: pb.GetLedgerRequest) -> pb.GetLedgerResponse:
    """How many events of each day and agent are stored and reachable."""
    response = pb.GetLedgerResponse()
    for name, entry in entries(reader, request.from_day):
        day, agent = day_and_agent(name)
        response.entries.add(day=day, agent=agent, stored=entry.stored, reachable=entry.reached)
    return response


def scheduler_status(reader: Reader, jobs: Mapping[str, Job], running: bool) -> pb.GetSchedulerStatusResponse:
    """Every job's state; `running` is whether the worker is alive."""
    response = pb.GetSchedulerStatusResponse(scheduler_running=running)
    for job in jobs.values():
        state = records.job_state(reader, job.name)
        response.jobs.add(
            job_name=job.name,
            cron_expr=job.cron,
            last_run_ms=state.last_run_ms,
            last_duration_ms=state.last_duration_ms,
            last_result=pb.JobResultStatus.ValueType(state.last_result),
            last_error=state.last_error or None,
            next_run_ms=state.next_run_ms,
            run_count=state.run_count,
            error_count=state.error_count,
            is_running=state.is_running and running,
            is_paused=records.job_paused(reader, job.name),
        )
    return response


def job_history(reader: Reader, names: Iterable[str]) -> pb.GetJobRunsResponse:
    """The runs of these jobs that are kept, newest first."""
    runs = [(name, run) for name in names for run in records.job_runs(reader, name)]
    return pb.GetJobRunsResponse(
        runs=[
            pb.JobRun(
                job_name=name,
                began_ms=run.began_ms,
                duration_ms=run.duration_ms,
                result=pb.JobResultStatus.ValueType(run.result),
                error=run.error or None,
                asked_ms=run.asked_ms,
                counts=run.counts,
            )
            for name, run in sorted(runs, key=lambda each: each[1].began_ms, reverse=True)
        ]
    )


def rebuild_status(reader: Reader) -> pb.GetRebuildStatusResponse:
    """The progress of the rebuild, or of the last one."""
    state = records.rebuild_state(reader)
    return pb.GetRebuildStatusResponse(
        is_running=state.is_running,
        started_ms=state.started_ms,
        finished_ms=state.finished_ms,
        events=state.events,
        events_done=state.events_done,
        nodes_written=state.nodes_written,
    )
