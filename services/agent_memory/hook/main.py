"""The hook's process: read standard input, hand the event to the daemon, tell the agent to go on.

The agent goes on whatever happens to us: the answer is printed and the exit code is 0, in time, always. So everything
that can fail or hang, the imports of the other modules included, runs in a thread that nobody waits for too long.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass

# Claude Code gives a SessionEnd hook 1.5 s before it kills it; every other limit that agents set is longer.
DEADLINE_MS = 1400
DEADLINE_VARIABLE = "MEMORY_HOOK_DEADLINE_MS"
STDOUT, STDERR = 1, 2
ANSWER = b'{"continue":true}\n'
HELP = """\
Usage: memory-ingest [--agent AGENT] [EVENT]

Stores what a coding agent's hook tells: one JSON object on standard input.

It prints {"continue":true} and exits 0, whatever happens. AGENT and EVENT help where the JSON does not name them.
MEMORY_HOOK_DEADLINE_MS says how long the agent may be kept waiting (default 1400).

Example: echo '{"hook_event_name":"UserPromptSubmit","session_id":"s1","prompt":"Hello"}' | memory-ingest
"""


@dataclass(frozen=True, slots=True)
class Arguments:
    """The command line. A word we do not know is passed over: an agent's hook has nobody to complain to."""

    agent: str = ""
    event: str = ""
    informs: str = ""


def main() -> None:
    """Run the hook and end the process with exit code 0."""
    arguments = arguments_from(sys.argv[1:])
    if arguments.informs:
        sys.stdout.write(_information(arguments.informs))
        return
    # Ctrl-C in the agent's terminal reaches us too, and an agent shows its user whatever a hook says on stderr.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), STDERR)
    taking = threading.Thread(target=_take, args=[arguments], daemon=True)
    taking.start()
    taking.join(_deadline_ms() / 1000)
    with suppress(OSError):
        os.write(STDOUT, ANSWER)
    # Not sys.exit: a thread that hangs in a library must not be waited for.
    os._exit(0)


def arguments_from(words: list[str]) -> Arguments:
    """The arguments in any order; the last one of a kind holds."""
    agent = event = informs = ""
    rest = iter(words)
    for word in rest:
        if word in ("--help", "-h", "--version"):
            informs = word
        elif word == "--agent":
            agent = next(rest, "")
        elif word.startswith("--agent="):
            agent = word.removeprefix("--agent=")
        elif not word.startswith("-"):
            event = word
    return Arguments(agent, event, informs)


def _take(arguments: Arguments) -> None:
    """Read, understand, deliver. The one place that catches everything: the agent goes on whatever happens to us."""
    with suppress(BaseException):
        import time

        from agent_memory.capture import events, wire

        raw = sys.stdin.buffer.read()
        project = os.environ.get("CLAUDE_PROJECT_DIR", "")
        call = wire.parse(raw, agent=arguments.agent, event=arguments.event, project=project)
        event = events.event_from(call, now_ms=time.time_ns() // 1_000_000)
        if event is not None:
            # Only now: gRPC takes longer to import than all the rest takes to run.
            from agent_memory.hook.delivery import deliver

            deliver(event)


def _deadline_ms() -> int:
    try:
        return int(os.environ.get(DEADLINE_VARIABLE, ""))
    except ValueError:
        return DEADLINE_MS


def _information(word: str) -> str:
    from importlib.metadata import version

    return f"memory-ingest {version('agent-memory')}\n" if word == "--version" else HELP
