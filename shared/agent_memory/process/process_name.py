"""What `ps`, `pgrep`, `top` and `lsof` call a process of the daemon."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

NAME: Final = "memory-daemon"


def set_name() -> None:
    """Call this process `memory-daemon` where the kernel lets it say so (Linux); its role stands in its arguments."""
    with suppress(OSError):
        Path("/proc/self/comm").write_text(NAME)
