"""The program as one file, for this platform and this Python: what `release.py --pex` puts beside the wheel.

A PEX holds the wheel and everything that requirements.lock pins. When it is first run it unpacks itself into a virtual
environment in the user's data folder, which hooks and agents' tools then start by its paths. https://docs.pex-tool.org
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

# What makes it; fetched into a folder that goes again.
PEX = "pex==2.105.2 --hash=sha256:5a4d73fbeab30ddf70e360971cb19b9fa80b2a29cfe83e786215fcdd5ef1af9d"
# Not in a cache: agents' settings lead into it.
UNPACKED = "~/.local/share/agent-memory-program"


def make(name: str, version: str, wheel: Path, lock: Path) -> Path:
    """Write the file beside the wheel; needs the package index. Raises subprocess.CalledProcessError."""
    python = "cp{}{}".format(*sys.version_info)
    made = wheel.with_name(f"{name}-{version}-{python}-{sysconfig.get_platform()}.pex")
    with tempfile.TemporaryDirectory() as folder:
        tool, wanted = Path(folder, "tool"), Path(folder, "wanted.txt")
        run(sys.executable, "-m", "venv", tool)
        wanted.write_text(f"{PEX}\n", encoding="utf-8")
        run(tool / "bin" / "pip", "install", "--quiet", "--require-hashes", "--requirement", wanted)
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        pins = lock.read_text(encoding="utf-8")
        wanted.write_text(f"{pins}{name} @ {wheel.as_uri()} --hash=sha256:{digest}\n", encoding="utf-8")
        how = ["--no-build", "--venv", "prepend", "--runtime-pex-root", UNPACKED]
        entry = ["--python", sys.executable, "--entry-point", "agent_memory.cli.main:main"]
        run(tool / "bin" / "pex", "--requirement", wanted, *how, *entry, "--output-file", made)
    return made


def run(*command: str | Path) -> None:
    subprocess.run(command, check=True, stdout=sys.stderr)
