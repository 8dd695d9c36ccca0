"""A provider of models on this machine, for real sockets: speaks Anthropic's and OpenAI's protocol, and misbehaves."""

from __future__ import annotations

import contextlib
import json
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ANTHROPIC = "/v1/messages"
OPENAI = "/v1/chat/completions"
DRIP_S = 0.02


@dataclass(frozen=True)
class Reply:
    """What a request gets: a status and headers; `content` None is an honest summary, `hangs` nothing at all, `drips`
    a body that never ends, a byte now and then."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content: Any = None
    hangs: bool = False
    drips: bool = False


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def instructions(self) -> str:
        return str(self.body["system"] if self.path == ANTHROPIC else self.body["messages"][0]["content"])

    @property
    def material(self) -> str:
        return str(self.body["messages"][-1]["content"])

    @property
    def items(self) -> list[dict[str, Any]]:
        """The numbered items between the marks."""
        return [json.loads(line) for line in self.material.splitlines()[1:-1]]


class Provider(ThreadingHTTPServer):
    """Serves until it is closed. `replies` come first, then `usual`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[Asked] = []
        self.replies: deque[Reply] = deque()
        self.usual = Reply()
        self.closing = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def close(self) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()


def summary(items: list[dict[str, Any]]) -> dict[str, Any]:
    """What an honest model may say: the first items' words, marked as its own."""
    used = items[:3]
    return {
        "title": f"ModelSummary: {used[0]['text'][:40]}",
        "bullets": [
            {"text": f"ModelSummary: {item['text'][:150]}", "importance": 5 - place, "sources": [item["n"]]}
            for place, item in enumerate(used)
        ],
        "keywords": [max(item["text"].split(), key=len) for item in used],
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Provider

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        asked = Asked(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        self.server.asked.append(asked)
        reply = self.server.replies.popleft() if self.server.replies else self.server.usual
        if reply.hangs:
            self.server.closing.wait()
            self.close_connection = True
            return
        if reply.drips:
            self._drip()
            return
        if reply.status == 200:
            content = summary(asked.items) if reply.content is None else reply.content
            answer = _anthropic(content) if self.path == ANTHROPIC else _openai(content)
        else:
            answer = {"type": "error", "error": {"type": "error", "message": reply.content or "as the test wants it"}}
        self._send(reply, json.dumps(answer).encode())

    def _send(self, reply: Reply, body: bytes) -> None:
        self.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.close_connection = True
        with contextlib.suppress(OSError):
            while not self.server.closing.wait(DRIP_S):
                self.wfile.write(b" ")

    def log_message(self, *args: object) -> None:
        """Nothing: the test reads `asked`."""


def _anthropic(content: Any) -> dict[str, Any]:
    block = {"type": "tool_use", "id": "t1", "name": "summary", "input": content}
    return {
        "id": "m1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "stop_reason": "tool_use",
        "content": [block if isinstance(content, dict) else {"type": "text", "text": str(content)}],
        "usage": {"input_tokens": 100, "output_tokens": 20},
    }


def _openai(content: Any) -> dict[str, Any]:
    text = json.dumps(content) if isinstance(content, dict) else str(content)
    return {
        "choices": [{"message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20},
    }
