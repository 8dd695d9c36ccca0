"""Folders of backups: which of them can be read, and what a manifest may say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agent_memory.backfill.bookmarks import Bookmarks
from agent_memory.backup import backups, manifest
from agent_memory.backup.manifest import BackupFile, BackupUnusable, Manifest
from agent_memory.backup.places import Places
from agent_memory.store import directory

MANIFEST = Manifest(
    made_ms=1, db_path="/db", version="1", schema_version=2, events=0, toc_nodes=0, grips=0, new_bytes=0, files=()
)


def made(parent: Path, *names: str) -> list[Path]:
    folders = [parent / name for name in names]
    for folder in folders:
        folder.mkdir(parents=True)
        manifest.write(folder, MANIFEST)
    return folders


def test_a_backup_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    """Whoever forgets something is to hear of every backup that may hold it."""
    first, second, third = made(tmp_path / "backups", *(f"2026-11-0{day}T00-00-00Z" for day in (1, 2, 3)))
    places = Places(tmp_path / "db")
    places.note(backups.Backup(third, MANIFEST))
    (second / directory.BACKUP).write_text("{")

    assert [each.folder for each in places.backups()] == [first, third]
    (third / directory.BACKUP).write_text("{")
    newest = backups.newest(tmp_path / "backups")
    assert newest is not None
    assert newest.folder == first


@pytest.mark.parametrize("name", ["../../.profile", "/etc/profile", "..", ""])
def test_a_manifest_names_files_of_its_own_folder_only(tmp_path: Path, name: str) -> None:
    """A restore writes what it names, and a backup may come from anywhere."""
    (folder,) = made(tmp_path, "backup")
    manifest.write(folder, replace(MANIFEST, files=(BackupFile(name, 0, ""),)))

    with pytest.raises(BackupUnusable, match="another folder"):
        manifest.read(folder)


def test_bookmarks_that_are_no_bookmarks_are_none(tmp_path: Path) -> None:
    """Transcripts are then read again, and nothing else happens."""
    (tmp_path / directory.BOOKMARKS).write_text("5")

    assert Bookmarks(tmp_path).last_comparison() is None
