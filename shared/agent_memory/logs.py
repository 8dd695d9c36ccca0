"""Logs: one line per thing that happened, event first, to standard error; the supervisor keeps and rotates them."""

from __future__ import annotations

import logging
import sys
import time

TRACE = 5
_LEVELS = {
    "trace": TRACE,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}
_NAMES = {number: name.upper() for name, number in _LEVELS.items()}


def set_up(level: str) -> None:
    """Send this process's logs to standard error, from `level` ("trace" to "error") up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Line())
    logging.basicConfig(level=_LEVELS[level], handlers=[handler], force=True)
    # A line that can't be written, since the supervisor that reads it is gone, is lost. An error about it would go to
    # standard error as well, which may be that of a command which is being answered.
    logging.raiseExceptions = False


def line(event: str, **values: object) -> str:
    """`event key=value key="value with spaces"`: an event and its figures. Never conversation text."""
    return " ".join([event, *(f"{key}={_shown(value)}" for key, value in values.items())])


class _Line(logging.Formatter):
    """`2026-01-30T09:14:03.512Z INFO ingest: group committed events=12`."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        level = _NAMES.get(record.levelno, record.levelname)
        name = record.name.removeprefix("agent_memory.")
        text = f"{stamp}.{int(record.msecs):03}Z {level} {name}: {record.getMessage()}"
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return text


def _shown(value: object) -> str:
    text = str(value)
    return f'"{text}"' if " " in text or not text else text
