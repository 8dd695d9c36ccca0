"""Patterns of a `.gitignore`, read as git reads them: https://git-scm.com/docs/gitignore

pathspec knows what slashes and stars mean, and makes a regular expression of a pattern. Three things it is not trusted
with, because git means something else by them (measured against `git check-ignore`): sets such as `[a/b]`, `[!a]` and
`[[:alpha:]]`; backslashes and blanks; and the folders that a path lies in, which are for the caller to go through.

RE2 matches, because its time is linear in the path: such files come with what somebody else wrote.

git compares bytes. A text stands here for its bytes, one character each: see `bytewise`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import re2

# No path is longer. A pattern with sets may be, but nobody writes one.
PATTERN_MAX_CHARACTERS: Final = 4096
_COMPILED_MAX: Final = 4096
# What pathspec is to leave alone is replaced by a character that is no byte's.
_STAND_IN: Final = 0xF0000
_STAND_INS: Final = re.compile(f"[{chr(_STAND_IN)}-{chr(_STAND_IN + 4 * PATTERN_MAX_CHARACTERS)}]")
_GLOB: Final = re.compile(r"[*?\[\\]")
# Each class as its ranges: first and last, first and last.
_CLASSES: Final = {
    "alnum": "09AZaz",
    "alpha": "AZaz",
    "blank": "\t\t  ",
    "cntrl": "\x01\x1f\x7f\x7f",
    "digit": "09",
    "graph": "!~",
    "lower": "az",
    "print": " ~",
    "punct": "!/:@[`{~",
    "space": "\t\n\r\r  ",
    "upper": "AZ",
    "xdigit": "09AFaf",
}


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern ready to be matched; `of_folders` where it ends with a slash."""

    expression: re2._Regexp
    of_folders: bool

    def matches(self, path: str, *, is_folder: bool) -> bool:
        """Whether the pattern matches this very path, given from its folder on. What lies below it is another path."""
        if self.of_folders and not is_folder:
            return False
        match = self.expression.search(path)
        # pathspec's expressions match what lies below as well, and have one group for the slash that it begins with.
        return match is not None and not any(match.groups())


class _MatchesNothing(Exception):
    """The pattern is one that git never matches."""


def bytewise(text: str) -> str:
    """The text's bytes in UTF-8, one character each, but for line ends, which no pattern can name."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1").replace("\n", "\0")


def pattern_of(line: str) -> tuple[str, bool]:
    """The pattern in a line, empty where there is none, and whether `!` stands before it."""
    text = line.removesuffix("\r")
    if text.startswith("#"):
        return "", False
    bare = text.rstrip(" ")
    if len(bare) < len(text) and (len(bare) - len(bare.rstrip("\\"))) % 2:
        bare += " "  # that one is escaped
    return bare.removeprefix("!"), bare.startswith("!")


def escaped(path: str) -> str:
    """The pattern for this very path."""
    return re.sub(r"([\\*?\[])", r"\\\1", path)


@lru_cache(_COMPILED_MAX)
def compiled(pattern: str) -> Pattern | None:
    """A pattern of at most PATTERN_MAX_CHARACTERS, ready to be matched; None where it matches nothing."""
    # Only where there are patterns: they take tens of milliseconds, and megabytes.
    import re2
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    text = bytewise(pattern)
    path = text.removesuffix("/")
    if not path or path.endswith("/"):
        return None
    stand_ins: list[str] = []
    try:
        plain = "".join(_simplified(path, stand_ins))
    except (_MatchesNothing, IndexError):  # it ends in the middle of a set, or with a backslash
        return None
    expression, _ = GitIgnoreSpecPattern.pattern_to_regex(plain)
    if expression is None:
        return None
    expression = _STAND_INS.sub(lambda found: stand_ins[ord(found[0]) - _STAND_IN], expression)
    return Pattern(re2.compile(expression), of_folders=path != text)


def _simplified(path: str, stand_ins: list[str]) -> Iterator[str]:
    """The pattern in letters, digits, slashes, stars and question marks; all else as a stand-in for an expression."""
    # Anywhere, even in a set, a slash means: from this folder on, and not anywhere below.
    if "/" in path and not path.startswith("/"):
        yield "/"
    position = 0
    while position < len(path):
        match path[position]:
            case "*":
                text, position = _stars(path, position, stand_ins)
                yield text
            case "[":
                expression, position = _set(path, position + 1)
                yield _stand_in(expression, stand_ins)
            case "/" | "?" as text:
                position += 1
                yield text
            case character:
                position += character == "\\"
                literal = path[position]
                position += 1
                is_plain = literal == "/" or (literal.isascii() and literal.isalnum())
                yield literal if is_plain else _stand_in(_code(literal), stand_ins)


def _stars(path: str, position: int, stand_ins: list[str]) -> tuple[str, int]:
    """What the stars at that position mean, and the position behind them."""
    end = position
    while path.startswith("*", end):
        end += 1
    before, behind = path[:position], path[end:]
    if end == position + 1 or not (behind == "" or behind.startswith(("/", "\\/"))):
        return "*", end
    if not before or before.endswith("/"):
        # Before a slash that is escaped, they don't mean that there may be no folder at all.
        return "*/**" if behind.startswith("\\") else "**", end
    # git passes over what comes before the first star, and takes these for the beginning.
    if "/" in path and not _GLOB.search(before):
        return (_stand_in("(?:.*/)?", stand_ins), end + 1) if behind[:1] == "/" else (_stand_in(".*", stand_ins), end)
    return "*", end


def _set(path: str, position: int) -> tuple[str, int]:
    """The expression for the set that begins at that position, behind its bracket, and the position behind it."""
    negates = path[position] in "!^"
    position += negates
    ranges: list[tuple[str, str]] = []
    first, low = position, ""
    while path[position] != "]" or position == first:
        character = path[position]
        if character == "-" and low and path[position + 1] != "]":
            position += 2 if path[position + 1] == "\\" else 1
            ranges.append((low, path[position]))
            low = ""
        elif path.startswith("[:", position) and (name := _class_at(path, position)) is not None:
            ends = _CLASSES.get(name)
            if ends is None:
                raise _MatchesNothing
            ranges += zip(ends[::2], ends[1::2], strict=True)
            position += len(name) + 3
            low = ""
        else:
            position += character == "\\"
            low = path[position]
            ranges.append((low, low))
        position += 1
    inner = "".join(f"{_code(low)}-{_code(high)}" for low, high in _without_slash(ranges) if low <= high)
    if negates:
        return f"[^/{inner}]", position + 1
    if not inner:
        raise _MatchesNothing
    return f"[{inner}]", position + 1


def _class_at(path: str, position: int) -> str | None:
    """The name in `[:name:]`; None where it is no class but characters like others."""
    end = path.find("]", position + 2)
    if end < 0:
        raise _MatchesNothing
    return path[position + 2 : end - 1] if end > position + 2 and path[end - 1] == ":" else None


def _without_slash(ranges: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for low, high in ranges:
        if low <= "/" <= high:
            yield low, "."
            yield "0", high
        else:
            yield low, high


def _stand_in(expression: str, stand_ins: list[str]) -> str:
    stand_ins.append(expression)
    return chr(_STAND_IN + len(stand_ins) - 1)


def _code(character: str) -> str:
    return f"\\x{{{ord(character):x}}}"
