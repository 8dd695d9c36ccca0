"""Servers in TOML that may hold other settings too: `[mcp_servers.NAME]`. A table can be added at the end of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent_memory.agents.agent import McpServers
from agent_memory.hook.install import tomltext
from agent_memory.hook.install.formats import State
from agent_memory.hook.install.unusable import Unusable
from agent_memory.mcp.install.command import ours_in, state_of, state_problem
from agent_memory.mcp.protocol import NAME

_HEADER = re.compile(r"^[ \t]*\[", re.MULTILINE)
# Behind a table: comments and empty lines belong to what follows.
_BETWEEN = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*\Z")


@dataclass(frozen=True, slots=True)
class TomlServers:
    """How such a file is read and changed; see Format."""

    wanted: Sequence[str]
    where: McpServers

    def state(self, text: str) -> State:
        return state_of(self.found(text), self.wanted)

    def has_any(self, text: str) -> bool:
        return bool(text.strip())

    def found(self, text: str) -> dict[str, list[str]]:
        """By their names, the commands of our servers."""
        return ours_in(self._servers(tomltext.parse(text)))

    def connect(self, text: str) -> str:
        before = tomltext.parse(text)
        if problem := state_problem(self._servers(before)):
            raise Unusable(problem, self._line(text))
        newline = "\r\n" if "\r\n" in text else "\n"
        lines = [*([""] if text else []), *self._table(), ""]
        changed = text + ("" if text.endswith("\n") or not text else newline) + newline.join(lines)
        try:
            tomltext.parse(changed)
        except Unusable:
            # A table that is closed where it begins can't be added to from elsewhere.
            raise Unusable(
                "its servers are written as a value, not as tables, and can't be added to", self._line(text)
            ) from None
        return changed

    def renew(self, text: str, without: str) -> str:
        """The command alone is replaced: what else stands there is the user's."""
        header = re.escape(f"[{self.where.within}.{NAME}]")
        old = re.compile(rf'(?m)^{header}\r?\ncommand = ".*"\r?\nargs = \[.*\](?=\r?$)')
        newline = "\r\n" if "\r\n" in text else "\n"
        changed = old.sub(lambda _: newline.join(self._table()), text)
        return changed if self.state(changed) is State.CURRENT else self.connect(without)

    def disconnect(self, text: str, original: str | None) -> str:
        wanted = tomltext.parse(text)
        names = ours_in(self._servers(wanted))
        changed = text
        for name in names:
            changed = self._without(changed, name)
        servers = {each: value for each, value in self._servers(wanted).items() if each not in names}
        expected = {**wanted, self.where.within: servers}
        left = tomltext.parse(changed)
        if {self.where.within: {}, **left} != expected:
            raise Unusable(
                f"our server {next(iter(names))} was changed by hand, so take it out by hand", self._line(text)
            )
        return changed

    def _without(self, text: str, name: str) -> str:
        """The text without the server's table and those below it: an agent may keep what its user allowed there."""
        header = re.compile(rf'(?m)^\[{self.where.within}\.(?:{re.escape(name)}|"{re.escape(name)}")[\].]')
        while found := header.search(text):
            following = _HEADER.search(text, found.end())
            end = following.start() if following else len(text)
            if following and (between := _BETWEEN.search(text, found.end(), end)):
                end = between.start()
            start = found.start()
            # The empty line that we wrote before it; where another table follows, the one behind it.
            if text[:start].endswith("\n\n"):
                start -= 1
            elif text[:start].endswith("\r\n\r\n"):
                start -= 2
            text = text[:start] + text[end:]
        return text

    def _table(self) -> list[str]:
        entry = self.where.entry(self.wanted)
        values = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in entry.items()]
        return [f"[{self.where.within}.{NAME}]", *values]

    def _servers(self, settings: Mapping[str, object]) -> Mapping[str, object]:
        servers = settings.get(self.where.within, {})
        return servers if isinstance(servers, dict) else {}

    def _line(self, text: str) -> int:
        lines = enumerate(text.splitlines(), 1)
        return next((number for number, line in lines if self.where.within in line), 1)
