"""Installations of this program under other versions, to replace one by another."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
import venv
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


_PARTS = ("services", "shared", "supervisord.conf")


def installed_as(version: str, folder: Path, commit: str = "") -> Path:
    """A virtual environment in `folder` in which this program has that version; its Python.

    With a `commit`, it is the program as it was then.
    """
    code = folder / "code"
    code.mkdir(parents=True)
    if commit:
        archive = subprocess.run(["git", "archive", commit, *_PARTS], cwd=CHECKOUT, capture_output=True, check=True)
        subprocess.run(["tar", "-x", "-C", str(code)], input=archive.stdout, check=True)
    else:
        for part in ("services", "shared"):
            shutil.copytree(CHECKOUT / part, code / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(CHECKOUT / "supervisord.conf", code)
    about = code / "services" / f"agent_memory-{version}.dist-info"
    about.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: agent-memory\nVersion: {version}\n"
    (about / "METADATA").write_text(metadata, encoding="utf-8")
    venv.create(folder / "venv", symlinks=True)
    libraries = Path(sysconfig.get_path("purelib"))
    own = Path(sysconfig.get_path("purelib", vars={"base": str(folder / "venv")}))
    # The first of two copies of a package is taken: ours before the one that the libraries lie beside.
    paths = [code / "services", code / "shared", libraries]
    (own / "agent-memory.pth").write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
    return folder / "venv" / "bin" / "python"
