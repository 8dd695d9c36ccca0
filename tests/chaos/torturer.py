"""Clients that go on whatever happens, a record of what they were promised, readers that hold the daemon to it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from random import Random

from agent_memory import capture
from agent_memory.client import Client
from agent_memory.errors import AgentMemoryError
from agent_memory.hook.command import program
from agent_memory.messages import event_to_pb
from agent_memory.model import Event
from agent_memory.rpc import memory_pb2 as pb
from chaos.rig import Load
from support.stack import Stack, is_alive, wait_until

PROCESSES = ("ingest", "query", "worker")
# Deaths sooner after a start are a crash loop, and given up.
SETTLED_S = 2
STOPPED_S = (0.05, 1.5)
BETWEEN_FAULTS_S = (0.0, 0.6)
YEAR = "toc:year:2025"


class Unary(Load):
    """The same load, one event a call."""

    def _send(self, client: Client, batch: Sequence[Event]) -> bool:
        try:
            for event in batch:
                client.ingest(event)
        except AgentMemoryError as error:
            self.failures.append(error)
            return False
        self.acknowledged += batch
        return True


class Repeated(threading.Thread):
    """Does one thing again and again until it is stopped; what it raises is kept and raised by `stop`."""

    def __init__(self, act: Callable[[], object], rest_s: float = 0.0) -> None:
        super().__init__()
        self._act = act
        self._rest_s = rest_s
        self._stopping = threading.Event()
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._act()
                self._stopping.wait(self._rest_s)
        except BaseException as error:
            self._error = error

    def stop(self) -> None:
        self._stopping.set()
        self.join()
        if self._error:
            raise self._error


class Hooks:
    """Calls the hook client; `promised` are the prompts that an agent got its answer for."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.called: list[str] = []
        self.promised: set[str] = set()

    def call(self) -> None:
        prompt = f"Please look at hook {len(self.called)}."
        self.called.append(prompt)
        payload = {"session_id": f"hooked-{len(self.called) % 3}", "hook_event_name": "UserPromptSubmit"}
        said = json.dumps({**payload, "prompt": prompt}).encode()
        done = subprocess.run(program(), input=said, capture_output=True, env=self._stack.env, timeout=60)
        if done.returncode == 0 and done.stdout == capture.REPLY:
            self.promised.add(prompt)


class Witness:
    """Asks for what was acknowledged before the question: it must be in the answer, and nothing may go back in time.

    Raises AssertionError where it is not so.
    """

    def __init__(self, stack: Stack, loads: Sequence[Load], random: Random) -> None:
        self._target = f"127.0.0.1:{stack.port}"
        self._loads = loads
        self._random = random
        self._events = 0
        self._version = 0
        self.answers = 0

    def ask(self) -> None:
        # What takes no answer promises nothing: the daemon may be down.
        with contextlib.suppress(AgentMemoryError), Client(self._target) as client:
            for _ in range(20):
                self._ask_for_an_event(client)
                self._count(client)
                self._look_at_the_year(client)

    def _ask_for_an_event(self, client: Client) -> None:
        load = self._random.choice(self._loads)
        known = len(load.acknowledged)
        if known:
            # Mostly the last one, which is the most likely to be missing.
            event = load.acknowledged[self._random.choice((known - 1, self._random.randrange(known)))]
            found = client.event(event.event_id).event
            assert found == event_to_pb(event), f"acknowledged, and answered {found}: {event}"
            self.answers += 1

    def _count(self, client: Client) -> None:
        floor = max(self._events, sum(len(load.acknowledged) for load in self._loads))
        self._events = client.stats().events
        assert self._events >= floor, f"{self._events} events, and there were {floor}"
        self.answers += 1

    def _look_at_the_year(self, client: Client) -> None:
        version = client.node(YEAR).node.version
        assert version >= self._version, f"version {version} of {YEAR} after {self._version}"
        self._version = version
        self.answers += 1


class Torturer:
    """Faults drawn from `random`: deaths, standstills, restarts, and what makes the store flush."""

    def __init__(self, stack: Stack, random: Random) -> None:
        self._stack = stack
        self._random = random
        self.faults: list[str] = []

    def strike(self) -> None:
        """One fault; returns when whoever was hit has been replaced or goes on."""
        kind = self._random.choices(("kill", "stand still", "restart", "copy", "compact"), (5, 4, 1, 1, 1))[0]
        victim = self._random.choice((*PROCESSES, "supervisor"))
        rest_s = self._random.uniform(*BETWEEN_FAULTS_S)
        stopped_s = self._random.uniform(*STOPPED_S)
        self.faults.append(f"{kind} {victim}" if kind in ("kill", "stand still") else kind)
        match kind:
            case "kill":
                self._kill(victim)
            case "stand still":
                self._stop_and_continue(victim, stopped_s)
            case "restart":
                self._stack.run("restart")
            case _:
                # It may be down: then this was no fault, and does no harm.
                with contextlib.suppress(AgentMemoryError), Client(f"127.0.0.1:{self._stack.port}") as client:
                    client.create_checkpoint() if kind == "copy" else client.compact()
        time.sleep(rest_s)

    def _kill(self, victim: str) -> None:
        pid = wait_until(lambda: self._settled(victim))
        os.kill(pid, signal.SIGKILL)
        if victim == "supervisor":
            wait_until(lambda: not is_alive(pid))
            self._stack.start()

    def _stop_and_continue(self, victim: str, stopped_s: float) -> None:
        pid = wait_until(lambda: self._stack.pid(victim))
        # One that is stopped for too long may be replaced meanwhile.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            time.sleep(stopped_s)
            os.kill(pid, signal.SIGCONT)

    def _settled(self, victim: str) -> int:
        found = self._stack.status()
        if victim == "supervisor":
            return int(found["pid"] or 0)
        (process,) = (each for each in found["processes"] if each["name"] == victim)
        return int(process["pid"] or 0) if process["uptime_s"] >= SETTLED_S else 0


def everything(client: Client) -> list[pb.Event]:
    """Every stored event."""
    found: list[pb.Event] = []
    cursor: str | None = None
    while True:
        page = client.events(pb.GetEventsRequest(limit=1000, cursor=cursor))
        found += page.events
        if not page.has_more:
            return found
        cursor = page.cursor
