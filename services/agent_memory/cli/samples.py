"""Sample sessions: conversations in the form agents' hooks were recorded in, put on days around today and played again.

Each line of a file is one call of a hook: when it came, in seconds since the session began, and its standard input.
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

# A hook is a process of its own, and most of its time is Python's start: two keep two cores busy.
AT_ONCE = 2
# No agent waits here, and what the hook gives up for an agent's sake would be missing from the demo.
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
# One that has just been, wherever in the week today is.
_RECENT = "rate-limiter"
_RECENTLY = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Sample:
    """One call of a hook: what it gets on standard input, and the folder its session was opened in."""

    stdin: bytes
    project: str


def samples(now: datetime) -> list[Sample]:
    """All calls of all sessions, those of last week in the calendar week before the one of `now`, in its zone."""
    monday = now.date() - timedelta(days=now.weekday())
    found = list(_session(_RECENT, now - _RECENTLY))
    for name, weeks, weekday, clock in _PLACES:
        day = monday + timedelta(weeks=-weeks, days=weekday)
        found += _session(name, datetime.combine(day, clock, now.tzinfo))
    return found


def stored_events(calls: list[Sample]) -> int:
    """How many events a store must hold after all these calls: some tell nothing that is kept."""
    made = (events.event_from(wire.parse(call.stdin, project=call.project), now_ms=0, key="") for call in calls)
    return len({event.event_id for event in made if event is not None})


def play(calls: list[Sample], settings: Settings) -> Generator[Sample, None, None]:
    """Call the real hook client, a process a call, with the daemon of `settings` behind it; each call when it is done.

    Raises AgentMemoryError where a hook answers anything but that the agent may go on.
    """
    with ThreadPoolExecutor(AT_ONCE) as hooks:
        yield from hooks.map(lambda call: _call_hook(call, settings), calls)


def _session(name: str, began: datetime) -> Iterator[Sample]:
    text = files("agent_memory.cli").joinpath("demo_sessions", f"{name}.jsonl").read_text(encoding="utf-8")
    # Split at line feeds only: other ends of lines are characters of the conversation.
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
        # They go before every setting: set for daily use, they would lead the samples elsewhere.
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
