"""Opening a store first in a child process, where its log has to be replayed.

RocksDB has recovered from damaged logs by spinning for ever with the interpreter's lock held (facebook/rocksdb#13333).
In a child, a defect like that ends one store's opening and not the process that serves the others. The child closes the
store again, which leaves the log empty: the process itself then has nothing to replay.

After an orderly stop the logs are empty and no child is needed: opening takes 10 ms. After a crash the child adds 80 ms
to replaying the log, which still happens once.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from agent_memory.store import directory
from agent_memory.store.rows import Rows

# Replaying a log of the largest size takes a second. Shorter than what `start` waits, so that it can say why it failed.
LIMIT_S: Final = 45.0
CACHE_BYTES: Final = 1 << 20

_PR_SET_PDEATHSIG: Final = 1


class RecoveryFailed(Exception):
    """The store could not be opened in a child; RocksDB's own words, or how the child ended."""


class _Recovery(Rows):
    """Replays the log of the store at `db_path` by opening it, and closes it again."""

    def __init__(self, db_path: Path) -> None:
        super().__init__(db_path, CACHE_BYTES)
        self._connect()
        self._disconnect()


def recover(db_path: Path, limit_s: float = LIMIT_S) -> None:
    """Replay the store's log in a child; raises RecoveryFailed, also after `limit_s`."""
    child = subprocess.run(
        [sys.executable, "-P", "-m", "agent_memory.ingest.recovery", str(db_path), str(limit_s)],
        # The same code as here, however it was found.
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if child.returncode == -signal.SIGALRM:
        raise RecoveryFailed(f"its recovery was ended after {limit_s:g} s")
    if child.returncode < 0:
        raise RecoveryFailed(f"its recovery died of {signal.Signals(-child.returncode).name}")
    if child.returncode:
        raise RecoveryFailed(child.stdout.strip() or f"its recovery ended with {child.returncode}")


def main(db_path: Path, limit_s: float) -> int:
    """The child's work: 0 when the store could be opened, else 1 with the reason on standard output."""
    _end_with_parent()
    # To be ended by the kernel: nothing written in Python runs while recovery spins.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        _Recovery(db_path)
    except Exception as error:  # rocksdict raises bare Exception
        print(directory.said(error))
        return 1
    return 0


def _end_with_parent() -> None:
    """Have this process killed when its parent ends, where the system can do that: it would keep the store locked."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), float(sys.argv[2])))
