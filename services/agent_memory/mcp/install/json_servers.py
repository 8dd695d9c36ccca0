"""Servers in JSON that may hold other settings too: `{"mcpServers": {NAME: {"command": ..., ...}, ...}}`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from agent_memory.agents.agent import McpServers
from agent_memory.agents.payload import Payload
from agent_memory.hook.install import jsontext
from agent_memory.hook.install.formats import State
from agent_memory.hook.install.jsontext import Node
from agent_memory.hook.install.unusable import Unusable
from agent_memory.mcp.install.command import ours_in, state_of, state_problem
from agent_memory.mcp.protocol import NAME


@dataclass(frozen=True, slots=True)
class JsonServers:
    """How such a file is read and changed; see Format."""

    wanted: Sequence[str]
    where: McpServers

    def state(self, text: str) -> State:
        return state_of(self.found(text), self.wanted)

    def has_any(self, text: str) -> bool:
        return bool(text.strip())

    def found(self, text: str) -> dict[str, list[str]]:
        """By their names, the commands of our servers."""
        return ours_in(_values(self._servers(text)))

    def connect(self, text: str) -> str:
        if not text.strip():
            text = "{}\n"
        if (servers := self._servers(text)) is None:
            text = jsontext.put_in(text, self._root(text), {}, self.where.within)
            servers = self._servers(text)
        assert servers is not None  # it was put in just now
        if problem := state_problem(_values(servers)):
            raise Unusable(problem, jsontext.line_of(text, servers.opens))
        return jsontext.put_in(text, servers, self.where.entry(self.wanted), NAME)

    def renew(self, text: str, without: str) -> str:
        """The command alone is replaced: what else stands there is the user's."""
        if list(self.found(text)) != [NAME]:
            return self.connect(without)
        for name, value in self.where.entry(self.wanted).items():
            servers = self._servers(text)
            entry = servers.member(NAME) if servers else None
            old = entry.member(name) if entry else None
            if name in ("command", "args") and old:
                text = text[: old.opens] + json.dumps(value, ensure_ascii=False) + text[old.end :]
        return text if self.state(text) is State.CURRENT else self.connect(without)

    def disconnect(self, text: str, original: str | None) -> str:
        while (servers := self._servers(text)) and (names := ours_in(_values(servers))):
            entry = servers.member(next(iter(names)))
            assert entry is not None  # the names are of its members
            text = jsontext.take_out(text, servers, entry)
        root = self._root(text)
        left = root.member(self.where.within)
        # What was there and empty before we came stays there.
        if left and not left.children and self._servers(original or "") is None:
            text = jsontext.take_out(text, root, left)
        return "" if original == "" and not self._root(text).children else text

    def _servers(self, text: str) -> Node | None:
        if not text.strip():
            return None
        servers = self._root(text).member(self.where.within)
        if servers:
            jsontext.expect(text, servers, dict, self.where.within)
        return servers

    def _root(self, text: str) -> Node:
        return jsontext.settings(text, comments=self.where.reads_comments)


def _values(servers: Node | None) -> Payload:
    return servers.value if servers and isinstance(servers.value, dict) else {}
