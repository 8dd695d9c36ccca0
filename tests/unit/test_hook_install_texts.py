"""The texts of agents' settings: with our hooks in them, and again without, every other byte as it was."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_memory.agents.agent import Hook, JsonSettings
from agent_memory.hook.command import command
from agent_memory.hook.install import jsontext
from agent_memory.hook.install.formats import Connected, OurFile, State
from agent_memory.hook.install.json_hooks import JsonHooks
from agent_memory.hook.install.toml_hooks import TomlHooks
from agent_memory.hook.install.unusable import Unusable

quickly = settings(max_examples=40, deadline=None)
WANTED = [
    Connected(hook, command("gemini-cli", hook.event, "/home/dev/a folder/db"))
    for hook in (Hook("SessionStart"), Hook("Stop"), Hook("BeforeTool", "invoke_agent"))
]
HANDLER = {"type": "command", "command": "", "timeout": 5}
STRICT = JsonHooks(WANTED, JsonSettings(HANDLER))
LENIENT = JsonHooks(WANTED, JsonSettings(HANDLER, reads_comments=True, reads_mark=True))
TABLES = TomlHooks(WANTED[:2], 5)
THEIRS = {"type": "command", "command": "echo 'theirs' # memory-ingestion"}

SPACE = ["", "", " ", "\n", "\n    ", "\r\n\t"]
COMMENTS = [" // a comment, with {brackets}\n", "/* one\n that goes on */", *SPACE]
PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just('// "no comment"')
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
GROUPS = st.builds(lambda handlers, rest: {**rest, "hooks": handlers}, st.lists(st.just(THEIRS)), st.just({}))
EVENTS = st.dictionaries(st.sampled_from(["SessionStart", "Stop", "Notification"]), st.lists(GROUPS, max_size=2))
SETTINGS = st.dictionaries(st.text(max_size=3), VALUES, max_size=3)


@st.composite
def texts(draw: st.DrawFn, spaces: list[str]) -> str:
    """Settings that may have hooks of others', laid out in every way that means the same."""
    settings = draw(SETTINGS)
    settings.pop("hooks", None)
    if draw(st.booleans()):
        settings["hooks"] = draw(EVENTS)
    space = st.sampled_from(spaces)

    def laid_out(value: Any) -> str:
        if not isinstance(value, dict | list) or not value:
            return json.dumps(value, ensure_ascii=draw(st.booleans()))
        named = isinstance(value, dict)
        children = [
            draw(space)
            + (f"{json.dumps(child)}{draw(space)}:{draw(space)}{laid_out(value[child])}" if named else laid_out(child))
            for child in value
        ]
        return f"{'{' if named else '['}{(draw(space) + ',').join(children)}{draw(space)}{'}' if named else ']'}"

    return draw(space) + laid_out(settings) + draw(space)


@quickly
@given(texts(SPACE))
def test_json_is_read_as_python_reads_it(text: str) -> None:
    """The values, and that each stands where it is said to."""
    root = jsontext.parse(text)

    assert root.value == json.loads(text)
    for child in root.children:
        assert json.loads(text[child.opens : child.end]) == child.value
        assert json.loads("{" + text[child.start : child.end] + "}") == {child.name: child.value}


@quickly
@given(texts(COMMENTS))
def test_hooks_are_added_and_nothing_else_changes(text: str) -> None:
    """Every byte is still there in its order, the other settings mean what they did, and our hooks are last."""
    changed = LENIENT.connect(text)

    assert is_still_in(text, changed)
    assert LENIENT.state(changed) is State.CURRENT
    before, after = value(text), value(changed)
    hooks, hooks_before = after.pop("hooks"), before.pop("hooks", {})
    assert after == before
    for each in WANTED:
        *others, ours = hooks.pop(each.hook.event)
        assert others == hooks_before.pop(each.hook.event, [])
        assert ours["hooks"] == [{**HANDLER, "command": each.command}]
        assert ours.get("matcher", "") == each.hook.tool
    assert hooks == hooks_before


@quickly
@given(texts(COMMENTS))
def test_hooks_are_taken_out_and_nothing_else_changes(text: str) -> None:
    """The settings mean what they did before; what was there and empty is there."""
    left = LENIENT.disconnect(LENIENT.connect(text), text)

    assert value(left) == value(text)
    assert LENIENT.state(left) is State.ABSENT


@quickly
@given(texts(COMMENTS))
def test_what_comes_out_goes_in_again_the_same(text: str) -> None:
    """Connecting a second time, in place of the first, is connecting once."""
    once = LENIENT.connect(text)

    assert value(LENIENT.connect(LENIENT.disconnect(once, text))) == value(once)


@quickly
@given(texts(COMMENTS))
def test_without_empty_containers_even_the_bytes_are_the_same(text: str) -> None:
    """What we put nothing into an empty thing for, is taken out without a trace."""
    before = value(text)
    hooks = before.get("hooks", {"any": True})
    if before and hooks and all(hooks.values()):
        assert LENIENT.disconnect(LENIENT.connect(text), text) == text


def test_what_an_agent_keeps_beside_its_hooks_stays() -> None:
    """Older versions of Gemini CLI have their switches there."""
    text = '{"hooks": {"enabled": true, "disabled": ["another"]}}'

    changed = LENIENT.connect(text)

    assert LENIENT.state(changed) is State.CURRENT
    assert value(changed)["hooks"]["disabled"] == ["another"]
    assert LENIENT.disconnect(changed, text) == text


@quickly
@given(texts(SPACE))
def test_what_others_add_beside_ours_stays(text: str) -> None:
    """A handler in a group of ours, and an event after ours."""
    changed = LENIENT.connect(text)
    hooks = member(jsontext.parse(changed), "hooks")
    changed = jsontext.put_in(changed, hooks, [{"hooks": [THEIRS]}], "Later")
    group = member(member(jsontext.parse(changed), "hooks"), "Stop").children[-1]
    changed = jsontext.put_in(changed, member(group, "hooks"), THEIRS)

    left = value(LENIENT.disconnect(changed, text))

    assert left["hooks"].pop("Later") == [{"hooks": [THEIRS]}]
    assert left["hooks"]["Stop"][-1] == {"hooks": [THEIRS]}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '{\n  "hooks": {\n    "Stop": [X]\n  }\n}\n'),
        ("{}", '{\n  "hooks": {\n    "Stop": [X]\n  }\n}'),
        ('{"a":1}', '{"a":1, "hooks": {"Stop": [X]}}'),
        ('{"hooks": {"Stop": [1]}}', '{"hooks": {"Stop": [1, X]}}'),
        ('{\n\t"a": 1\n}\n', '{\n\t"a": 1,\n\t"hooks": {\n\t\t"Stop": [X]\n\t}\n}\n'),
        ('{\r\n "a": 1\r\n}', '{\r\n "a": 1,\r\n "hooks": {\r\n  "Stop": [X]\r\n }\r\n}'),
        ('{\n  "a": 1 // one\n}', '{\n  "a": 1, // one\n  "hooks": {\n    "Stop": [X]\n  }\n}'),
        ('{"hooks":\n {\n  "Stop": [\n   1\n  ]\n }\n}', '{"hooks":\n {\n  "Stop": [\n   1,\n   X\n  ]\n }\n}'),
        ('\ufeff{\n  "a": 1\n}', '\ufeff{\n  "a": 1,\n  "hooks": {\n    "Stop": [X]\n  }\n}'),
    ],
)  # fmt: skip
def test_hooks_look_as_what_is_around_them(before: str, after: str) -> None:
    """Lines, indents and ends of lines are those of the file."""
    settings_ = JsonSettings({"command": ""}, reads_comments=True, reads_mark=True)
    stop = JsonHooks([Connected(Hook("Stop"), "memory-ingest")], settings_)

    assert stop.connect(before) == after.replace("X", '{"hooks": [{"command": "memory-ingest"}]}')


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ('{\n"a": 1\n', 3, "a comma or }"),
        ('{\n\n"a": 1,}', 3, "a name in double quotes"),
        ('{"a": 1}\n{', 2, "after the end"),
        ('{\n// one\n"a": 1}', 2, "there is a comment"),
        ('{\n// one\n"a" 1}', 3, "expected ':'"),
        ('\ufeff{"a": 1}', 1, "byte order mark"),
        ('{"a":\n\n nul}', 3, "a value"),
        ('{"a":\n"b\n"}', 2, "Invalid control character"),
        ('[\n{"hooks": {}}]', 1, "it is not an object"),
        ('{\n"hooks":\n []}', 3, "hooks is not an object"),
        ('{"hooks": {\n"Stop": {}}}', 2, "hooks.Stop is not a list"),
        ("[" * 100_000, 1, "nested too deeply"),
        ('{\n"a": ' + "9" * 5000 + "}", 2, "a number of fewer digits"),
    ],
)
def test_what_an_agent_cannot_read_is_refused_with_its_line(text: str, line: int, problem: str) -> None:
    """The agent would pass over the whole file, or read another than we do."""
    with pytest.raises(Unusable, match=problem) as refused:
        STRICT.connect(text)

    assert refused.value.line == line


@pytest.mark.parametrize("text", ['a = 1\n[hooks.state."x"]\nb = 2\n', "a = 1\r\n", "[[hooks.Stop]]\n", "# nothing\n"])
def test_tables_are_added_and_taken_out(text: str) -> None:
    """TOML keeps its other values; a table that is written behind ours by its agent stays there."""
    changed = TABLES.connect(text)
    assert changed.startswith(text)
    assert TABLES.state(changed) is State.CURRENT

    later = "\n[projects.x]\ntrust_level = 'trusted'\n"
    left = TABLES.disconnect(changed + later, text)

    assert left == text + later
    assert tomllib.loads(changed + later)["projects"] == {"x": {"trust_level": "trusted"}}


def test_tables_of_others_stay() -> None:
    """Also one that looks as ours do."""
    theirs = '\n[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ntype = "command"\ncommand = "notify-send done"\ntimeout = 5\n'

    assert TABLES.has_any(theirs)
    assert TABLES.state(theirs) is State.ABSENT
    assert TABLES.disconnect(TABLES.connect(theirs), None) == theirs


@pytest.mark.parametrize(
    ("text", "line"), [("a = 1\nhooks = {Stop = []}\n", 2), ("a = \n", 1), ("[hooks]\nStop = []\n", 1)]
)
def test_toml_that_cannot_be_added_to_is_refused(text: str, line: int) -> None:
    """A list written as a value is closed; nothing outside of it can add to it."""
    with pytest.raises(Unusable) as refused:
        TABLES.connect(text)

    assert refused.value.line == line


def test_a_table_of_ours_that_was_changed_by_hand_is_left_to_the_hand() -> None:
    """What is not as we wrote it can't be taken out without touching what we did not write."""
    changed = TABLES.connect("a = 1\n").replace("timeout = 5", "timeout = 5 # seconds")

    with pytest.raises(Unusable, match="by hand") as refused:
        TABLES.disconnect(changed, None)

    assert refused.value.line == 3


def test_a_file_of_our_own_is_ours_or_refused() -> None:
    """An older one is replaced; one of that name that somebody else wrote is not."""
    own = OurFile("// agent-memory's plugin, newer\n")

    assert own.state("") is State.ABSENT
    assert own.state(own.connect("")) is State.CURRENT
    assert own.state("// agent-memory's plugin, older\n") is State.OUTDATED
    with pytest.raises(Unusable):
        own.state("export const Mine = 1\n")


def is_still_in(text: str, changed: str) -> bool:
    """Whether every character of the text is in the changed one, in the same order."""
    rest = iter(changed)
    return all(character in rest for character in text)


def value(text: str) -> dict[str, Any]:
    found = jsontext.parse(text, comments=True).value
    assert isinstance(found, dict)
    return found


def member(node: jsontext.Node, name: str) -> jsontext.Node:
    found = node.member(name)
    assert found
    return found
