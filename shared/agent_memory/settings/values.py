"""Values of settings: what each may be, and how the text of one is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from math import inf
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agent_memory.errors import UsageError
from agent_memory.log_filter import levels
from agent_memory.project_stores import parse_name
from agent_memory.settings.record import CHOICES, as_text

# Twice the most and a text beside it fit into one event.
TOOL_MAX_BYTES: Final = range(256, (4 << 20) + 1)
# What an agent's session may begin with: a map with a few lines at least, and no more than every agent passes on whole
# (one shows its model only the beginning of more than 10,000 characters, another cuts its middle out).
SESSION_START_TOKENS: Final = range(200, 2001)
RETENTION_DAYS_MAX: Final = 36_500
BACKUP_KEEP_MAX: Final = 10_000
OPTIONAL_PATHS: Final = frozenset(
    {"backup_dir", "grpc_token_file", "grpc_tls_cert", "grpc_tls_key", "summarizer_key_file"}
)

_Parser = Callable[[str], Any]


def parsed(name: str, value: object) -> Any:
    """The value in the setting's own type; raises ValueError that says what it must be."""
    text = as_text(value)
    if name in CHOICES:
        return _choice(text, CHOICES[name])
    return _PARSERS.get(name, str)(text)


def absolute_path(text: str) -> Path:
    """The path; raises ValueError if it is relative."""
    try:
        path = Path(text).expanduser()
    except RuntimeError as error:
        raise ValueError(str(error)) from error
    if not path.is_absolute():
        raise ValueError("it must be an absolute path, since hooks run in other folders than the daemon")
    return path


def zone_named(text: str) -> str:
    """The time zone's name; raises ValueError where there is none."""
    try:
        return ZoneInfo(text).key
    except (ValueError, ZoneInfoNotFoundError, OSError, RecursionError):  # the last two where it is no file's name
        raise ValueError("it must be a time zone, for example Europe/Berlin") from None


def _choice(text: str, choices: tuple[str, ...]) -> str:
    if text.lower() not in choices:
        raise ValueError(f"it must be one of {', '.join(choices)}")
    return text.lower()


def _whole_number(wanted: str, allowed: range | None = None, *, or_zero: bool = False) -> _Parser:
    """The parser of a number that is in a range, or 0 where that stands for none; `wanted` says so in words."""

    def parse(text: str) -> int:
        if not text.isdecimal():
            raise ValueError(wanted)
        number = int(text)
        if allowed is not None and number not in allowed and not (or_zero and number == 0):
            raise ValueError(wanted)
        return number

    return parse


def _price(text: str) -> float:
    try:
        price = float(text)
    except ValueError:
        price = inf
    if not 0 <= price < inf:
        raise ValueError("it must be dollars for a million tokens, 0 for not known")
    return price


def _switch(text: str) -> bool:
    word = text.lower()
    if word not in ("true", "on", "yes", "1", "false", "off", "no", "0"):
        raise ValueError("it must be true or false")
    return word in ("true", "on", "yes", "1")


def _store_path(text: str) -> Path:
    if not text or "\0" in text:
        raise ValueError("it must name a folder")
    return absolute_path(text)


def _optional_path(text: str) -> str:
    return str(absolute_path(text)) if text else ""


def _host(text: str) -> str:
    if not text or any(character.isspace() for character in text):
        raise ValueError("it must be a host name or an address")
    # An IPv6 address, in the brackets that it has in a URL.
    return text[1:-1] if text.startswith("[") and text.endswith("]") else text


def _zone(text: str) -> str:
    return zone_named(text) if text else ""


def _log_filter(text: str) -> str:
    levels(text)
    return text


def _base_url(text: str) -> str:
    if text and not text.startswith(("http://", "https://")):
        raise ValueError("it must begin with http:// or https://")
    return text


def _rules(text: str) -> tuple[str, ...]:
    try:
        lines = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("it must be a list, or a JSON array, of rules") from None
    if not isinstance(lines, list) or not all(isinstance(line, str) and line.strip() for line in lines):
        raise ValueError("it must be a list of rules, each a text")
    return tuple(lines)


def _project_names(text: str) -> dict[str, str]:
    names = _table(text, "old names and new ones")
    for old, new in names.items():
        if new in names:
            raise ValueError(f"{old!r} leads to {new!r}, which leads on to {names[new]!r}; let both lead there")
    return names


def _project_stores(text: str) -> dict[str, str]:
    rules = _table(text, "folders and names of stores")
    if relative := next((folder for folder in rules if not folder.startswith(("/", "~/"))), None):
        raise ValueError(f"{relative!r} must be an absolute path, or begin with ~/")
    try:
        return {folder: parse_name(name) for folder, name in rules.items()}
    except UsageError as error:
        raise ValueError(str(error)) from error


def _table(text: str, content: str) -> dict[str, str]:
    try:
        table = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(f"it must be a table, or a JSON object, of {content}") from None
    if not isinstance(table, dict) or not all(value and isinstance(value, str) for value in table.values()):
        raise ValueError(f"it must be a table of {content}")
    return table


# By the setting; one that is not here is any text.
_PARSERS: Final[Mapping[str, _Parser]] = {
    "db_path": _store_path,
    "grpc_host": _host,
    "grpc_port": _whole_number("a port is a number from 1 to 65535", range(1, 65_536)),
    "metrics_port": _whole_number("a port is a number from 1 to 65535; 0 for none", range(65_536)),
    "log_filter": _log_filter,
    "timezone": _zone,
    "agent_id": str.lower,
    "redaction": _switch,
    "redact_payment_data": _switch,
    "retention_keep_summaries": _switch,
    "jobs_on_battery": _switch,
    "low_memory": _switch,
    "agent_notes": _switch,
    "ignore": _rules,
    "project_names": _project_names,
    "project_stores": _project_stores,
    "tool_max_bytes": _whole_number(
        f"it must be a number of bytes from {TOOL_MAX_BYTES[0]} to {TOOL_MAX_BYTES[-1]}", TOOL_MAX_BYTES
    ),
    "session_start_tokens": _whole_number(
        f"it must be a number of tokens from {SESSION_START_TOKENS[0]} to {SESSION_START_TOKENS[-1]}, 0 for none",
        SESSION_START_TOKENS,
        or_zero=True,
    ),
    "retention_days": _whole_number(
        f"it must be a number of days up to {RETENTION_DAYS_MAX}, 0 for ever", range(RETENTION_DAYS_MAX + 1)
    ),
    "backup_keep": _whole_number(
        f"it must be a number of backups up to {BACKUP_KEEP_MAX}, 0 for all", range(BACKUP_KEEP_MAX + 1)
    ),
    "summarizer_daily_tokens": _whole_number("it must be a number of tokens, 0 for none"),
    "summarizer_input_price": _price,
    "summarizer_output_price": _price,
    "summarizer_base_url": _base_url,
    **dict.fromkeys(OPTIONAL_PATHS, _optional_path),
}
