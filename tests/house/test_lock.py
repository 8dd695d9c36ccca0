"""The lock files pin and hash all that pyproject.toml asks for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# What builds the checkout is locked with what runs it: bin/ installs without build isolation.
RUN = [*PYPROJECT["project"]["dependencies"], *PYPROJECT["build-system"]["requires"]]
DEV = [*RUN, *PYPROJECT["project"]["optional-dependencies"]["dev"]]


@pytest.mark.parametrize(("file", "asked"), [("requirements.lock", RUN), ("requirements-dev.lock", DEV)])
def test_a_lock_file_satisfies_pyproject(file: str, asked: list[str]) -> None:
    """Each dependency is pinned to a version that pyproject.toml allows. If not: ops/lock."""
    locked = pins(file)

    assert [r for r in requirements(asked) if not any(r.specifier.contains(v) for v in locked.get(r.name, []))] == []


@pytest.mark.parametrize("file", ["requirements.lock", "requirements-dev.lock"])
def test_every_pin_has_hashes(file: str) -> None:
    """pip would refuse the whole file for one that has none."""
    assert [pin.splitlines()[0] for pin in entries(file) if "--hash=sha256:" not in pin] == []


def test_the_tests_run_on_the_versions_that_people_get() -> None:
    """The development lock repeats every pin of the other."""
    development = pins("requirements-dev.lock")

    assert {name: development.get(name) for name in pins("requirements.lock")} == pins("requirements.lock")


def test_who_asks_no_model_installs_no_library_of_one() -> None:
    """It is more than all the rest; an extra brings it, and the tests have it."""
    (extra,) = requirements(PYPROJECT["project"]["optional-dependencies"]["anthropic"])

    assert extra.name not in pins("requirements.lock")
    assert all(extra.specifier.contains(version) for version in pins("requirements-dev.lock")[extra.name])


def pins(file: str) -> dict[str, list[str]]:
    """The versions each name is pinned to: one, or several with markers that exclude each other."""
    found: dict[str, list[str]] = {}
    for requirement in requirements(pin.partition(" \\")[0] for pin in entries(file)):
        found.setdefault(requirement.name, []).append(str(requirement.specifier).removeprefix("=="))
    return found


def entries(file: str) -> list[str]:
    """A lock file's pins, each with its continuation lines."""
    text = re.sub(r"^ *#.*\n", "", (ROOT / file).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return re.split(r"\n(?=\S)", text)


def requirements(texts: Iterable[str]) -> Iterator[Requirement]:
    for requirement in map(Requirement, texts):
        requirement.name = canonicalize_name(requirement.name)
        yield requirement
