"""The small texts of a repository: its config, where HEAD points, and the files that lead elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SECTION = re.compile(r'\s*\[\s*([A-Za-z0-9.-]+)\s*(?:"((?:[^"\\]|\\.)*)")?\s*\](.*)', re.DOTALL)
_VARIABLE = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*)\s*=(.*)", re.DOTALL)
# A value's pieces: quoted, escaped, plain; a comment ends it.
_PIECE = re.compile(r'"((?:[^"\\]|\\.)*)"|(\\.)|([^"\\#;]+)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_COMMENT = re.compile(r"\s*[#;]")
_MEANT = {"n": "\n", "t": "\t", "b": "\b"}
_OBJECT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_BRANCH = "refs/heads/"


def remotes(config: str) -> dict[str, str]:
    """The address of each remote that the config names, in its order; what can't be read is passed over."""
    found: dict[str, str] = {}
    for section, name, variable, value in _variables(config):
        # Of several addresses the first is the one that is fetched from.
        if section == "remote" and variable == "url":
            found.setdefault(name, value)
    return {name: address for name, address in found.items() if address}


def rewrites(config: str) -> dict[str, str]:
    """What addresses may begin with, and what git puts in its place: `url.BASE.insteadOf`."""
    found: dict[str, str] = {}
    for section, name, variable, value in _variables(config):
        if section == "url" and variable == "insteadof" and value:
            found[value] = name
    return found


def includes(config: str) -> list[str]:
    """The files whose content stands in place of their names, without those for certain folders only."""
    return [value for section, _, variable, value in _variables(config) if (section, variable) == ("include", "path")]


def reference(head: str) -> str:
    """The ref that HEAD points to, `refs/heads/main`; empty where it names a commit."""
    target = head.removeprefix("ref:").strip()
    return target if head.startswith("ref:") and target.startswith("refs/") and ".." not in target else ""


def branch(ref: str) -> str:
    """The branch of that ref, empty where it is none's."""
    return ref.removeprefix(_BRANCH) if ref.startswith(_BRANCH) and not ref.endswith(".invalid") else ""


def object_id(text: str) -> str:
    """The id that the text consists of; empty where it is none."""
    text = text.strip()
    return text if _OBJECT_ID.fullmatch(text) else ""


def packed(refs: str, ref: str) -> str:
    """The id of a ref in the file of packed refs; empty where it is not in there."""
    end = refs.find(f" {ref}\n")
    return object_id(refs[refs.rfind("\n", 0, end) + 1 : end]) if end >= 0 else ""


def leads_to(dot_git: str) -> str:
    """The folder that a `.git` file names; empty where it names none."""
    name, _, path = dot_git.partition(":")
    return path.strip() if name == "gitdir" else ""


def began_here(log: str) -> bool:
    """Whether the log of HEAD begins with a first commit, not with the copy of another repository."""
    first, _, message = log.partition("\n")[0].partition("\t")
    return set(first.partition(" ")[0]) == {"0"} and message.startswith("commit (initial)")


def _variables(config: str) -> Iterator[tuple[str, str, str, str]]:
    """The variables: section and variable in lower case, between them the section's own name, and the value."""
    section = name = ""
    for line in _lines(config):
        if header := _SECTION.match(line):
            section, name, line = header[1].lower(), _unescaped(header[2] or ""), header[3]
        if variable := _VARIABLE.match(line):
            yield section, name, variable[1].lower(), _value(variable[2])


def _lines(config: str) -> Iterator[str]:
    """The lines, each with those that a backslash at its end joins to it."""
    joined = ""
    for line in config.replace("\r\n", "\n").split("\n"):
        joined += line
        backslashes = len(joined) - len(joined.rstrip("\\"))
        if backslashes % 2 and not _COMMENT.match(joined):
            joined = joined[:-1]
            continue
        yield joined
        joined = ""
    yield joined


def _value(text: str) -> str:
    pieces = []
    position = 0
    while piece := _PIECE.match(text, position):
        position = piece.end()
        pieces.append(piece[3] if piece[3] is not None else _unescaped(piece[1] if piece[1] is not None else piece[2]))
    return "".join(pieces).strip()


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda escaped: _MEANT.get(escaped[1], escaped[1]), text)
