"""Recent things: a mapping of bounded size, in which what was kept longest ago makes room."""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeVar

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def keep(known: OrderedDict[_Key, _Value], key: _Key, value: _Value, most: int) -> _Value:
    """Have the value in the mapping as the one kept last; of more than `most`, the one kept first goes. Returns it."""
    known[key] = value
    known.move_to_end(key)
    if len(known) > most:
        known.popitem(last=False)
    return value
