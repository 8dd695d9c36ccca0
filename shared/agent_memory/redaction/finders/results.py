"""Lines in which runners of tests tell their results: what looks like a setting there is a test's name."""

from __future__ import annotations

from typing import Final

from agent_memory.redaction.looks.ends import lines_of
from agent_memory.redaction.patterns import lazily

_LINE_MAX: Final = 300
_RESULT_END_MAX: Final = 40
_COLOUR: Final = lazily(r"\x1b\[[\d;]*m")
# How runners of tests begin the line of a result, and how they end it.
_RESULT: Final = lazily(
    r"[ \t]*(?:[\u2713\u2714\u2715\u2717\u2718\u00d7\u221a\u25cf\u25cb\u203a\u2022\u26a0]|"
    r"\[?(?:PASS|FAIL|OK|ERROR|SKIP)(?:ED|URE)?\b|---|===|(?:not )?ok[ \t]+(?:\d|-|\S+[ \t]+(?:[\d.]+s|\(cached)|"
    r"\u2713)|"
    r"# (?:Subtest|tests|pass|fail|skip|todo)\b|(?:it|test|describe)(?:\.\w+)?\(|test \S+ \.\.\.|\d+\) \S)"
)
_RESULT_END: Final = lazily(
    r"(?:\([\d.]+\s?m?s\)|\bPASSED|\bFAILED|\.\.\. (?:ok|FAILED|ignored)|\[ *\d+%\]|[ \t]\d+ ?ms)[ \t]*\r?\Z"
)


def is_in_result(text: str, start: int, end: int) -> bool:
    """Whether what stands from `start` to `end` is part of a test's name in a line of its results."""
    line_start, line_end = lines_of(text, start, end)
    line = text[max(line_start, start - _LINE_MAX) : min(line_end, end + _LINE_MAX)]
    line = _COLOUR.sub("", line)
    return bool(
        _RESULT.match(line)
        or _RESULT_END.search(line[-_RESULT_END_MAX:])
        or " \u203a " in line
        or line.count(" > ") > 1
    )
