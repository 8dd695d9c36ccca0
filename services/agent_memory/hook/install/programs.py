"""The agents' own programs: which of them are on this machine, and in which version."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeVar

# Some are Node programs with thousands of files. One that takes longer is shown without its version.
TIMEOUT_S: Final = 10

_VERSION = re.compile(r"\d+(?:\.\d+)+")
# How far above a program the description of its package is.
_PACKAGE_DEPTH: Final = 4


class Named(Protocol):
    """An agent, or anything else that has a name of ours and a program."""

    @property
    def name(self) -> str: ...

    @property
    def program(self) -> str: ...


_Named = TypeVar("_Named", bound=Named)


@dataclass(frozen=True, slots=True)
class Program:
    """An agent's program. The version is empty where it does not say."""

    path: str
    version: str


def found(agents: Iterable[Named]) -> Mapping[str, Program]:
    """By agent's name, the programs that are on PATH. They are asked for their versions all at once."""
    paths = {agent.name: path for agent in agents if (path := shutil.which(agent.program))}
    with ThreadPoolExecutor(len(paths) or 1) as asking:
        versions = asking.map(_version, paths.values())
        return {name: Program(path, version) for (name, path), version in zip(paths.items(), versions, strict=True)}


def on_path(agents: Iterable[_Named]) -> list[_Named]:
    """Those whose program is on PATH."""
    return [agent for agent in agents if shutil.which(agent.program)]


def call(words: Sequence[str], timeout_s: float) -> subprocess.CompletedProcess[str]:
    """Run an agent's program, without our hooks; raises OSError or TimeoutExpired."""
    return subprocess.run(
        words,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        env={**os.environ, "MEMORY_HOOK_DISABLED": "1"},
        timeout=timeout_s,
        check=False,
    )


def _version(path: str) -> str:
    version = _VERSION.search(_packaged(Path(path).resolve()) or _printed(path))
    return version[0] if version else ""


def _packaged(program: Path) -> str:
    """The version in the npm package: asking the program itself can take seconds."""
    for folder in program.parents[:_PACKAGE_DEPTH]:
        try:
            return str(json.loads((folder / "package.json").read_bytes())["version"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return ""


def _printed(path: str) -> str:
    try:
        return call([path, "--version"], TIMEOUT_S).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
