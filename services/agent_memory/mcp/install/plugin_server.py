"""The server that comes with our plugin: the plugin can't know any path, so it calls the program on PATH."""

from __future__ import annotations

import shutil
from typing import Final

WORDS: Final = ["memory-daemon", "mcp"]


def problem() -> str:
    """What keeps the plugin's server from starting; empty where nothing does."""
    return "" if shutil.which(WORDS[0]) else f"The plugin's tools call {WORDS[0]}, which is not on PATH."
