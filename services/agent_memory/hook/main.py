"""`memory-ingest`, as it is installed on PATH: what an agent's hook, or a person, may call.

It does what `capture.run` does in a third of the time; an installer writes that one into an agent's settings, see
`hook.command`. Beside it, this one answers questions, and knows the way to a daemon that is named by its address.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress

from agent_memory import capture
from agent_memory.hook import client

# To a daemon that is named, the way is gRPC, whose import alone takes half of the usual deadline.
REMOTE_DEADLINE_MS = 1400
STDERR = 2
ADDRESS_VARIABLE = "MEMORY_DAEMON_ADDR"
HELP = """\
Usage: memory-ingest [--agent AGENT] [EVENT]

Stores what a coding agent's hook tells: one JSON object on standard input.

It prints {"continue":true} and exits 0, whatever happens. AGENT and EVENT help where the JSON does not name them.
What the daemon does not take in time waits in a folder beside the store, and is taken in later.

MEMORY_HOOK_DEADLINE_MS says how long the agent may be kept waiting (default 200, or 1400 with MEMORY_DAEMON_ADDR).
MEMORY_HOOK_DISABLED=1 stores nothing.

Example: echo '{"hook_event_name":"UserPromptSubmit","session_id":"s1","prompt":"Hello"}' | memory-ingest
"""


def main() -> None:
    """Run the hook and end the process with exit code 0."""
    words = sys.argv[1:]
    if informs := {"--help", "-h", "--version"}.intersection(words):
        sys.stdout.write(_information(informs.pop()))
        return
    answer = capture.REPLY
    # The one place that catches everything: the agent goes on whatever happens to us.
    with suppress(BaseException):
        if os.environ.get(ADDRESS_VARIABLE):
            _deliver_or_keep(words)
        else:
            answer = client.capture(*client.named(words))
    client.finish(answer)


def _deliver_or_keep(words: list[str]) -> None:
    """Send the event to the named daemon; what does not arrive in time waits for the daemon of this machine."""
    envelope, store, _ = client.read_stdin(*client.named(words))
    if not envelope or client.is_ignored(store, envelope):
        return
    # An agent shows its user whatever a hook, or a library in it, says on stderr.
    os.dup2(os.open(os.devnull, os.O_WRONLY), STDERR)
    delivered = threading.Event()
    # A thread, because nobody waits too long for one: the imports can hang like the network behind them.
    sending = threading.Thread(target=_send, args=[envelope, delivered], daemon=True)
    sending.start()
    sending.join(_deadline_ms() / 1000)
    if not delivered.is_set():
        client.spool_envelope(capture.spool_of(store), envelope)


def _send(parts: list[bytes], delivered: threading.Event) -> None:
    with suppress(BaseException):
        # Only now: gRPC takes longer to import than all the rest takes to run.
        from agent_memory.hook.delivery import deliver

        deliver(b"".join(parts))
        delivered.set()


def _deadline_ms() -> int:
    try:
        return int(os.environ.get("MEMORY_HOOK_DEADLINE_MS", ""))
    except ValueError:
        return REMOTE_DEADLINE_MS


def _information(word: str) -> str:
    from importlib.metadata import version

    return f"memory-ingest {version('agent-memory')}\n" if word == "--version" else HELP
