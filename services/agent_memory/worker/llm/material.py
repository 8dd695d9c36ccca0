"""What a model is given to read: numbered items, redacted, in parts of bounded size, fenced so that they stay data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from agent_memory.model import Event, EventRole, EventType, TocNode
from agent_memory.redaction.redactor import redact
from agent_memory.worker.summarizer.prose import printable
from agent_memory.worker.summarizer.speakers import speaker_of
from agent_memory.worker.summarizer.text import ELLIPSIS, ends

# What one question holds: a usual segment goes in whole, a day of many hours in a few parts. Every item fits into one:
# a message is looked at for 16,000 characters at most.
PART_CHARS: Final = 24_000
# Around an item's text: its number, who said it, the punctuation.
_ITEM_CHARS: Final = 60
_DIGEST_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class Item:
    """A message of a conversation, or a line of a summary: who or what it is from, and its text."""

    source: str
    text: str


def items_of_segment(events: Sequence[Event]) -> list[Item]:
    """What was said and what tools printed, an item a message; what holds no text is left out."""
    found = []
    for event in events:
        text = f" {ELLIPSIS} ".join(event.text[start:end] for start, end in ends(event.text))
        if text.strip():
            found.append(Item(_speaker(event), redact(printable(text))))
    return found


def items_of_period(children: Sequence[TocNode]) -> list[Item]:
    """The lines of a period's children, in order."""
    return [Item(redact(child.title), redact(bullet.text)) for child in children for bullet in child.bullets]


def parts(items: Sequence[Item]) -> list[list[int]]:
    """The places of the items, in order, in as many parts as the size of a question asks for."""
    found: list[list[int]] = []
    size = PART_CHARS
    for place, item in enumerate(items):
        weight = len(item.source) + len(item.text) + _ITEM_CHARS
        if size + weight > PART_CHARS:
            found.append([])
            size = 0
        found[-1].append(place)
        size += weight
    return found


def fenced(items: Sequence[Item]) -> str:
    """The items, one a line, between two marks that none of them can hold.

    An item is a JSON object, so its line ends where it does. The marks name the digest of what is between them: whoever
    writes a message can't know it, for it changes with what he writes.
    """
    lines = "\n".join(_lines(items))
    mark = hashlib.blake2b(lines.encode("utf-8", "replace"), digest_size=_DIGEST_BYTES).hexdigest()
    return f"<material {mark}>\n{lines}\n</material {mark}>"


def _lines(items: Sequence[Item]) -> Iterator[str]:
    for number, item in enumerate(items, start=1):
        yield json.dumps({"n": number, "from": item.source, "text": item.text}, ensure_ascii=False)


def _speaker(event: Event) -> str:
    if event.role == EventRole.TOOL:
        return f"tool {event.metadata.get('tool_name', '')[:40]}".strip()
    if event.event_type == EventType.NOTE:
        return f"note, {event.metadata.get('note', '')[:40]}"
    return speaker_of(event) or event.role.name.lower()
