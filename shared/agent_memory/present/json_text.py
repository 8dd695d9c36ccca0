"""Replies as JSON: the field names of the wire, one object, safe to print."""

from __future__ import annotations

import json
import re
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

# JSON leaves these as they are; a terminal obeys some of them.
_CONTROLS = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def reply_json(reply: Message) -> str:
    """The reply in protobuf's JSON mapping (64-bit numbers as strings), fields without a value included."""
    fields = MessageToDict(reply, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    _sort_maps(fields, reply.DESCRIPTOR)
    text = json.dumps(fields, indent=2, ensure_ascii=False)
    return _CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


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
