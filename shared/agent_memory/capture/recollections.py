"""Recollections: what the memory told each session, so that an agent's repeating it is not stored as its own words.

A sentence is a repetition where nearly all of it is runs of words that the memory used. Short ones are so common that
they count only among others. The lines of a map are known without that: each ends with a node's id and its price.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from agent_memory.capture import recalled
from agent_memory.recent import keep

# Words that stand in the same order by chance are fewer.
RUN_WORDS: Final = 5
SENTENCE_MIN_WORDS: Final = 8
SHARE_MIN: Final = 0.8
# Short lines in a row, all of which the memory used.
ROW_MIN: Final = 3
# A map has some hundred words, a page of events some thousand.
RUNS_MAX: Final = 4096
SESSIONS_MAX: Final = 128

# Scripts without spaces count by their characters.
_UNSPACED: Final = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD: Final = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?。！？])\s+")
_HEADING: Final = re.compile(
    r"[\s#*_>`]*(?:where we left off|today|this week|(?:january|february|march|april|may|june|july|august|september"
    r"|october|november|december) \d{4}|what agent-memory recalls of this project.*)[\s*_:`]*",
    re.IGNORECASE,
)
_BLANK_LINES: Final = re.compile(r"\n{3,}")
_FENCE: Final = re.compile(r"\s*(?:```|~~~)")


@dataclass(slots=True)
class _Recalled:
    """What one session was told: runs of words, and whole lines, as keys."""

    runs: OrderedDict[int, None] = field(default_factory=OrderedDict)
    lines: OrderedDict[int, None] = field(default_factory=OrderedDict)


class Recollections:
    """Of the sessions that were told something last. For any thread."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, _Recalled] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, session_id: str, text: str) -> None:
        """The memory told the session this."""
        with self._lock:
            known = keep(self._sessions, session_id, self._sessions.get(session_id) or _Recalled(), SESSIONS_MAX)
            for line in text.split("\n"):
                for sentence in {line, *_SENTENCE_END.split(line)}:
                    words = _words(sentence)
                    _add(known.lines, [hash(tuple(words))] if words else [])
                _add(known.runs, _runs(_words(line)))

    def without(self, session_id: str, text: str) -> str:
        """The text without what it repeats of what the session was told; unchanged where it repeats nothing."""
        lines = text.split("\n")
        with self._lock:
            known = self._sessions.get(session_id)
            kept = [line if known is None else _own_sentences(line, known) for line in lines]
            is_known = [known is not None and _is_line_of(known, line) for line in lines]
        is_kept = [each is not None for each in kept]
        _leave_out_map(lines, is_kept)
        _leave_out_rows(lines, is_kept, is_known)
        if all(is_kept) and kept == lines:
            return text
        _leave_out_fences(lines, is_kept)
        left = "\n".join(line for line, keep in zip(kept, is_kept, strict=True) if keep and line is not None)
        return _BLANK_LINES.sub("\n\n", left).strip("\n")


def _own_sentences(line: str, known: _Recalled) -> str | None:
    """The line without the sentences that repeat; None where it has no other."""
    sentences = _SENTENCE_END.split(line)
    own = [each for each in sentences if not _repeats(_words(each), known)]
    if len(own) == len(sentences):
        return line
    return " ".join(own) if any(map(_words, own)) else None


def _repeats(words: Sequence[str], known: _Recalled) -> bool:
    if len(words) < SENTENCE_MIN_WORDS:
        return False
    covered: set[int] = set()
    for place, run in enumerate(_runs(words)):
        if run in known.runs:
            covered.update(range(place, place + RUN_WORDS))
    return len(covered) >= SHARE_MIN * len(words)


def _is_line_of(known: _Recalled, line: str) -> bool:
    words = _words(line)
    return bool(words) and hash(tuple(words)) in known.lines


def _leave_out_map(lines: Sequence[str], is_kept: list[bool]) -> None:
    """Leave out the lines of a map, what stands indented below them, and the headings above them."""
    depth = -1
    for place, line in enumerate(lines):
        if recalled.is_map_line(line):
            is_kept[place], depth = False, _depth(line)
            above = place - 1
            while above >= 0 and (not lines[above].strip() or _HEADING.fullmatch(lines[above])):
                is_kept[above] = is_kept[above] and not lines[above].strip()
                above -= 1
        elif line.strip():
            if depth >= 0 and _depth(line) > depth:
                is_kept[place] = False
            else:
                depth = -1


def _leave_out_rows(lines: Sequence[str], is_kept: list[bool], is_known: Sequence[bool]) -> None:
    """Leave out short lines that the memory used, beside others that are left out or in a row of them."""
    places = [place for place, line in enumerate(lines) if line.strip()]
    row: list[int] = []
    for place in [*places, -1]:
        if place >= 0 and (is_known[place] or not is_kept[place]):
            row.append(place)
            continue
        if len(row) >= ROW_MIN or any(not is_kept[each] for each in row):
            for each in row:
                is_kept[each] = False
        row = []


def _leave_out_fences(lines: Sequence[str], is_kept: list[bool]) -> None:
    """Leave out a code block's fences where all that stood in it is left out."""
    opened: int | None = None
    for place, line in enumerate(lines):
        if not _FENCE.match(line):
            continue
        if opened is None:
            opened = place
            continue
        inside = [each for each in range(opened + 1, place) if lines[each].strip()]
        if inside and not any(is_kept[each] for each in inside):
            is_kept[opened] = is_kept[place] = False
        opened = None


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _words(text: str) -> list[str]:
    return _WORD.findall(recalled.without_ids(text).casefold())


def _runs(words: Sequence[str]) -> Iterator[int]:
    return (hash(tuple(words[at : at + RUN_WORDS])) for at in range(len(words) - RUN_WORDS + 1))


def _add(keys: OrderedDict[int, None], new: Iterable[int]) -> None:
    for key in new:
        keep(keys, key, None, RUNS_MAX)
