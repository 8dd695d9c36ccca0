"""Settings that are more than a word: read from a file, handed to the processes, refused where they make no sense."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_memory import settings
from agent_memory.errors import SettingsError


def loaded(tmp_path: Path, text: str) -> settings.Settings:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return settings.load(path)


def test_names_of_projects_reach_every_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table in the file, one variable in the environment of a child: the same names, whatever they hold."""
    said = loaded(tmp_path, '[project.names]\n"/home/dev/größe \\"old\\"" = "github.com/acme/tool"\n"b=c" = "d"\n')

    for name, value in said.environment().items():
        monkeypatch.setenv(name, value)

    assert said.project_names == {'/home/dev/größe "old"': "github.com/acme/tool", "b=c": "d"}
    assert settings.load() == said


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("MEMORY_GRPC_PORT", "x", "a port is a number from 1 to 65535"),
        ("MEMORY_TIMEZONE", "Europe/Nowhere", "it must be a time zone, for example Europe/Berlin"),
        ("MEMORY_TIMEZONE", "../etc", "it must be a time zone, for example Europe/Berlin"),
        ("MEMORY_TOOL_MAX_BYTES", "many", "it must be a number of bytes from 256"),
        ("MEMORY_SUMMARIZER_DAILY_TOKENS", "-1", "it must be a number of tokens, 0 for none"),
    ],
)
def test_a_value_that_is_none_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, reason: str
) -> None:
    """What a setting may be, not what Python thought of it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv(variable, value)

    with pytest.raises(SettingsError) as refused:
        settings.load()

    assert str(refused.value).startswith(f"{variable}: ")
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("db_path = 5", "db_path = 5 is not usable: it is a number; it must be the path of a folder, in quotes"),
        ('grpc_port = "50051"', 'grpc_port = "50051" is not usable: it is a text; it must be a whole number'),
        ("grpc_port = true", "grpc_port = true is not usable: it is a truth value; it must be a whole number"),
        ("grpc_port = 50051.0", "it must be a whole number"),
        ("log_level = 2026-01-30", 'log_level = "2026-01-30" is not usable: it is a date or a time; it must be a text'),
        ('redaction = "no"', 'redaction = "no" is not usable: it is a text; it must be true or false'),
        ("redaction = 0", "it must be true or false"),
        ('ignore = "*"', "it must be a list of rules"),
        ("[summarizer]\nprovider = 5", "summarizer.provider = 5 is not usable: it is a number; it must be a text"),
        ('[summarizer]\ninput_price = "3"', "it must be a number"),
        ("[db_path]\nx = 1", 'db_path = {"x": 1} is not usable: it is a table; it must be the path of a folder'),
    ],
)
def test_a_value_of_another_type_is_told_of_with_the_one_that_it_must_have(
    tmp_path: Path, text: str, reason: str
) -> None:
    """As it stands in the file: what the key is there, what the value is, and what it must be."""
    with pytest.raises(SettingsError) as refused:
        loaded(tmp_path, text)

    assert str(refused.value).startswith(f"{tmp_path / 'config.toml'}: ")
    assert reason in str(refused.value)


def test_every_setting_may_stand_in_a_file_as_what_it_is(tmp_path: Path) -> None:
    """A number for a price may be whole, names of projects may be an inline table."""
    said = loaded(tmp_path, 'summarizer_input_price = 3\nproject_names = {a = "b"}\nignore = ["x/"]\nredaction = false')

    assert (said.summarizer_input_price, said.project_names) == (3.0, {"a": "b"})
    assert (said.ignore, said.redaction) == (("x/",), False)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("grpc_prot = 1", "unknown setting grpc_prot (is it grpc_port?)."),
        ("[foo]\nx = 1", "unknown setting foo.x."),
        ('[summarizer]\nprovder = "x"', "unknown setting summarizer.provder (is it summarizer.provider?)."),
        ('[sumarizer]\nprovider = "x"', "unknown setting sumarizer.provider (is it summarizer_provider?)."),
        ("[project]\nnmaes = {}", "unknown setting project.nmaes (is it project.names?)."),
        ("[summarizer.deep]\nx = 1\n[foo]\ny = 1", "unknown setting summarizer.deep, foo.y."),
    ],
)
def test_an_unknown_key_is_named_as_it_was_typed(tmp_path: Path, text: str, named: str) -> None:
    """With the nearest that there is, and with where all of them are shown."""
    with pytest.raises(SettingsError) as refused:
        loaded(tmp_path, text)

    assert named in str(refused.value)
    assert "memory-daemon --config /dev/null config show" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('project_names = "tool"', "a table"),
        ("project_names = 7", "old names"),
        ("[project.names]\ntool = 7", "old names"),
        ('[project.names]\ntool = ""', "old names"),
        ('[project.names]\na = "b"\nb = "c"', "leads on to 'c'"),
        ('[project.names]\na = "a"', "leads on to"),
    ],
)
def test_names_that_lead_nowhere_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    """With the setting, the value and what is wrong with it."""
    with pytest.raises(SettingsError, match=r"project_names = .* is not usable") as refused:
        loaded(tmp_path, text)

    assert reason in str(refused.value)


def test_a_relative_path_begins_at_its_file_and_reaches_every_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever a program is started. On the command line it begins where one is."""
    found = loaded(tmp_path, 'db_path = "memory/db"\n[summarizer]\nkey_file = "key"\n')
    monkeypatch.chdir("/")

    assert (found.db_path, found.summarizer_key_file) == (tmp_path / "memory/db", str(tmp_path / "key"))
    assert settings.load(tmp_path / "config.toml", db_path=Path("mine/db")).db_path == Path("/mine/db")
    for name, value in found.environment().items():
        monkeypatch.setenv(name, value)
    assert settings.load() == found


@pytest.mark.parametrize("variable", ["MEMORY_DB_PATH", "MEMORY_SUMMARIZER_KEY_FILE", "MEMORY_CONFIG"])
def test_a_relative_path_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "memory")

    with pytest.raises(SettingsError, match="it must be an absolute path"):
        settings.load()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("grpc_port = " + "9" * 5000, "can't be read"),
        ("ignore = " + "[" * 5000, "can't be read"),
        ("a" + ".a" * 5000 + " = 1", "."),
        (f'timezone = "{"x" * 300}"', "must be a time zone"),
        (f'timezone = "{"x/" * 20_000}"', "must be a time zone"),
        ('timezone = "Europe"', "must be a time zone"),
    ],
)
def test_a_file_that_python_cannot_take_is_refused_in_words(tmp_path: Path, text: str, reason: str) -> None:
    """Numbers of thousands of digits, tables nested a thousand deep, zones whose names are no file's."""
    with pytest.raises(SettingsError) as refused:
        loaded(tmp_path, text)

    assert reason in str(refused.value)


@pytest.mark.parametrize("variable", ["MEMORY_IGNORE", "MEMORY_PROJECT_NAMES"])
def test_a_list_nested_too_deeply_is_refused(variable: str) -> None:
    with pytest.raises(SettingsError, match="is not usable"):
        settings.load(Path("/dev/null"), environ={variable: "[" * 100_000})
