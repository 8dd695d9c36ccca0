"""Files in the store's folder that are not RocksDB's own, and may tell of erased sessions or hold their words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from agent_memory.files import atomic_write
from agent_memory.store.directory import BOOKMARKS


def forget_sessions(db_path: Path, session_ids: Iterable[str]) -> None:
    """Drop the bookmarks of transcripts that are named after these sessions; raises OSError."""
    gone = tuple(session_ids)
    path = db_path / BOOKMARKS
    with suppress(FileNotFoundError, ValueError):
        known = dict(json.loads(path.read_text(encoding="utf-8")))
        kept = {
            name: mark
            for name, mark in known.items()
            if not (name.startswith("/") and any(session_id in Path(name).name for session_id in gone))
        }
        if kept != known:
            atomic_write(path, json.dumps(kept).encode())


def remove_log_tails(db_path: Path) -> None:
    """Remove what was cut off damaged logs and kept beside them: it may hold anything. Raises OSError."""
    for path in db_path.glob("*.log.tail-*"):
        path.unlink(missing_ok=True)
