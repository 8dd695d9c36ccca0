"""Power: whether this machine runs on its battery. Nobody is told of a change, so it is looked up when a job is due."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

# Linux: a folder for each supply, with a file `type` and, where it is a mains adapter, a file `online`.
SUPPLIES: Final = Path("/sys/class/power_supply")
_PMSET_S: Final = 5.0


def on_battery(supplies: Path = SUPPLIES) -> bool:
    """Whether it is the battery that drains; False where there is none, or where nobody knows."""
    if sys.platform == "darwin":
        with suppress(OSError, subprocess.TimeoutExpired):
            command = ["pmset", "-g", "batt"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=_PMSET_S, check=False)
            return says_battery(done.stdout)
        return False
    found = [(_read(folder / "type"), folder) for folder in _folders(supplies)]
    if any(_read(folder / "online") == "1" for kind, folder in found if kind in ("Mains", "USB", "Wireless")):
        return False
    # Of a mouse, too, there is a battery: it has `scope` Device.
    own = [folder for kind, folder in found if kind == "Battery" and _read(folder / "scope") != "Device"]
    return any(_read(folder / "status") == "Discharging" for folder in own)


def says_battery(pmset: str) -> bool:
    """What macOS's `pmset -g batt` says in its first line."""
    return "'Battery Power'" in pmset.partition("\n")[0]


def _folders(supplies: Path) -> list[Path]:
    try:
        return sorted(supplies.iterdir())
    except OSError:
        return []


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
