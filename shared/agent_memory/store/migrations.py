"""Migrations: what a row of one schema becomes in the next. Pure.

Readers know every form, so a store is served as soon as it is opened. A migration rewrites the rows that nothing else
would; done again it changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from agent_memory.store import codec, keys, schema

# A row's family, key and value; the value that it gets.
Step = Callable[[str, bytes, bytes], bytes]


def _fields_words(family: str, key: bytes, value: bytes) -> bytes:
    """Nodes and grips, whose fields have the field's words for names since schema 2."""
    if family == schema.TOC_NODES:
        return codec.node_to_json(codec.node_from_json(value))
    if family == schema.GRIPS and not key.startswith(keys.NODE_GRIP_PREFIX):
        return codec.grip_to_json(codec.grip_from_json(value))
    return value


# By the schema that a step leads away from.
STEPS: Final[Mapping[int, Step]] = {1: _fields_words}
OLDEST: Final = min(STEPS)
assert [*STEPS] == [*range(OLDEST, schema.SCHEMA_VERSION)]  # no schema is left out


def migrated(from_version: int, family: str, key: bytes, value: bytes) -> bytes:
    """The row's value in the newest schema."""
    for version in range(from_version, schema.SCHEMA_VERSION):
        value = STEPS[version](family, key, value)
    return value
