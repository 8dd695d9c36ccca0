"""The settings: built-in < config file < environment < command line. Each value remembers where it came from."""

from agent_memory.settings.loading import config_in_environment, for_path, load, read_toml, setting_of, with_file
from agent_memory.settings.record import CHOICES, LOG_LEVELS, LOOPBACK, VARIABLES, Settings
from agent_memory.settings.values import zone_named

__all__ = [
    "CHOICES",
    "LOG_LEVELS",
    "LOOPBACK",
    "VARIABLES",
    "Settings",
    "config_in_environment",
    "for_path",
    "load",
    "read_toml",
    "setting_of",
    "with_file",
    "zone_named",
]
