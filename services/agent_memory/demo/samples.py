"""Sample sessions: recorded hook calls, dated a few days back and played again.

Each line of a file is one hook call: its time in seconds since the session began, and its standard input.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from importlib.resources import files

from agent_memory.capture import events, wire
from agent_memory.errors import AgentMemoryError
from agent_memory.hook import command
from agent_memory.settings import Settings

# Each hook is a process that spends most of its time starting Python: two keep two cores busy.
AT_ONCE = 2
# No agent waits here, and an event that the hook gives up on would be missing from the demo.
HOOK_DEADLINE_S = 30

# The file, how many weeks ago, on which day of the week (Monday is 0) and at what time it began.
_PLACES = (
    ("choosing-a-cache", 7, 1, time(10, 5)),
    ("importer-memory", 4, 3, time(14, 20)),
    ("flaky-retry-test", 1, 0, time(9, 40)),
    ("rechnung-runden", 1, 1, time(11, 15)),
    ("slow-migration", 1, 2, time(11, 50)),
    ("nihongo-search", 1, 3, time(15, 30)),
    ("deployment-decision", 1, 4, time(16, 5)),
)
# One that has just ended, whatever day of the week it is.
_RECENT = "rate-limiter"
_RECENTLY = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Sample:
    """One hook call: its standard input, and the folder that its session was opened in."""

    stdin: bytes
    project: str


def samples(now: datetime) -> list[Sample]:
    """All calls of all sessions; last week's are in the calendar week before that of `now`, in its zone."""
    monday = now.date() - timedelta(days=now.weekday())
    found = list(_session(_RECENT, now - _RECENTLY))
    for name, weeks, weekday, clock in _PLACES:
        day = monday + timedelta(weeks=-weeks, days=weekday)
        found += _session(name, datetime.combine(day, clock, now.tzinfo))
    return found


def stored_events(calls: list[Sample]) -> int:
    """How many events a store must hold after all these calls: some calls hold nothing to store."""
    made = (events.event_from(wire.parse(call.stdin, project=call.project), now_ms=0, key="") for call in calls)
    return len({event.event_id for event in made if event is not None})


def play(calls: list[Sample], settings: Settings) -> Generator[Sample, None, None]:
    """Run the hook client, one process per call, against the daemon of `settings`; yields each call when it is done.

    Raises AgentMemoryError where a hook answers anything but that the agent may go on.
    """
    with ThreadPoolExecutor(AT_ONCE) as hooks:
        yield from hooks.map(lambda call: _call_hook(call, settings), calls)


def _session(name: str, began: datetime) -> Iterator[Sample]:
    text = files("agent_memory.demo").joinpath("sessions", f"{name}.jsonl").read_text(encoding="utf-8")
    # Split at line feeds only: other line ends are part of the conversation.
    lines = [json.loads(line) for line in text.split("\n") if line]
    payloads = [json.loads(line["stdin"]) for line in lines]
    for line, payload in zip(lines, payloads, strict=True):
        timestamp_ms = round((began.timestamp() + line["at"]) * 1000)
        stdin = json.dumps({**payload, "timestamp": timestamp_ms}, ensure_ascii=False)
        yield Sample(stdin=stdin.encode(), project=payloads[0]["cwd"])


def _call_hook(call: Sample, settings: Settings) -> Sample:
    environment = {
        **os.environ,
        **settings.environment(),
        "MEMORY_CONFIG": os.devnull,
        # These override every setting: set for daily use, they would send the samples elsewhere.
        "MEMORY_DAEMON_ADDR": "",
        "MEMORY_HOOK_DISABLED": "",
        "MEMORY_HOOK_DEADLINE_MS": str(HOOK_DEADLINE_S * 1000),
        "CLAUDE_PROJECT_DIR": call.project,
    }
    hook = subprocess.run(
        command.program(),
        input=call.stdin,
        capture_output=True,
        env=environment,
        check=False,
    )
    if hook.returncode != 0 or hook.stdout != b'{"continue":true}\n':
        raise AgentMemoryError(f"The hook client answered {hook.stdout!r} with exit code {hook.returncode}.")
    return call
