"""Which store a hook means: the one that the settings in full would name, found without them."""

from __future__ import annotations

import os
import posix
from pathlib import Path

import pytest

from agent_memory import settings
from agent_memory.errors import SettingsError
from agent_memory.hook import client
from agent_memory.hook.main import in_store
from agent_memory.paths import default_db_path

CONFIGS = [
    "",
    'log_level = "debug"',
    'db_path = "/data/config store/db"',
    'log_level = "info"\n  db_path=\'~/elsewhere/db\'  # mine\n[summarizer]\nprovider = "local"',
    'db_path = "/data/\\u00fcber/db"',
    'db_path = """/data/long/db"""',
    '# db_path = "/commented/out"',
    '"db_path" = "/quoted/key"',
    'db_path = "memory/db"',
    'db_path = "./memory/./db/"',
    'db_path = "../db"  # beside',
    'db_path = "."',
    '"db_path" = "memory/db"',
    'db_path = "/data//db/."',
]
NAMED = ["", "/data/db", "/data/db/", "~/mine/db", "~/./mine", "/data/./db", "/data/Grüße/db", "~"]


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("named", NAMED)
def test_a_hook_finds_the_store_that_the_daemon_opens(
    config: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the variable, the config file, or neither; in plain words and in odd ones."""
    for name in list(os.environ):
        if name.startswith(("MEMORY_", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    folder = tmp_path / ".config" / "agent-memory"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(config, encoding="utf-8")
    if named:
        monkeypatch.setenv("MEMORY_DB_PATH", named)

    found = client.store(dict(os.environb))

    assert os.fsdecode(found) == str(settings.load().db_path)
    monkeypatch.chdir(tmp_path)
    assert client.store(dict(os.environb)) == found


@pytest.mark.parametrize("variable", ["MEMORY_DB_PATH", "MEMORY_CONFIG"])
def test_a_relative_path_in_the_environment_is_no_place(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be another one in every folder: the settings refuse it, and the hook takes the usual store."""
    for name in list(os.environ):
        if name.startswith(("MEMORY_", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").write_text('db_path = "/mine/db"', encoding="utf-8")
    monkeypatch.setenv(variable, "mine")

    with pytest.raises(SettingsError, match=f"{variable}.*absolute path"):
        settings.load()
    assert Path(os.fsdecode(client.store(dict(os.environb)))) == default_db_path()


@pytest.mark.parametrize("variable", ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "MEMORY_CONFIG"])
@pytest.mark.parametrize("value", ["{home}/x", "relative", ""])
def test_the_places_that_variables_name_are_looked_into(
    variable: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As everywhere else: relative ones are passed over."""
    for name in list(os.environ):
        if name.startswith(("MEMORY_", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for place in ("x/agent-memory/config.toml", "relative", ".config/agent-memory/config.toml"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(f'db_path = "/{place}/db"', encoding="utf-8")
    value = value.format(home=tmp_path) + (
        "/agent-memory/config.toml" if variable == "MEMORY_CONFIG" and "{" in value else ""
    )
    monkeypatch.setenv(variable, value)

    found = client.store(dict(os.environb))

    if (variable, value) != ("MEMORY_CONFIG", "relative"):  # refused, see above
        assert Path(os.fsdecode(found)) == settings.load().db_path


def test_a_store_that_cannot_be_told_is_the_usual_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A config file that is none must not cost an event."""
    (tmp_path / "config.toml").write_text("db_path = [", encoding="utf-8")
    monkeypatch.setenv("HOME", "/home/dev")
    monkeypatch.setenv("MEMORY_CONFIG", str(tmp_path / "config.toml"))
    for name in ("MEMORY_DB_PATH", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)

    assert Path(os.fsdecode(client.store(dict(os.environb)))) == default_db_path()


@pytest.mark.parametrize("words", [["--db-path", "/data/named"], ["--db-path=/data/named"]])
def test_memory_ingest_may_be_told_the_store(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The option goes before the variable, and its value is taken for no event."""
    monkeypatch.setenv("MEMORY_DB_PATH", "/data/db")
    monkeypatch.setitem(posix.environ, b"MEMORY_DB_PATH", b"/data/db")

    rest = in_store(["--agent", "codex", *words, "Stop"])

    assert client.named(rest) == ("codex", "Stop")
    assert client.store(posix.environ) == b"/data/named"
