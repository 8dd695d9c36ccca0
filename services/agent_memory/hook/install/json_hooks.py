"""JSON hooks, in a file that may hold other settings too: `{"hooks": {EVENT: [{"hooks": [HANDLER, ...]}, ...]}}`.

Some agents have the events in another object or in none, or an event's handlers in no group.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from agent_memory.agents.agent import JsonSettings
from agent_memory.hook.command import is_ours
from agent_memory.hook.install import jsontext
from agent_memory.hook.install.formats import Connected, State
from agent_memory.hook.install.jsontext import Node

_HOOKS: Final = "hooks"


@dataclass(frozen=True, slots=True)
class JsonHooks:
    """How such a file is read and changed; see Format."""

    wanted: Sequence[Connected]
    settings: JsonSettings

    def state(self, text: str) -> State:
        found = Counter(
            (event.name, _tool(group), _command(handler), group is handler)
            for event, group, handler in _handlers(self._hooks(text))
            if is_ours(_command(handler))
        )
        if not found:
            return State.ABSENT
        is_flat = self.settings.is_flat
        wanted = Counter((each.hook.event, each.hook.tool, each.command, is_flat) for each in self.wanted)
        return State.CURRENT if found == wanted else State.OUTDATED

    def has_any(self, text: str) -> bool:
        return any(True for _ in _handlers(self._hooks(text)))

    def connect(self, text: str) -> str:
        if not text.strip():
            text = "{}\n"
        for name, value in self.settings.beside.items():
            if self._parsed(text).member(name) is None:
                text = jsontext.put_in(text, self._parsed(text), value, name)
        for each in self.wanted:
            entry: dict[str, object] = {**self.settings.handler, "command": each.command}
            if not self.settings.is_flat:
                entry = {**({"matcher": each.hook.tool} if each.hook.tool else {}), _HOOKS: [entry]}
            text, hooks = self._with_hooks(text)
            # At the end each time: Codex knows the hooks that it may trust by their place.
            if event := hooks.member(each.hook.event):
                text = jsontext.put_in(text, event, entry)
            else:
                text = jsontext.put_in(text, hooks, [entry], each.hook.event)
        return text

    def renew(self, text: str, without: str) -> str:
        return self.connect(without)

    def disconnect(self, text: str, original: str | None) -> str:
        # What was there and empty before we came stays there.
        kept = _empty(self._hooks(original or ""))
        while place := _ours(self._parsed(text), self.settings.within, kept):
            text = jsontext.take_out(text, *place)
        left = {child.name for child in self._parsed(text).children}
        return "" if original == "" and left <= set(self.settings.beside) else text

    def _with_hooks(self, text: str) -> tuple[str, Node]:
        """The text with an object for hooks in it, and that object."""
        root, within = self._parsed(text), self.settings.within
        if hooks := self._object_in(root):
            return text, hooks
        return self._with_hooks(jsontext.put_in(text, root, {}, within))

    def _hooks(self, text: str) -> Node | None:
        return self._object_in(self._parsed(text)) if text.strip() else None

    def _object_in(self, root: Node) -> Node | None:
        """The object that the events are in."""
        return root.member(self.settings.within) if self.settings.within else root

    def _parsed(self, text: str) -> Node:
        """The text's outermost object, in which all that we look at is of the kind it should be."""
        root = jsontext.settings(text, comments=self.settings.reads_comments, mark=self.settings.reads_mark)
        within = self.settings.within
        if hooks := self._object_in(root):
            jsontext.expect(text, hooks, dict, within)
            # Only of those that we add to: an agent may keep something else beside them.
            for event in filter(None, (hooks.member(each.hook.event) for each in self.wanted)):
                jsontext.expect(text, event, list, ".".join(filter(None, (within, event.name))))
        return root


def _ours(root: Node, within: str, kept: frozenset[str]) -> tuple[Node, Node] | None:
    """The next thing to take out, and what it is in: the largest that holds nothing but handlers of ours."""
    hooks = root.member(within) if within else root
    if hooks is None:
        return None
    is_all = _all(_event_is_ours, hooks) and not any(each.name in kept for each in hooks.children)
    if is_all and hooks is not root and within not in kept:
        return root, hooks
    for event in hooks.children:
        if event.name not in kept and _event_is_ours(event):
            return hooks, event
        for group in event.children:
            if _group_is_ours(group):
                return event, group
            handlers = group.member(_HOOKS) if isinstance(group.value, dict) else None
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
    """Each handler with its event and its group, which is the handler itself where there is none around it."""
    for event in hooks.children if hooks else ():
        for group in event.children:
            for handler in _listed(group):
                yield event, group, handler


def _listed(group: Node) -> tuple[Node, ...]:
    if not isinstance(group.value, dict):
        return ()
    if group.member("command"):
        return (group,)
    handlers = group.member(_HOOKS)
    return handlers.children if handlers and isinstance(handlers.value, list) else ()


def _command(handler: Node) -> str:
    return _text(handler, "command")


def _tool(group: Node) -> str:
    return _text(group, "matcher")


def _text(node: Node, name: str) -> str:
    member = node.member(name)
    return member.value if member and isinstance(member.value, str) else ""
