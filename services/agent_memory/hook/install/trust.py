"""Trust: Codex runs a hook only once its user has said, to a question in the terminal, that it may.

Its answers are in its config.toml, under the file, the event and the place that each hook has in it.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from agent_memory.hook.command import is_ours


def is_given(file: Path, config: Path) -> bool:
    """Whether each of our hooks in that file of Codex's was trusted once; it asks again when one has changed since."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        hooks = (tomllib.loads if file.suffix == ".toml" else json.loads)(text)["hooks"]
        answers = tomllib.loads(config.read_text(encoding="utf-8"))["hooks"]["state"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    names = {str(file), os.path.realpath(file)}
    return all(any(f"{name}:{place}" in answers for name in names) for place in _places(hooks))


def _places(hooks: Mapping[str, object]) -> Iterator[str]:
    for event, groups in hooks.items():
        # The hooks of Codex's own state are in a table, not in a list.
        for group_number, group in enumerate(groups if isinstance(groups, list) else ()):
            for number, handler in enumerate(group.get("hooks", ())):
                if is_ours(str(handler.get("command", ""))):
                    yield f"{_snake_case(event)}:{group_number}:{number}"


def _snake_case(event: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", event).lower()
