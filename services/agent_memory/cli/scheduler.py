"""`scheduler`: the jobs that run by the clock, shown and paused."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import click

from agent_memory.cli.options import HELP, current, json_option, settings_options
from agent_memory.errors import AgentMemoryError


@click.group(context_settings=HELP)
@settings_options
def scheduler() -> None:
    """See the scheduled jobs, pause and resume them.

    Example: memory-daemon scheduler status
    """


@scheduler.command()
@json_option
@settings_options
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """Show every job: when it ran, when it will run, how often it failed; times are the store's.

    Example: memory-daemon scheduler status
    """
    from agent_memory.cli.connection import connect
    from agent_memory.cli.json_text import reply_json

    with connect(current(context)) as client:
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


@scheduler.command()
@click.argument("job")
@settings_options
@click.pass_context
def pause(context: click.Context, job: str) -> None:
    """Let a job not run until it is resumed, also after a restart.

    Example: memory-daemon scheduler pause toc_rollup_day
    """
    from agent_memory.cli.connection import connect

    with connect(current(context)) as client:
        reply = client.pause_job(job)
    _say(reply.success, f"Job {job} is paused", reply.error)


@scheduler.command()
@click.argument("job")
@settings_options
@click.pass_context
def resume(context: click.Context, job: str) -> None:
    """Let a paused job run again.

    Example: memory-daemon scheduler resume toc_rollup_day
    """
    from agent_memory.cli.connection import connect

    with connect(current(context)) as client:
        reply = client.resume_job(job)
    _say(reply.success, f"Job {job} is resumed", reply.error)


def _say(success: bool, done: str, error: str) -> None:
    if not success:
        raise AgentMemoryError(error)
    click.echo(done)


def _row(job: str, state: str, last: str, following: str, runs: str, errors: str) -> str:
    return f"{job:<19}  {state:<7}  {last:<16}  {following:<16}  {runs:>4}  {errors:>6}"


def _when(moment_ms: int, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(moment_ms // 1000, zone):%Y-%m-%d %H:%M}" if moment_ms else "never"
