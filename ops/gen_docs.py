"""Write docs/cli.md, docs/settings.md and the man pages: run it after every change of a command or a setting.

    .venv/bin/python ops/gen_docs.py [OUT]

OUT is the folder to write to (default: docs/). The pages are committed; tests/house checks that a second run changes
nothing.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

import gen_man
from agent_memory import settings
from agent_memory.cli.main import cli
from agent_memory.control import config_file
from agent_memory.settings import Settings
from gen_man import COMMON, commands

ROOT = Path(__file__).resolve().parent.parent

CLI_INTRODUCTION = """\
The [guide](guide.md) shows these commands at work; `--help` prints the same as this page. Commands that answer with
data take `--json` and then print one object.

| exit code | meaning |
|---|---|
| 0 | Done. `status`: the daemon serves. `doctor` and `admin verify`: no problem found. |
| 1 | Failed; the message says why and what to do. `status`: the daemon runs but does not serve, or a process was \
given up. `doctor`, `admin verify`: a problem was found. |
| 2 | The command line or a setting is wrong. |
| 3 | No daemon runs. |
| 4 | The store, or a backup, can't be used: missing, damaged, open elsewhere, or written by a newer version. \
`start` exits 1 when only a process it started could tell. |
| 5 | The writer is busy or does not answer; run the same command again. |

Every command takes these options, before or after its name:
"""
SETTINGS_INTRODUCTION = """\
Later wins: default, config file, environment, command line. `memory-daemon config show` prints each value and where it
came from, `memory-daemon config validate` checks them, and `memory-daemon config path` names the config file. A change
takes effect with `memory-daemon restart`.

```toml
grpc_port = 50051
timezone = "Europe/Berlin"
ignore = ["~/clients/", "tool:mcp__vault__*"]

[summarizer]
provider = "local"
```

A key in a table is the setting of both names: `provider` in `[summarizer]` is `summarizer_provider`. In the
environment, a list is a JSON array and a table a JSON object.
"""
OTHER_VARIABLES = """\
## Environment variables that are not settings

| variable | meaning |
|---|---|
| `MEMORY_CONFIG` | Another config file; `--config` comes before it. |
| `MEMORY_DAEMON_ADDR` | The daemon that commands and hooks talk to, as a gRPC address; with `https://` \
before it, by TLS. Without it they use the socket of their store; queries also try the TCP port, and take the daemon \
there if it serves their store. |
| `MEMORY_HOOK_DEADLINE_MS` | How long a hook may keep its agent waiting: 200 by default, 1400 with \
`MEMORY_DAEMON_ADDR`. |
| `MEMORY_HOOK_DISABLED` | With `1`, hooks store nothing, and the session is not taken in from the \
agent's transcript later. |
| `ANTHROPIC_API_KEY`, `OPENAI_API_KEY` | The key of the provider that writes the summaries. |
"""


def generate(out: Path) -> None:
    """Write both pages into the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "cli.md").write_text("\n".join(cli_page()) + "\n", encoding="utf-8")
    (out / "settings.md").write_text("\n".join(settings_page()) + "\n", encoding="utf-8")


def cli_page() -> Iterator[str]:
    """The reference of the command line, from the tree of commands."""
    root = click.Context(cli, info_name="memory-daemon")
    yield from heading("Command reference", "the commands")
    yield from CLI_INTRODUCTION.splitlines()
    yield ""
    yield from options_table(root, COMMON | {"version"})
    for context in commands(root):
        name = context.command_path.removeprefix("memory-daemon ")
        yield from ("", f"{'##' if context.parent is root else '###'} {name}", "")
        if not isinstance(context.command, click.Group):
            yield from ("```text", usage(context), "```", "")
        yield paragraphs(context)
        own = {str(option.name) for option in context.command.params if isinstance(option, click.Option)} - COMMON
        if own:
            yield ""
            yield from options_table(context, own)


def paragraphs(context: click.Context) -> str:
    """A command's help: its sentences, and its example as code."""
    text = inspect.cleandoc(context.command.help or "")
    return re.sub(r"^Example: (.+(?:\n.+)*)", _as_code, text, flags=re.M)


def _as_code(example: re.Match[str]) -> str:
    return f"Example: `{' '.join(example[1].split())}`"


def usage(context: click.Context) -> str:
    """The command with its arguments."""
    pieces = [piece for piece in context.command.collect_usage_pieces(context) if piece != "[OPTIONS]"]
    return " ".join([context.command_path, *pieces])


def options_table(context: click.Context, names: set[str]) -> Iterator[str]:
    """A table of the command's options of these names."""
    yield "| option | meaning |"
    yield "|---|---|"
    for option in context.command.params:
        if isinstance(option, click.Option) and option.name in names and (record := option.get_help_record(context)):
            written, meaning = (cell(gen_man.plain(part)) for part in record)
            yield f"| `{written}` | {meaning} |"


def cell(text: str) -> str:
    return text.replace("|", r"\|")


def settings_page() -> Iterator[str]:
    """The reference of the settings, from the fields of Settings."""
    yield from heading("Settings", "the settings")
    yield from SETTINGS_INTRODUCTION.splitlines()
    meanings = config_file.meanings()
    options = setting_options()
    built_in = Settings()
    for name, variable in settings.VARIABLES.items():
        value = getattr(built_in, name)
        yield ""
        yield f"## `{name}`"
        yield ""
        yield meanings[name]
        yield ""
        yield f"- environment: `{variable}`"
        if name in options:
            yield f"- command line: {options[name]}"
        if name in settings.CHOICES:
            yield f"- one of: {', '.join(f'`{choice}`' for choice in settings.CHOICES[name])}"
        if name != "db_path":
            yield f"- default: {default(value)}"
    yield ""
    yield from OTHER_VARIABLES.splitlines()


def setting_options() -> dict[str, str]:
    """The options that set a setting, by its name: the common ones, and those of single commands."""
    root = click.Context(cli, info_name="memory-daemon")
    found: dict[str, list[str]] = {}
    for context in (root, *commands(root)):
        for option in context.command.params:
            if not isinstance(option, click.Option) or option.name not in settings.VARIABLES:
                continue
            command = "" if option.name in COMMON else f"{context.command_path.removeprefix('memory-daemon ')} "
            written = f"`{command}{option.opts[0]}`"
            if written not in found.setdefault(option.name, []):
                found[option.name].append(written)
    return {name: ", ".join(written) for name, written in found.items()}


def default(value: object) -> str:
    """A built-in value, as a config file has it."""
    if value in ("", 0, (), {}) and not isinstance(value, bool):
        return "none" if value != 0 else "`0`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def heading(title: str, subject: str) -> Iterator[str]:
    yield from (f"# {title}", "", f"<!-- Written by ops/gen_docs.py from {subject}. Edit those, then run it. -->", "")


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs")
    if len(sys.argv) == 1:
        gen_man.generate(ROOT / "ops" / "man")
