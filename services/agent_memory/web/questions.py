"""Questions: what the page may ask, and the command lines that answer. They only read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

Given = Mapping[str, str]

# Of a conversation, at once.
_EVENTS: Final = "200"
_NEWEST: Final = "40"
_HITS: Final = "20"
_CHILDREN: Final = "100"
_MAP_TOKENS: Final = "700"


class WrongQuestion(Exception):
    """There is no such question, or something is missing in it; the message says what."""


def command_line(name: str, given: Given) -> list[str]:
    """The words of the command that answers; raises WrongQuestion."""
    if name not in _QUESTIONS:
        raise WrongQuestion(f"There is nothing at {name!r}.")
    if any("\0" in value for value in given.values()):
        raise WrongQuestion("A value holds a NUL.")
    words = _QUESTIONS[name](given)
    options_at = next((at for at, word in enumerate(words) if word.startswith("-")), len(words))
    return [*words[:options_at], "--json", *words[options_at:]]


def _root(given: Given) -> list[str]:
    return ["query", "root"]


def _days(given: Given) -> list[str]:
    return ["stats", f"--days={given.get('days') or 366}", *options(given, "to")]


def _map(given: Given) -> list[str]:
    return ["query", "map", f"--tokens={_MAP_TOKENS}"]


def _node(given: Given) -> list[str]:
    return ["query", "node", f"--node-id={required(given, 'id')}"]


def _children(given: Given) -> list[str]:
    return [
        "query",
        "browse",
        f"--parent-id={required(given, 'id')}",
        f"--limit={_CHILDREN}",
        *options(given, "token"),
    ]


def _grip(given: Given) -> list[str]:
    return ["query", "expand", f"--grip-id={required(given, 'id')}", *options(given, "before", "after")]


def _event(given: Given) -> list[str]:
    return ["query", "event", "--", required(given, "id")]


def _session(given: Given) -> list[str]:
    return ["query", "session", f"--limit={_EVENTS}", *options(given, "cursor"), "--", required(given, "id")]


def _newest(given: Given) -> list[str]:
    return ["query", "events", "--newest-first", f"--limit={_NEWEST}", *options(given, "cursor")]


def _search(given: Given) -> list[str]:
    words = given.get("query", "").strip()
    if words.startswith("--"):
        words = words.lstrip("-")  # `search` would take it for an option
    filters = options(given, "when", "project", "agent")
    if not words and not filters:
        raise WrongQuestion("Type what to look for.")
    return ["search", "--explain", f"--limit={_HITS}", *filters, "--", words]


def _stats(given: Given) -> list[str]:
    return ["admin", "stats"]


_QUESTIONS: Final[Mapping[str, Callable[[Given], list[str]]]] = {
    "root": _root,
    "days": _days,
    "map": _map,
    "node": _node,
    "children": _children,
    "grip": _grip,
    "event": _event,
    "session": _session,
    "newest": _newest,
    "search": _search,
    "stats": _stats,
}


def required(given: Given, name: str) -> str:
    """The value of that name; raises WrongQuestion."""
    if not given.get(name):
        raise WrongQuestion(f"{name} is missing.")
    return given[name]


def options(given: Given, *names: str) -> list[str]:
    """The options of those names that have a value, each in one word, whatever it begins with."""
    return [f"--{name}={given[name]}" for name in names if given.get(name)]
