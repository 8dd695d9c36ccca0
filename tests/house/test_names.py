"""Nothing in the project names the machine it was written on."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What stands at the top of everybody's file system, and is nobody's in particular.
COMMON = {
    *("bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "media", "mnt", "opt", "proc", "root"),
    *("run", "sbin", "srv", "sys", "tmp", "usr", "var"),
    *("Applications", "Library", "System", "Users", "Volumes", "cores", "private"),
}


def test_no_tracked_file_names_a_place_on_this_machine() -> None:
    """Paths in code, tests, samples and documents begin with ~, with a temporary folder or with /home/dev."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("needs the git checkout, to know which files are the project's")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    place = places()

    named = [
        f"{name}:{number}: {line.strip()[:120]!r}"
        for name in filter(None, listed.decode().split("\0"))
        if (ROOT / name).is_file() and ROOT / name != Path(__file__).resolve()
        for number, line in enumerate((ROOT / name).read_bytes().splitlines(), start=1)
        if place.search(line)
    ]

    assert named == []


def places() -> re.Pattern[bytes]:
    """Home folders but the sample user's, unusual folders at the top of the file system, the checkout's neighbours."""
    tops = "|".join(re.escape(path.name) for path in Path("/").iterdir() if path.is_dir() and path.name not in COMMON)
    neighbours = "|".join(re.escape(path.name) for path in ROOT.parent.iterdir() if path.is_dir())
    patterns = [r"/(?:home|Users)/(?!dev\b)\w", r"/root/", rf"\.\./(?:{neighbours})\b"]
    if tops:
        patterns.append(rf"(?<![\w./*-])/(?:{tops})\b")
    return re.compile("|".join(patterns).encode())
