"""The Model Context Protocol, as far as a server with tools needs it, in both of its eras.

Revisions up to 2025-11-25 begin with `initialize`. Since 2026-07-28 there is no beginning: each request says its
revision in `_meta`, `server/discover` tells what the server can do, and each result says that it is complete.
https://modelcontextprotocol.io/specification
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable

from agent_memory.mcp.tools import INSTRUCTIONS, TOOLS

NAME = "agent-memory"
HANDSHAKE_VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
MODERN_VERSIONS = ("2026-07-28",)
_VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
_SERVER_KEY = "io.modelcontextprotocol/serverInfo"
_CLIENT_KEY = "io.modelcontextprotocol/clientInfo"
# The tools change with the program, and with a setting that a client may take an hour to see.
_CACHED = {"ttlMs": 3_600_000, "cacheScope": "public"}

NO_JSON = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
UNSUPPORTED_VERSION = -32022

Message = dict[str, object]
# Answers a call with a text, and whether it is an error; given the tool's name, its arguments, the client's name and
# the session, the last two empty where they are not known.
Call = Callable[[str, dict[str, object], str, str], tuple[str, bool]]


class Server:
    """Answers messages."""

    def __init__(self, version: str, call: Call, tools: Callable[[], list[dict[str, object]]] = lambda: TOOLS) -> None:
        self._info = {"name": NAME, "title": "Agent memory", "version": version}
        self._call = call
        self._tools = tools
        # In the older era it is said once.
        self._client = ""

    def answer_line(self, line: bytes) -> bytes | None:
        """The reply to a message as it is sent, both without line ends; None where there is nothing to reply."""
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            reply: Message | None = _error(None, NO_JSON, "This is no JSON.")
        else:
            reply = self.answer(message)
        return None if reply is None else json.dumps(reply, separators=(",", ":")).encode()

    def answer(self, message: object) -> Message | None:
        """The reply to a message; None to a notification, or to a reply."""
        if not isinstance(message, dict):
            return _error(None, INVALID_REQUEST, "This is no request.")
        request_id, method = message.get("id"), message.get("method")
        if "id" not in message or method is None:
            return None
        if not isinstance(method, str) or not _is_id(request_id):
            return _error(None, INVALID_REQUEST, "This is no request.")
        params = message.get("params")
        if params is None:
            params = {}
        if not isinstance(params, dict):
            return _error(request_id, INVALID_PARAMS, "params must be an object.")
        meta = params.get("_meta")
        version = meta.get(_VERSION_KEY) if isinstance(meta, dict) else None
        if version is not None and not isinstance(version, str):
            return _error(request_id, INVALID_PARAMS, "The version of the protocol must be a text.")
        if version is not None and version not in MODERN_VERSIONS:
            supported = {"supported": list(MODERN_VERSIONS), "requested": version}
            return _error(request_id, UNSUPPORTED_VERSION, "Unsupported protocol version", supported)
        return self._reply(request_id, method, params, is_modern=version is not None)

    def _reply(self, request_id: object, method: str, params: Message, *, is_modern: bool) -> Message:
        match method:
            case "initialize":
                self._client = _name_in(params.get("clientInfo"))
                asked = params.get("protocolVersion")
                result: Message = {
                    "protocolVersion": asked if asked in HANDSHAKE_VERSIONS else HANDSHAKE_VERSIONS[-1],
                    "capabilities": {"tools": {}},
                    "serverInfo": self._info,
                    "instructions": INSTRUCTIONS,
                }
            case "server/discover":
                result = {
                    "supportedVersions": list(MODERN_VERSIONS),
                    "capabilities": {"tools": {}},
                    "instructions": INSTRUCTIONS,
                    **_CACHED,
                }
                is_modern = True
            case "tools/list":
                result = {"tools": self._tools(), **(_CACHED if is_modern else {})}
            case "tools/call":
                name, arguments = params.get("name"), params.get("arguments")
                if not isinstance(name, str) or not isinstance(arguments, dict | None):
                    return _error(request_id, INVALID_PARAMS, "A call needs the name of a tool, and its arguments.")
                meta = params.get("_meta")
                meta = meta if isinstance(meta, dict) else {}
                client = _name_in(meta.get(_CLIENT_KEY)) or self._client
                text, is_error = self._call(name, arguments or {}, client, _session_in(meta))
                # No structured content: clients show that in place of the text, or both.
                result = {"content": [{"type": "text", "text": text}], "isError": is_error}
            case "ping":
                result = {}
            case _:
                return _error(request_id, METHOD_NOT_FOUND, f"There is no method {method!r}.")
        if is_modern:
            result = {**result, "resultType": "complete", "_meta": {_SERVER_KEY: self._info}}
        return {"jsonrpc": "2.0", "id": request_id, "result": result}


def _name_in(info: object) -> str:
    name = info.get("name") if isinstance(info, dict) else None
    return name if isinstance(name, str) else ""


def _session_in(meta: Message) -> str:
    """The client's session, as one that names it does: beside the rest, or in an object of its own."""
    for each in (meta, *meta.values()):
        if isinstance(each, dict) and isinstance(named := each.get("session_id"), str):
            return named
    return ""


def _is_id(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)  # JSON has no other, and would not take it back
    return isinstance(value, str | int) and not isinstance(value, bool)


def _error(request_id: object, code: int, message: str, data: object = None) -> Message:
    error: Message = {"code": code, "message": message}
    if data is not None:
        error["data"] = data
    return {"jsonrpc": "2.0", "id": request_id, "error": error}
