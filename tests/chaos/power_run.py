"""What is recorded for power cuts: a daemon with its clients, hooks, deaths and backups.

`python -m chaos.power_run FOLDER RUNTIME`. After each acknowledgement, a line in FOLDER/acknowledged says of what.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from agent_memory import capture
from agent_memory.client import Client
from agent_memory.hook.command import program
from agent_memory.model import Event
from support.conversations import conversations
from support.stack import Stack, wait_until

SEED = 3
SESSIONS = 6
EVENTS_EACH = 80
NOTES = "acknowledged"


def events() -> list[Event]:
    """All that is sent, in order."""
    return conversations(SEED, SESSIONS, EVENTS_EACH)


def main(folder: Path, runtime: Path) -> None:
    notes = os.open(folder / NOTES, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(kind: str, *names: str) -> None:
        os.write(notes, "".join(f"{kind}\t{name}\n" for name in names).encode())

    stack = Stack(folder / "home", runtime)
    remaining = iter(events())

    def send(batches: int, size: int) -> None:
        with stack.client() as client:
            for _ in range(batches):
                batch = [event for event, _ in zip(remaining, range(size), strict=False)]
                _store(client, batch)
                note("event", *(event.event_id for event in batch))

    def hook(prompts: Iterable[str]) -> None:
        for prompt in prompts:
            said = {"session_id": "hooked", "hook_event_name": "UserPromptSubmit", "prompt": prompt}
            done = subprocess.run(program(), input=json.dumps(said).encode(), capture_output=True, env=stack.env)
            if done.stdout == capture.REPLY:
                note("hook", prompt)

    def back_up() -> None:
        note("backup begins", "")
        report = json.loads(stack.run("admin", "backup", folder / "backups", "--json").stdout)
        note("backup", report["folder"])

    try:
        stack.start()
        send(1, 1)
        note("begin", "")
        send(10, 10)
        send(30, 1)
        hook(f"said while it runs {number}" for number in range(6))
        back_up()
        send(10, 10)
        stack.run("admin", "compact")
        send(20, 1)
        stack.stop()
        hook(f"said while it is stopped {number}" for number in range(6))
        stack.start()
        send(10, 1)
        stack.kill("ingest")
        hook(f"said while it is dead {number}" for number in range(4))
        wait_until(lambda: stack.status()["health"] == "SERVING")
        send(8, 10)
        back_up()
        send(10, 10)
        note("end", "")
    finally:
        stack.close()
        os.close(notes)


def _store(client: Client, batch: list[Event]) -> None:
    if len(batch) == 1:
        client.ingest(batch[0])
    else:
        assert not any(result.error for result in client.ingest_many(batch))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
