"""Log filters and formats: levels for all and for parts, a line or an object for each thing that happened."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from agent_memory import settings
from agent_memory.errors import SettingsError
from agent_memory.log_filter import levels

# A program of its own: logging is set up for a whole process.
PROGRAM = """
import logging, sys
from agent_memory.process import logs
logs.set_up(*sys.argv[1:])
for name in ("agent_memory.ingest.writer", "agent_memory.query"):
    for level in (logging.DEBUG, logging.INFO, logging.ERROR):
        logging.getLogger(name).log(level, "happened")
try:
    raise OSError("no room\\nleft")
except OSError:
    logging.getLogger("agent_memory.worker").exception('a "fault"')
"""


def logged(*arguments: str) -> list[str]:
    program = [sys.executable, "-c", PROGRAM, *arguments]
    path = ":".join(folder for folder in sys.path if folder)
    done = subprocess.run(program, env={"PYTHONPATH": path}, capture_output=True, text=True, check=True)
    return done.stderr.splitlines()


def heads(lines: list[str]) -> list[str]:
    return [line.split(" ", 1)[1] for line in lines if line.endswith("happened")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("debug", {"": "debug"}),
        ("INFO,agent_memory::ingest=debug", {"": "info", "agent_memory.ingest": "debug"}),
        ("memory_daemon=debug", {"agent_memory": "debug"}),
        (" memory_daemon = warn , h2=off ", {"agent_memory": "warn", "h2": "off"}),
        ("agent_memory::query", {"agent_memory.query": "trace"}),
        ("", {}),
    ],
)
def test_a_filter_names_levels(text: str, found: dict[str, str]) -> None:
    assert levels(text) == found


@pytest.mark.parametrize("text", ["agent_memory=loud", "=debug", "a=b=c"])
def test_what_is_no_filter_is_refused_by_name(text: str) -> None:
    with pytest.raises(SettingsError, match=r"MEMORY_LOG: log_filter = .* is no LEVEL and no PART=LEVEL"):
        settings.load(environ={"MEMORY_LOG": text})


def test_the_common_variable_counts_where_ours_is_not_set() -> None:
    """It may be written for other programs: what we can't read of it is no fault."""
    both = settings.load(environ={"MEMORY_LOG": "debug", "RUST_LOG": "warn"})
    common = settings.load(environ={"RUST_LOG": "memory_daemon=debug"})

    assert (both.log_filter, common.log_filter, common.sources["log_filter"]) == (
        "debug", "memory_daemon=debug", "RUST_LOG",
    )  # fmt: skip
    assert settings.load(environ={"RUST_LOG": "[span]=loud"}).log_filter == ""


def test_a_part_has_its_own_level() -> None:
    said = heads(logged("info", "text", "error,agent_memory::ingest=debug"))

    assert said == [
        "DEBUG ingest.writer: happened",
        "INFO ingest.writer: happened",
        "ERROR ingest.writer: happened",
        "ERROR query: happened",
    ]


def test_an_object_per_line_holds_all_that_a_line_does() -> None:
    """Also what took several lines."""
    objects = [json.loads(line) for line in logged("info", "json", "")]

    assert [(each["level"], each["target"]) for each in objects[:2]] == [
        ("INFO", "ingest.writer"), ("ERROR", "ingest.writer"),
    ]  # fmt: skip
    assert objects[-1]["message"] == 'a "fault"'
    assert "no room\nleft" in objects[-1]["exception"]
    assert objects[0]["time"].endswith("Z")
