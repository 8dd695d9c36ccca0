"""Our server in agents' files: put in, brought up to date, taken out; nothing else touched."""

from __future__ import annotations

import json
import os
import tomllib
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.agents.registry import AGENTS
from agent_memory.hook.install.formats import State
from agent_memory.hook.install.installation import Installation, SettingsRefused
from agent_memory.hook.install.statuses import twice
from agent_memory.mcp.install.clients import CLIENTS
from agent_memory.mcp.install.command import command, is_ours
from agent_memory.mcp.install.installation import ServerInstallation
from agent_memory.mcp.install.json_servers import JsonServers
from agent_memory.mcp.install.server_status import ServerStatus, server_statuses
from agent_memory.mcp.install.toml_servers import TomlServers
from agent_memory.settings import for_path

NOW = datetime(2026, 11, 22, 12, 30)
STORE = Path("/home/dev/my store")
# Those whose files we change; the others are called to do it.
by_edit = pytest.mark.parametrize("name", [name for name, client in CLIENTS.items() if not client.servers.add])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with nothing in it, and with none of the variables that would lead elsewhere."""
    for name in [name for name in os.environ if name.startswith("XDG_") or name.endswith(("_HOME", "_CONFIG_DIR"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def server(name: str, store: Path = STORE) -> ServerInstallation:
    return ServerInstallation(CLIENTS[name], for_path(store))


def files_in(folder: Path) -> dict[str, bytes]:
    """All files but our own."""
    paths = {str(path.relative_to(folder)): path for path in folder.rglob("*")}
    return {
        name: path.read_bytes() if path.is_file() else b"" for name, path in paths.items() if ".local" not in path.parts
    }


def json_servers() -> JsonServers:
    return JsonServers(command(STORE), CLIENTS["gemini-cli"].servers)


def toml_servers() -> TomlServers:
    return TomlServers(command(STORE), CLIENTS["codex"].servers)


@by_edit
def test_what_was_not_there_is_not_there_afterwards(home: Path, name: str) -> None:
    """Without any settings, a file is made, and removed again with the folders that were made for it."""
    server(name).connect(NOW)
    installed = server(name)
    assert (installed.state, installed.words()) == (State.CURRENT, command(STORE))
    assert installed.path.stat().st_mode & 0o777 == 0o600
    installed.disconnect(NOW)

    assert server(name).state is State.ABSENT
    assert files_in(home) == {}


@pytest.mark.parametrize(
    ("name", "file", "content"),
    [
        ("gemini-cli", ".gemini/settings.json", '{ /* größer */ "mcpServers":{ } ,\r\n"a": 1 // b\n}'.encode()),
        ("cursor", ".cursor/mcp.json", b'{"mcpServers": {"other": {"command": "x", "args": []}}}'),
        ("opencode", ".config/opencode/opencode.jsonc", b'{\n  "mcp": {\n    // none yet\n  },\n}'[:-3] + b"\n}\n"),
        ("vs-code", ".config/Code/User/mcp.json", b'{\n\t"servers": {},\n\t"inputs": []\n}'),
        ("codex", ".codex/config.toml", b'model = "x"\r\n[mcp_servers.docs]\r\ncommand = "docs"'),
        ("codex", ".codex/config.toml", b"\n"),
    ],
)
def test_what_was_there_is_there_afterwards_to_the_byte(home: Path, name: str, file: str, content: bytes) -> None:
    """Empty things, odd layout, comments, others' servers and missing ends of lines, with the file's mode."""
    path = home / file
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    path.chmod(0o644)

    assert server(name).path == path
    copy = server(name).connect(NOW)
    assert copy
    assert copy.read_bytes() == content
    assert server(name).state is State.CURRENT
    server(name).disconnect(NOW)

    assert path.read_bytes() == content
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("hooks_come_first", [True, False])
@pytest.mark.parametrize("hooks_go_first", [True, False])
@pytest.mark.parametrize("content", [None, b'{ "ui" : {}}'])
def test_hooks_and_tools_share_a_file(
    home: Path, hooks_come_first: bool, hooks_go_first: bool, content: bytes | None
) -> None:
    """Whichever came first, and whichever goes first: in the end all is as it was, to the byte."""
    path = home / ".gemini" / "settings.json"
    if content:
        path.parent.mkdir()
        path.write_bytes(content)
    before = files_in(home)

    for is_hooks in (hooks_come_first, not hooks_come_first):
        (Installation(AGENTS["gemini-cli"]) if is_hooks else server("gemini-cli")).connect(NOW)
    assert Installation(AGENTS["gemini-cli"]).state is State.CURRENT
    assert server("gemini-cli").state is State.CURRENT
    for is_hooks in (hooks_go_first, not hooks_go_first):
        (Installation(AGENTS["gemini-cli"]) if is_hooks else server("gemini-cli")).disconnect(NOW)

    assert files_in(home) == before


@by_edit
def test_what_a_user_wrote_beside_the_command_stays(home: Path, name: str) -> None:
    """A store that moved makes it outdated; the command alone is brought up to date."""
    server(name).connect(NOW)
    path = server(name).path
    if path.suffix == ".toml":
        allowed = '\n[mcp_servers.agent-memory.tools.search]\napproval_mode = "approve"\n'
        path.write_text(path.read_text() + "startup_timeout_sec = 20\n" + allowed)
    else:
        settings = json.loads(path.read_text())
        (entry,) = settings[CLIENTS[name].servers.within].values()
        entry["trust"] = True
        path.write_text(json.dumps(settings, indent=4))
    assert server(name).state is State.CURRENT
    moved = Path("/home/dev/elsewhere")
    assert server(name, moved).state is State.OUTDATED

    server(name, moved).connect(NOW)

    assert server(name, moved).words() == command(moved)
    text = path.read_text()
    kept = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    (entry,) = kept[CLIENTS[name].servers.within].values()
    assert entry.get("trust") or entry["tools"]["search"] == {"approval_mode": "approve"}
    server(name, moved).disconnect(NOW)
    assert not path.exists() or "agent-memory" not in path.read_text()


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ('[mcp_servers.agent-memory]\nurl = "http://other"\n', 1, "is not ours"),
        ('x = 1\nmcp_servers = { docs = { command = "d" } }\n', 2, "can't be added to"),
        ("x = \n", 1, "Invalid value"),
    ],
)
def test_what_can_not_be_changed_is_refused(home: Path, text: str, line: int, problem: str) -> None:
    """With the file's line; and not a byte of it changes."""
    path = home / ".codex" / "config.toml"
    path.parent.mkdir()
    path.write_text(text)

    with pytest.raises(SettingsRefused, match=problem) as refused:
        server("codex").connect(NOW)

    assert f"{path}:{line}: " in str(refused.value)
    assert path.read_text() == text


def test_a_foreign_server_of_our_name_is_left_alone(home: Path) -> None:
    """Nobody's entry is overwritten."""
    path = home / ".cursor" / "mcp.json"
    path.parent.mkdir()
    path.write_text('{"mcpServers": {"agent-memory": {"command": "npx", "args": ["agentmemory"]}}}')

    with pytest.raises(SettingsRefused, match="is not ours"):
        server("cursor").connect(NOW)
    assert server("cursor").state is State.ABSENT


@pytest.mark.parametrize(
    ("words", "ours"),
    [
        (["memory-daemon", "mcp"], True),
        (["/opt/bin/memory-daemon", "mcp", "--db-path", "/x"], True),
        (["env", "A=b", "memory-daemon", "mcp"], True),
        (["python", "-I", "-S", "/old place/agent_memory/mcp/run.py"], True),
        (["memory-daemon", "web"], False),
        (["npx", "@modelcontextprotocol/server-memory"], False),
        ([], False),
    ],
)
def test_our_server_is_known_by_its_command(words: list[str], ours: bool) -> None:
    """Whatever its name, and whoever wrote it there."""
    assert is_ours(words) is ours


def test_written_by_hand_it_is_found_and_brought_up_to_date(home: Path) -> None:
    """As the documents once said to write it, under another name."""
    path = home / ".cursor" / "mcp.json"
    path.parent.mkdir()
    path.write_text('{"mcpServers": {"mine": {"command": "memory-daemon", "args": ["mcp"]}}}')

    assert server("cursor").state is State.OUTDATED
    server("cursor").connect(NOW)

    assert list(json.loads(path.read_text())["mcpServers"]) == ["agent-memory"]


NAMES = st.text("abc-_", min_size=1, max_size=6).filter(lambda name: name != "agent-memory")
TABLES = st.dictionaries(NAMES, st.lists(st.sampled_from(["x", "[y]", "a\nb", "#"]), max_size=3), max_size=4)


@given(TABLES, st.sampled_from([None, 0, 2]), st.booleans())
def test_json_comes_back_to_the_byte(others: dict[str, list[str]], indent: int | None, has_servers: bool) -> None:
    """Whatever else is in it, when nobody changed it meanwhile."""
    entries = {name: {"command": "c", "args": args} for name, args in others.items()}
    text = json.dumps({"mcpServers": entries, "z": 1} if has_servers else {"z": entries}, indent=indent)
    format_ = json_servers()

    with_ours = format_.connect(text)

    assert format_.state(with_ours) is State.CURRENT
    assert format_.disconnect(with_ours, text) == text


@given(TABLES, TABLES)
def test_toml_loses_nothing_of_others(before: dict[str, list[str]], behind: dict[str, list[str]]) -> None:
    """Tables before ours and behind it, with lists and texts that look like tables."""
    format_ = toml_servers()
    text = "".join(f"[a.{name}]\nargs = {json.dumps(args)}\n\n# of the next\n" for name, args in before.items())
    rest = "".join(f"\n# more\n[b.{name}]\nargs = {json.dumps(args)}\n" for name, args in behind.items())

    changed = format_.disconnect(format_.connect(text) + rest, None)

    assert tomllib.loads(changed) == tomllib.loads(text + rest)
    assert format_.disconnect(format_.connect(text), text).rstrip("\n") == text.rstrip("\n")
    assert changed.count("# more") == len(behind)


def test_an_agent_that_writes_its_file_all_the_time_is_called(home: Path) -> None:
    """The commands to add and remove name the user's scope; what is there is read from its file."""
    absent = server("claude-code")
    ((program, *words),) = absent.own_commands()
    assert (program, words[:6]) == ("claude", ["mcp", "add", "--scope", "user", "agent-memory", "--"])
    assert words[6:] == command(STORE)

    entry = {"type": "stdio", "command": words[6], "args": words[7:], "env": {}}
    (home / ".claude.json").write_text(json.dumps({"projects": {}, "mcpServers": {"agent-memory": entry}}))

    assert server("claude-code").state is State.CURRENT
    moved = server("claude-code", Path("/elsewhere"))
    assert (moved.state, len(moved.own_commands())) == (State.OUTDATED, 2)
    assert server("claude-code").own_commands(removes=True) == [
        ["claude", "mcp", "remove", "--scope", "user", "agent-memory"]
    ]


def test_a_plugin_and_an_entry_are_seen_both(home: Path) -> None:
    """They would be two servers, with every tool twice."""
    (home / ".claude").mkdir()
    (home / ".claude" / "settings.json").write_text('{"enabledPlugins": {"agent-memory@here": true}}')
    entry = {"command": "memory-daemon", "args": ["mcp"]}
    (home / ".claude.json").write_text(json.dumps({"mcpServers": {"agent-memory": entry}}))

    rows = [row for row in server_statuses(home, for_path(STORE)) if row.agent == "claude-code"]

    assert [(row.scope, row.state) for row in rows] == [("user", "outdated"), ("plugin", "up to date")]
    assert [row.agent for row in twice(rows)] == ["claude-code"]


def test_a_broken_file_is_told_of_and_the_others_are_shown(home: Path) -> None:
    """`mcp status` never fails because one agent's file is broken."""
    (home / ".cursor").mkdir()
    (home / ".cursor" / "mcp.json").write_text("{")

    rows: dict[str, ServerStatus] = {row.agent: row for row in server_statuses(home, for_path(STORE))}

    assert (rows["cursor"].state, "mcp.json:1: " in rows["cursor"].problem) == ("unusable", True)
    assert list(rows) == list(CLIENTS)
    assert rows["codex"].state == "not installed"
