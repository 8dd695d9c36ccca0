"""agent-memory as an ordinary package: built, installed from the wheel, used from any folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import venv
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from support.stack import free_port, is_alive

ROOT = Path(__file__).resolve().parents[2]
VERSION = version("agent-memory")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel that was built from it: what the sdist lacks, the wheel lacks."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, cwd=ROOT)
    return folder


def test_the_wheel_holds_both_roots_and_the_supervisor_configuration(built: Path) -> None:
    """Modules of services/ and shared/ under one name, typed, and nothing beside them."""
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = wheel.namelist()

    assert {
        "agent_memory/cli/main.py",
        "agent_memory/client.py",
        "agent_memory/agents/opencode/plugin.js",
        "agent_memory/py.typed",
        "agent_memory/agent-memory.plist",
        "agent_memory/agent-memory.service",
        "agent_memory/supervisord.conf",
        "agent_memory/web/static/index.html",
        "agent_memory/web/static/app.js",
        f"agent_memory-{VERSION}.dist-info/licenses/LICENSE",
    } <= set(names)
    beside = {f"agent_memory-{VERSION}.data", f"agent_memory-{VERSION}.dist-info"}
    assert {name.split("/")[0] for name in names} == {"agent_memory", *beside}
    programs = [f"agent_memory-{VERSION}.data/scripts/{name}" for name in ("memory-daemon", "memory-ingest")]
    assert [name for name in names if ".data/scripts/" in name] == programs
    pages = f"agent_memory-{VERSION}.data/data/share/man/man1/"
    assert {f"{pages}memory-daemon.1", f"{pages}memory-daemon-search.1"} <= set(names)
    assert all(name.startswith((pages, programs[0], programs[1])) for name in names if ".data/" in name)
    assert "agent_memory/__init__.py" not in names


def test_the_sdist_holds_all_that_a_checkout_needs(built: Path) -> None:
    """bin/test and bin/memory-daemon work from an unpacked sdist, too."""
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = sdist.getnames()

    needed = ["bin/test", "ops/set_up.py", "requirements-dev.lock", "proto/bus.proto", "tests/house/test_lock.py"]
    assert {f"agent_memory-{VERSION}/{name}" for name in needed} <= set(names)
    assert [name for name in names if "/.venv" in name] == []


def test_an_installed_package_works_from_any_folder(built: Path, tmp_path: Path) -> None:
    """The wheel in a fresh environment, beside the libraries of this one."""
    environment = tmp_path / "environment"
    venv.create(environment, symlinks=True)
    wheel = next(built.glob("*.whl"))
    run(sys.executable, "-m", "pip", "--python", environment, "install", "--quiet", "--no-deps", wheel, cwd=tmp_path)
    # Added behind the environment's own, so that an installed checkout does not come before the wheel.
    own = Path(sysconfig.get_path("purelib", vars={"base": str(environment)}))
    (own / "libraries.pth").write_text(sysconfig.get_path("purelib"))

    assert (environment / "share" / "man" / "man1" / "memory-daemon-note.1").is_file()
    assert_serves(environment)
    assert_all_answer(environment, tmp_path / "home")


@pytest.mark.drill
def test_what_it_needs_is_named(built: Path, tmp_path: Path) -> None:
    """The same from the package index: what pyproject.toml asks for is all there has to be."""
    environment = tmp_path / "environment"
    venv.create(environment, symlinks=True, with_pip=True)
    run(environment / "bin" / "pip", "install", "--quiet", next(built.glob("*.whl")), cwd=tmp_path)

    assert_all_answer(environment, tmp_path / "home")


def assert_serves(environment: Path) -> None:
    """The daemon starts in a fresh HOME, stores, answers, and stops without a trace of a process."""
    program = environment / "bin" / "memory-daemon"
    with tempfile.TemporaryDirectory(prefix="am-") as folder:  # short: sockets are below it
        home = Path(folder)
        run(program, "start", "--port", str(free_port()), cwd=home, home=home)
        try:
            assert run(program, "note", "The heron sleeps in the third willow", cwd=home, home=home) == "Noted.\n"
            assert "third willow" in run(program, "query", "events", cwd=home, home=home)
            status = json.loads(run(program, "status", "--json", cwd=home, home=home))
        finally:
            stopped = run(program, "stop", cwd=home, home=home)
    assert "Memory daemon stopped" in stopped
    assert not any(is_alive(each["pid"]) for each in status["processes"])


def assert_all_answer(environment: Path, home: Path) -> None:
    """Both programs do their work with an empty HOME, and the agent goes on whatever becomes of the environment."""
    home.mkdir()
    assert run(environment / "bin" / "memory-daemon", "--version", cwd=home, home=home).split()[-1] == VERSION
    assert "Usage: memory-daemon" in run(environment / "bin" / "memory-daemon", "--help", cwd=home, home=home)
    link = home / "memory-ingest"
    link.symlink_to(environment / "bin" / "memory-ingest")
    for hook in (environment / "bin" / "memory-ingest", link):
        assert "Example:" in run(hook, "--help", cwd=home, home=home)
        assert run(hook, "Stop", cwd=home, home=home, stdin="Hello") == '{"continue":true}\n'
    # What two hooks heard without a daemon: they did the work of the real one.
    spool = home / ".local" / "share" / "agent-memory" / "db-spool"
    assert [path.read_bytes()[-5:] for path in spool.iterdir()] == [b"Hello", b"Hello"]
    assert run(environment / "bin" / "python", "-c", WHERE, cwd=home, home=home).splitlines() == ["True"] * 3
    run(environment / "bin" / "memory-daemon", "hooks", "install", "codex", "opencode", cwd=home, home=home)
    for settings in (".codex/hooks.json", ".config/opencode/plugin/agent-memory.js"):
        assert str(environment / "lib") in (home / settings).read_text(encoding="utf-8")
    # An agent goes on when the Python of its hook is gone.
    (environment / "bin" / "python").unlink()
    assert run(link, "Stop", cwd=home, home=home) == '{"continue":true}\n'


# Both roots are one package now, and what supervisord is started with lies in it.
WHERE = """
from importlib.resources import files
print(files("agent_memory").joinpath("supervisord.conf").is_file())
print(files("agent_memory").joinpath("client.py").is_file())
print(files("agent_memory").joinpath("worker").is_dir())
"""


def run(*command: str | Path, cwd: Path, home: Path | None = None, stdin: str = "") -> str:
    """What the command prints; fails the test, with all it printed, when it fails."""
    settings = {name: value for name, value in os.environ.items() if not name.startswith(("MEMORY_", "XDG_", "PYTHON"))}
    if home is not None:
        settings["HOME"] = str(home)
    result = subprocess.run(command, cwd=cwd, env=settings, input=stdin, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
