"""The config file, begun and changed: all settings in it, comments kept, nothing saved that is not usable."""

from __future__ import annotations

import json
import os
import stat
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from agent_memory import settings
from agent_memory.cli.main import cli
from agent_memory.control import config_file
from agent_memory.hook import client
from agent_memory.settings import VARIABLES, Settings

MINE = '# My own.\ngrpc_port = 50060  # not 50051\n\n[summarizer]\n# Costs nothing.\nprovider = "local"\n'


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the config file of a home of its own is."""
    for name in [name for name in os.environ if name.startswith(("MEMORY_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / ".config" / "agent-memory" / "config.toml"


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["config", *words])


def made(config: Path, text: str = MINE) -> Path:
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(text, encoding="utf-8")
    return config


def test_a_new_file_explains_every_setting_and_sets_none(config: Path) -> None:
    """Without its comment signs, each line is the default."""
    assert run("init").exit_code == 0

    text = config.read_text(encoding="utf-8")
    assert tomllib.loads(text) == {}
    entries = [line[1:] for line in text.splitlines() if line.startswith("#") and not line.startswith("# ")]
    assert sorted(entry.partition(" = ")[0] for entry in entries) == sorted(VARIABLES)
    assert settings.load(config, content="\n".join(entries)) == Settings()
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert max(map(len, text.splitlines())) <= 80


def test_a_file_that_is_there_is_not_begun_again(config: Path) -> None:
    made(config)

    done = run("init")

    assert (done.exit_code, config.read_text()) == (1, MINE)
    assert "memory-daemon config edit" in done.output


def test_a_new_file_costs_hooks_nothing(config: Path) -> None:
    """A hook reads the file itself, as long as no line of it names the store."""
    run("init")

    assert client._configured({b"HOME": os.fsencode(config.parents[2])}) == b""


@pytest.mark.parametrize(
    ("name", "value", "line", "instead_of"),
    [
        ("grpc_port", "50070", "grpc_port = 50070  # not 50051", "grpc_port = 50060  # not 50051"),
        ("summarizer_provider", "anthropic", 'provider = "anthropic"', 'provider = "local"'),
        ("summarizer.provider", "anthropic", 'provider = "anthropic"', 'provider = "local"'),
    ],
)
def test_a_setting_is_changed_where_it_stands(config: Path, name: str, value: str, line: str, instead_of: str) -> None:
    """Comments, blank lines and order stay."""
    made(config)

    done = run("set", name, value)

    assert done.exit_code == 0, done.output
    assert config.read_text() == MINE.replace(instead_of, line)


def test_a_new_setting_gets_a_place_of_its_own(config: Path) -> None:
    """At the top, before any table; or in its table, where there is one."""
    made(config)

    run("set", "log_level", "debug")
    run("set", "summarizer_model", "small")
    run("set", "ignore", '["~/clients/", "tool:x"]')
    run("set", "redaction", "false")

    assert tomllib.loads(config.read_text()) == {
        "grpc_port": 50060,
        "log_level": "debug",
        "ignore": ["~/clients/", "tool:x"],
        "redaction": False,
        "summarizer": {"provider": "local", "model": "small"},
    }
    assert "# My own.\n" in config.read_text()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("grpc_port", "many", "it must be a whole number"),
        ("grpc_port", "70000", "a port is a number from 1 to 65535"),
        ("grpc_prot", "1", "There is no setting grpc_prot (is it grpc_port?)"),
        ("retention_days", "-1", "it must be a number of days"),
        ("redaction", "perhaps", "it must be true or false"),
        ("multi_agent_mode", "shared", "it must be one of unified, separate"),
    ],
)
def test_what_is_not_usable_changes_nothing(config: Path, name: str, value: str, said: str) -> None:
    made(config)

    done = run("set", name, value)

    assert (done.exit_code, config.read_text()) == (2, MINE)
    assert said in done.output


def test_a_file_that_is_no_toml_is_told_with_what_mends_it(config: Path) -> None:
    """By the line and the column, and in the words of the one parser that reads it everywhere."""
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text('log_level = "info\n')

    done = run("set", "log_level", "debug")

    assert (done.exit_code, config.read_text()) == (2, 'log_level = "info\n')
    assert "at line 1, column 18" in done.output
    assert "memory-daemon config edit" in done.output
    assert "u000a" not in done.output


def test_a_value_that_is_not_usable_can_be_mended(config: Path) -> None:
    made(config, "grpc_port = 99999\n")

    assert run("set", "grpc_port", "50070").exit_code == 0
    assert config.read_text() == "grpc_port = 50070\n"


def test_a_broken_file_is_named_and_left(config: Path) -> None:
    made(config, "grpc_port = \n")

    assert run("set", "log_level", "debug").exit_code == 2
    assert config.read_text() == "grpc_port = \n"


def test_a_link_stays_one(config: Path, tmp_path: Path) -> None:
    """Who keeps configuration in a repository links it."""
    real = made(tmp_path / "dotfiles" / "memory.toml")
    config.parent.mkdir(parents=True)
    config.symlink_to(real)

    run("set", "grpc_port", "50070")

    assert config.is_symlink()
    assert "50070" in real.read_text()


def test_a_variable_that_wins_is_named(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMORY_GRPC_PORT", "50099")

    assert "MEMORY_GRPC_PORT is set in the environment here, and wins" in run("set", "grpc_port", "50070").output


def test_what_a_start_would_refuse_is_said_and_written(config: Path) -> None:
    """An address on the network needs three more settings, which may be set after it."""
    written = run("set", "grpc_host", "0.0.0.0")

    assert (written.exit_code, tomllib.loads(config.read_text())["grpc_host"]) == (0, "0.0.0.0")
    assert "No daemon starts with these settings yet" in written.stderr
    assert "needs grpc_tls_cert and grpc_tls_key and grpc_token_file" in written.stderr
    assert "No daemon starts" not in run("set", "grpc_host", "127.0.0.1").output


def test_a_byte_order_mark_is_no_fault(config: Path) -> None:
    config.parent.mkdir(parents=True)
    config.write_text(MINE, encoding="utf-8-sig")

    assert json.loads(run("show", "--json").output)["grpc_port"]["value"] == 50060
    assert run("set", "grpc_port", "50070").exit_code == 0
    assert json.loads(run("show", "--json").output)["grpc_port"]["value"] == 50070


def test_an_editor_s_file_is_checked_before_it_is_saved(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not usable is told, and may be edited again; until then the file is as it was."""
    made(config)
    editor = config.parent / "editor"
    editor.write_text(
        f"#!{sys.executable}\nimport pathlib, sys\npath = pathlib.Path(sys.argv[1])\ntext = path.read_text()\n"
        "path.write_text(text.replace('50060', '99999') if '50060' in text else text.replace('99999', '50070'))\n"
    )
    editor.chmod(0o700)
    monkeypatch.setenv("EDITOR", str(editor))
    monkeypatch.delenv("VISUAL", raising=False)

    refused = CliRunner().invoke(cli, ["config", "edit"], input="n\n")
    assert (refused.exit_code, config.read_text()) == (1, MINE)
    assert "a port is a number" in refused.output

    assert CliRunner().invoke(cli, ["config", "edit"], input="y\n").exit_code == 0
    assert config.read_text() == MINE.replace("50060", "50070")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_can_be_set_and_read_back(value: str) -> None:
    """Quotes, line ends and signs of TOML in it are text."""
    content = config_file.changed(MINE, "summarizer_key_command", value)

    assert tomllib.loads(content)["summarizer"]["key_command"] == value
    assert tomllib.loads(content)["grpc_port"] == 50060
