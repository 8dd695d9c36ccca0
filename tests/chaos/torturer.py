"""Clients that go on whatever happens, a record of what they were promised, readers that hold the daemon to it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from random import Random

import psutil

from agent_memory import capture
from agent_memory.bus.client import Bus
from agent_memory.client import Client
from agent_memory.errors import AgentMemoryError
from agent_memory.hook.command import program
from agent_memory.messages import event_to_pb
from agent_memory.model import Event
from agent_memory.rpc import bus_pb2 as bus
from agent_memory.rpc import memory_pb2 as pb
from chaos.rig import Load
from support.stack import Stack, is_alive, wait_until

PROCESSES = ("ingest", "query", "worker")
# Deaths sooner after a start are a crash loop, and given up.
SETTLED_S = 1.2
# Of the faults of a process: the share that are deaths, and of the others the share that last long.
KILLED = 0.4
LONG = 0.05
# The share of faults that come although nothing was done since the last.
REGARDLESS = 0.02
STOPPED_S = (0.01, 0.2)
STOPPED_LONG_S = (0.5, 2.0)
BETWEEN_FAULTS_S = (0.0, 0.2)
BETWEEN_LARGE_FAULTS_S = (1.0, 5.0)
# How often a row is changed while the query service stands still, and how long all is quiet before.
BEHIND_ITS_BACK = 0.1
QUIET_S = 0.5
WRITER_S = 3.0
JOBS_TO_PAUSE = ("toc_rollup_year", "rocksdb_compaction")
# How long the daemon may take to get on; on a machine whose processors others have, a start takes minutes.
PATIENCE_S = float(os.environ.get("TORTURE_PATIENCE_S", "120"))
YEAR = "toc:year:2025"


class Unary(Load):
    """The same load, one event a call."""

    def _send(self, client: Client, batch: Sequence[Event]) -> bool:
        try:
            for event in batch:
                with self.quiet:
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
        done = subprocess.run(program(), input=said, capture_output=True, env=self._stack.env, timeout=PATIENCE_S)
        if done.returncode == 0 and done.stdout == capture.REPLY:
            self.promised.add(prompt)


class Processes:
    """The processes of a stack as the system knows them, found without asking anybody."""

    def __init__(self, stack: Stack) -> None:
        self._runtime = Path(stack.env["XDG_RUNTIME_DIR"]) / "agent-memory"

    def supervisor(self) -> psutil.Process | None:
        try:
            return psutil.Process(int((self._runtime / "daemon.pid").read_text()))
        except (OSError, ValueError, psutil.NoSuchProcess):
            return None

    def process(self, victim: str) -> psutil.Process | None:
        supervisor = self.supervisor()
        with contextlib.suppress(psutil.Error):
            for child in supervisor.children() if supervisor else ():
                if f"agent_memory.{victim}" in child.cmdline():
                    return child
        return None

    def ingest_socket(self) -> Path:
        return self._runtime / "ingest.sock"

    def forget_crashes(self, victim: str) -> None:
        """Nobody's daemon is killed twenty times a minute: what gives up such a one is not what is tried here."""
        (self._runtime / f"{victim}.crash_times").unlink(missing_ok=True)


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


class RareWitness:
    """Watches what changes rarely, which a reader that missed one change would show as it was for long.

    That is nodes of periods, and pauses of jobs. Raises AssertionError where something goes back in time.
    """

    def __init__(self, stack: Stack, loads: Sequence[Load], random: Random) -> None:
        self._target = f"127.0.0.1:{stack.port}"
        self._loads = loads
        self._processes = Processes(stack)
        self._random = random
        # By node: the highest version that was seen.
        self._nodes: dict[str, int] = {}
        # By job: whether it is paused, as far as that was acknowledged; None while nobody knows.
        self._paused: dict[str, bool | None] = {}
        self.answers = 0

    def ask(self) -> None:
        with contextlib.suppress(AgentMemoryError), Client(self._target) as client:
            self._discover(client)
            for _ in range(10):
                self._look_at_a_node(client)
                self._look_at_the_jobs(client)
            self._pause_or_resume(client.pause_job, client.resume_job)
        if self._random.random() < BEHIND_ITS_BACK:
            self._change_behind_its_back()

    def _discover(self, client: Client) -> None:
        for node in client.root().nodes:
            self._nodes.setdefault(node.node_id, 0)
        parent = self._random.choice([*self._nodes, YEAR])
        for child in client.browse(parent, limit=100).children:
            if not child.node_id.startswith("toc:segment:"):  # segments go when a session is cut again
                self._nodes.setdefault(child.node_id, 0)

    def _look_at_a_node(self, client: Client) -> None:
        if not self._nodes:
            return
        node_id = self._random.choice(list(self._nodes))
        version, seen = client.node(node_id).node.version, self._nodes[node_id]
        assert version >= seen, f"version {version} of {node_id} after {seen}"
        self._nodes[node_id] = version
        self.answers += 1

    def _look_at_the_jobs(self, client: Client) -> None:
        for job in client.scheduler_status().jobs:
            known = self._paused.get(job.job_name)
            assert known in (None, job.is_paused), f"{job.job_name} is_paused={job.is_paused} after {known}"
        self.answers += 1

    def _pause_or_resume(self, pause: Callable[[str], object], resume: Callable[[str], object]) -> None:
        name = self._random.choice(JOBS_TO_PAUSE)
        wanted = not self._paused.get(name)
        self._paused[name] = None
        (pause if wanted else resume)(name)
        self._paused[name] = wanted

    def _change_behind_its_back(self) -> None:
        """Change a row, and have it flushed, while the query service stands still and nobody else writes.

        A reader that has the old row from the log, and no newer one in a later log, might show it for good.
        """
        query = self._processes.process("query")
        if query is None:
            return
        writer = Bus(self._processes.ingest_socket())

        def set_to(name: str, *, paused: bool) -> None:
            writer.ask(bus.Command(set_job_paused=bus.SetJobPaused(job_name=name, paused=paused)), WRITER_S)

        with contextlib.ExitStack() as held, contextlib.suppress(AgentMemoryError, psutil.NoSuchProcess):
            held.callback(writer.close)
            for load in self._loads:
                held.enter_context(load.quiet)
            time.sleep(QUIET_S)
            query.suspend()
            held.callback(_resume, query)
            self._pause_or_resume(lambda name: set_to(name, paused=True), lambda name: set_to(name, paused=False))
            writer.ask(bus.Command(create_checkpoint=bus.CreateCheckpoint()), WRITER_S)


def _resume(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.resume()


class Torturer:
    """Faults drawn from `random`, those of each process in a thread of its own, so that they meet.

    A process is killed or halted; all of them at once; their supervisor is killed; the daemon is restarted; and what
    makes the store flush is asked for.
    """

    def __init__(self, stack: Stack, random: Random, progress: Callable[[], int]) -> None:
        """`progress` counts what the daemon has acknowledged and answered: on a busy machine a start takes seconds,
        and deaths before anything was done try the start alone."""
        self._stack = stack
        self._random = random
        self._progress = progress
        # By process: the progress at its last fault.
        self._at_fault = dict.fromkeys(PROCESSES, -1)
        self._processes = Processes(stack)
        self._threads = [Repeated(partial(self._strike, victim, Random(random.random())), 0.02) for victim in PROCESSES]
        # `start` takes a death for a failed start, stops what it has started, and says so.
        self._is_starting = threading.Event()
        self.faults: list[str] = []

    def torture(self, faults: int) -> None:
        """Go on until there were so many faults."""
        for thread in self._threads:
            thread.start()
        try:
            while len(self.faults) < faults:
                before = self._progress()
                time.sleep(self._random.uniform(*BETWEEN_LARGE_FAULTS_S))
                wait_until(partial(self._goes_on_after, before), PATIENCE_S)
                self._strike_all(self._random.choice(("kill supervisor", "restart", "kill all", "copy", "compact")))
        finally:
            for thread in self._threads:
                thread.stop()

    def _strike(self, victim: str, random: Random) -> None:
        """One fault of one process."""
        process = self._processes.process(victim)
        if process is None or not self._has_settled(process):
            return
        if self._progress() == self._at_fault[victim] and random.random() > REGARDLESS:
            return
        self._at_fault[victim] = self._progress()
        # One that is replaced meanwhile, or ends with its supervisor, was no victim of ours.
        with contextlib.suppress(psutil.NoSuchProcess):
            if random.random() < KILLED:
                if self._is_starting.is_set():
                    return
                self._processes.forget_crashes(victim)
                process.kill()
                self.faults.append(f"kill {victim}")
                return
            process.suspend()
            time.sleep(random.uniform(*(STOPPED_LONG_S if random.random() < LONG else STOPPED_S)))
            process.resume()
            self.faults.append(f"halt {victim}")
            time.sleep(random.uniform(*BETWEEN_FAULTS_S))

    def _goes_on_after(self, before: int) -> bool:
        return self._progress() > before

    def _strike_all(self, kind: str) -> None:
        self._stack.status()
        match kind:
            case "kill supervisor":
                supervisor = self._processes.supervisor()
                if supervisor is None:
                    return
                supervisor.kill()
                wait_until(lambda: not is_alive(supervisor.pid), PATIENCE_S)
                self._start("start")
            case "restart":
                self._start("restart")
            case "kill all":
                hit = [process for victim in PROCESSES if (process := self._processes.process(victim))]
                if not all(map(self._has_settled, hit)):
                    return
                for process in hit:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.kill()
            case _:
                # It may be down: then this was no fault, and does no harm.
                with contextlib.suppress(AgentMemoryError), Client(f"127.0.0.1:{self._stack.port}") as client:
                    client.create_checkpoint() if kind == "copy" else client.compact()
        self.faults.append(kind)

    def _start(self, command: str) -> None:
        """Have the daemon run; a start that is tortured may fail, and is made again, as a user does."""
        self._is_starting.set()
        words = iter([command])

        def runs() -> bool:
            # Given to other programs, the processors may leave a start too little; it is made again then, too.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._stack.run(next(words, "start"), check=False)
            return self._processes.supervisor() is not None

        wait_until(runs, PATIENCE_S)
        self._is_starting.clear()

    def _has_settled(self, process: psutil.Process) -> bool:
        """Whether it lives for long enough that supervisord takes its death for no failed start."""
        return time.time() - process.create_time() > SETTLED_S


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
