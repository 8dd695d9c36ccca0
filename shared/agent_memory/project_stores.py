"""Project stores: the isolated stores that a daemon serves beside its default one. Their names, folders and limits."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from agent_memory.errors import AgentMemoryError, UnknownStore, UsageError
from agent_memory.files import make_private_dir, sync_folder
from agent_memory.model import DEFAULT_STORE
from agent_memory.paths import default_db_path

# In its environment, a hook or a command finds the name of its store.
VARIABLE: Final = "MEMORY_PROJECT"
# Each process keeps so many open; of more, those whose last use is longest ago are closed. One is opened in 30 ms.
OPEN_MAX: Final = 8
# One that nobody uses for this long is closed.
IDLE_S: Final = 60.0
# A store's own settings, over the daemon's.
CONFIG: Final = "config.toml"

# No separator, no leading dot, one case: a name is a folder's on every file system.
NAME_MAX: Final = 63
_NAME: Final = re.compile(rf"[a-z0-9][a-z0-9._-]{{0,{NAME_MAX - 1}}}")
_NO_NAME: Final = re.compile(r"[^a-z0-9._-]+")
# A folder of that name is on its way out, or in.
_HIDDEN: Final = ".removed-"


def parse_name(text: str) -> str:
    """The store's name, in lower case; `default` for an empty text. Raises UsageError where it can't be one."""
    name = text.strip().lower()
    if not name:
        return DEFAULT_STORE
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{text[:80]!r} is no name for a store.",
            f"Use up to {NAME_MAX} letters a-z, digits, dots, hyphens and underscores, a letter or a digit first.",
        )
    return name


def of_agent(agent: str) -> str:
    """The name of the agent's own store, as near to the agent's as can be; the default store's where none can be."""
    return _NO_NAME.sub("-", agent.strip().lower()).lstrip("._-")[:NAME_MAX] or DEFAULT_STORE


def folder_of_all(main: Path) -> Path:
    """The folder of the project stores of the daemon whose default store is at `main`."""
    if main.resolve() == default_db_path().resolve():
        return main.parent / "projects"
    return main.with_name(f"{main.name}-projects")


def folder_of(main: Path, name: str) -> Path:
    """Where all that belongs to the project store lies; raises UsageError for what is no name."""
    return folder_of_all(main) / parse_name(name)


def db_path_of(main: Path, name: str) -> Path:
    """The RocksDB of the store of that name."""
    return main if parse_name(name) == DEFAULT_STORE else folder_of(main, name) / "db"


def names(main: Path) -> list[str]:
    """The project stores that there are, in order."""
    try:
        found = [entry.name for entry in os.scandir(folder_of_all(main)) if entry.is_dir()]
    except FileNotFoundError:
        return []
    return sorted(name for name in found if _NAME.fullmatch(name))


def exists(main: Path, name: str) -> bool:
    """Whether there is a store of that name; a text that is no name names none."""
    if name in ("", DEFAULT_STORE):
        return True
    return _NAME.fullmatch(name) is not None and (folder_of_all(main) / name).is_dir()


def require(main: Path, name: str) -> str:
    """The name, as it is written; raises UnknownStore where there is no such store, UsageError for what is no name."""
    parsed = parse_name(name)
    if not exists(main, parsed):
        raise unknown(main, parsed)
    return parsed


def unknown(main: Path, name: str) -> UnknownStore:
    """The error for the name of no store."""
    there = [DEFAULT_STORE, *names(main)]
    listed = f"there {'are' if len(there) > 1 else 'is'} {', '.join(there)}"
    return UnknownStore(f"There is no store {name!r}; {listed}.", "Make it first, or correct the name.")


def create(main: Path, name: str) -> bool:
    """Make the store's folder, for this user only; False where it is there already. Raises UsageError, OSError."""
    folder = folder_of(main, _of_a_project(name))
    if folder.is_dir():
        return False
    make_private_dir(folder)
    sync_folder(folder.parent)
    return True


def remove(main: Path, name: str) -> None:
    """Remove the store with all that belongs to it, under its lock, which the caller holds; raises OSError."""
    folder = folder_of(main, require(main, _of_a_project(name)))
    # In one step: nobody finds half of it, and what a killed command leaves has no name.
    gone = folder.with_name(f"{_HIDDEN}{folder.name}-{os.getpid()}")
    folder.rename(gone)
    sync_folder(gone.parent)
    shutil.rmtree(gone)


def move(main: Path, name: str, to: str) -> None:
    """Give the store another name, under its lock, which the caller holds; raises UsageError, OSError."""
    folder, new = folder_of(main, require(main, _of_a_project(name))), folder_of(main, _of_a_project(to))
    if new.exists():
        raise UsageError(f"There is a store {new.name!r} already.", "Choose another name.")
    folder.rename(new)
    sync_folder(new.parent)


def sweep(main: Path) -> None:
    """Remove what is left of stores whose removal was cut short."""
    for left in folder_of_all(main).glob(f"{_HIDDEN}*"):
        shutil.rmtree(left, ignore_errors=True)


class FolderRules:
    """Which store a folder belongs to: the one of the innermost folder that a rule names."""

    def __init__(self, rules: Mapping[str, str]) -> None:
        """`rules` has stores' names by folders, each an absolute path or one that begins with `~/`."""
        located = {os.path.realpath(Path(folder).expanduser()): name for folder, name in rules.items()}
        self._rules = sorted(located.items(), key=lambda rule: len(rule[0]), reverse=True)

    def __bool__(self) -> bool:
        return bool(self._rules)

    def store_of(self, folder: str) -> str:
        """The name of the folder's store; empty where no rule names one."""
        if not self._rules or not folder:
            return ""
        real = os.path.realpath(folder)
        return next((name for top, name in self._rules if real == top or real.startswith(f"{top.rstrip('/')}/")), "")


def always_there() -> AgentMemoryError:
    """The error for a change that the default store can't have."""
    return UsageError(
        "The default store is always there.", "To begin with an empty one, name another folder with --db-path."
    )


def _of_a_project(name: str) -> str:
    parsed = parse_name(name)
    if parsed == DEFAULT_STORE:
        raise always_there()
    return parsed
