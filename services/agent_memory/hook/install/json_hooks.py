"""JSON hooks, in a file that may hold other settings too: `{"hooks": {EVENT: [{"hooks": [HANDLER, ...]}, ...]}}`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agent_memory.agents.agent import Hook
from agent_memory.hook.command import is_ours
from agent_memory.hook.install import jsontext
from agent_memory.hook.install.formats import Connected, State
from agent_memory.hook.install.jsontext import Node
from agent_memory.hook.install.unusable import Unusable

_HOOKS: Final = "hooks"
_KINDS: Final[Mapping[type, str]] = {dict: "an object", list: "a list"}


@dataclass(frozen=True, slots=True)
class JsonHooks:
    """How such a file is read and changed; see Format."""

    wanted: Sequence[Connected]
    # A handler of ours, but for its command.
    handler: Mapping[str, object]
    # What its agent can read; a file with anything else in it, it ignores as a whole.
    reads_comments: bool = False
    reads_mark: bool = False

    def state(self, text: str) -> State:
        found = [
            Connected(Hook(event.name, _tool(group)), _command(handler))
            for event, group, handler in _handlers(self._hooks(text))
            if is_ours(_command(handler))
        ]
        if not found:
            return State.ABSENT
        return State.CURRENT if Counter(found) == Counter(self.wanted) else State.OUTDATED

    def has_hooks(self, text: str) -> bool:
        return any(True for _ in _handlers(self._hooks(text)))

    def connect(self, text: str) -> str:
        if not text.strip():
            text = "{}\n"
        for each in self.wanted:
            group: dict[str, object] = {"matcher": each.hook.tool} if each.hook.tool else {}
            group[_HOOKS] = [{**self.handler, "command": each.command}]
            text, hooks = self._with_hooks(text)
            # At the end each time: Codex knows the hooks that it may trust by their place.
            if event := hooks.member(each.hook.event):
                text = jsontext.put_in(text, event, group)
            else:
                text = jsontext.put_in(text, hooks, [group], each.hook.event)
        return text

    def disconnect(self, text: str, original: str | None) -> str:
        # What was there and empty before we came stays there.
        kept = _empty(self._hooks(original or ""))
        while place := _ours(self._parsed(text), kept):
            text = jsontext.take_out(text, *place)
        return "" if original == "" and not self._parsed(text).children else text

    def _with_hooks(self, text: str) -> tuple[str, Node]:
        """The text with an object for hooks in it, and that object."""
        root = self._parsed(text)
        if hooks := root.member(_HOOKS):
            return text, hooks
        return self._with_hooks(jsontext.put_in(text, root, {}, _HOOKS))

    def _hooks(self, text: str) -> Node | None:
        return self._parsed(text).member(_HOOKS) if text.strip() else None

    def _parsed(self, text: str) -> Node:
        """The text's outermost object, in which all that we look at is of the kind it should be."""
        if text.startswith(jsontext.MARK) and not self.reads_mark:
            raise Unusable("it begins with a byte order mark, which its agent can't read")
        try:
            root = jsontext.parse(text, comments=self.reads_comments)
        except Unusable as error:
            jsontext.parse(text, comments=True)  # any other problem comes first
            raise Unusable(
                "there is a comment, which its agent can't read: it ignores the whole file", error.line
            ) from None
        _expect(text, root, dict, "it")
        if hooks := root.member(_HOOKS):
            _expect(text, hooks, dict, _HOOKS)
            # Only of those that we add to: an agent may keep something else beside them.
            for event in filter(None, (hooks.member(each.hook.event) for each in self.wanted)):
                _expect(text, event, list, f"{_HOOKS}.{event.name}")
        return root


def _ours(root: Node, kept: frozenset[str]) -> tuple[Node, Node] | None:
    """The next thing to take out, and what it is in: the largest that holds nothing but handlers of ours."""
    hooks = root.member(_HOOKS)
    if hooks is None:
        return None
    if _HOOKS not in kept and _all(_event_is_ours, hooks) and not any(each.name in kept for each in hooks.children):
        return root, hooks
    for event in hooks.children:
        if event.name not in kept and _event_is_ours(event):
            return hooks, event
        for group in event.children:
            if _group_is_ours(group):
                return event, group
            handlers = group.member(_HOOKS)
            for handler in _listed(group):
                if handlers and is_ours(_command(handler)):
                    return handlers, handler
    return None


def _event_is_ours(event: Node) -> bool:
    return _all(_group_is_ours, event)


def _group_is_ours(group: Node) -> bool:
    handlers = _listed(group)
    return bool(handlers) and all(is_ours(_command(handler)) for handler in handlers)


def _all(is_so: Callable[[Node], bool], parent: Node) -> bool:
    """Whether it is so of each child, and there is one."""
    return bool(parent.children) and all(map(is_so, parent.children))


def _empty(hooks: Node | None) -> frozenset[str]:
    """The names of what is there with nothing in it: events, or all of them together."""
    if hooks is None:
        return frozenset()
    return frozenset(each.name for each in (hooks, *hooks.children) if not each.children)


def _handlers(hooks: Node | None) -> Iterator[tuple[Node, Node, Node]]:
    """Each handler with its event and its group."""
    for event in hooks.children if hooks else ():
        for group in event.children:
            for handler in _listed(group):
                yield event, group, handler


def _listed(group: Node) -> tuple[Node, ...]:
    handlers = group.member(_HOOKS)
    return handlers.children if handlers and isinstance(handlers.value, list) else ()


def _command(handler: Node) -> str:
    return _text(handler, "command")


def _tool(group: Node) -> str:
    return _text(group, "matcher")


def _text(node: Node, name: str) -> str:
    member = node.member(name)
    return member.value if member and isinstance(member.value, str) else ""


def _expect(text: str, node: Node, kind: type, name: str) -> None:
    if not isinstance(node.value, kind):
        raise Unusable(f"{name} is not {_KINDS[kind]}", jsontext.line_of(text, node.opens))
