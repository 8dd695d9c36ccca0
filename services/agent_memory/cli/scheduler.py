"""`scheduler`: show, pause, resume and run the scheduled jobs."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import click

from agent_memory.cli import completing
from agent_memory.cli.each_store import all_stores_option
from agent_memory.cli.options import HELP, current, json_option, settings_options
from agent_memory.errors import AgentMemoryError
from agent_memory.jobs import JobResult
from agent_memory.present.text import printable

if TYPE_CHECKING:  # gRPC costs 100 ms, and --help has no use for it
    from agent_memory.client import Client
    from agent_memory.rpc.memory_pb2 import JobRun, PauseJobResponse, ResumeJobResponse, RunJobResponse

# How often to look whether a run has ended.
_LOOK_S: Final = 0.2
# A worker that died is back within so many seconds, or gone for good.
_WORKER_AWAY_S: Final = 15.0


@click.group(context_settings=HELP)
@settings_options
def scheduler() -> None:
    """Show, pause, resume and run the scheduled jobs.

    Example: memory-daemon scheduler status
    """


@scheduler.command()
@json_option
@settings_options
@click.pass_context
@all_stores_option
def status(context: click.Context, as_json: bool) -> None:
    """Show every job: when it ran, when it will run, how it went.

    Times are in the store's time zone.

    Example: memory-daemon scheduler status
    """
    from agent_memory.control.connection import connect_to_store
    from agent_memory.present.json_text import reply_json

    with connect_to_store(current(context)) as client:
        reply = client.scheduler_status()
        if as_json:
            click.echo(reply_json(reply))
            return
        zone = ZoneInfo(client.stats().timezone or "UTC")
    click.echo(f"Scheduler: {'RUNNING' if reply.scheduler_running else 'STOPPED'}\n")
    click.echo(_row("JOB", "STATUS", "LAST RUN", "NEXT RUN", "RUNS", "ERRORS"))
    for job in reply.jobs:
        state = "PAUSED" if job.is_paused else "RUNNING" if job.is_running else "IDLE"
        last, following = _when(job.last_run_ms, zone), _when(job.next_run_ms, zone)
        click.echo(_row(job.job_name, state, last, following, str(job.run_count), str(job.error_count)))
    for job in reply.jobs:
        if JobResult(job.last_result or JobResult.SUCCESS) == JobResult.FAILED:
            click.echo(f"\n{job.job_name} failed: {printable(job.last_error)}")


@scheduler.command()
@click.argument("job", shell_complete=completing.jobs)
@json_option
@settings_options
@click.pass_context
def pause(context: click.Context, job: str, as_json: bool) -> None:
    """Pause a job until it is resumed.

    It stays paused when the daemon restarts. run-now still runs it.

    Example: memory-daemon scheduler pause toc_rollup_day
    """
    reply = _change(context, lambda client: client.pause_job(job))
    click.echo(reply if as_json else f"Job {job} is paused")


@scheduler.command()
@click.argument("job", shell_complete=completing.jobs)
@json_option
@settings_options
@click.pass_context
def resume(context: click.Context, job: str, as_json: bool) -> None:
    """Resume a paused job.

    Example: memory-daemon scheduler resume toc_rollup_day
    """
    reply = _change(context, lambda client: client.resume_job(job))
    click.echo(reply if as_json else f"Job {job} is resumed")


@scheduler.command("run-now")
@click.argument("job", shell_complete=completing.jobs)
@json_option
@settings_options
@click.pass_context
def run_now(context: click.Context, job: str, as_json: bool) -> None:
    """Run a job now, even a paused one, and show how it went.

    Exits 1 if the job failed. Ctrl-C ends the command, not the job.

    Example: memory-daemon scheduler run-now toc_rollup_day
    """
    from agent_memory.control.connection import connect_to_store
    from agent_memory.present.json_text import reply_json

    with connect_to_store(current(context)) as client:
        asked = client.run_job(job)
        _check(asked)
        run = _run_asked_for(client, job, asked.asked_ms)
    click.echo(reply_json(run) if as_json else _described(run))
    context.exit(0 if JobResult(run.result) == JobResult.SUCCESS else 1)


@scheduler.command()
@click.argument("job", default="", shell_complete=completing.jobs)
@json_option
@settings_options
@click.pass_context
def history(context: click.Context, job: str, as_json: bool) -> None:
    """Show the last runs of one job or of all, newest first.

    Shows what each run did, or why it failed. Times are in the store's time zone.

    Example: memory-daemon scheduler history toc_rollup_day
    """
    from agent_memory.control.connection import connect_to_store
    from agent_memory.present.json_text import reply_json

    with connect_to_store(current(context)) as client:
        reply = client.job_history(job)
        if reply.error:
            raise AgentMemoryError(reply.error)
        if as_json:
            click.echo(reply_json(reply))
            return
        zone = ZoneInfo(client.stats().timezone or "UTC")
    if not reply.runs:
        click.echo("No job has run yet. See the next times with: memory-daemon scheduler status")
        return
    click.echo(f"{'JOB':<19}  {'BEGAN':<16}  {'TOOK':>9}  RESULT")
    for run in reply.runs:
        click.echo(f"{run.job_name:<19}  {_when(run.began_ms, zone):<16}  {_took(run):>9}  {_outcome(run)}")


def _change(context: click.Context, ask: Callable[[Client], PauseJobResponse | ResumeJobResponse]) -> str:
    """Have the daemon change a job; its reply in JSON. Raises AgentMemoryError where it refuses."""
    from agent_memory.control.connection import connect_to_store
    from agent_memory.present.json_text import reply_json

    with connect_to_store(current(context)) as client:
        reply = ask(client)
    _check(reply)
    return reply_json(reply)


def _check(reply: PauseJobResponse | ResumeJobResponse | RunJobResponse) -> None:
    if not reply.success:
        raise AgentMemoryError(reply.error)


def _run_asked_for(client: Client, job: str, asked_ms: int) -> JobRun:
    """The run that was requested then, once it has ended; raises AgentMemoryError if there is no worker to do it."""
    alone_since_s = time.monotonic()
    while True:
        for run in client.job_history(job).runs:
            if run.asked_ms == asked_ms:
                return run
        if client.scheduler_status().scheduler_running:
            alone_since_s = time.monotonic()
        elif time.monotonic() - alone_since_s > _WORKER_AWAY_S:
            raise AgentMemoryError(
                f"{job} is waiting: the worker, which runs the jobs, is down. The job runs when the worker is back. "
                "See: memory-daemon status, memory-daemon logs worker"
            )
        time.sleep(_LOOK_S)


def _described(run: JobRun) -> str:
    return f"{run.job_name}: {_outcome(run)}, took {_took(run)}"


def _outcome(run: JobRun) -> str:
    """How a run ended, and what it did or why it failed."""
    match JobResult(run.result):
        case JobResult.SUCCESS:
            counts = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in sorted(run.counts.items()))
            return f"done ({counts})" if counts else "done"
        case JobResult.SKIPPED:
            return "skipped, the job was paused"
        case _:
            return f"failed: {printable(run.error)}"


def _took(run: JobRun) -> str:
    return f"{run.duration_ms} ms" if run.duration_ms < 10_000 else f"{run.duration_ms / 1000:.0f} s"


def _row(job: str, state: str, last: str, following: str, runs: str, errors: str) -> str:
    return f"{job:<19}  {state:<7}  {last:<16}  {following:<16}  {runs:>4}  {errors:>6}"


def _when(at_ms: int, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at_ms // 1000, zone):%Y-%m-%d %H:%M}" if at_ms else "never"
