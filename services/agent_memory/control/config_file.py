"""The config file as text: begun with every setting explained, changed without losing comments or order."""

from __future__ import annotations

import ast
import inspect
import json
import re
import textwrap
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from agent_memory import settings
from agent_memory.errors import AgentMemoryError, SettingsError
from agent_memory.files import atomic_write, make_private_dir
from agent_memory.settings import CHOICES, VARIABLES, Settings

_WIDTH: Final = 78
_LINK: Final = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_BEGINNING: Final = """\
# The settings of agent-memory, each at its default. To set one, remove the "#"
# before it. To check the file: memory-daemon config validate
"""


def read(path: Path) -> str:
    """The file's content, without a byte order mark; empty where there is none. Raises SettingsError."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The config file {path} can't be read: {error}") from error


def write(path: Path, content: str) -> None:
    """Replace the file, whole or not at all; behind a link, the file that it leads to. Raises AgentMemoryError."""
    try:
        place = path.resolve()
        if not place.parent.exists():
            make_private_dir(place.parent)
        atomic_write(place, content.encode())
    except OSError as error:
        raise AgentMemoryError(f"The config file {path} can't be written: {error.strerror}.") from error


def beginning() -> str:
    """A config file that explains every setting and sets none."""
    built_in, entries = Settings(), [_BEGINNING]
    for name, meaning in meanings().items():
        text = _LINK.sub(r"\1", meaning) + (f" One of: {', '.join(CHOICES[name])}." if name in CHOICES else "")
        explained = textwrap.wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
        entries.append("\n".join([*explained, f"#{name} = {_literal(getattr(built_in, name))}", ""]))
    return "\n".join(entries)


def changed(content: str, name: str, typed: str) -> str:
    """The content, which must be TOML, with the setting at its new value, wherever it stands; raises SettingsError.

    `typed` is the value as one types it: a text without quotes, a list or a table in TOML or JSON.
    """
    import tomlkit  # only who changes a file waits for it

    document = tomlkit.parse(content)
    value = _value(name, typed)
    for table, inner in _places(name):
        if table in document and isinstance(document[table], Mapping) and table not in VARIABLES:
            document[table][inner] = value
            return tomlkit.dumps(document)
    document[name] = value
    return tomlkit.dumps(document)


def meanings() -> dict[str, str]:
    """The text below each field of Settings, by the setting's name."""
    (body,) = ast.parse(inspect.getsource(Settings)).body
    assert isinstance(body, ast.ClassDef)
    return {
        field.target.id: " ".join(text.value.value.split())
        for field, text in zip(body.body, body.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _places(name: str) -> list[tuple[str, str]]:
    """Where else than at the top the setting may stand: summarizer_key_file is key_file in [summarizer]."""
    words = name.split("_")
    return [("_".join(words[:end]), "_".join(words[end:])) for end in range(1, len(words))]


def _value(name: str, typed: str) -> Any:
    """What was typed, as the setting's type wants it; a text where it is nothing else, for the check to refuse."""
    kind = type(getattr(Settings(), name))
    if kind is str or issubclass(kind, Path):
        return typed
    for parse in (lambda text: tomllib.loads(f"value = {text}")["value"], json.loads):
        try:
            return parse(typed)
        except ValueError:
            continue
    return typed


def _literal(value: object) -> str:
    if isinstance(value, Path):
        home = str(Path.home())
        text = str(value)
        return json.dumps(f"~{text.removeprefix(home)}" if text.startswith(f"{home}/") else text, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{}"
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def check(path: Path, content: str) -> Settings:
    """The settings with such a file; raises SettingsError where it, or what the environment adds, makes none."""
    return settings.load(path, content=content)
