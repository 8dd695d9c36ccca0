"""Kill what passes envelopes on, at any instant, again and again: what was promised is there, and there once."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from agent_memory import capture
from agent_memory.capture.spool import Spool
from agent_memory.errors import AgentMemoryError
from agent_memory.hook.command import program
from agent_memory.rpc import memory_pb2 as pb
from support.stack import Stack, wait_until

HOOKS = 2000
AT_ONCE = 3
# A hook that is killed has had between nothing and all of its time.
HOOK_LIVES_S = 0.03
# A process of the stack is killed about this often; the supervisor starts it again.
KILL_EVERY_S = (0.5, 3.0)
PAGE = 1000


@pytest.mark.drill
@pytest.mark.timeout(1800)
def test_no_event_is_lost_torn_or_doubled_by_a_thousand_kills(stack: Stack) -> None:
    """Hooks with and without an identity of their own, every other one killed, the query service and the writer, too.

    What an agent got an answer for is stored, once. What it got none for is stored once or not at all. Nothing is torn.
    """
    chance = random.Random(4)
    stack.start()
    over = threading.Event()
    killer = threading.Thread(target=kill_processes, args=[stack, over, random.Random(5)])
    killer.start()
    lifetimes_s = [chance.uniform(0, HOOK_LIVES_S) if number % 2 else None for number in range(HOOKS)]

    with ThreadPoolExecutor(AT_ONCE) as hooks:
        answers = list(hooks.map(lambda each: call_hook(stack, *each), enumerate(lifetimes_s)))
    over.set()
    killer.join()
    age_unfinished(stack)
    wait_until(lambda: stack.status()["health"] == "SERVING", timeout_s=120)
    wait_until(lambda: is_empty(stack), timeout_s=120)

    stored = Counter(json.loads(event.text)["number"] for event in events(stack))
    promised = {number for number, answer in enumerate(answers) if answer == capture.REPLY}
    assert HOOKS / 2 <= len(promised) < HOOKS
    assert sorted(promised - stored.keys()) == []
    assert [number for number, times in stored.items() if times > 1] == []
    assert all(json.loads(event.text)["filling"] == "x" * 5000 for event in events(stack))
    # A hook that was killed while it wrote leaves half an envelope, and that is kept aside, not stored.
    for path in (Spool(stack.db_path).folder / "rejected").glob("*"):
        assert path.read_bytes().startswith(b"it is torn") or b"not an envelope" in path.read_bytes().split(b"\n")[0]


def call_hook(stack: Stack, number: int, lives_s: float | None) -> bytes:
    """What the agent got on standard output; a hook with a `lives_s` is killed after that time."""
    said = json.dumps({"number": number, "filling": "x" * 5000})
    payload = {"session_id": f"s{number % 7}", "hook_event_name": "UserPromptSubmit", "prompt": said}
    if number % 3:
        payload["prompt_id"] = f"p{number}"
    with subprocess.Popen(program(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=stack.env) as hook:
        try:
            return hook.communicate(json.dumps(payload).encode(), timeout=lives_s)[0]
        except subprocess.TimeoutExpired:
            hook.kill()
            return hook.communicate()[0]


def kill_processes(stack: Stack, over: threading.Event, chance: random.Random) -> None:
    while not over.wait(chance.uniform(*KILL_EVERY_S)):
        with contextlib.suppress(OSError):
            pid = stack.pid(chance.choice(["query", "ingest"]))
            if pid:
                os.kill(pid, signal.SIGKILL)


def age_unfinished(stack: Stack) -> None:
    """Let those whose writer was killed look as old as they must be before they are touched."""
    for path in Spool(stack.db_path).folder.glob(".*"):
        with contextlib.suppress(OSError):
            os.utime(path, (1, 1), follow_symlinks=False)


def is_empty(stack: Stack) -> bool:
    spool = Spool(stack.db_path)
    return not spool.waiting() and not spool.abandoned(time.time() + 3600)


def events(stack: Stack) -> Iterator[pb.Event]:
    """Every stored event."""
    cursor: str | None = None
    with stack.client() as client:
        while True:
            try:
                page = client.events(pb.GetEventsRequest(limit=PAGE, cursor=cursor))
            except AgentMemoryError:
                continue  # the reader is being opened again
            yield from page.events
            if not page.has_more:
                return
            cursor = page.cursor
