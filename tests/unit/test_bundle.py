"""The bundle for a bug report says how things are, and nothing that is anybody's own."""

from __future__ import annotations

import json
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from agent_memory import settings as settings_module
from agent_memory.control.doctor import bundle


def test_a_bundle_has_no_secret_no_name_and_no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys, commands that print them, projects and rules are only told to be there; logs are redacted."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    settings = replace(
        settings_module.for_path(tmp_path / "db"),
        summarizer_key_command="pass show my-key",
        summarizer_base_url="https://ann:hunter2@models.example/v1?token=abc",
        project_names={"secret-project": "other"},
        ignore=("~/clients/acme/",),
    )
    settings.runtime.logs.mkdir(parents=True)
    settings.runtime.log("query").write_text(f"{tmp_path}/x api_key=sk-ant-api03-{'a1B2' * 20}\n")

    names = bundle.write(tmp_path / "report.tar.gz", settings, '{"well": true}', "{}", "agent_memory_up 1\n")

    assert (tmp_path / "report.tar.gz").stat().st_mode & 0o777 == 0o600
    with tarfile.open(tmp_path / "report.tar.gz") as archive:
        files = [archive.extractfile(name) for name in archive.getnames()]
        text = "\n".join(file.read().decode() for file in files if file)
    assert names == ["versions.json", "settings.json", "doctor.json", "status.json", "metrics.prom", "logs/query.log"]
    for private in ("my-key", "hunter2", "abc", "secret-project", "acme", "sk-ant-api03", str(tmp_path)):
        assert private not in text
    assert "~/x" in text
    assert json.loads(json.dumps(bundle.public_settings(settings)))["project_names"]["value"] == "(set)"
    assert "https://models.example" in text
