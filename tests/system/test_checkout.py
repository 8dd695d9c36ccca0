"""A checkout makes its own environment: once, whoever asks, and again after an accident.

The programs of bin/ are run in a small checkout of the same shape, whose package is built by a backend of its own: so
nothing is downloaded, and what is tried is the set-up itself.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent_memory.hook import client
from support.stack import wait_until

ROOT = Path(__file__).resolve().parents[2]
GO_ON = '{"continue":true}\n'
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
# Where the checkout's real one is.
HOOK_FILE = Path(client.__file__).with_name("run.py").relative_to(ROOT)
# The hook in its quickest form needs nothing but a Python; the environment's is taken.
HOOK = "import sys\nprint(sys.argv[1:], sys.stdin.read())\n"
# A wheel with two programs that say what they were given.
BACKEND = """
import zipfile

FILES = {
    "program.py": "import sys\\ndef main(): print(sys.argv[1:], sys.stdin.read())\\n",
    "agent_memory-1.0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: agent-memory\\nVersion: 1.0\\n",
    "agent_memory-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    "agent_memory-1.0.dist-info/entry_points.txt":
        "[console_scripts]\\nmemory-daemon = program:main\\nmemory-ingest = program:main\\n",
    "agent_memory-1.0.dist-info/RECORD": "",
}

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "agent_memory-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{wheel_directory}/{name}", "w") as wheel:
        for path, text in FILES.items():
            wheel.writestr(path, text)
    return name
"""


def make_checkout(root: Path) -> Path:
    shutil.copytree(ROOT / "bin", root / "bin")
    (root / "ops").mkdir()
    shutil.copy(ROOT / "ops" / "set_up.py", root / "ops")
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "backend.py").write_text(BACKEND)
    (root / HOOK_FILE).parent.mkdir(parents=True)
    (root / HOOK_FILE).write_text(HOOK)
    for file in ("requirements.lock", "requirements-dev.lock"):
        (root / file).write_text("# nothing but the checkout itself\n")
    return root


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small checkout with nothing set up yet, in a folder whose name is no easy one."""
    return make_checkout(tmp_path / "a 100% checkout")


@pytest.fixture(scope="module")
def first_answers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[str, str]]]:
    """A checkout that two shells used first, at the same time, and what each saw on its two outputs."""
    root = make_checkout(tmp_path_factory.mktemp("used") / "a 100% checkout")
    shells = [start(root, "memory-daemon", "status") for _ in range(2)]
    return root, [shell.communicate("from standard input") for shell in shells]


@pytest.fixture
def used(first_answers: tuple[Path, list[tuple[str, str]]]) -> Path:
    """A checkout whose environment is made."""
    return first_answers[0]


def test_two_shells_at_once_are_one_set_up(first_answers: tuple[Path, list[tuple[str, str]]]) -> None:
    """Both wait until it is done; then each program gets its own arguments and its own input."""
    _, answers = first_answers

    assert [out for out, _ in answers] == ["['status'] from standard input\n"] * 2
    assert "".join(err for _, err in answers).count("making a new environment") == 1


def test_a_second_run_sets_nothing_up(used: Path) -> None:
    """Nor does one through a link, from another folder."""
    link = used.parent / "link"
    link.symlink_to(used / "bin" / "memory-daemon")

    assert run(used, "memory-daemon", "stop") == ("['stop'] \n", "")
    assert run(used, "memory-ingest") == ("[] \n", "")
    through_link = subprocess.run([link], cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert (through_link.stdout, through_link.stderr) == ("[] \n", "")


def test_a_changed_lock_file_brings_the_environment_up_to_date(used: Path) -> None:
    """In place; the hooks make do with the old one until then."""
    (used / "requirements.lock").write_text("# changed\n")

    assert run(used, "memory-ingest") == ("[] \n", "")
    _, said = run(used, "memory-daemon")

    assert "installing the versions of requirements.lock" in said
    assert "making a new environment" not in said
    assert run(used, "memory-daemon")[1] == ""


@pytest.mark.drill
def test_a_checkout_that_was_moved_makes_a_new_environment(checkout: Path) -> None:
    """The programs of the old one name a folder that is gone."""
    run(checkout, "memory-daemon")
    moved = checkout.rename(checkout.parent / "moved")

    assert run(moved, "memory-ingest") == (GO_ON, "")
    assert "making a new environment" in run(moved, "memory-daemon")[1]


def test_a_set_up_that_was_killed_is_begun_again(checkout: Path) -> None:
    """Whatever half of it is there; and until then no hook runs on half an environment."""
    shell = start(checkout, "memory-daemon")
    wait_until((checkout / ".venv" / "bin" / "python").exists)
    os.killpg(shell.pid, signal.SIGKILL)
    shell.communicate()

    assert run(checkout, "memory-ingest") == (GO_ON, "")
    answer, said = run(checkout, "memory-daemon")

    assert "making a new environment" in said
    assert answer == "[] \n"


def test_a_set_up_that_fails_says_why(used: Path) -> None:
    """pip's own reason and what to do are on standard error, and the exit code tells."""
    (used / "requirements.lock").write_text("no-hashes==1.0\n")

    shell = start(used, "memory-daemon")
    out, err = shell.communicate()

    assert (shell.returncode, out) == (1, "")
    assert "no-hashes==1.0" in err
    assert "Run this again" in err


def test_a_checkout_that_cannot_be_written_says_what_to_do(checkout: Path) -> None:
    """Somebody else's, or one on a read-only disk: the lock can't be made, here because a folder has its place."""
    (checkout / ".venv.lock").mkdir()

    shell = start(checkout, "memory-daemon", "demo")
    out, err = shell.communicate()

    assert (shell.returncode, out) == (1, "")
    assert len(err.splitlines()) == 1
    assert f"{checkout}/.venv.lock can't be written" in err
    assert f"Make {checkout} writable for yourself" in err
    assert f"pip install '{checkout}'" in err


def test_a_hook_never_sets_up(checkout: Path) -> None:
    """The agent waits for it: without an environment it is told to go on, at once."""
    assert run(checkout, "memory-ingest") == (GO_ON, "")
    assert not (checkout / ".venv").exists()


def test_a_python_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    """As the shims of a version manager are, which stand in PATH for versions that are not there."""
    shims, real = tmp_path / "shims", tmp_path / "real folder"
    for folder in (shims, real):
        folder.mkdir()
    (shims / "python3.11").write_text("#!/bin/sh\necho 'python3.11: command not found' >&2\nexit 127\n")
    (shims / "python3.11").chmod(0o755)
    (real / "python3.11").symlink_to(Path(sys.executable).resolve())

    assert find_python(shims, real).stdout == f"{real}/python3.11\n"

    nothing = find_python(shims)
    assert nothing.returncode == 1
    assert nothing.stderr.startswith("agent-memory needs Python 3.11 or newer")


def test_the_python_that_is_asked_for_is_taken(tmp_path: Path) -> None:
    """AGENT_MEMORY_PYTHON names it by its path, or as PATH knows it; one that will not do is never replaced."""
    usual, chosen = tmp_path / "usual", tmp_path / "chosen"
    for folder in (usual, chosen):
        folder.mkdir()
        (folder / "python3.11").symlink_to(Path(sys.executable).resolve())
    (chosen / "mine").symlink_to(Path(sys.executable).resolve())

    assert find_python(usual, wanted=f"{chosen}/python3.11").stdout == f"{chosen}/python3.11\n"
    assert find_python(usual, chosen, wanted="mine").stdout == f"{chosen}/mine\n"
    assert find_python(usual, wanted="").stdout == f"{usual}/python3.11\n"

    refused = find_python(usual, wanted="python9")
    assert refused.returncode == 1
    assert refused.stderr.startswith("AGENT_MEMORY_PYTHON=python9 is no Python 3.11 or newer")


def start(checkout: Path, program: str, *arguments: str) -> subprocess.Popen[str]:
    """A program of bin/, in a process group of its own."""
    command = [str(checkout / "bin" / program), *arguments]
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen(command, cwd=checkout.parent, text=True, start_new_session=True, **pipes)


def run(checkout: Path, program: str, *arguments: str) -> tuple[str, str]:
    """What the program and its set-up say on standard output and standard error; it must succeed."""
    shell = start(checkout, program, *arguments)
    out, err = shell.communicate()
    assert shell.returncode == 0, err
    return out, err


def find_python(*path: Path, wanted: str | None = None) -> subprocess.CompletedProcess[str]:
    """What bin/environment finds with this PATH, and with AGENT_MEMORY_PYTHON where it is given."""
    script = f"root='{ROOT}'; . '{ROOT}/bin/environment'; find_python"
    search = {"PATH": ":".join(map(str, path))} | ({} if wanted is None else {"AGENT_MEMORY_PYTHON": wanted})
    return subprocess.run(["/bin/sh", "-c", script], env=search, capture_output=True, text=True)
