"""How long `memory-daemon browse` takes from a key to the screen: the daemon idle, storing, hanging, stopped.

    python tests/bench/keys.py [--events 20000] [--keys 200]

The program runs on a terminal of its own, and what counts is the time from writing a key to the first byte that the
terminal gets. Beside it stands a program that does nothing but answer each key: what the machine itself takes. On Linux
also: how long of it the program's own thread ran, and how long it stood ready and the machine ran something else.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import rig
from support.stack import Stack

SIZE: Final = (24, 80)
# Long enough for what a key starts beside it to end, mostly, as between the keys of a person in a hurry.
PAUSE_S: Final = 0.08
LIMIT_MS: Final = 50.0
_READY_S: Final = 30.0
_ECHO: Final = """
import os, tty
tty.setraw(0)
os.write(1, b"ready")
while os.read(0, 1):
    os.write(1, b"\\x1b[H" + b"x" * 500)
"""
_MOVES: Final = "jjjkjkkjjkjhlkj"
_WORDS: Final = "why did we move the deploy last week "


@dataclass(frozen=True, slots=True)
class Took:
    """Milliseconds from a key to the screen, and of them those that the first thread ran, or only stood ready."""

    all_ms: float
    ran_ms: float
    ready_ms: float

    @property
    def own_ms(self) -> float:
        """Without what the machine made it wait."""
        return self.all_ms - min(self.ready_ms, self.all_ms)


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, command: Sequence[str], env: dict[str, str]) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True
        )
        os.close(slave)

    def wait_for(self, text: bytes) -> None:
        """Read until the text was shown; raises TimeoutError."""
        shown, until = b"", time.monotonic() + _READY_S
        while text not in shown:
            if time.monotonic() > until:
                raise TimeoutError(f"{text!r} was not shown: {shown[-2000:]!r}")
            shown += self._read(0.1)

    def press(self, key: str) -> Took:
        """What it takes until the terminal gets something, at most two seconds."""
        while self._read(0):
            pass
        ran, ready = self._scheduled_ms()
        began = time.perf_counter()
        os.write(self._master, key.encode())
        self._read(2)
        took_ms = (time.perf_counter() - began) * 1000
        ran_then, ready_then = self._scheduled_ms()
        return Took(took_ms, ran_then - ran, ready_then - ready)

    def close(self) -> None:
        self.process.kill()
        self.process.wait(10)
        os.close(self._master)

    def _scheduled_ms(self) -> tuple[float, float]:
        """How long the first thread has run so far, and stood ready to run."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/schedstat")
        if not path.exists():
            return 0.0, 0.0
        ran_ns, ready_ns, _ = map(int, path.read_text().split())
        return ran_ns / 1e6, ready_ns / 1e6

    def _read(self, wait_s: float) -> bytes:
        ready, _, _ = select.select([self._master], [], [], wait_s)
        return os.read(self._master, 1 << 16) if ready else b""


def main(events: int, keys: int) -> None:
    rig.print_machine("keys")
    with rig.scratch_stack() as stack:
        rig.load(stack, rig.conversations(events))
        rig.wait_until_drained(stack)
        with on_terminal([sys.executable, "-c", _ECHO], dict(os.environ), b"ready") as echo:
            show("nothing but an answer", [pressed(echo, key) for key in repeated(_MOVES, keys)])
        with browser(stack) as terminal:
            measure(terminal, "the daemon idle", keys)
            with storing(stack):
                measure(terminal, "storing all it can", keys)
            query = stack.pid("query")
            os.kill(query, signal.SIGSTOP)
            measure(terminal, "hanging (SIGSTOP)", keys)
            os.kill(query, signal.SIGCONT)
            stack.stop()
            measure(terminal, "stopped", keys)


def measure(terminal: Terminal, doing: str, keys: int) -> None:
    """Move in the tree, then type a question, then leave it."""
    show(f"{doing}: moving", [pressed(terminal, key) for key in repeated(_MOVES, keys)])
    terminal.press("/")
    time.sleep(0.5)
    show(f"{doing}: typing", [pressed(terminal, key) for key in repeated(_WORDS, keys)])
    terminal.press("\x1b")
    time.sleep(0.5)


def pressed(terminal: Terminal, key: str) -> Took:
    time.sleep(PAUSE_S)
    return terminal.press(key)


def repeated(text: str, times: int) -> str:
    return (text * (times // len(text) + 1))[:times]


def show(doing: str, took: Sequence[Took]) -> None:
    late = sum(each.own_ms > LIMIT_MS for each in took)
    parts = [("all", [each.all_ms for each in took]), ("own", [each.own_ms for each in took])]
    parts.append(("ran", [each.ran_ms for each in took]))
    figures = "  ".join(f"{name} {percentiles(values)}" for name, values in parts)
    print(f"{doing:<26} {figures}  own over {LIMIT_MS:.0f}: {late} of {len(took)}", flush=True)


def percentiles(values: Sequence[float]) -> str:
    """p50, p95 and the most, in milliseconds."""
    ordered = sorted(values)
    return f"{median(ordered):5.1f}/{ordered[int(len(ordered) * 0.95)]:5.1f}/{ordered[-1]:6.1f}"


@contextlib.contextmanager
def on_terminal(command: Sequence[str], env: dict[str, str], ready: bytes) -> Iterator[Terminal]:
    terminal = Terminal(command, env)
    try:
        terminal.wait_for(ready)
        yield terminal
    finally:
        terminal.close()


@contextlib.contextmanager
def browser(stack: Stack) -> Iterator[Terminal]:
    env = {**stack.env, "TERM": "xterm-256color", "COLUMNS": str(SIZE[1]), "LINES": str(SIZE[0])}
    with on_terminal(stack.command("browse"), env, b"capturing") as terminal:
        time.sleep(1)
        yield terminal


@contextlib.contextmanager
def storing(stack: Stack) -> Iterator[None]:
    """Something else stores events meanwhile, a batch after another."""
    over = threading.Event()

    def store() -> None:
        for number in range(10_000):
            if over.is_set():
                return
            rig.load(stack, rig.conversations(500, f"meanwhile {number}"))

    thread = threading.Thread(target=store, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(30)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--keys", type=int, default=200)
    given = parser.parse_args()
    main(given.events, given.keys)
