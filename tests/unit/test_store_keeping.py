"""Project stores are moved and removed while nobody else can open them."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_memory import locks, project_stores
from agent_memory.control.upkeep.store_keeping import nobody_has_it_open
from agent_memory.settings import Settings


@pytest.mark.parametrize("was_opened", [True, False])
def test_a_store_is_held_also_before_anything_was_stored_in_it(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, *, was_opened: bool
) -> None:
    """A writer that is about to make it finds its lock taken."""
    home: Path = tmp_path_factory.mktemp("h")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
    settings = Settings(db_path=home / "db")
    project_stores.create(settings.db_path, "acme")
    db_path = project_stores.db_path_of(settings.db_path, "acme")
    if was_opened:
        db_path.mkdir()

    with nobody_has_it_open(settings, "acme"):
        assert locks.take(db_path) is None

    assert not locks.is_taken(db_path)
