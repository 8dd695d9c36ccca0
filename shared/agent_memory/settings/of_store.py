"""The settings of one of a daemon's stores: the daemon's own, and over them what the store's `config.toml` says."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from agent_memory import project_stores
from agent_memory.model import DEFAULT_STORE
from agent_memory.settings.loading import with_file
from agent_memory.settings.record import Settings

# What may differ from store to store: what comes into it, what is made of it, and how long it is kept.
OF_A_STORE: Final = frozenset(
    {
        "backup_dir",
        "backup_keep",
        "ignore",
        "project_names",
        "redact_payment_data",
        "redaction",
        "retention_days",
        "retention_keep_summaries",
        "session_start_tokens",
        "summarizer_base_url",
        "summarizer_daily_tokens",
        "summarizer_input_price",
        "summarizer_key_command",
        "summarizer_key_file",
        "summarizer_model",
        "summarizer_output_price",
        "summarizer_provider",
        "timezone",
        "tool_max_bytes",
    }
)


def of_store(daemon: Settings, name: str) -> Settings:
    """The settings of the daemon's store of that name, be it there or not yet.

    Raises UsageError for what is no name, SettingsError where the store's own file is wrong.
    """
    parsed, main = project_stores.parse_name(name), daemon.main_path
    if parsed == DEFAULT_STORE:
        return daemon
    found = replace(daemon, store=parsed, default_store=main, db_path=project_stores.db_path_of(main, parsed))
    config = project_stores.folder_of(main, parsed) / project_stores.CONFIG
    return with_file(found, config, OF_A_STORE) if config.exists() else found
