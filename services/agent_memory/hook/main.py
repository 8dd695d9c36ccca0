"""`memory-ingest`, as it is installed on PATH, for an agent's hook or a person to call.

`hook.run` does the same in a third of the time; the installer writes that one into an agent's settings, see
`hook.command`. This one also has help, and sends to a daemon that is named by its address.
"""

from __future__ import annotations

import os
import posix
import sys
import threading
from contextlib import suppress

from agent_memory import capture
from agent_memory.hook import client, spooling

# A daemon that is named is reached by gRPC, whose import alone takes half of the usual deadline.
REMOTE_DEADLINE_MS = 1400
STDERR = 2
ADDRESS_VARIABLE = "MEMORY_DAEMON_ADDR"
HELP = """\
Usage: memory-ingest [--agent AGENT] [--db-path PATH] [EVENT]

Stores the event in a coding agent's hook payload: one JSON object on standard input.

It prints {"continue":true} and exits 0, whatever happens. AGENT and EVENT help where the JSON does not name them.
An event that the daemon does not take in time waits in a folder beside the store, and is taken in later.
--db-path names another store than MEMORY_DB_PATH and the config file do.

MEMORY_HOOK_DEADLINE_MS limits how long the agent is kept waiting (default 200, or 1400 with MEMORY_DAEMON_ADDR).
With MEMORY_HOOK_DISABLED=1 it stores nothing.

Example: echo '{"hook_event_name":"UserPromptSubmit","session_id":"s1","prompt":"Hello"}' | memory-ingest
"""


def main() -> None:
    """Run the hook and end the process with exit code 0."""
    words = sys.argv[1:]
    if asked := {"--help", "-h", "--version"}.intersection(words):
        sys.stdout.write(_information(asked.pop()))
        return
    answer = capture.REPLY
    # The one place that catches everything: the agent goes on whatever happens to us.
    with suppress(BaseException):
        words = in_store(words)
        if os.environ.get(ADDRESS_VARIABLE):
            _deliver_or_spool(words)
        else:
            answer = client.capture(*client.named(words))
    client.finish(answer)


def in_store(words: list[str]) -> list[str]:
    """The words without --db-path, whose value is from now on this process's MEMORY_DB_PATH."""
    rest: list[str] = []
    remaining = iter(words)
    for word in remaining:
        name, is_joined, path = word.partition("=")
        if name != "--db-path":
            rest.append(word)
        elif path := path if is_joined else next(remaining, ""):
            os.environ["MEMORY_DB_PATH"] = path
            # What `client` reads, which os.environ only copied.
            posix.environ[b"MEMORY_DB_PATH"] = os.fsencode(path)
    return rest


def _deliver_or_spool(words: list[str]) -> None:
    """Send the event to the named daemon; one that does not arrive in time waits for this machine's daemon."""
    envelope, store, _ = client.read_stdin(*client.named(words))
    if not envelope or spooling.is_ignored(store, envelope):
        return
    # An agent shows its user whatever a hook, or a library in it, writes to stderr.
    os.dup2(os.open(os.devnull, os.O_WRONLY), STDERR)
    delivered = threading.Event()
    # A thread, because it can be left behind: the imports can hang, as the network can.
    sending = threading.Thread(target=_send, args=[envelope, delivered], daemon=True)
    sending.start()
    sending.join(_deadline_ms() / 1000)
    if not delivered.is_set():
        spooling.spool_envelope(capture.spool_of(store), envelope)


def _send(parts: list[bytes], delivered: threading.Event) -> None:
    with suppress(BaseException):
        # Only here: gRPC takes longer to import than all the rest takes to run.
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
