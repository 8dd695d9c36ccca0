"""The life of a process of the stack: a signal, or the supervisor's death, asks it to stop; its loop looks."""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType

from agent_memory import settings
from agent_memory.errors import AgentMemoryError
from agent_memory.files import make_private_dir
from agent_memory.process import logs
from agent_memory.process.malloc_trim import trim_when_idle
from agent_memory.process.process_name import set_name
from agent_memory.process.vital_thread import vital_thread
from agent_memory.settings import Settings
from agent_memory.slots import own_slot

# How often a waiting loop checks whether its parent still lives, of which there is no signal; a check takes 1 us.
PARENT_CHECK_MS = 1000
# What a process gets for its end once its supervisor is gone. One that is in a long step then ends in the middle of it,
# as by kill -9, which each of them survives.
ORPHAN_S = 5.0
# The pause between attempts at something that has to wait for another process of the stack.
RETRY_MS = 100
# supervisord gives up a process that dies within a second of its start, and restarts any other for ever. A process that
# dies within a minute so many times in a row gives itself up.
CRASH_WITHIN_S = 60
CRASHES_MAX = 20


def run(name: str, work: Callable[[Settings, Lifetime], None]) -> int:
    """Run the process `name`: `work` until asked to stop. Returns the exit code: 0, or the error's."""
    os.umask(0o077)
    set_name()
    lifetime = Lifetime()
    log = logging.getLogger(f"agent_memory.{name}")
    try:
        current = settings.load()
        logs.set_up(current.log_level, current.log_format, current.log_filter)
        make_private_dir(current.runtime.folder)
        lifetime.crashes = count_crashes(current.runtime.crash_times(own_slot(name)), time.time())
        if lifetime.crashes >= CRASHES_MAX:
            raise AgentMemoryError(
                f"Given up: {name} ended within {CRASH_WITHIN_S} s of its start {CRASHES_MAX} times in a row.",
                "The reason is further up in this log. Mend that, then run: memory-daemon restart",
            )
        trim_when_idle()
        work(current, lifetime)
    except AgentMemoryError as error:
        log.error(error)
        return error.exit_code
    log.info("stopped")
    return 0


def count_crashes(path: Path, now_s: float) -> int:
    """How many lives in a row, before this one that begins now, were short. The file remembers it for the next one."""
    short = 0
    # Without a file, or with half of one, counting begins again: counting must never prevent a start.
    with suppress(OSError, ValueError):
        began_s, before = path.read_text().split()
        short = int(before) + 1 if now_s - float(began_s) < CRASH_WITHIN_S else 0
    with suppress(OSError):
        path.write_text(f"{now_s} {short}\n")
    return short


class Lifetime:
    """Says when to stop. `fileno()` becomes readable at a signal, so that a loop can wait for it beside its sockets."""

    def __init__(self) -> None:
        # How many lives of this process in a row, up to this one, ended within CRASH_WITHIN_S.
        self.crashes = 0
        self._parent = _supervisor()
        self._stopping = False
        self._wakes, self._waker = socket.socketpair()
        self._wakes.setblocking(False)
        self._waker.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        vital_thread(self._end_with_parent, "parent").start()

    def fileno(self) -> int:
        return self._wakes.fileno()

    @property
    def stopping(self) -> bool:
        """True once asked to stop, or once the parent is gone: an orphan would keep the store locked."""
        if not self._stopping and os.getppid() != self._parent:
            self._stopping = True
        return self._stopping

    def wait(self, timeout_ms: int) -> None:
        """Wait that long, or until a signal comes."""
        select.select([self._wakes], [], [], timeout_ms / 1000)

    def wait_until(self, condition: Callable[[], bool]) -> bool:
        """Wait until the condition holds; False when the stop came first."""
        while not self.stopping:
            if condition():
                return True
            self.wait(RETRY_MS)
        return False

    def stop(self) -> None:
        """Ask for the stop from inside; safe from any thread."""
        self._stopping = True
        self._waker.send(b"\0")

    def _end_with_parent(self) -> None:
        """Wait for the parent's end, ask for our own, and enforce it."""
        _wait_for_end(self._parent)
        self.stop()
        time.sleep(ORPHAN_S)
        logging.getLogger(__name__).warning("the supervisor is gone, and so is this process")
        os._exit(1)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True


def _wait_for_end(parent: int) -> None:
    """Wait until this process has another parent."""
    descriptor = None
    if hasattr(os, "pidfd_open"):  # Linux
        with suppress(OSError):
            descriptor = os.pidfd_open(parent)
    # It may have ended before its descriptor was opened, which may be another process's then.
    while os.getppid() == parent:
        if descriptor is not None:
            select.select([descriptor], [], [], None)
            time.sleep(RETRY_MS / 1000)
        else:
            time.sleep(PARENT_CHECK_MS / 1000)


def _supervisor() -> int:
    """The PID of the supervisor that started this process, or of its parent where there is none; 0 when it is gone.

    Not simply the parent: a supervisor that dies while its child is importing has been replaced as its parent by then,
    and the child would never notice.
    """
    path = os.environ.get("MEMORY_PID_FILE")
    if path is None:
        return os.getppid()
    try:
        return int(Path(path).read_text())
    except FileNotFoundError:
        return 0
    except ValueError:  # the file is empty: the disk was full
        return os.getppid()
