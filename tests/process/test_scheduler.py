"""The scheduled jobs as a client of the running daemon sees them."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from agent_memory.bus.client import Bus
from agent_memory.jobs import JOBS, JobResult
from agent_memory.paths import RuntimePaths
from agent_memory.rpc import bus_pb2 as bus_pb
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import codec
from agent_memory.store.codec import JobState
from support.stack import Stack

MADE_UP = ("rocksdb_compaction", "toc_rollup_day")


def jobs(stack: Stack) -> dict[str, pb.JobStatusProto]:
    """Every job's status, once the worker has filled in all the rows."""

    def filled_in() -> dict[str, pb.JobStatusProto]:
        found = {job.job_name: job for job in client.scheduler_status().jobs}
        return found if all(job.next_run_ms for job in found.values()) else {}

    with stack.client() as client:
        found: dict[str, pb.JobStatusProto] = stack.wait_until(filled_in)
        return found


@pytest.fixture
def running(stack: Stack) -> Stack:
    stack.start()
    return stack


def test_status_shows_every_job_from_the_start(running: Stack) -> None:
    """Nothing has run on a new store, and each job says when it will: names and times as documented."""
    found = jobs(running)

    with running.client() as client:
        assert client.scheduler_status().scheduler_running
    assert {name: job.cron_expr for name, job in found.items()} == {name: job.cron for name, job in JOBS.items()}
    now_ms = time.time_ns() // 1_000_000
    assert all(job.next_run_ms > now_ms for job in found.values())
    assert {(job.run_count, job.error_count, job.last_run_ms, job.is_paused) for job in found.values()} == {
        (0, 0, 0, False)
    }


def test_a_pause_survives_a_restart_and_a_resume_ends_it(running: Stack) -> None:
    """A paused compaction stays paused, and no other job with it."""
    with running.client() as client:
        assert client.pause_job("rocksdb_compaction").success
    before = jobs(running)
    running.run("restart")

    after = jobs(running)

    assert [name for name, job in after.items() if job.is_paused] == ["rocksdb_compaction"]
    assert {name: job.next_run_ms for name, job in after.items()} == {
        name: job.next_run_ms for name, job in before.items()
    }
    with running.client() as client:
        assert client.resume_job("rocksdb_compaction").success
    assert not jobs(running)["rocksdb_compaction"].is_paused


def record(stack: Stack, states: dict[str, JobState]) -> None:
    """Have the jobs' rows say this."""
    runtime = Path(stack.status()["socket"].removeprefix("unix:")).parent
    bus = Bus(RuntimePaths(runtime, logs=runtime, link=runtime).ingest_socket)
    for name, state in states.items():
        bus.ask(bus_pb.Command(record_job=bus_pb.RecordJob(job_name=name, value=codec.to_json(state))))
    bus.close()


def test_status_says_why_a_job_failed(running: Stack) -> None:
    """Below the table that scripts read, the reason of the last run that failed."""
    jobs(running)
    failed = JobState(last_result=JobResult.FAILED, last_error="StoreError: no room", next_run_ms=1, error_count=1)
    record(running, {"toc_rollup_week": failed})

    lines = running.run("scheduler", "status").stdout.splitlines()

    assert lines[2].split() == ["JOB", "STATUS", "LAST", "RUN", "NEXT", "RUN", "RUNS", "ERRORS"]
    assert lines[-1] == "toc_rollup_week failed: StoreError: no room"


def test_a_missed_compaction_is_made_up_beside_the_daily_work(running: Stack) -> None:
    """A worker that finds in the rows what should have run an hour ago runs it, once, and says how it went."""
    jobs(running)
    hour_ago_ms = time.time_ns() // 1_000_000 - 3_600_000
    record(running, dict.fromkeys(MADE_UP, JobState(next_run_ms=hour_ago_ms, run_count=7)))

    running.kill("worker")

    running.wait_until(lambda: all(jobs(running)[name].run_count == 8 for name in MADE_UP))
    for name in MADE_UP:
        job = jobs(running)[name]
        assert job.last_result == pb.JOB_RESULT_STATUS_SUCCESS, job.last_error
        assert job.next_run_ms > job.last_run_ms > hour_ago_ms
        assert not job.is_running


def test_a_job_that_is_not_there_is_no_failure_of_the_call(running: Stack) -> None:
    """The answer says that there is none, and which there are."""
    with running.client() as client:
        pause, resume = client.pause_job("toc_rollup_hour"), client.resume_job("")

    assert (pause.success, resume.success) == (False, False)
    assert "toc_rollup_hour" in pause.error
    assert all(name in pause.error for name in JOBS)


def test_run_now_waits_and_says_how_it_went(running: Stack) -> None:
    """Also for the compaction, which runs beside the loop; history has both, also after a restart."""
    jobs(running)

    day = running.run("scheduler", "run-now", "toc_rollup_day").stdout
    compaction = json.loads(running.run("scheduler", "run-now", "rocksdb_compaction", "--json").stdout)
    running.run("restart")

    assert day.startswith("toc_rollup_day: done (nodes 0, periods ")
    assert compaction["result"] == "JOB_RESULT_STATUS_SUCCESS"
    assert compaction["counts"] == {"column_families": "6"}
    lines = running.run("scheduler", "history").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["JOB", "rocksdb_compaction", "toc_rollup_day"]
    of_day = json.loads(running.run("scheduler", "history", "toc_rollup_day", "--json").stdout)["runs"]
    assert [run["job_name"] for run in of_day] == ["toc_rollup_day"]


def test_a_job_that_is_not_there_is_not_run(running: Stack) -> None:
    """The list of those that are is the remedy."""
    for command in (("run-now", "toc_rollup_hour"), ("history", "toc_rollup_hour"), ("pause", "toc_rollup_hour")):
        refused = running.run("scheduler", *command, check=False)

        assert refused.returncode == 1
        assert all(name in refused.stderr for name in JOBS)


def test_a_job_that_needs_a_setting_names_it(running: Stack) -> None:
    """A backup needs a folder, retention an age."""
    for job, setting in (("backup", "backup_dir"), ("retention", "retention_days")):
        refused = running.run("scheduler", "run-now", job, check=False)

        assert (refused.returncode, f"config set {setting}" in refused.stderr) == (1, True)


def test_what_changes_the_daemon_answers_programs_too(stack: Stack) -> None:
    """`start`, `restart` and `stop` as `status --json` does, the scheduler with its reply."""
    started = json.loads(stack.run("start", "--json").stdout)
    assert (started["running"], started["health"], started["pid"]) == (True, "SERVING", stack.pid("supervisor"))

    for verb in ("pause", "resume"):
        reply = json.loads(stack.run("scheduler", verb, "toc_rollup_day", "--json").stdout)
        assert reply["success"] is True

    restarted = json.loads(stack.run("restart", "--json").stdout)
    assert (restarted["running"], restarted["health"]) == (True, "SERVING")
    assert restarted["pid"] != started["pid"]

    stopped = json.loads(stack.run("stop", "--json").stdout)
    assert (stopped["running"], stopped["pid"], stopped["pid_file"]) == (False, None, started["pid_file"])
