"""A model of our own that says what a script says, in the words of the four protocols that coding agents speak.

It serves on this machine's loopback only. A request that offers tools takes the script's next step; others (agents have
titles made in passing) are answered with a text that the script does not know.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

ASIDE = "A title"
USED_TOKENS = 100
_numbers = count(1)

# What goes over the wire: the name of a server-sent event, where the protocol gives them names, and its data.
Sent = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Say:
    """The model's last word in a turn."""

    text: str


@dataclass(frozen=True, slots=True)
class Use:
    """A call of a tool, and the model waits for what comes of it."""

    tool: str
    input: Mapping[str, Any]
    # Where the protocol keeps a server's tools apart from the program's own.
    namespace: str = ""


Step = Say | Use


class Model(ThreadingHTTPServer):
    """The server. `url` is where it is; `requests` holds the body of every request it was asked with, in order."""

    daemon_threads = True

    def __init__(self, script: Sequence[Step]) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.requests: list[dict[str, Any]] = []
        self._steps = iter(script)  # may still be written while it is played
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def step(self, body: dict[str, Any]) -> Step:
        """The answer to a request."""
        with self._lock:
            self.requests.append(body)
            return next(self._steps, Say(ASIDE)) if body.get("tools") else Say(ASIDE)


@contextmanager
def serving(script: Sequence[Step]) -> Iterator[Model]:
    """A model that plays the script, until the block ends."""
    model = Model(script)
    thread = threading.Thread(target=model.serve_forever, daemon=True)
    thread.start()
    try:
        yield model
    finally:
        model.shutdown()
        thread.join()
        model.server_close()


class _Request(BaseHTTPRequestHandler):
    server: Model
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """The test's output is the test's."""

    def do_HEAD(self) -> None:
        self._reply({})

    def do_GET(self) -> None:
        self._reply({"object": "list", "data": [], "models": []})

    def do_POST(self) -> None:
        body = json.loads(self._body() or b"{}")
        path = self.path.partition("?")[0]
        if path.endswith(("/count_tokens", ":countTokens")):
            self._reply({"input_tokens": USED_TOKENS, "totalTokens": USED_TOKENS})
        elif path.endswith("/messages"):
            self._answer(body, _anthropic(self.server.step(body), body), "message")
        elif path.endswith("/responses"):
            self._answer(body, _responses(self.server.step(body)), "response")
        elif path.endswith("/chat/completions"):
            self._answer(body, _chat(self.server.step(body), streamed=bool(body.get("stream"))), "")
        elif path.endswith((":generateContent", ":streamGenerateContent")):
            self._answer({"stream": "stream" in path}, _gemini(self.server.step(body)), "")
        else:
            self.send_error(404)

    def _answer(self, body: Mapping[str, Any], sent: list[Sent], whole: str) -> None:
        """As a stream of events; to who wants no stream, the message that one of them holds whole."""
        if not body.get("stream"):
            self._reply(sent[-1][1].get(whole, sent[-1][1]))
            return
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for name, data in sent:
            self.wfile.write(f"event: {name}\n".encode() if name else b"")
            self.wfile.write(f"data: {json.dumps(data)}\n\n".encode())
        if self.path.endswith("/completions"):
            self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def _reply(self, data: Mapping[str, Any]) -> None:
        content = json.dumps(data).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("transfer-encoding", ""):
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body


def _anthropic(step: Step, body: Mapping[str, Any]) -> list[Sent]:
    """Anthropic's Messages: a message begins, its one block grows, the message ends."""
    usage = {"input_tokens": USED_TOKENS, "output_tokens": USED_TOKENS}
    match step:
        case Say(text):
            block: dict[str, Any] = {"type": "text", "text": text}
            begun, grown, stop = {**block, "text": ""}, {"type": "text_delta", "text": text}, "end_turn"
        case Use(tool, given):
            block = {"type": "tool_use", "id": _id("toolu"), "name": tool, "input": given}
            grown = {"type": "input_json_delta", "partial_json": json.dumps(given)}
            begun, stop = {**block, "input": {}}, "tool_use"
    message = {"id": _id("msg"), "type": "message", "role": "assistant", "model": body.get("model"), "usage": usage}
    ended = {"stop_reason": stop, "stop_sequence": None}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": begun},
        {"type": "content_block_delta", "index": 0, "delta": grown},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": ended, "usage": usage},
        {"type": "message_stop", "message": {**message, "content": [block], **ended}},
    ]
    return [(event["type"], event) for event in events]


def _responses(step: Step) -> list[Sent]:
    """OpenAI's Responses: one item of output, a message or a call."""
    match step:
        case Say(text):
            content = [{"type": "output_text", "text": text, "annotations": []}]
            item: dict[str, Any] = {"type": "message", "id": _id("msg"), "role": "assistant", "content": content}
        case Use(tool, given, namespace):
            item = {"type": "function_call", "id": _id("fc"), "call_id": _id("call"), "name": tool}
            item["arguments"] = json.dumps(given)
            if namespace:
                item["namespace"] = namespace
    usage = {
        "input_tokens": USED_TOKENS,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": USED_TOKENS,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 2 * USED_TOKENS,
    }
    response = {"id": _id("resp"), "object": "response", "status": "completed", "output": [item], "usage": usage}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": {**response, "status": "in_progress", "output": []}},
        {"type": "response.output_item.added", "output_index": 0, "item": {**item, "status": "in_progress"}},
        {"type": "response.output_item.done", "output_index": 0, "item": {**item, "status": "completed"}},
        {"type": "response.completed", "response": response},
    ]
    return [(event["type"], event) for event in events]


def _chat(step: Step, *, streamed: bool) -> list[Sent]:
    """OpenAI's Chat Completions: chunks of a choice, or the choice at once."""
    match step:
        case Say(text):
            said: dict[str, Any] = {"role": "assistant", "content": text}
            reason = "stop"
        case Use(tool, given):
            called = {"name": tool, "arguments": json.dumps(given)}
            call = {"index": 0, "id": _id("call"), "type": "function", "function": called}
            said, reason = {"role": "assistant", "content": None, "tool_calls": [call]}, "tool_calls"
    usage = {"prompt_tokens": USED_TOKENS, "completion_tokens": USED_TOKENS, "total_tokens": 2 * USED_TOKENS}
    about = {"id": _id("chatcmpl"), "created": 1, "model": "scripted"}
    if not streamed:
        choice = {"index": 0, "message": said, "finish_reason": reason}
        return [("", {**about, "object": "chat.completion", "choices": [choice], "usage": usage})]
    choices = [{"index": 0, "delta": said, "finish_reason": None}], [{"index": 0, "delta": {}, "finish_reason": reason}]
    chunks = [{**about, "object": "chat.completion.chunk", "choices": each} for each in (*choices, [])]
    return [("", chunk) for chunk in (*chunks[:2], {**chunks[2], "usage": usage})]


def _gemini(step: Step) -> list[Sent]:
    """Gemini's content: one candidate, whole."""
    match step:
        case Say(text):
            part: dict[str, Any] = {"text": text}
        case Use(tool, given):
            part = {"functionCall": {"name": tool, "args": given}}
    candidate = {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}
    used = {"promptTokenCount": USED_TOKENS, "candidatesTokenCount": USED_TOKENS, "totalTokenCount": 2 * USED_TOKENS}
    return [("", {"candidates": [candidate], "usageMetadata": used, "modelVersion": "scripted"})]


def _id(kind: str) -> str:
    return f"{kind}_{next(_numbers):020d}"
