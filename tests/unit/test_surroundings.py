"""What around the daemon is probably not meant: named with what is, and silent about what others may have."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from agent_memory import settings
from agent_memory.control.doctor.surroundings import LIBRARIES, OTHER_VARIABLES, surroundings
from agent_memory.settings import VARIABLES, Settings

ROOT = Path(__file__).resolve().parents[2]


def found(environ: dict[str, str], current: Settings | None = None) -> list[str]:
    return [hint.message for hint in surroundings(current or Settings(), environ)]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("MEMORY_GRCP_PORT", "MEMORY_GRPC_PORT"),
        ("MEMORY_PORT", "MEMORY_GRPC_PORT"),
        ("MEMORY_DBPATH", "MEMORY_DB_PATH"),
        ("MEMORY_LOGLEVEL", "MEMORY_LOG_LEVEL"),
        ("MEMORY_DAEMON_ADDRESS", "MEMORY_DAEMON_ADDR"),
    ],
)
def test_a_misspelt_variable_is_named_with_the_one_that_is_meant(typed: str, meant: str) -> None:
    assert found({typed: "1"}) == [f"{typed} is set, and nothing reads it; {meant} is probably meant"]


def test_other_programs_variables_and_our_own_are_none_of_them() -> None:
    assert found(dict.fromkeys((*VARIABLES.values(), *OTHER_VARIABLES, "MEMORY_LIMIT", "MEMORY", "HOME"), "1")) == []


def test_every_variable_that_is_read_is_known() -> None:
    """A new one would be called misspelt, if it is like an old one."""
    sources = [path for folder in ("services", "shared") for path in (ROOT / folder).glob("**/*.py")]
    read = {name for path in sources for name in re.findall(r'b?"(MEMORY_[A-Z_]+)"', path.read_text(encoding="utf-8"))}

    assert read
    assert sorted(read - {*VARIABLES.values(), *OTHER_VARIABLES}) == []


def test_a_module_that_shadows_another_is_named(tmp_path: Path) -> None:
    """One's own modules are not, nor folders that are not there."""
    (tmp_path / "queue.py").touch()
    (tmp_path / "grpc").mkdir()
    (tmp_path / "grpc" / "__init__.py").touch()
    (tmp_path / "mine.py").touch()
    own = f"{ROOT}/services:{ROOT}/shared"

    said = found({"PYTHONPATH": f"{own}::{tmp_path}:{tmp_path}/none"})

    assert [line.split()[4] for line in said] == ["grpc", "queue"]
    assert all(str(tmp_path) in line for line in said)


def test_every_library_of_ours_is_looked_for() -> None:
    """Each dependency is imported under a name that is in the list."""
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    imported = {"google-re2": "re2", "grpcio": "grpc", "protobuf": "google", "python-ulid": "ulid", "pyzmq": "zmq"}
    imported |= {"grpcio-health-checking": "grpc_health", "grpcio-reflection": "grpc_reflection"}
    names = [re.split(r"[<>=\[ ]", each)[0] for each in asked]

    assert {imported.get(name, name) for name in names} <= LIBRARIES


def test_a_model_without_a_key_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one, and where a command is to print it, nothing is said; the command is not run."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    asked = {"summarizer_provider": "openai", "summarizer_model": "small"}

    def loaded(**more: str) -> Settings:
        return settings.load(Path("/dev/null"), environ={}, **asked, **more)

    assert "summaries stay local until there is a key" in found({}, loaded())[0]
    assert "can't be read" in found({}, loaded(summarizer_key_file=str(tmp_path / "none")))[0]
    assert found({}, loaded(summarizer_key_command=f"touch {tmp_path}/run")) == []
    assert not (tmp_path / "run").exists()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    assert found({}, loaded()) == []
