"""The bundle for a bug report: what a helper needs, in one archive, and nothing of what was said.

Settings come without secrets, paths without the home folder, and whatever a log may have caught is redacted.
"""

from __future__ import annotations

import io
import json
import os
import platform
import re
import sys
import tarfile
import time
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any, Final

from agent_memory.control import log_files
from agent_memory.files import whole_file
from agent_memory.redaction.redactor import redact
from agent_memory.settings import Settings

# Of each log; a day or two of a daemon that is well.
LOG_LINES: Final = 500
# Settings whose values are nobody's business: commands and files of keys, and names of projects and folders.
_PRIVATE: Final = frozenset(
    {"summarizer_key_command", "summarizer_key_file", "grpc_token_file", "grpc_tls_key", "ignore", "project_names"}
)
# Of an URL, the scheme and the host; between them may be a name and a password.
_SERVER: Final = re.compile(r"(https?://)(?:[^/?#]*@)?([^/?#]*).*")
# Of a requirement, what comes after the library's name.
_NAME_END: Final = re.compile(r"[^\w.-]")
_FOLDER: Final = "agent-memory-report"


def write(path: Path, settings: Settings, doctor: str, status: str, metrics: str) -> list[str]:
    """Write the archive, and return the names of what is in it; raises OSError.

    `doctor` and `status` are these commands' JSON, `metrics` is that command's page.
    """
    parts = {
        "versions.json": json.dumps(versions(), indent=2),
        "settings.json": json.dumps(public_settings(settings), indent=2),
        "doctor.json": doctor,
        "status.json": status,
        "metrics.prom": metrics,
        **{f"logs/{name}.log": text for name, text in _logs(settings)},
    }
    with whole_file(path) as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, text in parts.items():
            content = cleaned(text).encode(errors="replace")
            entry = tarfile.TarInfo(f"{_FOLDER}/{name}")
            entry.size, entry.mtime, entry.mode = len(content), int(time.time()), 0o600
            archive.addfile(entry, io.BytesIO(content))
    return list(parts)


def versions() -> Mapping[str, Any]:
    """This program, Python, the system, and each library that the program asks for."""
    libraries = {}
    for requirement in requires("agent-memory") or []:
        name = _NAME_END.split(requirement, maxsplit=1)[0]
        try:
            libraries[name] = version(name)
        except PackageNotFoundError:
            libraries[name] = "not installed"
    return {
        "agent-memory": version("agent-memory"),
        "python": sys.version,
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "libraries": libraries,
    }


def public_settings(settings: Settings) -> Mapping[str, Any]:
    """Each setting with its source; of what is private, only whether it is set."""
    return {
        name: {"value": _public(name, getattr(settings, name)), "source": source}
        for name, source in settings.sources.items()
    }


def cleaned(text: str) -> str:
    """The text without secrets, and with ~ for the home folder."""
    home = str(Path.home())
    text = redact(text)
    return text.replace(home, "~") if len(home) > 1 else text


def _public(name: str, value: object) -> object:
    if name in _PRIVATE:
        return "(set)" if value else ""
    if name == "summarizer_base_url" and value:
        return _SERVER.sub(r"\1\2", str(value))
    return str(value) if isinstance(value, Path) else value


def _logs(settings: Settings) -> Iterator[tuple[str, str]]:
    for name in log_files.PROCESSES:
        lines = log_files.tail(settings.runtime.log(name), LOG_LINES)
        if lines:
            yield name, "".join(f"{line}\n" for line in lines)
