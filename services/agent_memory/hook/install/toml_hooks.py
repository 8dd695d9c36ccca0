"""TOML hooks: hooks in a file that may hold other settings too. Tables can be added at the end of any such file."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agent_memory.agents.agent import Hook
from agent_memory.hook.command import is_ours
from agent_memory.hook.install import tomltext
from agent_memory.hook.install.formats import Connected, State
from agent_memory.hook.install.unusable import Unusable

# What we write, and can take out again to the byte.
_TABLE: Final = """
[[hooks.{event}]]
[[hooks.{event}.hooks]]
type = "command"
command = {command}
timeout = {timeout_s}
"""
_WRITTEN = re.compile(
    r"\r?\n\[\[hooks\.(\w+)\]\]\r?\n\[\[hooks\.\1\.hooks\]\]\r?\n"
    r'type = "command"\r?\ncommand = (?P<command>".*")\r?\ntimeout = \d+(?:\r?\n|\Z)'
)


@dataclass(frozen=True, slots=True)
class TomlHooks:
    """How such a file is read and changed; see Format."""

    wanted: Sequence[Connected]
    timeout_s: int

    def state(self, text: str) -> State:
        found = _found(text)
        if not found:
            return State.ABSENT
        wanted = Counter((each.hook.event, each.command) for each in self.wanted)
        is_current = Counter((each.hook.event, each.command) for each in found) == wanted
        return State.CURRENT if is_current else State.OUTDATED

    def has_any(self, text: str) -> bool:
        return any(isinstance(groups, list) and groups for groups in _hooks(text).values())

    def connect(self, text: str) -> str:
        _hooks(text)
        tables = "".join(
            _TABLE.format(event=each.hook.event, command=json.dumps(each.command), timeout_s=self.timeout_s)
            for each in self.wanted
        )
        newline = "\r\n" if "\r\n" in text else "\n"
        changed = text + ("" if text.endswith("\n") else newline) + tables.replace("\n", newline)
        try:
            _hooks(changed)
        except Unusable:
            # A list that is closed where it begins can't be added to from elsewhere.
            line = next(number for number, line in enumerate(text.splitlines(), 1) if re.search(r"\bhooks\b", line))
            raise Unusable("its hooks are written as values, not as tables, and can't be added to", line) from None
        return changed

    def renew(self, text: str, without: str) -> str:
        return self.connect(without)

    def disconnect(self, text: str, original: str | None) -> str:
        changed = _WRITTEN.sub(lambda table: "" if is_ours(json.loads(table["command"])) else table[0], text)
        if left := _found(changed):
            line = next(number for number, line in enumerate(text.splitlines(), 1) if left[0].hook.event in line)
            raise Unusable(f"our hook {left[0].hook.event} was changed by hand, so take it out by hand", line)
        return changed


def _found(text: str) -> list[Connected]:
    return [
        Connected(Hook(event), command)
        for event, groups in _hooks(text).items()
        for command in _commands(groups)
        if is_ours(command)
    ]


def _hooks(text: str) -> Mapping[str, object]:
    hooks = tomltext.parse(text).get("hooks", {})
    return hooks if isinstance(hooks, dict) else {}


def _commands(groups: object) -> Iterator[str]:
    for group in groups if isinstance(groups, list) else ():
        match group:
            case {"hooks": list(handlers)}:
                yield from (str(handler.get("command", "")) for handler in handlers if isinstance(handler, dict))
