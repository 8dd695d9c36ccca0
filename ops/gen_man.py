"""Write the man pages in ops/man/ from the program: run it after every change of a command.

    .venv/bin/python ops/gen_man.py [OUT]

OUT is the folder to write to (default: ops/man/). The pages are committed and go into share/man/man1 with the wheel;
tests/house checks that a second run changes nothing.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from agent_memory.cli.main import COMMANDS, cli
from agent_memory.cli.options import SHOW_VERSION

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = "memory-daemon"
# Every command has them; they are listed once, on the page of the program.
COMMON = {str(option.name) for option in cli.params} - {"version"} | {SHOW_VERSION}
EXIT_STATUS = (
    ("0", "Done."),
    ("1", "Failed, or something was found to be wrong; the message says what."),
    ("2", "The command line or a setting is wrong."),
    ("3", "No daemon runs."),
    ("4", "The store, or a backup, can't be used."),
    ("5", "The writer is busy or does not answer; run the same command again."),
)
HOOK = (
    (".SH NAME", "memory-ingest \\- pass what an agent's hook says to the memory daemon"),
    (".SH SYNOPSIS", ".B memory-ingest\n[\\-\\-agent AGENT] [\\-\\-db\\-path PATH] [EVENT]"),
    (
        ".SH DESCRIPTION",
        "Reads one JSON object, an agent's hook payload, and passes it on to the daemon, or to the spool.",
    ),
    (".PP", "\\-\\-db\\-path names another store than MEMORY_DB_PATH and the config file do."),
    (".PP", "Prints what the agent expects, and always exits 0."),
)


def generate(out: Path) -> None:
    """Write a page for the program, one for each of its commands, and one for the hook."""
    out.mkdir(parents=True, exist_ok=True)
    root = click.Context(cli, info_name=PROGRAM)
    pages = {PROGRAM: program_page(root)}
    for name in COMMANDS:
        command = cli.get_command(root, name)
        assert command is not None
        pages[f"{PROGRAM}-{name}"] = command_page(click.Context(command, info_name=name, parent=root))
    pages["memory-ingest"] = [title("memory-ingest"), *(line for part in HOOK for line in part), *see_also([PROGRAM])]
    for name, lines in pages.items():
        (out / f"{name}.1").write_text("\n".join(lines) + "\n", encoding="utf-8")


def program_page(context: click.Context) -> Iterable[str]:
    yield title(PROGRAM)
    yield from named(PROGRAM, context.command.get_short_help_str(200))
    yield from (".SH SYNOPSIS", f".B {escaped(PROGRAM)}", "[OPTIONS] COMMAND [ARGUMENTS]")
    yield from (".SH DESCRIPTION", *paragraphs(context))
    yield from (".SH COMMANDS", *listed((f"{PROGRAM}-{name}(1)", what) for name, (_, what) in COMMANDS.items()))
    yield from (".SH OPTIONS", "Every command takes these, before or after its name.")
    yield from options(context, COMMON | {"version"})
    yield from (".SH EXIT STATUS", *listed(EXIT_STATUS))
    yield from see_also([f"{PROGRAM}-{name}" for name in COMMANDS] + ["memory-ingest"])


def command_page(context: click.Context) -> Iterable[str]:
    name = context.command_path.replace(" ", "-")
    yield title(name)
    yield from named(name, context.command.get_short_help_str(200))
    yield from (".SH SYNOPSIS", *synopsis(context))
    yield from (".SH DESCRIPTION", *paragraphs(context))
    yield from own_options(context, ".SH OPTIONS")
    if isinstance(context.command, click.Group):
        yield ".SH COMMANDS"
        for below in commands(context):
            if isinstance(below.command, click.Group):
                continue
            yield from (f".SS {escaped(below.command_path)}", *synopsis(below), ".PP", *paragraphs(below))
            yield from own_options(below, ".PP")
    yield from see_also([PROGRAM])


def commands(parent: click.Context) -> Iterator[click.Context]:
    """Every command below the parent, depth first, in the order of the help."""
    group = parent.command
    assert isinstance(group, click.Group)
    for name in group.list_commands(parent):
        command = group.get_command(parent, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=parent)
        yield context
        if isinstance(command, click.Group):
            yield from commands(context)


def title(name: str) -> str:
    return f'.TH {escaped(name.upper())} 1 "" "agent\\-memory" "User Commands"'


def named(name: str, what: str) -> Iterator[str]:
    sentence = what.removesuffix(".")
    yield from (".SH NAME", f"{escaped(name)} \\- {escaped(sentence[:1].lower() + sentence[1:])}")


def synopsis(context: click.Context) -> Iterator[str]:
    yield f".B {escaped(context.command_path)}"
    yield escaped(" ".join(context.command.collect_usage_pieces(context)))


def paragraphs(context: click.Context) -> Iterator[str]:
    for number, paragraph in enumerate(re.split(r"\n\s*\n", inspect.cleandoc(context.command.help or ""))):
        if number:
            yield ".PP"
        text = " ".join(paragraph.split())
        if text.startswith("Example: "):
            yield from ("Example:", ".PP", ".nf", ".RS", escaped(text.removeprefix("Example: ")), ".RE", ".fi")
        else:
            yield escaped(text)


def own_options(context: click.Context, heading: str) -> Iterator[str]:
    names = {str(option.name) for option in context.command.params if isinstance(option, click.Option)} - COMMON
    if names:
        yield from (heading, *options(context, names))


def options(context: click.Context, names: set[str]) -> Iterator[str]:
    for option in context.command.params:
        if isinstance(option, click.Option) and option.name in names and (record := option.get_help_record(context)):
            written, meaning = (" ".join(plain(part).split()) for part in record)
            yield from (".TP", f".B {escaped(written)}", escaped(meaning))


def listed(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for term, meaning in rows:
        yield from (".TP", f".B {escaped(term)}", escaped(meaning))


def see_also(names: Iterable[str]) -> Iterator[str]:
    yield from (".SH SEE ALSO", ",\n".join(f".BR {escaped(name)} (1)" for name in names).replace(" (1),", " (1),"))


def plain(text: str) -> str:
    """An option's name or help in the words of people, where click has those of programs."""
    text = re.sub(r"INTEGER RANGE", "N", text)
    text = re.sub(r"  \[(.+)\]$", r" (\1)", text)
    text = re.sub(rf"(\d+)<=x<={2**31 - 1}", r"\1 or more", text)
    return re.sub(r"(\d+)<=x<=(\d+)", r"\1 to \2", text)


def escaped(text: str) -> str:
    """Text that roff prints as it is."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "ops" / "man")
