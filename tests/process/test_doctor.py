"""The doctor, as one sees it: on a sound stack, with something waiting, and without a daemon."""

from __future__ import annotations

import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from agent_memory.hook.command import program
from support.prometheus import parse
from support.stack import Stack, free_port, wait_until


def doctor(stack: Stack) -> tuple[int, dict[str, Any]]:
    done = stack.run("doctor", "--json", check=False)
    return done.returncode, json.loads(done.stdout)


def say(stack: Stack, text: str, prompt_id: str) -> None:
    stdin = {"session_id": "s1", "hook_event_name": "UserPromptSubmit", "prompt": text, "prompt_id": prompt_id}
    variables = {**stack.env, "MEMORY_HOOK_DEADLINE_MS": "10000"}
    subprocess.run([*program(), "--agent", "claude-code"], input=json.dumps(stdin).encode(), env=variables, check=True)


def test_all_is_well_until_something_is_not(stack: Stack) -> None:
    """Each event that was captured is stored and reachable; then the daemon is gone, and what is said waits."""
    stack.env["MEMORY_METRICS_PORT"] = str(free_port())
    stack.run("hooks", "install", "claude-code")
    stack.start()
    say(stack, "When do we deploy?", "p1")
    with stack.client() as client:
        wait_until(lambda: client.stats().outbox == 0)

    code, well = doctor(stack)
    assert (code, well["well"]) == (0, True), well
    (day,) = well["ledger"]
    assert (day["agent"], day["captured"], day["stored"], day["reachable"]) == ("claude-code", 1, 1, 1)
    assert "not yet compared" in stack.run("doctor").stdout
    stack.run("reconcile")
    assert "compared just now, 0 events were missing" in stack.run("doctor").stdout
    assert "All is well." in stack.run("doctor").stdout
    figures = parse(stack.run("metrics").stdout)
    with urlopen(f"http://127.0.0.1:{stack.env['MEMORY_METRICS_PORT']}/metrics") as reply:
        served = parse(reply.read().decode())
    assert served.keys() == figures.keys()
    assert figures["agent_memory_fsync_duration_seconds"].samples[("part", "_count"),] >= 1
    assert served["agent_memory_call_duration_seconds"].samples[("kind", "GetLedger"), ("part", "_count")] >= 2
    assert figures["agent_memory_up"].samples == {(): 1}
    assert figures["agent_memory_agent_events"].samples == {(("agent", "claude-code"),): 1}
    processes = {process for ((_, process),) in figures["agent_memory_process_cpu_seconds_total"].samples}
    assert processes == {"ingest", "query", "worker", "supervisor"}
    unknown = {name for name, family in figures.items() if not family.samples}
    never = {
        "agent_memory_redacted_secrets_total",
        "agent_memory_summarizer_cost_dollars_total",
        "agent_memory_last_backup_timestamp_seconds",
    }
    parts = ("_job_last_", "_job_duration_", "_project_store_")
    assert {name for name in unknown if not any(part in name for part in parts)} == never

    stack.stop()
    say(stack, "And where to?", "p2")
    code, wrong = doctor(stack)
    assert (code, wrong["well"]) == (1, False)
    log = Path(stack.status()["logs"]) / "query.log"
    log.chmod(0o644)
    fixed = stack.run("doctor", "--fix", "--bundle", stack.folder / "report.tar.gz", check=False)
    assert f"fixed  {log} is yours alone (mode 600)" in fixed.stderr
    assert log.stat().st_mode & 0o777 == 0o600
    with tarfile.open(stack.folder / "report.tar.gz") as archive:
        assert "agent-memory-report/logs/worker.log" in archive.getnames()
    remedies = {each["subject"]: each["remedy"] for each in wrong["findings"] if each["grade"] == "wrong"}
    assert remedies == {"daemon": "memory-daemon start", "spool": "memory-daemon start"}
