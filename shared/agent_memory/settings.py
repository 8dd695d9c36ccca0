"""The settings: built-in < config file < environment < command line. Each value remembers where it came from."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from math import inf
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agent_memory.errors import SettingsError, UsageError
from agent_memory.log_filter import levels
from agent_memory.model import DEFAULT_STORE, LOCAL, TOOL_MAX_BYTES
from agent_memory.paths import RuntimePaths, default_config_path, default_db_path, runtime_paths
from agent_memory.project_stores import parse_name

LOG_LEVELS = ("trace", "debug", "info", "warn", "error")
# Twice this and a text beside it fit into one event.
TOOL_MAX_BYTES_LIMIT = 4 << 20
# What an agent's session may begin with: a map with a few lines at least, and no more than every agent passes on whole
# (one shows its model only the beginning of more than 10,000 characters, another cuts its middle out).
RETENTION_DAYS_MAX = 36_500
BACKUP_KEEP_MAX = 10_000
SESSION_START_TOKENS = range(200, 2001)
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the daemon and its commands run with.

    The text below a field is its entry in docs/settings.md: run ops/gen_docs.py after a change.
    """

    db_path: Path = field(default_factory=default_db_path)
    """The store's folder. The default is in the user's data folder; see [where things are](privacy.md#where-it-is).
    A relative path in the config file begins at the file's folder; in the environment, the path must be absolute."""
    grpc_host: str = "127.0.0.1"
    """The address to listen on. Anything but loopback opens the memory to the network, and
    [needs a certificate and a token](privacy.md#open-it-to-other-machines)."""
    grpc_port: int = 50051
    """The TCP port to listen on."""
    grpc_token_file: str = ""
    """A file of mode 0600 that holds the token of callers over TCP who are not you."""
    grpc_tls_cert: str = ""
    """The certificate for other addresses than loopback, as PEM. On another machine: what to know the daemon by."""
    grpc_tls_key: str = ""
    """A file of mode 0600 that holds its private key."""
    metrics_port: int = 0
    """The port at which [metrics](operations.md#metrics) are served, on 127.0.0.1 only. 0: none."""
    log_level: str = "info"
    """How much the processes log."""
    log_filter: str = ""
    """Other levels for parts, such as `info,agent_memory::ingest=debug`; a level alone takes the place of `log_level`.
    Where it is not set, the variable `RUST_LOG` is read."""
    log_format: str = "text"
    """How the processes log: a line for people, or a JSON object per line."""
    timezone: str = ""
    """The time zone whose midnights separate the days, such as `Europe/Berlin`. Empty: this machine's. A store keeps
    the zone it was made with until `admin set-timezone` [changes it](operations.md#change-the-time-zone)."""
    multi_agent_mode: str = "unified"
    """`unified`: one store for all agents, in which each event is tagged with its agent. `separate`: [a store for each
    agent](operations.md#a-store-for-each-agent)."""
    agent_id: str = ""
    """With `unified`, the one agent that all events are tagged with. Empty: each with its own."""
    redaction: bool = True
    """Whether secrets are [removed before anything is stored](privacy.md#secrets)."""
    redact_payment_data: bool = False
    """Whether card numbers and bank account numbers (IBAN) are secrets, too."""
    ignore: tuple[str, ...] = ()
    """Folders, files and tools to [keep out of the memory](privacy.md#what-you-keep-out), in the syntax of a
    `.memoryignore` file."""
    summarizer_provider: str = LOCAL
    """What writes the summaries. `local` never opens a connection; the others are
    [language models](operations.md#summaries-by-a-language-model)."""
    summarizer_model: str = ""
    """The provider's name for the model. Required for `openai`; `anthropic` has a small one as its default."""
    summarizer_base_url: str = ""
    """Where the model is served; for `openai` up to and including `/v1`. Empty: the provider's own address."""
    summarizer_key_file: str = ""
    """A file of mode 0600 that holds the API key, if the environment does not."""
    summarizer_key_command: str = ""
    """A command that prints the API key."""
    summarizer_daily_tokens: int = 1_000_000
    """The most tokens that summaries may use per day of the store's time zone, input and output together."""
    summarizer_input_price: float = 0.0
    """Dollars per million input tokens, to show what summaries cost. 0: unknown."""
    summarizer_output_price: float = 0.0
    """Dollars per million output tokens. 0: unknown."""
    project_names: Mapping[str, str] = field(default_factory=dict)
    """Project names that were replaced, [from the old name to the new](guide.md#projects)."""
    project_stores: Mapping[str, str] = field(default_factory=dict)
    """Folders whose sessions belong to a [project store](operations.md#project-stores): each an absolute path or one
    that begins with `~/`, with the store's name."""
    tool_max_bytes: int = TOOL_MAX_BYTES
    """How many bytes to keep of a tool's input, and of its result: the head and the tail, with a note of what was cut.
    From 256 to 4 MiB."""
    retention_days: int = 0
    """How many days events are kept before the job `retention` [forgets them](privacy.md#retention). 0: for ever."""
    backup_dir: str = ""
    """The folder in which the job `backup` makes [a backup every night](operations.md#back-up). It must exist, so that
    a disk that is not there is not taken for it. Empty: no backups are made by themselves."""
    backup_keep: int = 7
    """How many backups the job keeps there. 0: all."""
    jobs_on_battery: bool = True
    """Whether scheduled jobs run while the machine is on its battery. `false`: they wait for mains."""
    session_start_tokens: int = 0
    """The most tokens of memory that an agent's session [begins with](agents.md#start-sessions-with-a-map), from 200
    to 2000. 0: nothing."""
    agent_notes: bool = False
    """Whether agents may [keep notes](agents.md#let-agents-keep-notes), by the tool `note`."""
    # Where each value came from: "built-in", the config file's path, an environment variable or "command line".
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)
    # The store that these settings are for, which `db_path` leads to; and the path of its daemon's default store, where
    # that is another.
    store: str = DEFAULT_STORE
    default_store: Path | None = None

    @property
    def address(self) -> str:
        """Host and port as a gRPC target."""
        host = f"[{self.grpc_host}]" if ":" in self.grpc_host else self.grpc_host
        return f"{host}:{self.grpc_port}"

    @property
    def summarized_by(self) -> str:
        """Who writes the summaries: "local", or a provider and, where it is named, its model."""
        return "/".join(filter(None, (self.summarizer_provider, self.summarizer_model)))

    @property
    def has_agent_stores(self) -> bool:
        """Whether each agent has a project store of its own."""
        return self.multi_agent_mode == "separate"

    @property
    def main_path(self) -> Path:
        """The default store of the daemon that serves this one."""
        return self.default_store or self.db_path

    @property
    def runtime(self) -> RuntimePaths:
        found = runtime_paths(self.main_path)
        return found if self.store == DEFAULT_STORE else found.of_store(self.store)

    def environment(self) -> dict[str, str]:
        """The variables that give a child process these same settings."""
        return {variable: _as_text(getattr(self, name)) for name, variable in VARIABLES.items()}


# A setting's environment variable. MEMORY_CONFIG, which names the config file, is not a setting itself.
VARIABLES = {
    "db_path": "MEMORY_DB_PATH",
    "grpc_host": "MEMORY_GRPC_HOST",
    "grpc_port": "MEMORY_GRPC_PORT",
    "metrics_port": "MEMORY_METRICS_PORT",
    "grpc_token_file": "MEMORY_GRPC_TOKEN_FILE",
    "grpc_tls_cert": "MEMORY_GRPC_TLS_CERT",
    "grpc_tls_key": "MEMORY_GRPC_TLS_KEY",
    "log_level": "MEMORY_LOG_LEVEL",
    "log_filter": "MEMORY_LOG",
    "log_format": "MEMORY_LOG_FORMAT",
    "timezone": "MEMORY_TIMEZONE",
    "multi_agent_mode": "MEMORY_MULTI_AGENT_MODE",
    "agent_id": "MEMORY_AGENT_ID",
    "redaction": "MEMORY_REDACTION",
    "redact_payment_data": "MEMORY_REDACT_PAYMENT_DATA",
    "ignore": "MEMORY_IGNORE",
    "summarizer_provider": "MEMORY_SUMMARIZER_PROVIDER",
    "summarizer_model": "MEMORY_SUMMARIZER_MODEL",
    "summarizer_base_url": "MEMORY_SUMMARIZER_BASE_URL",
    "summarizer_key_file": "MEMORY_SUMMARIZER_KEY_FILE",
    "summarizer_key_command": "MEMORY_SUMMARIZER_KEY_COMMAND",
    "summarizer_daily_tokens": "MEMORY_SUMMARIZER_DAILY_TOKENS",
    "summarizer_input_price": "MEMORY_SUMMARIZER_INPUT_PRICE",
    "summarizer_output_price": "MEMORY_SUMMARIZER_OUTPUT_PRICE",
    "project_names": "MEMORY_PROJECT_NAMES",
    "project_stores": "MEMORY_PROJECT_STORES",
    "retention_days": "MEMORY_RETENTION_DAYS",
    "backup_dir": "MEMORY_BACKUP_DIR",
    "backup_keep": "MEMORY_BACKUP_KEEP",
    "jobs_on_battery": "MEMORY_JOBS_ON_BATTERY",
    "session_start_tokens": "MEMORY_SESSION_START_TOKENS",
    "agent_notes": "MEMORY_AGENT_NOTES",
    "tool_max_bytes": "MEMORY_TOOL_MAX_BYTES",
}
CHOICES = {
    "log_level": LOG_LEVELS,
    "log_format": ("text", "json"),
    "multi_agent_mode": ("unified", "separate"),
    "summarizer_provider": (LOCAL, "anthropic", "openai"),
}


_OPTIONAL_PATHS = frozenset({"backup_dir", "grpc_token_file", "grpc_tls_cert", "grpc_tls_key", "summarizer_key_file"})
_PATHS = frozenset({"db_path", *_OPTIONAL_PATHS})

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


def _whole(settings: Settings) -> Settings:
    """The settings; raises SettingsError where one needs another."""
    if settings.summarizer_provider == "openai" and not settings.summarizer_model:
        raise SettingsError('summarizer_provider = "openai" needs summarizer_model: the name of the model to ask.')
    return settings


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
        return _absolute(named)
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


def _absolute(text: str) -> Path:
    """The path; raises ValueError if it is relative."""
    try:
        path = Path(text).expanduser()
    except RuntimeError as error:
        raise ValueError(str(error)) from error
    if not path.is_absolute():
        raise ValueError("it must be an absolute path, since hooks run in other folders than the daemon")
    return path


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
    """The value in the setting's own type; raises SettingsError where it has none."""
    text = _as_text(value)
    try:
        match name:
            case "project_names":
                return _project_names(text)
            case "project_stores":
                return _project_stores(text)
            case "db_path":
                if not text or "\0" in text:
                    raise ValueError("it must name a folder")
                return _absolute(text)
            case "metrics_port":
                if not text.isdecimal() or int(text) > 65535:
                    raise ValueError("a port is a number from 1 to 65535; 0 for none")
                return int(text)
            case "grpc_port":
                if not text.isdecimal() or not 0 < int(text) < 65536:
                    raise ValueError("a port is a number from 1 to 65535")
                return int(text)
            case "log_filter":
                levels(text)
                return text
            case "log_level" | "log_format" | "multi_agent_mode" | "summarizer_provider":
                if text.lower() not in CHOICES[name]:
                    raise ValueError(f"it must be one of {', '.join(CHOICES[name])}")
                return text.lower()
            case "redaction" | "redact_payment_data" | "jobs_on_battery" | "agent_notes":
                return _switch(text)
            case "ignore":
                return _lines(text)
            case "tool_max_bytes":
                if not text.isdecimal() or not 256 <= int(text) <= TOOL_MAX_BYTES_LIMIT:
                    raise ValueError(f"it must be a number of bytes from 256 to {TOOL_MAX_BYTES_LIMIT}")
                return int(text)
            case "session_start_tokens":
                if not text.isdecimal() or int(text) not in (0, *SESSION_START_TOKENS):
                    limits = SESSION_START_TOKENS
                    raise ValueError(f"it must be a number of tokens from {limits[0]} to {limits[-1]}, 0 for none")
                return int(text)
            case "retention_days":
                if not text.isdecimal() or int(text) > RETENTION_DAYS_MAX:
                    raise ValueError(f"it must be a number of days up to {RETENTION_DAYS_MAX}, 0 for ever")
                return int(text)
            case "backup_keep":
                if not text.isdecimal() or int(text) > BACKUP_KEEP_MAX:
                    raise ValueError(f"it must be a number of backups up to {BACKUP_KEEP_MAX}, 0 for all")
                return int(text)
            case "summarizer_daily_tokens":
                if not text.isdecimal():
                    raise ValueError("it must be a number of tokens, 0 for none")
                return int(text)
            case "summarizer_input_price" | "summarizer_output_price":
                if isinstance(value, bool) or not 0 <= float(text) < inf:
                    raise ValueError("it must be dollars for a million tokens, 0 for not known")
                return float(text)
            case "summarizer_base_url":
                if text and not text.startswith(("http://", "https://")):
                    raise ValueError("it must begin with http:// or https://")
                return text
            case _ if name in _OPTIONAL_PATHS:
                return str(_absolute(text)) if text else ""
            case "summarizer_model" | "summarizer_key_command":
                return text
            case "timezone":
                return zone_named(text) if text else ""
            case "grpc_host":
                if not text or any(character.isspace() for character in text):
                    raise ValueError("it must be a host name or an address")
                # An IPv6 address, in the brackets that it has in a URL.
                return text[1:-1] if text.startswith("[") and text.endswith("]") else text
            case _:
                return text.lower()
    except ValueError as error:
        raise SettingsError(f"{source}: {name} = {text!r} is not usable: {error}") from error


def zone_named(text: str) -> str:
    """The time zone's name; raises ValueError where there is none."""
    try:
        return ZoneInfo(text).key
    except (ValueError, ZoneInfoNotFoundError, OSError, RecursionError):  # the last two where it is no file's name
        raise ValueError("it must be a time zone, for example Europe/Berlin") from None


def _switch(text: str) -> bool:
    word = text.lower()
    if word not in ("true", "on", "yes", "1", "false", "off", "no", "0"):
        raise ValueError("it must be true or false")
    return word in ("true", "on", "yes", "1")


def _lines(text: str) -> tuple[str, ...]:
    try:
        lines = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("it must be a list, or a JSON array, of rules") from None
    if not isinstance(lines, list) or not all(isinstance(line, str) and line.strip() for line in lines):
        raise ValueError("it must be a list of rules, each a text")
    return tuple(lines)


def _project_names(text: str) -> dict[str, str]:
    try:
        names = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("it must be a table, or a JSON object, of old names and new ones") from None
    if not isinstance(names, dict) or not all(new and isinstance(new, str) for new in names.values()):
        raise ValueError("it must be a table of old names and new ones")
    for old, new in names.items():
        if new in names:
            raise ValueError(f"{old!r} leads to {new!r}, which leads on to {names[new]!r}; let both lead there")
    return names


def _project_stores(text: str) -> dict[str, str]:
    try:
        rules = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("it must be a table, or a JSON object, of folders and names of stores") from None
    if not isinstance(rules, dict) or not all(name and isinstance(name, str) for name in rules.values()):
        raise ValueError("it must be a table of folders and names of stores")
    if relative := next((folder for folder in rules if not folder.startswith(("/", "~/"))), None):
        raise ValueError(f"{relative!r} must be an absolute path, or begin with ~/")
    try:
        return {folder: parse_name(name) for folder, name in rules.items()}
    except UsageError as error:
        raise ValueError(str(error)) from error


def _as_text(value: object) -> str:
    return json.dumps(value) if isinstance(value, (Mapping, list, tuple)) else str(value)


# Every setting can be set.
assert {f.name for f in fields(Settings)} == {*VARIABLES, "sources", "store", "default_store"}
