"""The changelog's versions and dates are in order, and agree with pyproject.toml and with the tags."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
RELEASED = re.compile(r"(\d+\.\d+\.\d+) - (\d{4}-\d\d-\d\d)")


def test_every_section_but_the_first_is_a_version_and_its_date() -> None:
    """`## 1.2.3 - 2026-01-31`, the newest first; before them, `## Unreleased`."""
    first, *others = HEADING.findall((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    sections = [RELEASED.fullmatch(heading) for heading in others]

    assert first == "Unreleased"
    assert [heading for heading, section in zip(others, sections, strict=True) if section is None] == []
    released = [(Version(section[1]), date.fromisoformat(section[2])) for section in sections if section]
    assert all(newer[0] > older[0] and newer[1] >= older[1] for newer, older in pairwise(released))


def test_the_project_has_the_newest_version_or_a_newer_one() -> None:
    assert Version(project_version((ROOT / "pyproject.toml").read_text(encoding="utf-8"))) >= Version(
        released((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))[0]
    )


def test_every_tag_is_the_release_that_it_names() -> None:
    """At vX.Y.Z, the newest version of the changelog and that of pyproject.toml are X.Y.Z; today's names it, too.

    A clone without tags, or one that has not got their commits, has nothing to compare.
    """
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("needs the git checkout")
    tags = [tag for tag in git("tag", "--list", "v*").split() if re.fullmatch(r"v\d+\.\d+\.\d+", tag)]
    at_tags = {tag: (git("show", f"{tag}:CHANGELOG.md"), git("show", f"{tag}:pyproject.toml")) for tag in tags}

    said = {tag: (released(log)[0], project_version(project)) for tag, (log, project) in at_tags.items() if log}

    assert said == {tag: (tag.removeprefix("v"),) * 2 for tag in said}
    assert {tag.removeprefix("v") for tag in said} <= {*released((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))}


def released(changelog: str) -> list[str]:
    """The versions of the changelog, the newest first."""
    return [section[1] for section in map(RELEASED.fullmatch, HEADING.findall(changelog)) if section]


def project_version(project: str) -> str:
    return str(tomllib.loads(project)["project"]["version"])


def git(*arguments: str) -> str:
    """What git prints; nothing when it fails."""
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True).stdout
