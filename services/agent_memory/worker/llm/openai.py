"""Asking a model of OpenAI's, or of anybody who speaks that protocol: Ollama, llama.cpp, vLLM, LM Studio."""

from __future__ import annotations

import json
import time
from http.client import HTTPException, HTTPResponse
from typing import IO, Any, Final
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from agent_memory.worker.llm.providers import OUTPUT_TOKENS_MAX, Answer, ProviderUnavailable, Question, failure

DEFAULT_BASE_URL: Final = "https://api.openai.com/v1"
REPLY_MAX_BYTES: Final = 4 << 20
_CHUNK_BYTES: Final = 1 << 16
# About how many characters a token has, where a server does not count for us.
_CHARACTERS_PER_TOKEN: Final = 4


class OpenAIProvider:
    """A model behind `/chat/completions`. The answer is bound to the schema by `response_format`."""

    def __init__(self, api_key: str, model: str, base_url: str) -> None:
        self._api_key = api_key
        self._model = model
        self._url = f"{(base_url or DEFAULT_BASE_URL).rstrip('/')}/chat/completions"
        self._headers = {"Content-Type": "application/json"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        self._opener = build_opener(_NoRedirects)

    @property
    def name(self) -> str:
        return f"openai/{self._model}"

    def ask(self, question: Question, timeout_s: float) -> Answer:
        body = json.dumps(
            {
                "model": self._model,
                "messages": [
                    {"role": "system", "content": question.instructions},
                    {"role": "user", "content": question.material},
                ],
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "summary", "strict": True, "schema": question.schema},
                },
                "max_completion_tokens": OUTPUT_TOKENS_MAX,
            }
        ).encode()
        reply = _parsed(self._post(body, timeout_s))
        text = _text(reply)
        usage = reply.get("usage") if isinstance(reply, dict) else None
        counted = usage if isinstance(usage, dict) else {}
        return Answer(
            _parsed(text.encode()),
            int(counted.get("prompt_tokens") or len(body) // _CHARACTERS_PER_TOKEN),
            int(counted.get("completion_tokens") or len(text) // _CHARACTERS_PER_TOKEN),
        )

    def _post(self, body: bytes, timeout_s: float) -> bytes:
        deadline_s = time.monotonic() + timeout_s
        try:
            with self._opener.open(Request(self._url, body, self._headers), timeout=timeout_s) as response:
                return _read(response, deadline_s)
        except HTTPError as error:
            with error:
                retry_after = error.headers.get("Retry-After")
                raise failure(self.name, self._api_key, error.code, _detail(error), retry_after) from None
        except URLError as error:
            raise ProviderUnavailable(f"{self.name} can't be reached: {error.reason}") from None
        except (OSError, HTTPException) as error:
            raise ProviderUnavailable(f"{self.name} did not answer: {type(error).__name__}") from None


class _NoRedirects(HTTPRedirectHandler):
    """The key goes to the address that was set and to no other, so a redirection is an error."""

    def redirect_request(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str) -> None:
        return None


def _read(response: HTTPResponse, deadline_s: float) -> bytes:
    """The whole body; raises TimeoutError when it drips in for longer than the deadline."""
    body = bytearray()
    while chunk := response.read1(_CHUNK_BYTES):
        body += chunk
        if time.monotonic() > deadline_s or len(body) > REPLY_MAX_BYTES:
            raise TimeoutError
    return bytes(body)


def _detail(error: HTTPError) -> str:
    """What the provider says of the error, where it says it in the usual place."""
    try:
        reply = _parsed(error.read(_CHUNK_BYTES))
        return str(reply["error"]["message"]) if isinstance(reply, dict) else ""
    except (OSError, HTTPException, KeyError, TypeError):
        return ""


def _text(reply: object) -> str:
    try:
        return str(reply["choices"][0]["message"]["content"] or "")  # type: ignore[index]
    except (KeyError, IndexError, TypeError):
        return ""


def _parsed(text: bytes) -> Any:
    """The JSON value, None where it is none: whoever checks the answer says what is wrong with it."""
    try:
        return json.loads(text)
    except ValueError:
        return None
