"""TOML as text: what it holds, and where it is wrong."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

from agent_memory.hook.install.unusable import Unusable

_AT_LINE = re.compile(r"at line (\d+)")


def parse(text: str) -> Mapping[str, object]:
    """The settings in the text; raises Unusable."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = _AT_LINE.search(str(error))
        raise Unusable(str(error), int(line[1]) if line else 1) from None
