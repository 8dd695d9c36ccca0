"""Broken settings: which store they mean all the same, for whoever looks at its daemon or ends it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from agent_memory.errors import SettingsError
from agent_memory.paths import default_config_path, default_db_path
from agent_memory.settings.loading import config_in_environment

_DB_PATH: Final = re.compile(r"\s*db_path\s*=")


def meant_store(config: Path | None, environ: Mapping[str, str], given: str | None) -> Path | None:
    """The store's folder by the strongest source that names one: command line, environment, config file, default.

    None where the source that comes first can't be read; raises FileNotFoundError for a file that is named and missing.
    """
    if given:
        return Path(given).expanduser().absolute()
    try:
        if variable := environ.get("MEMORY_DB_PATH"):
            path = Path(variable).expanduser()
            return path if path.is_absolute() else None
        named = config or config_in_environment(environ)
        file = (named or default_config_path()).expanduser()
        written = _written(file) if named or file.exists() else ""
        return file.absolute().parent / Path(written).expanduser() if written else default_db_path()
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, RuntimeError, SettingsError):  # RuntimeError: a home that nobody has
        return None


def _written(path: Path) -> str:
    """What the config file says of `db_path`, empty if nothing; a line that is no TOML does not hide the others.

    Raises OSError where the file can't be read, ValueError or KeyError where that line can't.
    """
    for line in path.read_text(encoding="utf-8-sig", errors="replace").splitlines():
        if line.lstrip().startswith("["):
            break
        if _DB_PATH.match(line):
            value = tomllib.loads(line)["db_path"]
            if not isinstance(value, str) or not value or "\0" in value:
                raise ValueError(value)
            return value
    return ""
