"""Loading the settings: built-in < config file < environment < command line. Each value remembers its source."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from agent_memory.errors import SettingsError
from agent_memory.paths import default_config_path
from agent_memory.settings.record import VARIABLES, Settings, as_text
from agent_memory.settings.values import OPTIONAL_PATHS, absolute_path, parsed

_PATHS = frozenset({"db_path", *OPTIONAL_PATHS})
_MEND = "Mend it with: memory-daemon config edit"
_ALL_SETTINGS = "All that there are: memory-daemon --config /dev/null config show"


class _Wanted(NamedTuple):
    """What a config file must hold for a setting, in TOML's types and in words."""

    types: tuple[type, ...]
    description: str


# By the type of the setting.
_TOML: Mapping[type, _Wanted] = {
    str: _Wanted((str,), "a text, in quotes"),
    type(Path()): _Wanted((str,), "the path of a folder, in quotes"),
    int: _Wanted((int,), "a whole number, without quotes"),
    float: _Wanted((int, float), "a number, without quotes"),
    bool: _Wanted((bool,), "true or false, without quotes"),
    tuple: _Wanted((list,), "a list of rules, each a text"),
    dict: _Wanted((dict,), "a table of old names and new ones"),
}


_TABLE_OF_STORES = _Wanted((dict,), "a table of folders and names of stores")


_KINDS: Mapping[type, str] = {
    str: "a text",
    int: "a number",
    float: "a number",
    bool: "a truth value",
    list: "a list",
    dict: "a table",
}


def load(
    config: Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    content: str | None = None,
    **overrides: object,
) -> Settings:
    """Read the settings; `overrides` are the command line's, None meaning not given.

    `environ` is the environment, by default this process's. `content` is what the config file is about to hold.

    Raises SettingsError that names the key, its value and its source.
    """
    settings = Settings(sources=dict.fromkeys(VARIABLES, "built-in"))
    variables = os.environ if environ is None else environ
    path = config or config_in_environment(variables)
    if path is not None or content is not None or default_config_path().exists():
        path = path or default_config_path()
        values = _checked(read_toml(path, content), str(path))
        settings = _apply(settings, _located(values, path.expanduser().absolute().parent), str(path))
    for name, variable in VARIABLES.items():
        if value := variables.get(variable):
            settings = _apply(settings, {name: value}, variable)
    if not settings.log_filter and (common := variables.get("RUST_LOG")):
        with suppress(SettingsError):  # it is written for other programs, too
            settings = _apply(settings, {"log_filter": common}, "RUST_LOG")
    given = {name: value for name, value in overrides.items() if value is not None}
    return _whole(_apply(settings, _located(given, Path.cwd), "command line"))


def for_path(db_path: Path) -> Settings:
    """The built-in settings, with that store."""
    return Settings(db_path=db_path, sources={**dict.fromkeys(VARIABLES, "built-in"), "db_path": "command line"})


def with_file(settings: Settings, path: Path, allowed: frozenset[str]) -> Settings:
    """The settings, and over them those of a file that may hold no others; raises SettingsError."""
    values = _checked(read_toml(path), str(path))
    if others := sorted(values.keys() - allowed):
        raise SettingsError(f"{path}: {', '.join(others)} can't be set for one store.", "Set it for the daemon.")
    return _whole(_apply(settings, _located(values, path.parent), str(path)))


def config_in_environment(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The config file that the environment names; raises SettingsError where programs would disagree on it."""
    named = environ.get("MEMORY_CONFIG")
    if not named:
        return None
    try:
        return absolute_path(named)
    except ValueError as error:
        raise SettingsError(f"MEMORY_CONFIG = {named!r} is not usable: {error}") from error


def setting_of(key: str) -> str:
    """The setting that the key of a config file means; raises SettingsError where there is none."""
    if _name(key) not in VARIABLES:
        raise SettingsError(f"There is no setting {_with_nearest(key)}. All that there are: memory-daemon config show")
    return _name(key)


def read_toml(path: Path, content: str | None = None) -> dict[str, Any]:
    """The tables of the config file, or of what it is about to hold; raises SettingsError."""
    try:
        # Some editors begin a file with a byte order mark.
        return tomllib.loads(path.expanduser().read_text(encoding="utf-8-sig") if content is None else content)
    except FileNotFoundError:
        raise SettingsError(
            f"There is no config file {path}; leave --config out to use the built-in settings."
        ) from None
    # tomllib lets through what Python says of numbers of thousands of digits, and of tables nested a thousand deep.
    except (OSError, ValueError, RuntimeError) as error:
        raise SettingsError(f"The config file {path} can't be read: {error}", _MEND) from error


def _whole(settings: Settings) -> Settings:
    """The settings; raises SettingsError where one needs another."""
    if settings.summarizer_provider == "openai" and not settings.summarizer_model:
        raise SettingsError('summarizer_provider = "openai" needs summarizer_model: the name of the model to ask.')
    return settings


def _checked(values: Mapping[str, object], source: str) -> dict[str, object]:
    """A config file's values by the names of their settings; raises SettingsError, with each key as it was typed."""
    typed = list(_flattened(values))
    if unknown := [key for key, _ in typed if _name(key) not in VARIABLES]:
        raise SettingsError(f"{source}: unknown setting {', '.join(map(_with_nearest, unknown))}. {_ALL_SETTINGS}")
    built_in = Settings()
    for key, value in typed:
        name = _name(key)
        wanted = _TABLE_OF_STORES if name == "project_stores" else _TOML[type(getattr(built_in, name))]
        # Not isinstance: true is no number.
        if type(value) not in wanted.types:
            raise SettingsError(
                f"{source}: {key} = {json.dumps(value, default=str, ensure_ascii=False)} is not usable: "
                f"it is {_KINDS.get(type(value), 'a date or a time')}; it must be {wanted.description}"
            )
    return {_name(key): value for key, value in typed}


def _located(values: Mapping[str, object], folder: Path | Callable[[], Path]) -> dict[str, object]:
    """The values, relative paths made absolute: a config file's begin at its folder, the command line's where it is."""
    located = dict(values)
    for name in _PATHS & values.keys():
        path = str(values[name])
        if path and not path.startswith("~") and not Path(path).is_absolute():
            located[name] = str((folder if isinstance(folder, Path) else folder()) / path)
    return located


def _with_nearest(key: str) -> str:
    """The key that there is not, and the one that was probably meant."""
    from difflib import get_close_matches  # a millisecond that no hook need wait for

    table, _, name = key.rpartition(".")
    if within := [each.removeprefix(f"{table}_") for each in VARIABLES if table and each.startswith(f"{table}_")]:
        nearest = [f"{table}.{each}" for each in get_close_matches(name, within, n=1)]
    else:
        nearest = get_close_matches(_name(key), VARIABLES, n=1)
    return f"{key} (is it {nearest[0]}?)" if nearest else key


def _apply(settings: Settings, values: Mapping[str, object], source: str) -> Settings:
    changes = {name: _parsed(name, value, source) for name, value in values.items()}
    return replace(settings, **changes, sources={**settings.sources, **dict.fromkeys(values, source)})


def _flattened(values: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Each key as it was typed, with its value: `summarizer.provider`, unless a table is a setting's value."""
    for name, value in values.items():
        if isinstance(value, dict) and name not in VARIABLES:
            for inner, content in value.items():
                yield f"{name}.{inner}", content
        else:
            yield name, value


def _name(key: str) -> str:
    """[summarizer] provider is the setting summarizer_provider."""
    return key.replace(".", "_")


def _parsed(name: str, value: object, source: str) -> Any:
    try:
        return parsed(name, value)
    except ValueError as error:
        raise SettingsError(f"{source}: {name} = {as_text(value)!r} is not usable: {error}") from error
