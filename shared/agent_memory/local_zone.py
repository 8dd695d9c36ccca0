"""The time zone of this machine, as a name of the IANA database: days are cut in a named zone for a store's whole life.

`TZ` may hold a name, a path below a folder of zones, or a POSIX rule such as `JST-9` or `CET-1CEST`
(https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html). A rule has no name, but the files of the
database (RFC 9636) end with the rule that holds from now on, so a zone with the same rule is found.
"""

from __future__ import annotations

import contextlib
import os
import re
import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agent_memory.errors import SettingsError

_RULE: Final = re.compile(
    r"(?:[A-Za-z]{3,}|<[-+0-9A-Za-z]{3,}>)(?P<offset>[-+]?\d{1,2}(?::\d\d){0,2})(?P<summer>.*)", re.S
)
# Where many zones have one rule, the first by name is taken, of these regions first.
_REGIONS: Final = ("Europe", "America", "Asia", "Australia", "Pacific", "Africa", "Atlantic", "Indian")
_FOLDERS: Final = re.compile(r".*/zoneinfo/|(?:posix|right)/", re.S)


def local_zone() -> str:
    """The name of the zone of this process; raises SettingsError where `TZ` means none.

    Without `TZ` it is the machine's own, UTC where that has none.
    """
    if text := os.environ.get("TZ", "").removeprefix(":"):
        return zone_of(text)
    from tzlocal import get_localzone_name  # 10 ms

    return get_localzone_name() or "UTC"


def zone_of(text: str) -> str:
    """The name of the zone that the value `text` of `TZ` means; raises SettingsError where there is none."""
    if text == "/etc/localtime":
        text = os.path.realpath(text)
    with contextlib.suppress(ValueError, OSError, ZoneInfoNotFoundError):
        return ZoneInfo(_FOLDERS.sub("", text)).key
    if rule := _RULE.fullmatch(text):
        name = _zone_with_rule(text, has_dates="," in text)
        if name := name or ("" if rule["summer"] else _fixed(rule["offset"])):
            return name
    raise SettingsError(
        f"TZ={text} names no time zone.",
        "Set timezone in the config file, or MEMORY_TIMEZONE, to a name such as Europe/Berlin.",
    )


def _zone_with_rule(rule: str, *, has_dates: bool) -> str:
    """The first zone whose rule this is; a rule without the dates of summer time takes any zone's."""
    names = [name for name in zoneinfo.available_timezones() if name.partition("/")[0] in _REGIONS]
    for name in sorted(names, key=lambda each: (_REGIONS.index(each.partition("/")[0]), each)):
        last = _last_line(name)
        if last == rule or (not has_dates and last.partition(",")[0] == rule):
            return name
    return ""


def _fixed(offset: str) -> str:
    """The zone that is always `offset` west of Greenwich; there are only whole hours."""
    hours, _, rest = offset.partition(":")
    if rest.strip("0:"):
        return ""
    name = f"Etc/GMT{int(hours):+d}" if int(hours) else "Etc/UTC"
    return name if name in zoneinfo.available_timezones() else ""


def _last_line(name: str) -> str:
    for file in _files(name):
        try:
            return file.rstrip(b"\n").rpartition(b"\n")[2].decode("ascii")
        except ValueError:
            continue
    return ""


def _files(name: str) -> Iterator[bytes]:
    """The zone's file as `zoneinfo` looks for it: the machine's, else that of the package tzdata."""
    for folder in zoneinfo.TZPATH:
        try:
            yield (Path(folder) / name).read_bytes()
        except OSError:
            continue
    from importlib import resources  # 15 ms

    try:
        yield resources.files("tzdata.zoneinfo").joinpath(*name.split("/")).read_bytes()
    except (OSError, ModuleNotFoundError):
        return
