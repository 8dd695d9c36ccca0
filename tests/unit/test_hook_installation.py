"""Installations: agents' files on disk, with our hooks in them, as they were before, and when others touch them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from agent_memory.agents.registry import AGENTS
from agent_memory.capture.events import event_from
from agent_memory.capture.wire import parse
from agent_memory.hook import command
from agent_memory.hook.command import is_ours
from agent_memory.hook.install import config_paths, files, programs, trust
from agent_memory.hook.install.files import Change, FileChanged
from agent_memory.hook.install.formats import State
from agent_memory.hook.install.hook_status import HookStatus, hook_statuses
from agent_memory.hook.install.installation import Installation, SettingsRefused
from agent_memory.hook.install.statuses import twice

RECORDINGS = Path(__file__).parent.parent / "data" / "hooks"
NOW = datetime(2026, 11, 22, 12, 30)
every_agent = pytest.mark.parametrize("agent", AGENTS)
in_both_scopes = pytest.mark.parametrize("in_project", [False, True], ids=["user", "project"])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with nothing in it, and with none of the variables that would lead elsewhere."""
    for name in [name for name in os.environ if name.startswith("XDG_") or name.endswith(("_HOME", "_CONFIG_DIR"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "project").mkdir(parents=True)
    return tmp_path / "home"


@every_agent
@in_both_scopes
def test_what_was_not_there_is_not_there_afterwards(home: Path, agent: str, in_project: bool) -> None:
    """Without any settings, a file is made, and removed again with the folders that were made for it."""
    project = home / "project" if in_project else None
    before = everything_in(home)

    assert Installation(AGENTS[agent], project).connect(NOW) is None
    installed = Installation(AGENTS[agent], project)
    assert installed.state is State.CURRENT
    assert installed.path.stat().st_mode & 0o777 == 0o600
    installed.disconnect(NOW)

    assert Installation(AGENTS[agent], project).state is State.ABSENT
    assert {path for path in everything_in(home) if ".local" not in path.parts} == before


@pytest.mark.parametrize(
    ("agent", "file", "content"),
    [
        ("claude-code", ".claude/settings.json", b'{ "hooks" : {"Stop":[ ]} ,\r\n\t"model":"opus"}'),
        ("claude-code", ".claude/settings.json", b"\n"),
        ("claude-code", ".claude/settings.json", b'\xef\xbb\xbf{\n}\n\n'),
        ("gemini-cli", ".gemini/settings.json", '{ /* größer */ "a": 1 // b\n}'.encode()),
        ("codex", ".codex/hooks.json", b'{"hooks": {}}'),
        ("codex", ".codex/config.toml", b'[[hooks.Stop]]\nhooks = []\n[tui]\nx = 1'),
    ],
)  # fmt: skip
def test_what_was_there_is_there_afterwards_to_the_byte(home: Path, agent: str, file: str, content: bytes) -> None:
    """Empty things, odd layout, byte order marks, comments and missing ends of lines, with the file's mode."""
    path = home / file
    path.parent.mkdir()
    path.write_bytes(content)
    path.chmod(0o644)

    copy = Installation(AGENTS[agent]).connect(NOW)
    assert copy is not None
    assert (copy.read_bytes(), copy.stat().st_mode & 0o777) == (content, 0o600)
    assert Installation(AGENTS[agent]).state is State.CURRENT
    assert Installation(AGENTS[agent]).path == path
    with_ours = path.read_bytes()
    Installation(AGENTS[agent]).connect(NOW)
    assert path.read_bytes() == with_ours
    Installation(AGENTS[agent]).disconnect(NOW)

    assert path.read_bytes() == content
    assert path.stat().st_mode & 0o777 == 0o644


def test_what_was_changed_meanwhile_stays_changed(home: Path) -> None:
    """An agent that rewrites its settings has a layout of its own."""
    path = home / ".claude" / "settings.json"
    path.parent.mkdir()
    path.write_text('{"model":"opus", "hooks": {"Stop": []}}')
    Installation(AGENTS["claude-code"]).connect(NOW)
    settings = json.loads(path.read_text())
    settings["model"] = "haiku"
    settings["hooks"]["Stop"].insert(0, {"hooks": [{"type": "command", "command": "true"}]})
    path.write_text(json.dumps(settings, indent=2))

    assert Installation(AGENTS["claude-code"]).state is State.CURRENT
    Installation(AGENTS["claude-code"]).disconnect(NOW)

    hooks = {"Stop": [{"hooks": [{"type": "command", "command": "true"}]}]}
    assert json.loads(path.read_text()) == {"model": "haiku", "hooks": hooks}


@every_agent
def test_an_upgrade_that_moved_the_command_is_noticed_and_mended(
    home: Path, agent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new hooks take the place of the old ones, and what was there first comes back in the end."""
    with monkeypatch.context() as older:
        older.setattr(sys, "executable", "/home/dev/old place/python")
        Installation(AGENTS[agent]).connect(NOW)

    assert Installation(AGENTS[agent]).state is State.OUTDATED
    Installation(AGENTS[agent]).connect(NOW)

    assert Installation(AGENTS[agent]).state is State.CURRENT
    assert "old place" not in Installation(AGENTS[agent]).path.read_text()
    path = Installation(AGENTS[agent]).path
    Installation(AGENTS[agent]).disconnect(NOW)
    assert not path.exists()


def test_a_hook_that_was_put_in_by_hand_is_ours(home: Path) -> None:
    """As the documents once said to: it is replaced, and not called beside the new one."""
    path = home / ".claude" / "settings.json"
    path.parent.mkdir()
    path.write_text('{"hooks": {"PreToolUse": [{"hooks": [{"type": "command", "command": "memory-ingest"}]}]}}')

    assert Installation(AGENTS["claude-code"]).state is State.OUTDATED
    Installation(AGENTS["claude-code"]).connect(NOW)

    assert set(json.loads(path.read_text())["hooks"]) == {hook.event for hook in AGENTS["claude-code"].hooks}


def test_a_link_stays_a_link(home: Path) -> None:
    """Settings that are kept elsewhere are changed there."""
    kept = home / "dotfiles" / "claude.json"
    kept.parent.mkdir()
    kept.write_text("{}")
    (home / ".claude").mkdir()
    (home / ".claude" / "settings.json").symlink_to(kept)

    Installation(AGENTS["claude-code"]).connect(NOW)

    assert (home / ".claude" / "settings.json").is_symlink()
    assert "hooks" in json.loads(kept.read_text())


def test_settings_that_cannot_be_read_are_refused_and_left(home: Path) -> None:
    """With the file, the line and the reason, as compilers write them."""
    path = home / ".claude" / "settings.json"
    path.parent.mkdir()
    path.write_text('{\n  "model": "opus",\n}')

    with pytest.raises(SettingsRefused, match=r"settings\.json:3: expected a name .* Nothing was changed"):
        Installation(AGENTS["claude-code"])
    path.write_bytes(b'{"a": "\xff"}')
    with pytest.raises(SettingsRefused, match="not UTF-8 at byte 7"):
        Installation(AGENTS["claude-code"])

    assert everything_in(path.parent) == {path}


def test_a_file_of_somebody_elses_is_not_overwritten(home: Path) -> None:
    """Of all names it has ours."""
    path = home / ".config" / "opencode" / "plugin" / "agent-memory.js"
    path.parent.mkdir(parents=True)
    path.write_text("export const Mine = async () => ({})\n")

    with pytest.raises(SettingsRefused, match="was not written by"):
        Installation(AGENTS["opencode"])


def test_codex_hooks_go_on_where_they_were_begun(home: Path) -> None:
    """Codex warns of hooks in both of its files."""
    folder = home / ".codex"
    folder.mkdir()
    (folder / "config.toml").write_text('[hooks.state."x"]\ntrusted_hash = "y"\n')
    assert Installation(AGENTS["codex"]).path.name == "hooks.json"

    (folder / "config.toml").write_text('[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ntype = "command"\ncommand = "true"\n')
    assert Installation(AGENTS["codex"]).path.name == "config.toml"
    (folder / "hooks.json").write_text('{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "true"}]}]}}')
    assert Installation(AGENTS["codex"]).path.name == "hooks.json"

    (folder / "hooks.json").unlink()
    Installation(AGENTS["codex"]).connect(NOW)
    (folder / "hooks.json").write_text('{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "true"}]}]}}')
    assert (Installation(AGENTS["codex"]).path.name, Installation(AGENTS["codex"]).state) == (
        "config.toml",
        State.CURRENT,
    )


@pytest.mark.parametrize(
    ("agent", "file", "off", "on"),
    [
        ("claude-code", ".claude/settings.json", '{"disableAllHooks": true}', '{"disableAllHooks": false}'),
        ("gemini-cli", ".gemini/settings.json", '{"hooksConfig": {"enabled": false}} // off', '{"hooksConfig": {}}'),
        (
            "gemini-cli",
            ".gemini/settings.json",
            '{"hooksConfig": {"disabled": ["agent-memory"]}}',
            '{"hooksConfig": {"disabled": ["another"]}}',
        ),
        ("codex", ".codex/config.toml", "[features]\nhooks = false\n", "[features]\nhooks = true\n"),
        ("qwen-code", ".qwen/settings.json", '{"disableAllHooks": true} // off', '{"disableAllHooks": false}'),
    ],
)
def test_hooks_that_are_switched_off_are_not_called_sound(home: Path, agent: str, file: str, off: str, on: str) -> None:
    """They are there and up to date, and the agent runs none of them."""
    (home / file).parent.mkdir()
    problems = {}
    for settings in (off, on):
        (home / file).write_text(settings)
        Installation(AGENTS[agent]).connect(NOW)
        (row,) = [each for each in hook_statuses(home / "project", "") if each.agent == agent]
        problems[settings] = row.problem
        assert row.state == State.CURRENT.value

    assert "switched off by" in problems[off]
    assert problems[on] == ""


def test_hooks_that_come_with_our_plugin_are_seen(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By what the agent itself notes of its plugins, for the user and, before that, for the project."""
    user, project = home / ".claude" / "settings.json", home / "project" / ".claude" / "settings.json"
    for folder in (user.parent, project.parent, home / "bin"):
        folder.mkdir()
    monkeypatch.setenv("PATH", str(home / "bin"))
    user.write_text('{"enabledPlugins": {"agent-memory@agent-memory": true, "other@agent-memory": false}}')

    def rows() -> list[HookStatus]:
        return [each for each in hook_statuses(home / "project", "") if each.agent == "claude-code"]

    assert [(each.scope, each.state) for each in rows()] == [("user", "not installed"), ("plugin", "up to date")]
    assert "memory-ingest, which is not on PATH" in rows()[1].problem
    (home / "bin" / "memory-ingest").touch(mode=0o700)
    assert (rows()[1].problem, rows()[1].file) == ("", str(user))
    Installation(AGENTS["claude-code"]).connect(NOW)
    assert [each.scope for each in twice(rows())] == ["user"]
    project.write_text('{"enabledPlugins": {"agent-memory@agent-memory": false}}')
    assert [each.scope for each in rows()] == ["user"]


@pytest.mark.parametrize("file", ["hooks.json", "config.toml"])
def test_codex_is_asked_whether_it_was_told_to_trust_our_hooks(home: Path, file: str) -> None:
    """Its answers are recorded as it writes them itself: by file, event and place; one that is missing is a no."""
    folder = home / ".codex"
    folder.mkdir()
    theirs = (
        '[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ntype = "command"\ncommand = "true"\n' if file != "hooks.json" else ""
    )
    (folder / "config.toml").write_text(theirs)
    Installation(AGENTS["codex"]).connect(NOW)
    config = folder / "config.toml"
    assert Installation(AGENTS["codex"]).path == folder / file
    assert not trust.is_given(AGENTS["codex"], folder / file)

    names = ["session_start", "user_prompt_submit", "post_tool_use", "stop", "interrupt", "subagent_start"]
    places_of = [
        f"{name}:{1 if theirs and name == 'stop' else 0}:0" for name in [*names, "subagent_stop", "session_end"]
    ]
    for place in places_of:
        assert not trust.is_given(AGENTS["codex"], folder / file)
        with config.open("a") as added:
            added.write(f'[hooks.state."{folder / file}:{place}"]\ntrusted_hash = "sha256:0"\n')

    assert trust.is_given(AGENTS["codex"], folder / file)


def test_what_another_program_wrote_meanwhile_is_not_lost(tmp_path: Path) -> None:
    """Between reading and writing an agent may save its settings."""
    path = tmp_path / "settings.json"
    path.write_text("{}")
    change = Change(path, before="{}", after='{"hooks": {}}')
    path.write_text('{"model": "opus"}')

    with pytest.raises(FileChanged, match="Try again"):
        files.apply(change)

    assert everything_in(tmp_path) == {path}
    assert path.read_text() == '{"model": "opus"}'


def test_of_many_copies_the_last_are_kept(tmp_path: Path) -> None:
    """Each change leaves one, and agents are installed for years."""
    for minute in range(files.COPIES_MAX + 5):
        files.copy_aside(str(minute), tmp_path / "settings.json", tmp_path / "kept", NOW.replace(minute=minute))

    kept = sorted((tmp_path / "kept").iterdir())
    assert [path.read_text() for path in kept] == [str(minute) for minute in range(5, files.COPIES_MAX + 5)]


def test_another_store_is_named_in_the_command(home: Path, tmp_path: Path) -> None:
    """With blanks in its name, through a real shell, down to the spool beside it."""
    store = tmp_path / "a store's place" / "db"
    (place,) = config_paths.candidates(AGENTS["claude-code"], None, str(store))
    settings = json.loads(place.format.connect(""))
    line = settings["hooks"]["Stop"][0]["hooks"][0]["command"]

    answer = subprocess.run(["/bin/sh", "-c", line], input=b"{}", capture_output=True, check=True)

    assert answer.stdout == b'{"continue":true}\n'
    assert len(list((store.parent / "db-spool").iterdir())) == 1


@pytest.mark.parametrize(
    ("line", "ours"),
    [
        (command.command("codex", "Stop"), True),
        (command.command("codex", "Stop", "/home/dev/a b/db"), True),
        ("memory-ingest", True),
        ("'/home/dev/my tools/bin/memory-ingest' --agent codex Stop", True),
        ("echo memory-ingestion", False),
        ("grep -r 'memory-ingest failed' log", False),
        ("notify-send 'it is done", False),
        ("", False),
    ],
)
def test_a_command_is_known_to_be_ours_by_its_program(line: str, ours: bool) -> None:
    """By the words of a shell, not by envelopes that stand in it."""
    assert is_ours(line) is ours


@pytest.mark.parametrize("agent", ["claude-code", "codex", "gemini-cli", "copilot-cli", "qwen-code"])
def test_every_connected_hook_brings_something(agent: str) -> None:
    """The agent waits for each of them: of every one there is a recording that becomes an event."""
    for hook in AGENTS[agent].hooks:
        recordings = RECORDINGS.glob(f"{agent}/*-{hook.event}*.json")
        calls = [parse(path.read_bytes(), agent=agent, event=hook.event) for path in recordings]
        # No error occurred in the recorded sessions.
        assert any(event_from(call, 1, "key") for call in calls) or hook.event == "errorOccurred"


def test_programs_are_found_with_their_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By what their package says, else by what they say themselves; one that says nothing is there all the same."""
    package = tmp_path / "lib" / "claude"
    (package / "bin").mkdir(parents=True)
    (package / "package.json").write_text('{"version": "2.1.330"}')
    program(package / "bin" / "claude.exe", "exit 1")
    (tmp_path / "claude").symlink_to(package / "bin" / "claude.exe")
    program(tmp_path / "codex", "echo codex-cli 0.169.0")
    program(tmp_path / "gemini", "exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    absent = replace(AGENTS["opencode"], program="no-such-program")

    found = programs.found([AGENTS["claude-code"], AGENTS["codex"], AGENTS["gemini-cli"], absent])

    assert {agent: each.version for agent, each in found.items()} == {
        "claude-code": "2.1.330",
        "codex": "0.169.0",
        "gemini-cli": "",
    }


def everything_in(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def program(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
