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
