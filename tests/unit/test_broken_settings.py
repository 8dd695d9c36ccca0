"""Which store broken settings mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_memory.paths import default_db_path
from agent_memory.settings.broken import meant_store


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('grpc_port = "\ndb_path = "/srv/db"\n', Path("/srv/db")),
        ('\ufeff  db_path="below"\nnonsense', "below"),
        ("[summarizer]\ndb_path = 1\n= =", default_db_path()),
        ("unknown = 1", default_db_path()),
        ("db_path = [1", None),
        ("db_path = 7", None),
    ],
)
def test_a_line_that_is_no_toml_does_not_hide_the_store(
    tmp_path: Path, content: str, expected: Path | str | None
) -> None:
    """Lines are read one by one; a store that can't be told is None, not a guess."""
    config = tmp_path / "config.toml"
    config.write_text(content, encoding="utf-8")

    found = meant_store(config, {}, None)

    assert found == (tmp_path / expected if isinstance(expected, str) else expected)


def test_the_strongest_source_names_the_store(tmp_path: Path) -> None:
    """Command line, environment, config file; a file that is named and missing names none."""
    config = tmp_path / "config.toml"
    config.write_text('db_path = "/of-file"', encoding="utf-8")

    assert meant_store(config, {"MEMORY_DB_PATH": "/of-variable"}, "/of-line") == Path("/of-line")
    assert meant_store(config, {"MEMORY_DB_PATH": "/of-variable"}, None) == Path("/of-variable")
    assert meant_store(None, {"MEMORY_CONFIG": str(config)}, None) == Path("/of-file")
    assert meant_store(config, {"MEMORY_DB_PATH": "relative"}, None) is None
    with pytest.raises(FileNotFoundError):
        meant_store(tmp_path / "missing.toml", {}, None)
