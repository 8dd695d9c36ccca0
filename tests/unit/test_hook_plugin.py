"""The plugin for opencode, run by Node as opencode would: what it passes on, in which order, and that it is safe."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agent_memory.agents.opencode import AGENT
from agent_memory.capture import wire
from agent_memory.hook.install import config_paths

# What opencode does: it calls the plugin once, then its functions by their names.
OPENCODE = """\
const { readFileSync } = require("node:fs")
const calls = JSON.parse(readFileSync(0, "utf8"))
import("data:text/javascript," + encodeURIComponent(readFileSync(process.argv[1], "utf8"))).then(async (plugin) => {
  const [make] = Object.values(plugin)
  const hooks = await make({ directory: "/project" })
  console.log(JSON.stringify(Object.keys(hooks)))
  for (const [name, ...given] of calls) await hooks[name](...given)
})
"""
RECORDER = "import sys; open(sys.argv[1], 'ab').write(sys.stdin.buffer.read() + b'\\n')"
SESSION, CHILD = "ses_1", "ses_2"


def created(session: str, **info: str) -> list[Any]:
    return ["event", {"event": {"type": "session.created", "properties": {"info": {"id": session, **info}}}}]


def said(session: str, prompt: str) -> list[Any]:
    return ["chat.message", {"sessionID": session}, {"parts": [{"type": "text", "text": prompt}]}]


def tool(session: str, name: str) -> list[Any]:
    return ["tool.execute.after", {"sessionID": session, "tool": name}, {"output": "done"}]


def answered(session: str, text: str) -> list[Any]:
    return ["experimental.text.complete", {"sessionID": session}, {"text": text}]


DISPOSE: list[Any] = ["dispose"]


@pytest.fixture
def node() -> str:
    """Node, which has what the plugin needs of opencode's own runtime."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("needs node")
    return found


def test_it_has_the_hooks_that_are_promised(node: str, tmp_path: Path) -> None:
    """Those of the one list of hooks there is, beside what brings a session its beginning."""
    functions, _ = played(node, tmp_path, [])

    assert {hook.event for hook in AGENT.hooks} <= set(functions)


def test_what_happens_is_passed_on_in_order(node: str, tmp_path: Path) -> None:
    """A session from its creation to the process's end; what tells nothing is not passed on."""
    noise = ["event", {"event": {"type": "message.updated", "properties": {"sessionID": SESSION}}}]

    _, passed = played(
        node, tmp_path, [created(SESSION), said(SESSION, "Grüße"), noise, tool(SESSION, "bash"), DISPOSE]
    )

    assert [each["hook"] for each in passed] == ["event", "chat.message", "tool.execute.after", "dispose"]
    assert passed[1]["output"]["parts"][0]["text"] == "Grüße"
    assert passed[3]["input"] == {"sessionID": SESSION}
    assert {each["directory"] for each in passed} == {"/project"}


def test_a_session_that_is_taken_up_again_begins_once(node: str, tmp_path: Path) -> None:
    """opencode tells only of sessions that are made."""
    _, passed = played(node, tmp_path, [said(SESSION, "Go on"), said(SESSION, "And on")])

    assert [each["hook"] for each in passed] == ["event", "chat.message", "chat.message"]
    assert passed[0]["input"]["event"]["type"] == "session.resumed"


def test_a_subagent_belongs_to_the_session_it_works_for(node: str, tmp_path: Path) -> None:
    """Also a subagent's subagent; and the process's end is no end of theirs."""
    calls = [
        created(SESSION),
        created(CHILD, parentID=SESSION),
        created("ses_3", parentID=CHILD),
        said(CHILD, "Look"),
        tool("ses_3", "bash"),
        DISPOSE,
    ]

    _, passed = played(node, tmp_path, calls)

    assert [each.get("parentID") for each in passed] == [None, None, None, SESSION, SESSION, None]
    assert passed[5]["input"] == {"sessionID": SESSION}


def test_a_summary_is_no_answer(node: str, tmp_path: Path) -> None:
    """opencode compacts a long conversation; what it makes of it is passed on as what it is."""
    calls = [
        created(SESSION),
        answered(SESSION, "An answer"),
        ["experimental.session.compacting", {"sessionID": SESSION}, {"context": []}],
        answered(SESSION, "A summary"),
        answered(CHILD, "Another session's answer"),
        ["event", {"event": {"type": "session.compacted", "properties": {"sessionID": SESSION}}}],
        answered(SESSION, "The next answer"),
    ]

    _, passed = played(node, tmp_path, calls)

    outputs = [each["output"] for each in passed if each["hook"] == "experimental.text.complete"]
    answers = [each["text"] for each in outputs if "summary" not in each]
    assert answers == ["An answer", "Another session's answer", "The next answer"]
    assert [each for each in outputs if "summary" in each] == [{"text": "A summary", "summary": True}]
    compacted = [wire.parse(json.dumps(each).encode()) for each in passed if each.get("output", {}).get("summary")]
    assert [(call.hook, call.compact_summary) for call in compacted] == [("PostCompact", "A summary")]


def test_opencode_goes_on_without_the_hooks_program(node: str, tmp_path: Path) -> None:
    """A plugin that throws fails the prompt."""
    missing = plugin_calling(tmp_path, [str(tmp_path / "no-such-python")])

    functions, passed = played(node, tmp_path, [created(SESSION), said(SESSION, "Hello"), DISPOSE], missing)

    assert functions
    assert passed == []


def played(
    node: str, folder: Path, calls: Sequence[list[Any]], plugin: Path | None = None
) -> tuple[list[str], list[dict[str, Any]]]:
    """The names of the plugin's functions, and what was passed on when these were called one after the other."""
    record = folder / "passed.jsonl"
    plugin = plugin or plugin_calling(folder, [sys.executable, "-I", "-S", "-c", RECORDER, str(record)])
    done = subprocess.run(
        [node, "-e", OPENCODE, str(plugin)], input=json.dumps(calls), capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    passed = record.read_text(encoding="utf-8").split("\n")[:-1] if record.exists() else []
    return json.loads(done.stdout), [json.loads(line) for line in passed]


def plugin_calling(folder: Path, program: list[str]) -> Path:
    """The plugin as it is installed, but for the program it calls."""
    (place,) = config_paths.candidates(AGENT, None, "")
    lines = place.format.connect("").splitlines(keepends=True)
    (line,) = [number for number, line in enumerate(lines) if line.startswith("const PROGRAM =")]
    lines[line] = f"const PROGRAM = {json.dumps(program)}\n"
    path = folder / "agent-memory.js"
    path.write_text("".join(lines), encoding="utf-8")
    return path
