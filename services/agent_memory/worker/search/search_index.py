"""The search index of one store: the file that is served, and, during a rebuild, the one that will take its place.

A rebuild is a row of the store: whoever asks for one leaves the time. The new file carries that time, so a worker that
was killed goes on where it was, and a file that carries it and is in use is the answer. Until the new file holds
everything, the old one is kept up to date and served.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from agent_memory.files import sync_folder
from agent_memory.process.logs import line
from agent_memory.search import format as index
from agent_memory.store import records
from agent_memory.store.reader import Reader
from agent_memory.worker.search.indexer import Indexer, entry_at
from agent_memory.worker.search.writer import Damaged, IndexWriter, Progress

log = logging.getLogger(__name__)

# After a failure that is no damage, such as a full disk.
PAUSE_MS: Final = 30_000


class SearchIndex:
    """Keeps the index of one store, for the one process that writes it. Nothing here raises: search must not cost more
    than search."""

    def __init__(self, reader: Reader, db_path: Path) -> None:
        self._reader = reader
        self._folder = index.folder_of(db_path)
        self._serving: Indexer | None = None
        self._building: Indexer | None = None
        self._paused_until_ms = 0
        self._damaged_ms = -PAUSE_MS

    def step(self, until: int, now_ms: int) -> bool:
        """Do the next bit of what there is to do, with the outbox up to that number; whether there may be more."""
        if now_ms < self._paused_until_ms:
            return False
        try:
            return self._step(until, now_ms)
        except (Damaged, sqlite3.Error, OSError, ValueError) as error:
            if isinstance(error, Damaged) or index.is_damage(error):
                log.warning(line("search index is damaged, making it again", reason=error))
                self._remove_current()
                # At once, but not again and again: something may damage each.
                is_first = now_ms >= self._damaged_ms + PAUSE_MS
                self._damaged_ms = now_ms
                self._paused_until_ms = now_ms if is_first else now_ms + PAUSE_MS
                return is_first
            log.error(line("search index can't be written, trying again later", reason=error))
            self.close()
            self._paused_until_ms = now_ms + PAUSE_MS
            return False

    @property
    def cursor(self) -> int | None:
        """The last outbox entry that is in the file that is served; None while none is open."""
        return self._serving.cursor if self._serving is not None else None

    # Erasing

    def take_out(self, events: Mapping[str, Collection[str]], now_ms: int) -> None:
        """Take these events, given by session, out of the index before they are erased.

        `restore` follows, then `merge`.
        """
        with self._or_made_again():
            if (serving := self._in_use()) is not None:
                # What a rebuild has so far, also one of a worker before this one, would have to be searched, too.
                self._drop_building(serving)
                serving.take_out(events, now_ms)

    def restore(self, session_ids: Iterable[str], now_ms: int) -> None:
        """Index again what of these sessions stays."""
        with self._or_made_again():
            if (serving := self._in_use()) is not None:
                serving.restore(session_ids, now_ms)

    def merge(self) -> bool:
        """Make erased words leave the files; False where it has to be tried again."""
        with self._or_made_again():
            serving = self._in_use()
            return serving is None or serving.writer.merge_all()
        return True

    def _in_use(self) -> Indexer | None:
        """The file in use; None where there is none at all. Raises what `_or_made_again` deals with."""
        if self._serving is None:
            if not self._generations():
                return None
            sequence = records.counters(self._reader).sequence
            self._serving = self._sound(index.current_file(self._folder), sequence)
        if not self._is_in_use(self._serving.writer):
            raise Damaged("its file is gone")
        return self._serving

    @contextmanager
    def _or_made_again(self) -> Iterator[None]:
        """Remove all files where one can't be gone on with: the index is made again of what stays."""
        try:
            yield
        except (Damaged, sqlite3.Error, OSError, ValueError) as error:
            log.warning(line("search index is removed with what is erased, making it again", reason=error))
            self._remove_current()
            self._remove_generations(self._generations())

    def _drop_building(self, serving: Indexer) -> None:
        if self._building is not None:
            self._building.writer.close()
            self._building = None
        self._remove_all_but(serving)

    def close(self) -> None:
        for each in (self._serving, self._building):
            if each is not None:
                with suppress(sqlite3.Error):
                    each.writer.close()
        self._serving = self._building = None

    def _step(self, until: int, now_ms: int) -> bool:
        sequence = records.counters(self._reader).sequence
        if not sequence:
            return False  # nothing to find yet, and no need to load what finds it
        serving = self._serving
        if serving is not None and not self._is_in_use(serving.writer):
            raise Damaged("its file is gone")
        if serving is None:
            serving = self._serving = self._opened(sequence, until)
        rebuilt_ms = records.rebuild_state(self._reader).finished_ms
        serving.follow_rebuild(rebuilt_ms, now_ms)
        if serving.drain(until, now_ms):
            return True
        return self._build(serving, until, now_ms) or serving.scan(now_ms)

    # The file that is served

    def _opened(self, sequence: int, until: int) -> Indexer:
        """The file in use, where it can be gone on with; else a new one, in use from now on."""
        try:
            path = index.current_file(self._folder)
            indexer = self._sound(path, sequence)
        except (Damaged, ValueError, FileNotFoundError) as error:
            is_missing = isinstance(error, FileNotFoundError)
            log.log(
                logging.INFO if is_missing else logging.WARNING,
                line("making the search index", reason="there is none" if is_missing else error),
            )
            # It is what a rebuild would make, so whoever asked for one has it.
            indexer = self._created(until, records.index_rebuild_asked_ms(self._reader))
            self._serve(indexer)
            return indexer
        log.info(line("search index opened", file=path.name, cursor=indexer.progress.cursor))
        # A newer one is a rebuild that goes on.
        self._remove_generations(range(index.generation_of(path) or 0))
        return indexer

    def _sound(self, path: Path, sequence: int) -> Indexer:
        """The file, if it is sound and of this store's history; raises Damaged."""
        try:
            writer = IndexWriter.open(path, self._store_id)
        except sqlite3.Error as error:
            if index.is_damage(error):
                raise Damaged(str(error)) from error
            raise
        try:
            indexer = Indexer(self._reader, writer)
            indexer.check_history(sequence)
        except BaseException:
            writer.close()
            raise
        return indexer

    def _is_in_use(self, writer: IndexWriter) -> bool:
        """Whether CURRENT names the writer's file. Whoever finds it damaged when reading removes CURRENT."""
        try:
            return writer.is_there and index.current_file(self._folder) == writer.path
        except (OSError, ValueError):
            return False

    def _serve(self, indexer: Indexer) -> None:
        """Put the file in use in one step: whoever dies on the way leaves the old one in use, or the new one."""
        new = self._folder / f".{index.CURRENT}"
        new.write_text(f"{indexer.writer.path.name}\n", encoding="ascii")
        new.chmod(0o600)
        with new.open() as file:
            os.fsync(file.fileno())
        new.replace(self._folder / index.CURRENT)
        sync_folder(self._folder)
        self._remove_all_but(indexer)

    # The file that takes its place

    def _build(self, serving: Indexer, until: int, now_ms: int) -> bool:
        """A step of the rebuild that is asked for, if one is; whether there was something to do."""
        asked_ms = records.index_rebuild_asked_ms(self._reader)
        if asked_ms == serving.progress.asked_ms:
            return False
        building = self._building
        if building is None or building.progress.asked_ms != asked_ms:
            building = self._building = self._resumed(asked_ms) or self._created(until, asked_ms)
        if building.drain(until, now_ms) or building.scan(now_ms):
            return True
        # It holds all that the other one holds.
        serving.writer.close()
        self._serving, self._building = building, None
        self._serve(building)
        log.info(line("search index rebuilt", file=building.writer.path.name, took_ms=now_ms - asked_ms))
        return True

    def _resumed(self, asked_ms: int) -> Indexer | None:
        """The file that a worker before this one began for the same request."""
        for generation in self._generations():
            path = self._folder / index.file_name(generation)
            if self._serving is not None and path == self._serving.writer.path:
                continue
            with suppress(Damaged, sqlite3.Error):
                writer = IndexWriter.open(path, self._store_id)
                if writer.progress().asked_ms == asked_ms:
                    log.info(line("search index rebuild goes on", file=path.name))
                    return Indexer(self._reader, writer)
                writer.close()
        return None

    def _created(self, cursor: int, asked_ms: int) -> Indexer:
        """An empty file: what is new goes into it from the outbox, what is older by a scan."""
        # Without its parents: the folder of a project store may have been moved or removed, and stays so.
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._folder / index.file_name(max(self._generations(), default=0) + 1)
        progress = Progress(
            cursor=cursor,
            entry=entry_at(self._reader, cursor),
            asked_ms=asked_ms,
            toc_rebuilt_ms=records.rebuild_state(self._reader).finished_ms,
        )
        return Indexer(self._reader, IndexWriter.create(path, self._store_id, progress))

    # Files

    @property
    def _store_id(self) -> str:
        info = records.store_info(self._reader)
        return f"{info.created_ms} {info.timezone}" if info else ""

    def _generations(self) -> list[int]:
        found = (index.generation_of(path) for path in self._folder.glob("words-*.db"))
        return sorted(generation for generation in found if generation is not None)

    def _remove_all_but(self, kept: Indexer) -> None:
        generation = index.generation_of(kept.writer.path)
        self._remove_generations(other for other in self._generations() if other != generation)

    def _remove_generations(self, generations: Iterable[int]) -> None:
        for generation in generations:
            for suffix in ("", "-wal", "-shm"):
                (self._folder / f"{index.file_name(generation)}{suffix}").unlink(missing_ok=True)

    def _remove_current(self) -> None:
        self.close()
        with suppress(OSError):
            (self._folder / index.CURRENT).unlink(missing_ok=True)
