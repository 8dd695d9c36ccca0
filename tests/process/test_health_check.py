"""ops/health-check, as a monitor runs it: beside a real stack in every state that it tells apart."""

from __future__ import annotations

import signal
import subprocess
import sys

from agent_memory.model import Event, EventRole, EventType
from support.stack import CHECKOUT, Stack

PATIENCE_S = 1


def test_a_daemon_that_does_not_run_is_critical(stack: Stack) -> None:
    """Exit code 2 and what `status` says."""
    assert check(stack) == (2, "CRITICAL: Memory daemon is NOT running (no PID file)\n")


def test_a_daemon_that_keeps_up_is_ok(stack: Stack) -> None:
    """Exit code 0, and the line says how much there is."""
    stack.start()
    say_something(stack)

    code, line = check(stack)

    assert code == 0
    assert line.startswith("OK: events stored: 1, ")


def test_a_worker_that_gets_nowhere_is_a_warning(stack: Stack) -> None:
    """What is acknowledged is safe, but nobody finds it in the table of contents."""
    stack.start()
    stack.kill("worker", signal.SIGSTOP)
    say_something(stack)

    try:
        code, line = check(stack)
    finally:
        stack.kill("worker", signal.SIGCONT)

    assert code == 1
    assert line.startswith("WARNING: the table of contents does not get on, events waiting for it: 1;")


def test_a_daemon_that_does_not_serve_is_critical(stack: Stack) -> None:
    """Exit code 2 while the query service is stopped; the supervisor alone is no daemon."""
    stack.start()
    stack.kill("ingest", signal.SIGSTOP)

    try:
        stack.wait_until(lambda: stack.status()["health"] != "SERVING")
        code, line = check(stack)
    finally:
        stack.kill("ingest", signal.SIGCONT)

    assert code == 2
    assert line.startswith("CRITICAL: Health: NOT_SERVING")


def test_what_cannot_be_asked_is_unknown(stack: Stack) -> None:
    """Exit code 3 for an option that is not known or that asks for something else, and for a number that is none."""
    assert check(stack, "--no-such-option")[0] == 3
    assert check(stack, "--help")[0] == 3
    assert check(stack, "-w", "soon")[0] == 3


def check(stack: Stack, *options: str) -> tuple[int, str]:
    """The exit code of the check and what it prints."""
    programs = stack.folder / "programs"
    programs.mkdir(exist_ok=True)
    program = programs / "memory-daemon"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m agent_memory.cli.main "$@"\n')
    program.chmod(0o700)
    done = subprocess.run(
        [CHECKOUT / "ops" / "health-check", *(options or ("-w", str(PATIENCE_S)))],
        env={**stack.env, "PATH": f"{programs}:{stack.env['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


def say_something(stack: Stack) -> None:
    event = Event("e1", "s1", 1_769_763_600_000, EventType.USER_MESSAGE, EventRole.USER, "Postgres it is.")
    with stack.client() as client:
        client.ingest(event)
