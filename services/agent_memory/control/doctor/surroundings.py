"""What around the daemon is probably not meant: said with what to do about it, and in the way of no start."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from agent_memory import project_stores
from agent_memory.agents import registry
from agent_memory.control.upkeep.store_zone import zone_of_store
from agent_memory.errors import SettingsError
from agent_memory.model import LOCAL
from agent_memory.settings import VARIABLES, Settings
from agent_memory.store import directory
from agent_memory.worker.llm.api_key import api_key

# Variables that are no settings, and are read all the same.
OTHER_VARIABLES: Final = (
    "MEMORY_CONFIG",
    "MEMORY_DAEMON_ADDR",
    "MEMORY_DAEMON_COMPLETE",
    "MEMORY_HOOK_DEADLINE_MS",
    "MEMORY_HOOK_DISABLED",
    "MEMORY_PID_FILE",
    "MEMORY_PROJECT",
    "MEMORY_PYTHON",
    "MEMORY_RUNNER",
    "MEMORY_SUPERVISOR_SOCKET",
)
# Other programs have variables of this beginning as well: less alike than this, and it is theirs.
_ALIKE: Final = 0.8
# What we import that is not Python's own.
LIBRARIES: Final = frozenset(
    (
        "agent_memory",
        "anthropic",
        "click",
        "google",
        "grpc",
        "grpc_health",
        "grpc_reflection",
        "pathspec",
        "re2",
        "rich",
        "rocksdict",
        "schedule",
        "supervisor",
        "tomlkit",
        "tzdata",
        "tzlocal",
        "ulid",
        "zmq",
    )
)


@dataclass(frozen=True, slots=True)
class Hint:
    """Something that is probably not meant, and what to do about it; without a remedy, something good to know."""

    subject: str
    message: str
    remedy: str = ""


def surroundings(settings: Settings, environ: Mapping[str, str] = os.environ) -> Iterator[Hint]:
    """What a start from this environment would meet that is probably not meant."""
    yield from _misspelt(environ)
    yield from _shadowed(environ)
    yield from _key(settings)
    yield from _stores_to_come(settings)
    if settings.timezone:
        yield from other_zone(settings.timezone, zone_of_store(settings))


def other_zone(wanted: str, kept: str) -> Iterator[Hint]:
    """That the settings name another time zone than the store's."""
    if kept and kept != wanted:
        text = f"timezone is {wanted}, and the store's days are cut in {kept}: it keeps the zone it was made with"
        yield Hint("timezone", text, f"memory-daemon admin set-timezone {wanted}")


def _misspelt(environ: Mapping[str, str]) -> Iterator[Hint]:
    """Variables that nothing reads, and whose names are nearly those of some that are read."""
    known = [*VARIABLES.values(), *OTHER_VARIABLES]
    for name in sorted(environ):
        if name.startswith("MEMORY_") and name not in known and (near := get_close_matches(name, known, 1, _ALIKE)):
            text = f"{name} is set, and nothing reads it; {near[0]} is probably meant"
            yield Hint("environment", text, f"unset {name}")


def _shadowed(environ: Mapping[str, str]) -> Iterator[Hint]:
    """Modules in PYTHONPATH that are taken instead of Python's or a library's."""
    own = Path(__file__).resolve().parents[2]
    for folder in filter(None, environ.get("PYTHONPATH", "").split(os.pathsep)):
        if Path(folder).resolve() in (own, own.parent / "shared"):
            continue
        try:
            names = {
                path.stem for path in Path(folder).iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
            }
        except OSError:
            continue
        for name in sorted(names & (sys.stdlib_module_names | LIBRARIES)):
            text = f"PYTHONPATH has a module {name} in {folder}, which our programs get instead of the real one"
            yield Hint("environment", text, "start the daemon without PYTHONPATH")


def _stores_to_come(settings: Settings) -> Iterator[Hint]:
    """That from now on events go to other stores than so far."""
    if not settings.has_agent_stores or not directory.has_store(settings.db_path):
        return
    if not any(project_stores.exists(settings.db_path, agent) for agent in registry.AGENTS):
        text = (
            "multi_agent_mode is separate: new sessions go to a store for each agent, and what there is stays where "
            "it is; with unified, there is one store for all"
        )
        yield Hint("stores", text)


def _key(settings: Settings) -> Iterator[Hint]:
    """Why the named model can't be asked; a command that prints the key is not run for this."""
    if settings.summarizer_provider == LOCAL or settings.summarizer_key_command:
        return
    try:
        api_key(settings)
    except SettingsError as error:
        text = f"summaries stay local until there is a key. {error}"
        yield Hint("summarizer", text, "memory-daemon restart, once it is there")
