"""A provider's key: from the environment, from a file that only its owner reads, or from a command's output.

It is held in memory only, and stands in no setting, no row, no log and no error.
"""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
from pathlib import Path
from typing import Final

from agent_memory.errors import SettingsError
from agent_memory.settings import Settings

VARIABLES: Final = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY"}
COMMAND_TIMEOUT_S: Final = 30.0


def api_key(settings: Settings) -> str:
    """The key of the provider that the settings name; raises SettingsError that says where it was looked for.

    Empty where a server of one's own wants none.
    """
    variable = VARIABLES[settings.summarizer_provider]
    if settings.summarizer_key_command:
        key = _from_command(settings.summarizer_key_command)
    elif settings.summarizer_key_file:
        key = _from_file(Path(settings.summarizer_key_file).expanduser())
    else:
        key = os.environ.get(variable, "").strip()
        if not key and not settings.summarizer_base_url:
            raise SettingsError(
                f"summarizer_provider = {settings.summarizer_provider!r} needs a key: set {variable} where the daemon "
                "is started, or summarizer_key_file, or summarizer_key_command."
            )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise SettingsError("The summarizer's key is no key: it holds blanks, line ends or other characters.")
    return key


def _from_file(path: Path) -> str:
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise SettingsError(f"summarizer_key_file {path} can be read by others. Run: chmod 600 {path}")
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"summarizer_key_file {path} can't be read: {type(error).__name__}") from None
    if not key:
        raise SettingsError(f"summarizer_key_file {path} is empty.")
    return key


def _from_command(command: str) -> str:
    try:
        done = subprocess.run(
            shlex.split(command), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise SettingsError(f"summarizer_key_command can't be run: {type(error).__name__}") from None
    # What it says, on either stream, may be the key.
    if done.returncode or not done.stdout.strip():
        raise SettingsError(f"summarizer_key_command ended with {done.returncode} and gave no key.")
    return done.stdout.strip()
