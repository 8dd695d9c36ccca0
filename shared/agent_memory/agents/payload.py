"""Payloads: JSON objects that somebody else wrote, and getters that doubt every field of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import chain
from typing import Final

from agent_memory.agents.timestamps import timestamp_ms
from agent_memory.errors import InvalidEvent

Payload = Mapping[str, object]

# No agent nests its values a tenth as deep. What is read here is written again elsewhere, and the interpreter follows
# nested values only so far, less the deeper it is in calls itself.
DEPTH_MAX: Final = 200
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_HALF_CHARACTER_ESCAPED = re.compile(r"\\u[dD][89a-fA-F]")


def decoded(raw: bytes) -> Payload:
    """The one JSON object that these bytes are; raises InvalidEvent where they are none."""
    value = parsed(raw.decode("utf-8-sig", errors="replace"))
    if not isinstance(value, dict):
        raise InvalidEvent("This is JSON, but no object. It takes one JSON object.")
    return value


def parsed(text: str) -> object:
    """The JSON value that the text is, in whole characters; raises InvalidEvent for none, and one nested too deeply."""
    try:
        # Not strict: a bare control character in a string costs nobody anything.
        value = json.loads(text, strict=False)
        if _HALF_CHARACTER_ESCAPED.search(text):
            # Half of a surrogate pair can be escaped, and written down nowhere.
            value = json.loads(_HALF_CHARACTER.sub("\ufffd", json.dumps(value, ensure_ascii=False)))
    except (ValueError, RecursionError) as error:
        raise InvalidEvent(f"This is not JSON: {error}. It takes one JSON object.") from error
    if text.count("[") + text.count("{") > DEPTH_MAX and _is_too_deep(value):
        raise InvalidEvent(f"This is JSON, nested too deeply: {DEPTH_MAX} values in one another are read.")
    return value


def _is_too_deep(value: object) -> bool:
    level = [value]
    for _ in range(DEPTH_MAX):
        inner = [each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list)]
        level = list(chain.from_iterable(inner))
        if not level:
            return False
    return True


def text_of(payload: Payload, field: str) -> str:
    """The text in the field; empty where there is none."""
    value = payload.get(field)
    return value if isinstance(value, str) else ""


def object_of(payload: Payload, field: str) -> Payload:
    """The object in the field; an empty one where there is none."""
    value = payload.get(field)
    return value if isinstance(value, dict) else {}


def objects_of(payload: Payload, field: str) -> list[Payload]:
    """The objects in the field's list; whatever else is in it is left out."""
    value = payload.get(field)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def first_text_of(payload: Payload, field: str) -> str:
    """The text that the field's list begins with; empty where it does not begin with one."""
    match payload.get(field):
        case [str(text), *_]:
            return text
        case _:
            return ""


def at_ms_of(payload: Payload, field: str = "timestamp") -> int:
    """The time in the field, in milliseconds since 1970; 0 where there is none."""
    return timestamp_ms(payload.get(field)) or 0


def parts_text(content: object) -> str:
    """A text, or the texts of a list of parts; what the agent itself put among them is left out."""
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, dict) and not part.get("synthetic")]
        return "\n".join(text for part in parts if (text := text_of(part, "text")))
    return content if isinstance(content, str) else ""
