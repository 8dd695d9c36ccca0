"""Texts that fit: what is too long keeps its head and its tail, with a note of what was left out between them."""

from __future__ import annotations

# The head says what it is about, the tail how it ended; of the two the head needs more room.
HEAD_SHARE = 0.75
NOTE_MAX_BYTES = 64


def fitted(text: str, max_bytes: int) -> str:
    """The text in at most `max_bytes` bytes of UTF-8, cut between characters; as it is where it fits."""
    # A character takes four bytes at most, so that most texts need no second look.
    if len(text) * 4 <= max_bytes:
        return text
    data = text.encode()
    if len(data) <= max_bytes:
        return text
    room = max_bytes - NOTE_MAX_BYTES
    head_bytes = int(room * HEAD_SHARE)
    head = data[:head_bytes].decode(errors="ignore")
    tail = data[len(data) - (room - head_bytes) :].decode(errors="ignore")
    left_out = len(data) - len(head.encode()) - len(tail.encode())
    return f"{head}\n[... {left_out} bytes left out ...]\n{tail}"
