"""Rewrites: addresses as git and ssh rewrite them by the user's configuration before they connect."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from agent_memory.capture import files
from agent_memory.capture.project.git import texts
from agent_memory.capture.project.remembered import Remembered

_CONFIG_MAX_BYTES: Final = 1 << 20
_INCLUDES_MAX: Final = 16
# The host of an address that goes by ssh, with what stands before it.
_SSH_HOST: Final = re.compile(
    r"\A((?:ssh|git\+ssh|ssh\+git)://(?:[^@/]*@)?|(?:[^@/:]*@)?(?=[^/:]+:(?!//)))([^/:]+)", re.IGNORECASE
)
_SSH_WORDS: Final = re.compile(r"\A(\w+)(?:\s*=\s*|\s+)(.*)\Z")

# Patterns of hosts, and the name to connect to in their place.
_Aliases = list[tuple[list[str], str]]


class Rewrites:
    """What the user's files say: `url.BASE.insteadOf` for git, `Host` and `HostName` for ssh. For any thread."""

    def __init__(self, home: Path, environ: Mapping[str, str]) -> None:
        config_home = environ.get("XDG_CONFIG_HOME") or str(home / ".config")
        named = environ.get("GIT_CONFIG_GLOBAL")
        own = [Path(named)] if named else [Path(config_home) / "git" / "config", home / ".gitconfig"]
        self._home = home
        self._git_configs = [Path("/etc/gitconfig"), *own]
        self._ssh_configs = [home / ".ssh" / "config"]
        self._known: Remembered[dict[str, str]] = Remembered()
        self._included: Remembered[list[str]] = Remembered()
        self._aliases: Remembered[_Aliases] = Remembered()

    def rewritten(self, address: str, repository_config: Path | None = None) -> str:
        """The address that is connected to in place of this one."""
        if not address:
            return ""
        rules: dict[str, str] = {}
        for config in [*self._git_configs, *([repository_config] if repository_config else [])]:
            rules |= self._rules(config, _INCLUDES_MAX)
        # Of several that fit, git takes the longest.
        begins = max((each for each in rules if address.startswith(each)), key=len, default="")
        return self._without_alias(rules[begins] + address[len(begins) :] if begins else address)

    def _rules(self, config: Path, includes_max: int) -> dict[str, str]:
        rules = dict(self._known.get(config, lambda: texts.rewrites(_text(config))))
        for included in self._included.get(config, lambda: texts.includes(_text(config)))[:includes_max]:
            path = self._home / included[2:] if included.startswith("~/") else config.parent / included
            rules |= self._rules(path, includes_max // 4)
        return rules

    def _without_alias(self, address: str) -> str:
        match = _SSH_HOST.match(address)
        if match is None:
            return address
        for config in self._ssh_configs:
            for patterns, name in self._aliases.get(config, lambda config=config: _aliases(_text(config))):  # type: ignore[misc]
                if _fits(match[2], patterns):
                    return f"{match[1]}{name.replace('%h', match[2])}{address[match.end() :]}"
        return address


def _fits(host: str, patterns: list[str]) -> bool:
    excluded = any(fnmatchcase(host, each[1:]) for each in patterns if each.startswith("!"))
    return not excluded and any(fnmatchcase(host, each) for each in patterns)


def _aliases(config: str) -> _Aliases:
    """The hosts that have another name, in the order of the file: the first that fits counts."""
    found: _Aliases = []
    patterns: list[str] = []
    for line in config.splitlines():
        words = _SSH_WORDS.match(line.strip())  # a pattern that strips takes time quadratic in the blanks
        if words is None or line.lstrip().startswith("#"):
            continue
        match words[1].lower():
            case "host":
                patterns = words[2].split()
            case "match":
                patterns = []
            case "hostname" if patterns:
                found.append((patterns, words[2].strip('"')))
    return found


def _text(path: Path) -> str:
    return files.head(str(path), _CONFIG_MAX_BYTES).decode(errors="replace").replace("\0", "")
