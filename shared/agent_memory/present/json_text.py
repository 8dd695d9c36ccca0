"""Replies as JSON: the field names of the wire, one object, safe to print."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from agent_memory.rpc import memory_pb2 as pb

# JSON leaves these as they are; a terminal obeys some of them.
_CONTROLS = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def reply_json(reply: Message) -> str:
    """The reply in protobuf's JSON mapping (64-bit numbers as strings), fields without a value included."""
    return _text(_fields(reply))


def events_json(replies: Iterable[pb.GetEventsResponse], heading: dict[str, Message] | None = None) -> Iterator[str]:
    """Pages of events as the one object that a single page of them all would be, piece by piece.

    `heading` are messages that stand before the events, each under its name.
    """
    yield "{"
    for name, message in (heading or {}).items():
        yield f'\n  "{name}": {_indented(_text(_fields(message)), 2)},'
    yield '\n  "events": ['
    separator = ""
    last = pb.GetEventsResponse()
    size_tokens = 0
    for last in replies:
        size_tokens += last.size_tokens
        for event in last.events:
            yield f"{separator}\n    {_indented(_text(_fields(event)), 4)}"
            separator = ","
    yield "\n  ]" if separator else "]"
    rest = {**_fields(last), "size_tokens": size_tokens}
    del rest["events"]
    for name, value in rest.items():
        yield f',\n  "{name}": {_text(value)}'
    yield "\n}"


def _fields(message: Message) -> dict[str, Any]:
    fields = MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    _sort_maps(fields, message.DESCRIPTOR)
    return fields


def _text(value: object) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return _CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _indented(text: str, by: int) -> str:
    """The text with further lines that far to the right; no line end stands within a value."""
    return text.replace("\n", "\n" + " " * by)


def _sort_maps(values: dict[str, Any], kind: Any) -> None:
    """Sort the maps of a message of that kind: protobuf keeps them in an order that differs between processes."""
    for field in kind.fields:
        inner, value = field.message_type, values.get(field.name)
        if inner is None or value is None:
            continue
        if inner.GetOptions().map_entry:
            values[field.name] = dict(sorted(value.items()))
        else:
            for each in value if isinstance(value, list) else [value]:
                _sort_maps(each, inner)
