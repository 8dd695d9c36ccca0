"""Trust: Codex runs a hook only after its user has allowed it, when asked in the terminal.

The answers are in its config.toml, under the file, the event and the place that each hook has in it.
"""

from __future__ import annotations

import re

from agent_memory.agents.agent import HookPlace
from agent_memory.agents.payload import Payload, object_of


def is_given(config: Payload, file: str, place: HookPlace) -> bool:
    """Whether the hook in that place of that file was trusted once. Codex asks again when the hook has changed."""
    key = f"{file}:{_snake_case(place.event)}:{place.group}:{place.number}"
    return key in object_of(object_of(config, "hooks"), "state")


def _snake_case(event: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", event).lower()
