"""What is generated is what its sources say, and the code of it runs on every version that pyproject.toml allows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from agent_memory.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
RPC = ROOT / "shared" / "agent_memory" / "rpc"


def test_generating_again_changes_nothing(tmp_path: Path) -> None:
    """ops/gen_proto.py writes, byte for byte, what is committed."""
    subprocess.run([sys.executable, ROOT / "ops" / "gen_proto.py", tmp_path], check=True)

    generated = contents(tmp_path / "agent_memory" / "rpc")
    committed = contents(RPC)
    assert generated.keys() == committed.keys() - {"__init__.py"}
    assert [name for name in generated if generated[name] != committed[name]] == []


def test_writing_the_references_again_changes_nothing(tmp_path: Path) -> None:
    """ops/gen_docs.py writes, byte for byte, the pages of commands and settings that are committed."""
    subprocess.run([sys.executable, ROOT / "ops" / "gen_docs.py", tmp_path], check=True, env=import_path())

    generated = contents(tmp_path)
    assert set(generated) == {"cli.md", "settings.md"}
    assert [name for name, text in generated.items() if (ROOT / "docs" / name).read_bytes() != text] == []


def test_writing_the_man_pages_again_changes_nothing(tmp_path: Path) -> None:
    """ops/gen_docs.py writes them, too. Every command has one, and roff finds nothing to complain of."""
    subprocess.run([sys.executable, ROOT / "ops" / "gen_man.py", tmp_path], check=True, env=import_path())

    generated = contents(tmp_path)
    assert generated == contents(ROOT / "ops" / "man")
    assert set(generated) == {"memory-daemon.1", "memory-ingest.1", *(f"memory-daemon-{name}.1" for name in COMMANDS)}
    if shutil.which("groff"):
        pages = sorted(tmp_path.iterdir())
        checked = subprocess.run(
            ["groff", "-man", "-Tutf8", "-ww", "-z", *pages], capture_output=True, text=True, check=False
        )
        assert checked.stderr == ""


@pytest.mark.parametrize(
    ("library", "file", "pattern"),
    [
        ("protobuf", "memory_pb2.py", r"Protobuf Python Version: ([\d.]+)"),
        ("protobuf", "bus_pb2.py", r"Protobuf Python Version: ([\d.]+)"),
        ("grpcio", "memory_pb2_grpc.py", r"GRPC_GENERATED_VERSION = '([\d.]+)'"),
    ],
)
def test_the_oldest_allowed_library_can_import_it(library: str, file: str, pattern: str) -> None:
    """Code of a newer generator dies at import on an older library, so the floor is the generator's version."""
    generator = re.search(pattern, (RPC / file).read_text(encoding="utf-8"))

    assert generator
    assert floor(library) == generator[1]


def import_path() -> dict[str, str]:
    """An environment in which this checkout is imported, whatever else is installed."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("services", "shared"))}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def floor(library: str) -> str:
    """The version after `>=` in pyproject.toml's dependencies."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirement = next(r for r in map(Requirement, project["dependencies"]) if r.name == library)
    return next(specifier.version for specifier in requirement.specifier if specifier.operator == ">=")
