"""Logs: one line per thing that happened, event first, to standard error; the supervisor keeps and rotates them."""

from __future__ import annotations

import json
import logging
import sys
import time

from agent_memory.log_filter import levels

TRACE = 5
_LEVELS = {
    "trace": TRACE,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
    "off": logging.CRITICAL + 1,
}
_NAMES = {number: name.upper() for name, number in _LEVELS.items()}


def set_up(level: str, log_format: str = "text", log_filter: str = "") -> None:
    """Send this process's logs to standard error, from `level` ("trace" to "error") up.

    The filter may name another level for all, and others for parts; raises ValueError if it is none.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Object() if log_format == "json" else _Line())
    others = levels(log_filter)
    logging.basicConfig(level=_LEVELS[others.get("", level)], handlers=[handler], force=True)
    for name, other in others.items():
        if name:
            logging.getLogger(name).setLevel(_LEVELS[other])
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


class _Object(logging.Formatter):
    """`{"time": "2026-01-30T09:14:03.512Z", "level": "INFO", "target": "ingest", "message": "group committed"}`."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        content = {
            "time": f"{stamp}.{int(record.msecs):03}Z",
            "level": _NAMES.get(record.levelno, record.levelname),
            "target": record.name.removeprefix("agent_memory."),
            "message": record.getMessage(),
        }
        if record.exc_info:
            content["exception"] = self.formatException(record.exc_info)
        return json.dumps(content, ensure_ascii=False)


def _shown(value: object) -> str:
    text = str(value)
    return f'"{text}"' if " " in text or not text else text
