"""Installations of this program under other versions, to replace one by another."""

from __future__ import annotations

import shutil
import sysconfig
import venv
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def installed_as(version: str, folder: Path) -> Path:
    """A virtual environment in `folder` in which this program has that version; its Python."""
    code = folder / "code"
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
