"""Who speaks, in talk between people: where the metadata of events names the `speaker`, so do the lines."""

from __future__ import annotations

from collections.abc import Sequence

from agent_memory.model import Event
from agent_memory.worker.summarizer.prose import bare, printable

NAME_MAX = 40  # characters
NICKNAME_MIN = 3  # letters; "Al" for Alice begins too many other words
NAMED_MAX = 3  # names in a title


def speaker_of(event: Event) -> str:
    """The name of who said it, on one line; empty where nobody is named."""
    name = event.metadata.get("speaker", "")
    return bare(printable(name[:NAME_MAX])) if name else ""


def together(names: Sequence[str]) -> str:
    """`Caroline and Melanie`; of many the first ones."""
    if len(names) > NAMED_MAX:
        return f"{', '.join(names[:NAMED_MAX])} and others"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def calls(word: str, names: Sequence[str]) -> bool:
    """Whether the word, as written, is one of the names or how one of them begins: Mel for Melanie."""
    if word in names:
        return True
    return len(word) >= NICKNAME_MIN and word[0].isupper() and any(name.startswith(word) for name in names)
