"""JSON as text: where each value is, so that one can be added or removed and every other byte stays.

Comments are skipped where the reader of the file skips them. A byte order mark is a part of the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agent_memory.hook.install.unusable import Unusable

MARK: Final = "\ufeff"
INDENT: Final = "  "

_SPACE = re.compile(r"[ \t\r\n]*")
_TRIVIA = re.compile(r"(?:[ \t\r\n]+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_BLOCK_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_COMMENT_TO_LINE_END = re.compile(r"[ \t]*(?://[^\r\n]*|/\*[^\r\n]*?\*/)[ \t]*(?=\r?\n)")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_DECODER: Final = json.JSONDecoder()
_KINDS: Final[Mapping[type, str]] = {dict: "an object", list: "a list"}
_WORDS: Final = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Node:
    """A value, from `start` to before `end`, with its children. A member of an object begins with its name."""

    start: int
    end: int
    value: object
    name: str = ""
    # Where the value begins: behind the name.
    opens: int = 0
    children: tuple[Node, ...] = ()

    def member(self, name: str) -> Node | None:
        """The member of that name, the last if there are several: readers take that one."""
        return next((child for child in reversed(self.children) if child.name == name), None)


def parse(text: str, *, comments: bool = False) -> Node:
    """The value that the whole text is; raises Unusable."""
    reader = _Reader(text, _TRIVIA if comments else _SPACE)
    try:
        root, position = reader.value(reader.skip(1 if text.startswith(MARK) else 0))
    except RecursionError:
        raise Unusable("it is nested too deeply") from None
    end = reader.skip(position)
    if end < len(text):
        raise Unusable(f"there is more after the end: {text[end : end + 20]!r}", line_of(text, end))
    return root


def settings(text: str, *, comments: bool, mark: bool = False) -> Node:
    """The object that an agent's settings are; raises Unusable.

    Without `comments`, or without `mark`, the agent can't read a text that has one.
    """
    if text.startswith(MARK) and not mark:
        raise Unusable("it begins with a byte order mark, which its agent can't read")
    try:
        root = parse(text, comments=comments)
    except Unusable as error:
        parse(text, comments=True)  # any other problem comes first
        raise Unusable(
            "there is a comment, which its agent can't read: it ignores the whole file", error.line
        ) from None
    expect(text, root, dict, "it")
    return root


def expect(text: str, node: Node, kind: type, name: str) -> None:
    """Raise Unusable where the node of that name is of another kind: an object is a `dict`, a list a `list`."""
    if not isinstance(node.value, kind):
        raise Unusable(f"{name} is not {_KINDS[kind]}", line_of(text, node.opens))


def line_of(text: str, position: int) -> int:
    """The number of the line that the position is on, counted from 1."""
    return text.count("\n", 0, position) + 1


def put_in(text: str, parent: Node, value: object, name: str = "") -> str:
    """The text with one more child at the end of `parent`: a member of that name, or an item where it has no name.

    It is written on one line, on a line of its own if the others are.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    child = json.dumps(value, ensure_ascii=False)
    if name:
        child = f"{json.dumps(name, ensure_ascii=False)}: {child}"
    on_lines = _is_on_lines(text, parent)
    gap = newline + _child_indent(text, parent) if on_lines else " " if parent.children else ""
    if not parent.children:
        inner = parent.opens + 1
        # What is in it already, such as a comment, stays in front of the closing bracket.
        closes = "\n" in text[inner : parent.end] or not on_lines
        return text[:inner] + gap + child + ("" if closes else newline + _indent_at(text, parent.start)) + text[inner:]
    last = parent.children[-1].end
    behind = _COMMENT_TO_LINE_END.match(text, last) if on_lines else None
    place = behind.end() if behind else last
    return text[:last] + "," + text[last:place] + gap + child + text[place:]


def take_out(text: str, parent: Node, child: Node) -> str:
    """The text without that child, its comma, and the space before it; a parent that is left empty is closed up."""
    index = parent.children.index(child)
    before = text[: child.start].rstrip(" \t\r\n")
    after = text[child.end :]
    if child is not parent.children[-1]:
        comma = _comma(text, child.end)
        after = text[child.end : comma] + text[comma + 1 :]
    elif index:
        comma = _comma(text, parent.children[index - 1].end)
        before = before[:comma] + before[comma + 1 :]
    elif not (before[parent.opens + 1 :] + after[: parent.end - 1 - child.end]).strip():
        return before + text[parent.end - 1 :]
    # A comment that lasts to the end of its line needs that end.
    between = text[parent.children[index - 1].end if index else parent.opens : child.start]
    if "//" in _BLOCK_COMMENT.sub("", between) and not after.lstrip(" \t\r").startswith("\n"):
        before += "\n"
    return before + after


def _is_on_lines(text: str, parent: Node) -> bool:
    """Whether the children stand on lines of their own, or would: an empty one does as its surroundings do."""
    if parent.children:
        return "\n" in text[parent.opens : parent.children[0].start]
    return parent.start == _start(text) or "\n" in text[: parent.end].strip()


def _child_indent(text: str, parent: Node) -> str:
    if parent.children:
        last = parent.children[-1].start
        line = text[text.rfind("\n", 0, last) + 1 : last]
        if not line.strip():
            return line
    return _indent_at(text, parent.start) + _unit(text)


def _indent_at(text: str, position: int) -> str:
    """The indent of the line that the position is on."""
    line = text[text.rfind("\n", 0, position) + 1 : position].removeprefix(MARK)
    return line[: len(line) - len(line.lstrip(" \t"))]


def _unit(text: str) -> str:
    """What a step of depth is indented by: what the first indented line is."""
    indented = re.search(r"\n([ \t]+)\S", text)
    return indented[1] if indented else INDENT


def _start(text: str) -> int:
    """Where the outermost value begins, of a text without comments before it."""
    return len(text) - len(text.removeprefix(MARK).lstrip())


def _comma(text: str, position: int) -> int:
    found = _TRIVIA.match(text, position)
    assert found is not None  # it matches nothing, too; the parser has seen the comma
    return found.end()


class _Reader:
    """One pass through a text. Every method takes a position, and returns what it read and the position behind it."""

    def __init__(self, text: str, passed_over: re.Pattern[str]) -> None:
        self._text = text
        self._passed_over = passed_over

    def skip(self, position: int) -> int:
        found = self._passed_over.match(self._text, position)
        return found.end() if found else position

    def value(self, position: int) -> tuple[Node, int]:
        match self._text[position : position + 1]:
            case "{":
                return self._object(position)
            case "[":
                return self._array(position)
            case '"':
                string, end = self._string(position)
                return Node(position, end, string, opens=position), end
        if number := _NUMBER.match(self._text, position):
            try:
                return Node(position, number.end(), json.loads(number[0]), opens=position), number.end()
            except ValueError:  # it is read up to 4300 digits
                raise self._problem("a number of fewer digits", position) from None
        for word, value in _WORDS.items():
            if self._text.startswith(word, position):
                return Node(position, position + len(word), value, opens=position), position + len(word)
        raise self._problem("a value", position)

    def _object(self, opens: int) -> tuple[Node, int]:
        members: list[Node] = []
        position = self.skip(opens + 1)
        while not self._closed("}", position, members):
            start = position if not members else self.skip(self._expect(",", position))
            if self._text[start : start + 1] != '"':
                raise self._problem("a name in double quotes", start)
            name, position = self._string(start)
            node, position = self.value(self.skip(self._expect(":", self.skip(position))))
            members.append(Node(start, node.end, node.value, name, node.opens, node.children))
            position = self.skip(position)
        value = {member.name: member.value for member in members}
        return Node(opens, position + 1, value, opens=opens, children=tuple(members)), position + 1

    def _array(self, opens: int) -> tuple[Node, int]:
        items: list[Node] = []
        position = self.skip(opens + 1)
        while not self._closed("]", position, items):
            node, position = self.value(position if not items else self.skip(self._expect(",", position)))
            items.append(node)
            position = self.skip(position)
        value = [item.value for item in items]
        return Node(opens, position + 1, value, opens=opens, children=tuple(items)), position + 1

    def _closed(self, bracket: str, position: int, children: Sequence[Node]) -> bool:
        found = self._text[position : position + 1]
        if found not in (bracket, ",") and children:
            raise self._problem(f"a comma or {bracket}", position)
        return found == bracket

    def _string(self, position: int) -> tuple[str, int]:
        try:
            value, end = _DECODER.raw_decode(self._text, position)
        except json.JSONDecodeError as error:
            raise Unusable(error.msg, line_of(self._text, error.pos)) from None
        return str(value), end

    def _expect(self, character: str, position: int) -> int:
        if self._text[position : position + 1] != character:
            raise self._problem(repr(character), position)
        return position + 1

    def _problem(self, expected: str, position: int) -> Unusable:
        found = self._text[position : position + 20].partition("\n")[0] or "the end"
        return Unusable(f"expected {expected}, found {found}", line_of(self._text, position))
