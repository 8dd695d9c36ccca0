"""Documents that are run: their commands, in order, and the output they promise.

A block of a document that begins with ```console holds commands, each after `$ ` (and `> ` where it goes on), and below
each what it prints. Only the shape of that counts: figures, dates, ages, sizes and paths may differ. A line `...`
stands for any number of lines, `...` within a line for any text; a command with nothing below it may print anything.
An id that was printed stands, in later commands, for the one that was printed instead of it.

A block that can't be run here says why: ```console not run: needs Claude Code
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_BLOCK = re.compile(r"^ *```console(?: not run: (?P<reason>[^\n]+))?\n(?P<lines>.*?)^ *```$", re.MULTILINE | re.DOTALL)
_BARE_ID = r"\b(?:[0-9A-HJKMNP-TV-Z]{26}|[0-9a-f-]{32,})\b"
# Ids that nobody can know before they were printed, and those that name one thing of one store.
UNPREDICTABLE = re.compile(r"grip:\d+:[0-9A-Z]{26}|toc:segment:[\d-]+:[0-9A-Z]{26}")
_ID = re.compile(rf"{UNPREDICTABLE.pattern}|toc:[a-z]+:[\d:W-]+|{_BARE_ID}")
_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
_DAY = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
# In this order: an id has digits, and so has an age.
_VARYING = (
    # Their kind is part of the shape: a grip is no node.
    (re.compile(r"\b(grip:|toc:[a-z]+:)[\dA-Z:-]+"), r"\1ID"),
    (re.compile(_BARE_ID), "ID"),
    (
        re.compile(
            r"\b(?:just now|until now|today|this (?:week|month|year)|still going on|yesterday|(?:an?|\d+) \w+ ago)"
        ),
        "AGE",
    ),
    (re.compile(rf"\b(?:{_MONTH}|{'|'.join(month[:3] for month in _MONTH.split('|'))})\b"), "MONTH"),
    (re.compile(rf"\b(?:{_DAY}|{'|'.join(day[:3] for day in _DAY.split('|'))})\b"), "DAY"),
    (re.compile(r"\b\d+(?:\.\d+)? (?:B|kB|MB|GB)\b"), "SIZE"),
    (re.compile(r"\b\d+(?:\.\d+)? (?:ms|s|min|h|d)\b(?: \d+ (?:s|min|h)\b)*"), "TIME"),
    (re.compile(r"\d+"), "0"),
    (re.compile(r"[├└]──"), "├──"),
    (re.compile(r"[│\s]+"), " "),
)


@dataclass(frozen=True, slots=True)
class Step:
    """A command of a document, and the lines it is said to print; none: whatever it likes."""

    command: str
    expected: Sequence[str]


class Mismatch(Exception):
    """What was printed is not what the document says."""


def steps(text: str) -> Iterator[Step]:
    """The commands of all blocks that can be run, in order."""
    for block in _BLOCK.finditer(text):
        if not block["reason"]:
            yield from _steps(block["lines"].splitlines())


def _steps(lines: Sequence[str]) -> Iterator[Step]:
    indent = len(lines[0]) - len(lines[0].lstrip())
    command: list[str] = []
    printed: list[str] = []
    for line in (line[indent:] for line in lines):
        if line.startswith("$ "):
            if command:
                yield Step("\n".join(command), _stripped(printed))
            command, printed = [line[2:]], []
        elif line.startswith("> ") and not printed:
            command.append(line[2:])
        else:
            printed.append(line)
    assert command, f"a console block begins with a command, not with: {lines[0]}"
    yield Step("\n".join(command), _stripped(printed))


def _stripped(lines: Sequence[str]) -> Sequence[str]:
    return "\n".join(lines).strip("\n").splitlines()


class Ids:
    """Which id of this run each id of the document stands for."""

    def __init__(self) -> None:
        self._meant: dict[str, str] = {}

    def learn(self, expected: str, printed: str) -> None:
        """Take two lines of the same shape for the same line; raises Mismatch when an id would mean two things."""
        for written, real in zip(_ID.findall(expected), _ID.findall(printed), strict=False):
            if self._meant.setdefault(written, real) != real:
                raise Mismatch(f"{written} means {self._meant[written]} above, and here {real}")

    def in_command(self, command: str) -> str:
        """The command with this run's ids; raises Mismatch where one was printed by no command before it."""
        for written in UNPREDICTABLE.findall(command):
            if written not in self._meant:
                raise Mismatch(f"no command above prints {written}")
        return _ID.sub(lambda found: self._meant.get(found[0], found[0]), command)


def compare(expected: Sequence[str], printed: Sequence[str], ids: Ids) -> None:
    """Raise Mismatch unless the printed lines have the shape of the expected ones; learn the ids."""
    chunks = [list(chunk) for chunk in _chunks(expected)]
    at = 0
    for number, chunk in enumerate(chunks):
        ends = [at] if number == 0 else range(at, len(printed) + 1)
        if number and number == len(chunks) - 1:
            ends = [len(printed) - len(chunk)]
        start = next((each for each in ends if each >= at and _fits(chunk, printed[each:])), None)
        if start is None:
            raise Mismatch(_first_difference(chunk, printed[at:]))
        for line, real in zip(chunk, printed[start:], strict=False):
            ids.learn(line, real)
        at = start + len(chunk)
    if at != len(printed):
        raise Mismatch(f"more is printed: {printed[at]}")


def _chunks(expected: Sequence[str]) -> Iterator[list[str]]:
    """The lines between those that stand for any number of lines."""
    chunk: list[str] = []
    for line in expected:
        if line.strip() == "...":
            yield chunk
            chunk = []
        else:
            chunk.append(line)
    yield chunk


def _fits(chunk: Sequence[str], printed: Sequence[str]) -> bool:
    return len(chunk) <= len(printed) and all(map(_matches, chunk, printed))


def _matches(expected: str, printed: str) -> bool:
    pattern = ".*".join(re.escape(shape(part)) for part in expected.split("..."))
    return re.fullmatch(pattern, shape(printed)) is not None


def _first_difference(chunk: Sequence[str], printed: Sequence[str]) -> str:
    wanted = next((line for line in chunk if not any(_matches(line, real) for real in printed)), chunk[0])
    return "\n".join([f"not where it should be: {wanted}", "printed is:", *(f"  {line}" for line in printed)])


def shape(line: str) -> str:
    """The line without what differs from run to run."""
    for varying, name in _VARYING:
        line = varying.sub(name, line)
    return line.strip()
