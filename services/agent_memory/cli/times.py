"""Times and projects as they are typed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import click

from agent_memory.cli.caller import caller
from agent_memory.cli.options import current
from agent_memory.control.upkeep.store_zone import zone_of_store
from agent_memory.errors import UsageError
from agent_memory.local_zone import local_zone
from agent_memory.store.keys import TIMESTAMP_MAX_MS

# Those of the stores that a command has asked about, by their paths.
_ZONES: Final = "agent_memory.zones"


def project_named(named: str) -> str:
    """A folder's full path; anything else is a project's name."""
    folder = Path(named).expanduser()
    if beginning := caller().folder:
        folder = beginning / folder
    return str(folder.absolute()) if folder.is_dir() else named


def from_to_ms(from_: str | None, to: str | None, now: datetime) -> tuple[int, int]:
    """The first and the last millisecond of a span; raises UsageError if it ends before it begins."""
    from agent_memory.present.typed_times import parse_time  # phrases cost 10 ms

    from_ms = parse_time(from_, now) if from_ else 0
    to_ms = parse_time(to, now, end=True) if to else TIMESTAMP_MAX_MS
    if from_ms > to_ms:
        raise UsageError(
            f"The span is reversed: --to {to} is before --from {from_ or 'the beginning'}. Give the earlier as --from."
        )
    return from_ms, to_ms


def as_of_ms(as_of: str | None) -> int | None:
    if not as_of:
        return None
    from agent_memory.present.typed_times import parse_time

    return parse_time(as_of, now(), end=True)


def then(as_of: str | None) -> datetime:
    """The time as of which the command asks; now, where none is named."""
    at_ms = as_of_ms(as_of)
    return now() if at_ms is None else datetime.fromtimestamp(at_ms / 1000, now().tzinfo)


def now() -> datetime:
    """Now, in the store's time zone, with its rules for other days' offsets."""
    return datetime.now(zone())


def zone() -> ZoneInfo:
    """The time zone of the store that the command is about, in which its days are cut: for all that is typed and shown.

    Where there is no store yet, this machine's.
    """
    context = click.get_current_context()
    settings = current(context)
    zones: dict[Path, ZoneInfo] = context.meta.setdefault(_ZONES, {})
    if settings.db_path not in zones:
        zones[settings.db_path] = ZoneInfo(zone_of_store(settings) or local_zone())
    return zones[settings.db_path]
