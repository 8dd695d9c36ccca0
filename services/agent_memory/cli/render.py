"""Drawing: pages on a terminal, with colours and wrapped; plain text anywhere else; and bars of progress."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from agent_memory.cli.caller import caller
from agent_memory.present.lines import WIDE, Line

_SIZES = ("COLUMNS", "LINES")


def console() -> Console:
    """Standard output: with colours on a terminal, unless NO_COLOR is set; without anything special elsewhere."""
    environ = caller().environ
    # With a width of 0, as some editors' shells and CI set it, nothing would be printed.
    environ = {name: value for name, value in environ.items() if name not in _SIZES or value.strip("0")}
    return Console(markup=False, emoji=False, highlight=False, _environ=environ)


def width(console: Console) -> int:
    """How many cells a line may have: a terminal's, or enough for any text."""
    return console.width if console.is_terminal else WIDE


def draw(console: Console, lines: Iterable[Line]) -> None:
    """Print the lines, those that flow wrapped to the console's width."""
    for line in lines:
        if line.rest is None:
            _print(console, Text.assemble(*line.pieces))
        else:
            _print_wrapped(console, line)


def texts(console: Console, lines: Iterable[Line]) -> Iterator[str]:
    """The lines as they would be drawn, one after another, for a pager."""
    for line in lines:
        with console.capture() as capture:
            draw(console, [line])
        yield capture.get()


def _print_wrapped(console: Console, line: Line) -> None:
    (first, first_style), *pieces = line.pieces
    content = Text.assemble(*pieces).wrap(console, max(20, width(console) - len(first)))
    for number, part in enumerate(content):
        part.rstrip()
        _print(console, Text.assemble((line.rest if number and line.rest is not None else first, first_style), part))


def _print(console: Console, text: Text) -> None:
    # soft_wrap: the line goes out as it is, and an id stays one word.
    console.print(text, soft_wrap=True)


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error while the block runs, on a terminal; call what it yields with how much is done."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # 10 ms

    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty(),
    )  # fmt: skip
    with bar:
        task = bar.add_task(label, total=total or None)
        yield lambda done: bar.update(task, completed=min(done, total) if total else done)
