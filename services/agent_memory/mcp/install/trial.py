"""The trial: our server started as a client would, greeted, and asked once."""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Final

from agent_memory.errors import AgentMemoryError
from agent_memory.mcp.protocol import HANDSHAKE_VERSIONS

# All of it; the server itself waits for the daemon for less.
PATIENCE_S: Final = 15.0
TOOL: Final = "projects"
# What the most sparing of the clients passes on.
_PASSED: Final = ("HOME", "PATH", "TERM", "LC_CTYPE")


@dataclass(frozen=True, slots=True)
class Trial:
    """What the server answered."""

    protocol: str
    tools: Sequence[str]
    # To one call of TOOL.
    answer: str
    is_error: bool


def tried(words: Sequence[str]) -> Trial:
    """Start that command, greet it, list its tools and call one; raises AgentMemoryError where it does not answer."""
    environment = {name: os.environ[name] for name in _PASSED if name in os.environ}
    try:
        server = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
    except OSError as error:
        raise AgentMemoryError(f"{words[0]} can't be started: {error.strerror}") from error
    with server:
        try:
            return _talk(server)
        finally:
            server.kill()


def _talk(server: subprocess.Popen[bytes]) -> Trial:
    assert server.stdin  # both are pipes
    assert server.stdout
    replies = _Replies(server.stdout, time.monotonic() + PATIENCE_S)
    client = {"name": "memory-daemon mcp test", "version": "1"}
    greeting = {"protocolVersion": HANDSHAKE_VERSIONS[-1], "capabilities": {}, "clientInfo": client}
    greeted = _asked(server.stdin, replies, 1, "initialize", greeting)
    _send(server.stdin, {"jsonrpc": "2.0", "method": "notifications/initialized"})
    listed = _asked(server.stdin, replies, 2, "tools/list", {})
    called = _asked(server.stdin, replies, 3, "tools/call", {"name": TOOL, "arguments": {}})
    match greeted, listed, called:
        case {"protocolVersion": str(version)}, {"tools": [*tools]}, {"content": [{"text": str(text)}, *_]}:
            names = [str(tool.get("name")) for tool in tools if isinstance(tool, dict)]
            return Trial(version, names, text, called.get("isError") is True)
    raise AgentMemoryError("The server answered, but not in the Model Context Protocol's form.")


def _asked(stdin: IO[bytes], replies: _Replies, number: int, method: str, params: object) -> Mapping[str, object]:
    _send(stdin, {"jsonrpc": "2.0", "id": number, "method": method, "params": params})
    reply = replies.next(method)
    if reply.get("id") != number or not isinstance(result := reply.get("result"), dict):
        raise AgentMemoryError(f"To {method} the server answered: {json.dumps(reply)[:200]}")
    return result


def _send(stdin: IO[bytes], message: object) -> None:
    try:
        stdin.write(json.dumps(message).encode() + b"\n")
        stdin.flush()
    except OSError as error:
        raise AgentMemoryError("The server ended before it was asked.") from error


class _Replies:
    """The lines that the server writes, until that moment."""

    def __init__(self, stdout: IO[bytes], deadline: float) -> None:
        self._file, self._deadline, self._pending = stdout.fileno(), deadline, b""

    def next(self, method: str) -> Mapping[str, object]:
        while b"\n" not in self._pending:
            if not select.select([self._file], [], [], max(0.0, self._deadline - time.monotonic()))[0]:
                raise AgentMemoryError(f"The server did not answer {method} within {PATIENCE_S:.0f} s.")
            chunk = os.read(self._file, 1 << 16)
            if not chunk:
                raise AgentMemoryError(f"The server ended before it answered {method}.")
            self._pending += chunk
        line, _, self._pending = self._pending.partition(b"\n")
        try:
            reply = json.loads(line)
        except ValueError:
            reply = None
        if not isinstance(reply, dict):
            raise AgentMemoryError(f"To {method} the server wrote what is no reply: {line[:200]!r}")
        return reply
