"""Asking a model of Anthropic's, by its own package."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from agent_memory.worker.llm.providers import OUTPUT_TOKENS_MAX, Answer, ProviderUnavailable, Question, failure

if TYPE_CHECKING:
    from anthropic import Anthropic

DEFAULT_MODEL: Final = "claude-haiku-4-5"
_TOOL: Final = "summary"


class AnthropicProvider:
    """A model behind `/v1/messages`. The answer is the input of a tool that the model must call."""

    def __init__(self, api_key: str, model: str, base_url: str) -> None:
        self._api_key = api_key
        self._model = model or DEFAULT_MODEL
        self._client = _client(api_key, base_url)

    @property
    def name(self) -> str:
        return f"anthropic/{self._model}"

    def ask(self, question: Question, timeout_s: float) -> Answer:
        import anthropic

        try:
            message = self._client.messages.create(
                model=self._model,
                max_tokens=OUTPUT_TOKENS_MAX,
                system=question.instructions,
                messages=[{"role": "user", "content": question.material}],
                tools=[{"name": _TOOL, "description": "Hand in.", "input_schema": dict(question.schema)}],
                tool_choice={"type": "tool", "name": _TOOL},
                timeout=timeout_s,
            )
        except anthropic.APIStatusError as error:
            retry_after = error.response.headers.get("retry-after")
            raise failure(self.name, self._api_key, error.status_code, error.message, retry_after) from None
        except anthropic.AnthropicError as error:
            raise ProviderUnavailable(f"{self.name} did not answer: {type(error).__name__}") from None
        content = next((block.input for block in message.content or () if block.type == "tool_use"), None)
        return Answer(content, message.usage.input_tokens, message.usage.output_tokens)


def _client(api_key: str, base_url: str) -> Anthropic:
    # Imported only where it is used: it takes a second and 70 MB.
    import anthropic

    # What it logs at its lower levels is the conversation.
    for name in ("anthropic", "httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # No retries of its own: one policy for every provider is in retries.py. And no redirections: the key goes to the
    # address that was set and to no other.
    client = anthropic.DefaultHttpxClient(follow_redirects=False)
    return anthropic.Anthropic(api_key=api_key, base_url=base_url or None, max_retries=0, http_client=client)
