"""Make this checkout's environment: .venv with exactly what the lock file names, and the checkout itself in it.

    python3 ops/set_up.py run|dev

Called by the programs in bin/ when .venv is not what the lock file asks for; needs nothing but Python 3.11. Two of
them at once are one set-up: the second waits for the first. A set-up that was interrupted is begun again from nothing.
"""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import subprocess
import sys
import time
import venv
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / ".venv.lock"
LOCK_FILES = {"run": "requirements.lock", "dev": "requirements-dev.lock"}
OUTPUT_LINES_SHOWN = 30  # of pip's last words, when it fails: the reason stands near the end


def set_up(kind: str) -> None:
    """Make or update .venv for `kind`; raises SetUpFailed. Returns at once when another set-up just did the work."""
    with _alone() as lock:
        made_of = {each: _ingredients(each) for each in LOCK_FILES}
        if _stamp(kind).exists() and _stamp(kind).read_bytes() == made_of[kind]:
            return
        began = time.monotonic()
        _say(f"setting up {VENV} for {'development' if kind == 'dev' else 'use'} (once, usually within a minute)")
        interrupted = lock.read() != ""
        reusable = not interrupted and _stamped_here() and _has_pip()
        # Until this set-up is through, .venv is nobody's: not the hooks', not the next set-up's.
        _write(lock, f"begun by process {os.getpid()}, not finished\n")
        for each in LOCK_FILES:
            _stamp(each).unlink(missing_ok=True)
        if not reusable:
            _say(f"making a new environment with Python {sys.version.split()[0]}")
            _create()
        _say(f"installing the versions of {LOCK_FILES[kind]}")
        _pip(lock, "--require-hashes", "--requirement", LOCK_FILES[kind])
        # What builds the checkout is among what was just installed, so nothing unlocked comes in here.
        _pip(lock, "--no-deps", "--no-build-isolation", "--editable", ".")
        _write(lock, "")
        # A development environment holds all that a run needs, in the same versions.
        for each in LOCK_FILES if kind == "dev" else (kind,):
            _stamp(each).write_bytes(made_of[each])
        _say(f"ready after {time.monotonic() - began:.0f} s")


class SetUpFailed(Exception):
    """The environment could not be made; the message says why and what to do."""


@contextmanager
def _alone() -> Iterator[TextIO]:
    """Hold the lock, waiting for it if need be. The kernel frees it however its holder ends."""
    with _opened() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("another set-up is under way; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        yield lock


def _opened() -> TextIO:
    try:
        return LOCK.open("a+", encoding="utf-8")
    except OSError as error:
        raise SetUpFailed(
            f"the environment is made in this checkout, and {error.filename} can't be written ({error.strerror}). "
            f"Make {ROOT} writable for yourself, or install the program elsewhere: pip install {shlex.quote(str(ROOT))}"
        ) from error


def _ingredients(kind: str) -> bytes:
    """What an environment is made of, as bin/environment writes it, too."""
    return b"%s\n" % os.fsencode(ROOT) + (ROOT / LOCK_FILES[kind]).read_bytes() + (ROOT / "pyproject.toml").read_bytes()


def _stamp(kind: str) -> Path:
    """What the environment was made of; there only while it is whole."""
    return VENV / f"stamp-{kind}"


def _write(lock: TextIO, text: str) -> None:
    """Remember in the lock file itself how far the set-up is: it outlives .venv."""
    lock.truncate(0)
    lock.write(text)
    lock.flush()


def _stamped_here() -> bool:
    """False when .venv was made in another place, and its programs still name that one."""
    stamps = [_stamp(each) for each in LOCK_FILES if _stamp(each).exists()]
    return all(stamp.read_bytes().startswith(b"%s\n" % os.fsencode(ROOT)) for stamp in stamps)


def _has_pip() -> bool:
    """Whether .venv is an environment that can be brought up to date: its Python is still there and new enough."""
    check = "import pip, sys; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([VENV / "bin" / "python", "-c", check], capture_output=True).returncode == 0
    except OSError:
        return False


def _create() -> None:
    if VENV.exists():
        shutil.rmtree(VENV)
    venv.create(VENV, symlinks=True, with_pip=True)


def _pip(lock: TextIO, *arguments: str) -> None:
    """Run pip install quietly; raises SetUpFailed with its last words."""
    python = str(VENV / "bin" / "python")
    # pip inherits the lock: should it outlive us, the next set-up waits for it before it touches .venv.
    result = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", *arguments],
        cwd=ROOT,
        pass_fds=[lock.fileno()],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    if result.returncode != 0:
        last_words = "\n".join(result.stdout.splitlines()[-OUTPUT_LINES_SHOWN:])
        raise SetUpFailed(f"{last_words}\npip could not install it all. Is the package index in reach? Run this again.")


def _say(text: str) -> None:
    print(f"agent-memory: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        set_up(sys.argv[1])
    except (SetUpFailed, OSError) as error:
        sys.exit(f"agent-memory: the set-up failed: {error}")
    except KeyboardInterrupt:
        sys.exit("agent-memory: the set-up was interrupted; the next one begins again")
