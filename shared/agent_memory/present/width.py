"""Display width: text on one line of a terminal, cut between characters."""

from __future__ import annotations

from rich.cells import cell_len

from agent_memory.present.text import printable
from agent_memory.text.graphemes import graphemes


def one_line(text: str, width: int) -> str:
    """The text on one line of at most `width` cells; an ellipsis stands for what was cut off."""
    # An event may hold ten megabytes: look only at what can be shown, with room for blanks and accents.
    head = text[: width * 8]
    line = " ".join(printable(head).split())
    return cut(line + "…" * (len(head) < len(text)), width)


def cut(text: str, width: int) -> str:
    """The text in at most `width` cells, one or more; an ellipsis stands for what was cut off."""
    if text.isascii():  # a character is a cell
        return text if len(text) <= width else f"{text[: width - 1].rstrip()}…"
    cells = end = fits = 0
    for character in graphemes(text):
        cells += max(1, cell_len(character))
        if cells > width:
            return f"{text[:fits].rstrip()}…"
        end += len(character)
        if cells < width:  # there is still room for the ellipsis
            fits = end
    return text
