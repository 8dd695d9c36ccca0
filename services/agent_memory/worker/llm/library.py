"""The library of a provider, which an installation has only where somebody asked for it."""

from __future__ import annotations

import shlex
import sys
from importlib.util import find_spec

from agent_memory.errors import SettingsError
from agent_memory.settings import Settings


def check_library(settings: Settings) -> None:
    """Raise SettingsError where the named provider's library is not installed. Nothing is loaded."""
    if settings.summarizer_provider == "anthropic" and find_spec("anthropic") is None:
        # In a checkout and in an installation the same: what is installed already is only completed.
        command = shlex.join([sys.executable, "-m", "pip", "install", "agent-memory[anthropic]"])
        raise SettingsError(
            'summarizer_provider = "anthropic" needs the library anthropic, which is not installed.',
            f"Install it: {command}",
            reason="LIBRARY_MISSING",
        )
