"""The first commit of a repository, which git itself is asked for."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Final

# git needs a tenth of it for 50,000 commits. Somebody waits for it, if only once a repository.
TIMEOUT_S: Final = 2.0
_SHA1_DIGITS: Final = 40
_SHA256_CONFIG: Final = "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = sha256\n"


def first_commit(common_dir: Path, tip: str) -> str:
    """The id of the commit without a parent to which the first parents lead from `tip`.

    Empty where the objects are not all there, as in a shallow clone, where git does not answer in TIMEOUT_S seconds,
    or where there is no git.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="agent-memory-") as folder:
            return _asked(common_dir / "objects", tip, Path(folder))
    except (OSError, subprocess.SubprocessError):
        return ""


def _asked(objects: Path, tip: str, folder: Path) -> str:
    """What git says of these objects, with an empty repository in `folder` around them.

    Not with their own: its config may name programs to run and servers to fetch from.
    """
    (folder / "refs").mkdir()
    (folder / "HEAD").write_text("ref: refs/heads/none\n")
    if len(tip) > _SHA1_DIGITS:
        (folder / "config").write_text(_SHA256_CONFIG)
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "GIT_DIR": str(folder),
        "GIT_OBJECT_DIRECTORY": str(objects),
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    command = ["git", "rev-list", "--first-parent", "--max-parents=0", tip, "--"]
    found = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=TIMEOUT_S,
        check=True,
        text=True,
    )
    return found.stdout.strip()
