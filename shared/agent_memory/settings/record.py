"""The record of the settings: what each is, and the variable of the environment that sets it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from agent_memory.memory_profile import LOW, USUAL, MemoryProfile
from agent_memory.model import DEFAULT_STORE, LOCAL, TOOL_MAX_BYTES
from agent_memory.paths import RuntimePaths, default_db_path, runtime_paths

LOG_LEVELS = ("trace", "debug", "info", "warn", "error")
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
    retention_keep_summaries: bool = False
    """Whether [the summaries stay](privacy.md#retention) when events are forgotten because of their age."""
    backup_dir: str = ""
    """The folder in which the job `backup` makes [a backup every night](operations.md#back-up). It must exist, so that
    a disk that is not there is not taken for it. Empty: no backups are made by themselves."""
    backup_keep: int = 7
    """How many backups the job keeps there. 0: all."""
    low_memory: bool = False
    """For [small machines](operations.md#memory): smaller caches, buffers and pools of threads, and slower answers."""
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
    def memory(self) -> MemoryProfile:
        """How much memory the daemon's processes may use for what makes them faster."""
        return LOW if self.low_memory else USUAL

    @property
    def runtime(self) -> RuntimePaths:
        found = runtime_paths(self.main_path)
        return found if self.store == DEFAULT_STORE else found.of_store(self.store)

    def environment(self) -> dict[str, str]:
        """The variables that give a child process these same settings."""
        return {variable: as_text(getattr(self, name)) for name, variable in VARIABLES.items()}


def as_text(value: object) -> str:
    """The value as a variable of the environment holds it."""
    return json.dumps(value) if isinstance(value, (Mapping, list, tuple)) else str(value)


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
    "retention_keep_summaries": "MEMORY_RETENTION_KEEP_SUMMARIES",
    "backup_dir": "MEMORY_BACKUP_DIR",
    "backup_keep": "MEMORY_BACKUP_KEEP",
    "jobs_on_battery": "MEMORY_JOBS_ON_BATTERY",
    "low_memory": "MEMORY_LOW_MEMORY",
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

# Every setting can be set.
assert {f.name for f in fields(Settings)} == {*VARIABLES, "sources", "store", "default_store"}
