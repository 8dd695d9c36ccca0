"""Recalled text: what we put before an agent is marked, so that it is never taken for part of the conversation."""

from __future__ import annotations

import re
from typing import Final

from agent_memory.text.plain_view import plain_view, visible

_MARK: Final = "agent-memory-recall"
OPENING: Final = f"<{_MARK}>"
CLOSING: Final = f"</{_MARK}>"

# Some agents escape brackets, and their transcripts are JSON. What begins in one way ends in the same way: inside may
# stand a mark in another one, which ends nothing.
_BRACKETS: Final = (("<", ">"), ("&lt;", "&gt;"), (r"\\{1,4}u003[cC]", r"\\{1,4}u003[eE]"))
_MARKED: Final = tuple(
    re.compile(rf"\s*{left}{_MARK}{right}.*?{left}\\{{0,4}}/{_MARK}{right}\s*", re.DOTALL) for left, right in _BRACKETS
)
# What a reader, or a model, would take for the mark.
_LIKE_MARK: Final = re.compile(
    r"(?P<bracket>[<\uff1c\u2039\u27e8\[{]\s{0,4}[/\\\u2215\uff0f]?\s{0,4})?"
    r"agent(?P<between>[-_.\s\u2010-\u2015\u2212\ufe63\uff0d]{0,3})memory[-_.\s\u2010-\u2015\u2212\ufe63\uff0d]{0,3}recall",
    re.IGNORECASE,
)
_NO_MARK: Final = "agent memory recall"
# Questions to the memory, as an agent types them into a shell. `mcp` answers in a protocol, the others in words. All
# repetitions are bounded, so that a long line of beginnings takes no time.
_QUESTION: Final = re.compile(
    r"(?:^|[\s/;&|(`'\"=])memory-daemon['\"]?(?:\s|\\\n)(?:[^;&|\n]|\\\n){0,1000}?"
    r"(?<![\w/.-])(?:query|search|note|mcp)(?![\w/.-])"
)
# In place of what the memory answered an agent; and the kind of an event that asked it.
ANSWERED: Final = "[recalled by agent-memory, and not stored again]"
QUESTION: Final = "memory-question"
# Nodes and grips, as the memory names them; and the price of one.
_NODE: Final = r"\btoc:(?:year|month|week|day|segment):[\w:-]{1,80}"
_ID: Final = re.compile(rf"{_NODE}|\bgrip:\d{{10,16}}:[0-9A-Za-z]{{20,30}}|~\d{{1,9}}(?=\s|$)")
_NODE_LINE: Final = rf"[-*\u2022]?\s*\S.*{_NODE}[`*_)]{{0,4}}\s+[`*_(]{{0,4}}~\d{{1,9}}\W*"
_LEGEND: Final = r"\(?~ tokens to read (?:it|one): .*(?:query node ID|open\(id\)).*"
_MAP_LINE: Final = re.compile(rf"{_NODE_LINE}|{_LEGEND}")
_NODE_ID: Final = re.compile(_NODE)
# What a terminal, or a model's tokenizer, might obey; line ends and tabs are harmless.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def marked(text: str) -> str:
    """The text between our marks. Nothing in it can end them early, or act on a terminal or an agent that shows it."""
    return f"{OPENING}\n{_without_marks(visible(_CONTROL.sub(' ', text)))}\n{CLOSING}"


def is_question(command: str) -> bool:
    """Whether the command asks the memory something: what it prints is stored already."""
    return "memory-daemon" in command and _QUESTION.search(command) is not None


def marked_in(text: str) -> list[str]:
    """What stands between our marks in the text."""
    if _MARK not in text:
        return []
    return [found[0] for marked_text in _MARKED for found in marked_text.finditer(text)]


def names_nodes(text: str) -> bool:
    """Whether the text names nodes of a table of contents, as the memory's answers do."""
    return "toc:" in text and _NODE_ID.search(text) is not None


def is_map_line(line: str) -> bool:
    """Whether the line is one of a map: a title, the id of its node, and what that costs to read; or its legend."""
    return "~" in line and _MAP_LINE.fullmatch(line.strip()) is not None


def without_ids(text: str) -> str:
    """The text without the ids and prices that the memory writes beside its lines."""
    return _ID.sub(" ", text) if ":" in text or "~" in text else text


def asks(text: str, kind: str) -> bool:
    """Whether an event with this text, and of this kind of machine text, is a question to the memory."""
    return kind == QUESTION or text.endswith(ANSWERED)


def without(text: str) -> str:
    """The text without what we recalled into it."""
    if _MARK not in text:
        return text
    for marked_text in _MARKED:
        text = marked_text.sub("\n", text)
    return text.strip("\n")


def _without_marks(text: str) -> str:
    """The text with plain words where it has our mark, in whatever case, with whatever escapes."""
    view = plain_view(text)
    parts: list[str] = []
    place = 0
    for found in _LIKE_MARK.finditer(text if view is None else view.text):
        if found["bracket"] is None and found["between"].isspace():
            continue  # words, as we would write them
        start, end = found.span() if view is None else view.place(*found.span())
        parts += [text[place:start], _NO_MARK]
        place = end
    return "".join([*parts, text[place:]])
