"""Texts that fit: one that is too long keeps its head and its tail, with a note between them of what was left out."""

from __future__ import annotations

# The head says what the text is about, the tail how it ended; the head needs more room.
HEAD_SHARE = 0.75
NOTE_MAX_BYTES = 64
# A cut goes between words if one ends this near: a search for secrets would miss half a key.
WORD_MAX = 256
_BLANKS = " \n\t\r"


def fitted(text: str, max_bytes: int) -> str:
    """The text in at most `max_bytes` bytes of UTF-8, cut between words if it has any; unchanged if it fits."""
    # A character takes four bytes at most, so that most texts need no second look.
    if len(text) * 4 <= max_bytes:
        return text
    data = text.encode()
    if len(data) <= max_bytes:
        return text
    room = max_bytes - NOTE_MAX_BYTES
    head_bytes = int(room * HEAD_SHARE)
    head = _to_last_word(data[:head_bytes].decode(errors="ignore"))
    tail = _from_first_word(data[len(data) - (room - head_bytes) :].decode(errors="ignore"))
    left_out = len(data) - len(head.encode()) - len(tail.encode())
    return f"{head}\n[... {left_out} bytes left out ...]\n{tail}"


def _to_last_word(head: str) -> str:
    end = max(head.rfind(blank, len(head) - WORD_MAX) for blank in _BLANKS) if len(head) > WORD_MAX else -1
    return head[: end + 1] if end >= 0 else head


def _from_first_word(tail: str) -> str:
    ends = [place for blank in _BLANKS if (place := tail.find(blank, 0, WORD_MAX)) >= 0]
    return tail[min(ends) :] if ends and len(tail) > WORD_MAX else tail
