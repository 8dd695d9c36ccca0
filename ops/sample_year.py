"""A made-up year of work with agents, for pictures: the same events each time, up to the time that is given."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

from agent_memory.model import Event, EventRole, EventType

# Project, file, what was asked, what was found, what was decided.
_TOPICS: Final = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
_AGENTS: Final = ("claude-code",) * 5 + ("codex",) * 3 + ("gemini-cli", "opencode")
_SAY: Final = (EventType.USER_MESSAGE, EventRole.USER)
_ANSWER: Final = (EventType.ASSISTANT_STOP, EventRole.ASSISTANT)
_TOOL: Final = (EventType.TOOL_RESULT, EventRole.TOOL)
_DAYS: Final = 400


def events(until: datetime) -> Iterator[Event]:
    """Some conversations on each working day, fewer in summer and at weekends; none ends after `until`."""
    random = Random(3)
    topics: list[int] = []
    for back in range(_DAYS, -1, -1):
        day = (until - timedelta(days=back)).replace(hour=8, minute=0, second=0, microsecond=0)
        at = day + timedelta(minutes=random.randrange(30, 110))
        for number in range(_conversations(day, random)):
            if not topics:
                topics = random.sample(range(len(_TOPICS)), len(_TOPICS))
            if at > until - timedelta(minutes=20):
                return
            yield from _conversation(f"{day:%Y%m%d}-{number}", at, topics.pop(), random)
            at += timedelta(minutes=random.randrange(40, 130))


def _conversations(day: datetime, random: Random) -> int:
    busy = 0.85 if day.weekday() < 5 else 0.15
    busy *= 0.2 if (day.month, day.day) in ((8, d) for d in range(3, 24)) else 0.6 + 0.2 * (day.toordinal() // 11 % 3)
    found = 0
    while found < 8 and random.random() < busy * 0.9**found:
        found += 1
    return found


def _conversation(session: str, at: datetime, topic: int, random: Random) -> Iterator[Event]:
    project, file, question, cause, decision = _TOPICS[topic]
    agent = random.choice(_AGENTS)
    name = file.partition("/")[2].partition(".")[0]
    tests, seconds = random.randrange(40, 300), random.uniform(1, 9)
    # Now and then a test fails first.
    failed = f"Exit code 1\nFAILED tests/test_{name}.py::test_{name} - AssertionError"
    runs = [failed] * (random.random() < 0.3) + [f"{tests} passed in {seconds:.1f}s"]
    code = f"{file}:14: def {name}(order):\n{file}:88: return {name}(order)"
    read = f"def {name}(order):\n    return lookup(order)"
    edit = "-    return lookup(order)\n+    found = lookup(order)\n+    return found or None"
    proposal = random.choice(("So what do you propose?", "What are the options?", "How do others do that?"))
    order = random.choice(
        ("Good. Please write a test that fails without it.", "Do it, and measure it before and after.")
    )
    turns = [
        (_SAY, question, {}),
        (_TOOL, f"Bash: rg -n {name} {project} | head -2\n{code}", {"tool_name": "Bash"}),
        (_TOOL, f"Read: /home/dev/{project}/{file}\n{read}", {"tool_name": "Read"}),
        (_ANSWER, f"{cause} It is in `{file}`.", {}),
        (_SAY, proposal, {}),
        (_ANSWER, decision, {}),
        (_SAY, order, {}),
        (_TOOL, f"Edit: /home/dev/{project}/{file}\n{edit}", {"tool_name": "Edit"}),
        *((_TOOL, f"Bash: pytest -q\n{run}", {"tool_name": "Bash", "success": _success(run)}) for run in runs),
        (_ANSWER, f"Done: the change is in `{file}`, with a test that fails without it. All {tests} tests pass.", {}),
    ]
    for number, ((kind, role), text, more) in enumerate(turns):
        at += timedelta(seconds=random.randrange(8, 70))
        metadata = {"project": f"/home/dev/{project}", "project_id": f"/home/dev/{project}", **more}
        yield Event(f"{session}-{number:02}", session, int(at.timestamp() * 1000), kind, role, text, metadata, agent)


def _success(run: str) -> str:
    return str("passed" in run).lower()
