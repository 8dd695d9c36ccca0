"""What a model is asked and answers, whoever serves it, and the three ways in which that fails."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final, Protocol

from agent_memory.errors import AgentMemoryError
from agent_memory.redaction.redactor import redact

DETAIL_MAX: Final = 200  # characters of a provider's own explanation: it may quote what it was sent
OUTPUT_TOKENS_MAX: Final = 4000  # a summary has 400; models that think aloud need more

_NEEDS_SOMEBODY: Final = frozenset({401, 402, 403, 404})
_MAY_PASS: Final = frozenset({408, 409, 425, 429})


@dataclass(frozen=True, slots=True)
class Question:
    """What a model is to do, with what material, and the JSON schema of its answer."""

    instructions: str
    material: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, parsed but not yet checked, and what it cost."""

    content: object
    input_tokens: int
    output_tokens: int


class Provider(Protocol):
    """Somebody who serves a model."""

    @property
    def name(self) -> str:
        """Provider and model, as it is remembered with what they wrote: `anthropic/MODEL`."""

    def ask(self, question: Question, timeout_s: float) -> Answer:
        """Ask once. Raises ProviderUnavailable, ProviderRefused or QuestionRefused."""


class ProviderUnavailable(AgentMemoryError):
    """The provider does not answer now; the same question may be asked again, after `retry_after_s` if it said so."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ProviderRefused(AgentMemoryError):
    """The provider answers nothing we ask until somebody changes something: a key, a model's name, an account."""


class QuestionRefused(AgentMemoryError):
    """This question gets no usable answer; another one may."""


class AnswerUnusable(QuestionRefused):
    """The answer is not what was asked for; asked again, the model may do better."""


def failure(provider: str, api_key: str, status: int, detail: str, retry_after: str | None) -> AgentMemoryError:
    """The error that an HTTP status stands for. `detail` is the provider's, `retry_after` the header as it came."""
    # Some providers quote the key that they refuse.
    reason = redact(" ".join((detail.replace(api_key, "[the key]") if api_key else detail).split()))
    message = f"{provider} answered {status}: {reason[:DETAIL_MAX] or 'no reason given'}"
    if status in _NEEDS_SOMEBODY or status < 400:
        return ProviderRefused(f"{message}. Check the key, the model and base_url: memory-daemon config show")
    if status in _MAY_PASS or status >= 500:
        return ProviderUnavailable(message, _seconds(retry_after))
    return QuestionRefused(message)


def _seconds(retry_after: str | None) -> float | None:
    """The wait that the header asks for, in seconds or until a date; None where it says neither."""
    if not retry_after:
        return None
    with contextlib.suppress(ValueError):
        return max(0.0, float(retry_after))
    with contextlib.suppress(ValueError):
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    return None
