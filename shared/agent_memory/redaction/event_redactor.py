"""What is taken out of an event before it is stored, and again when better rules look at it: secrets, private spans."""

from __future__ import annotations

from collections import Counter
from typing import Final

from agent_memory.capture.privacy import private
from agent_memory.redaction.finders.environment import is_environment_file
from agent_memory.redaction.prefilter import may_contain_secret
from agent_memory.redaction.redactor import Redactor
from agent_memory.rpc import memory_pb2 as pb

# A tool result begins with the tool's arguments.
COMMAND_HEAD: Final = 400


class EventRedactor:
    """Takes private spans out of events and, unless that is switched off, secrets. For any thread."""

    def __init__(self, key: bytes, *, redaction: bool, payment_data: bool) -> None:
        """`key` is the store's, for its markers."""
        self._payment_data = payment_data
        self._redactor = Redactor(key, payment_data=payment_data) if redaction else None

    def take_out(self, event: pb.Event) -> Counter[str]:
        """Take private spans and secrets out of the event's text and metadata; how many secrets of which kind."""
        found: Counter[str] = Counter()
        is_environment = event.role == pb.EVENT_ROLE_TOOL and _shows_environment_file(event)
        text = event.text
        public = self.public(text, found, is_environment=is_environment)
        if public != text:
            event.text = public
        for name, value in event.metadata.items():
            # A field's name can say that its value is a secret.
            public = self.public(f"{name}={value}", found).removeprefix(f"{name}=")
            if public != value:
                event.metadata[name] = public
        return found

    def public(self, text: str, found: Counter[str], *, is_environment: bool = False) -> str:
        """The text without them; `found` is told how many secrets of which kind."""
        content = text.encode("utf-8", "surrogatepass")
        if not is_environment and not may_contain_secret(content, payment_data=self._payment_data):
            return text
        text = private.without(text)
        return self._redactor.redact(text, found, is_environment=is_environment) if self._redactor else text


def _shows_environment_file(event: pb.Event) -> bool:
    """Whether a tool read a file whose values may all be secrets, by the files it names or by its command."""
    return is_environment_file(event.metadata.get("files", "")) or is_environment_file(event.text[:COMMAND_HEAD])
