"""The proof of an erasure: whoever reads the files of a store finds nothing of what was erased.

Made by another process than those that erased. It looks at every row that the store shows, has RocksDB count that no
file holds an entry that it does not show, since such entries may be compressed, and reads every byte of every file:
the store's, the search index's, the spool's, the logs'. A passage that also stands in an event that stays proves
nothing; it is left out and counted. Passages of events that stay are looked for by the same means: a search that
does not find those has proved nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from agent_memory import project_stores
from agent_memory.erasure.passages import passage_of
from agent_memory.messages import event_from_bytes
from agent_memory.redaction.linear import Search, search_for_any
from agent_memory.search import format as index
from agent_memory.search.format import IndexUnusable
from agent_memory.search.reader import Filters, IndexReader
from agent_memory.search.texts import tokens_of
from agent_memory.search.tokens import tokens
from agent_memory.store import directory, keys, records, schema
from agent_memory.store.reader import Reader, open_snapshot

CHUNK_BYTES: Final = 1 << 20
# Passages of events that stay, and how many events lie between two of them.
CONTROLS: Final = 20
CONTROLS_APART: Final = 97
# Words of the passages that are looked up in the search index, the longest first, and how long they must be: shorter
# ones are part of others.
WORDS_MAX: Final = 200
WORD_MIN: Final = 8
# Segments in which a word that is found is compared with the events.
SEGMENTS_A_WORD: Final = 5
FOUND_MAX: Final = 20
# A pattern takes milliseconds to make, and a needless find microseconds.
STALE_MAX: Final = 100
_EVENT_ROWS: Final = (keys.EVENT_PREFIX, keys.ID_PREFIX, keys.SESSION_PREFIX, keys.REMOVED_PREFIX)


@dataclass(slots=True)
class Proof:
    """What was looked through, and what was found."""

    passages: int = 0
    # Passages that also stand in events that stay, and so prove nothing.
    elsewhere: int = 0
    # Passages that summaries quote which were to stay.
    in_summaries: int = 0
    rows: int = 0
    files: int = 0
    bytes: int = 0
    words: int = 0
    # Passages of events that stay, and how many of them were found.
    controls: int = 0
    controls_found: int = 0
    # Entries in files that no read shows.
    hidden_entries: int = 0
    # Rows and files in which something was found, and deleted files that a process has open.
    found: list[str] = field(default_factory=list)

    @property
    def is_proved(self) -> bool:
        """Whether nothing is left, and the search would have found it."""
        return not self.found and not self.hidden_entries and self.controls_found == self.controls

    def report(self, place: str) -> None:
        if len(self.found) < FOUND_MAX and place not in self.found:
            self.found.append(place)


def prove(
    db_path: Path,
    logs: Path,
    passages: Sequence[str],
    processes: Sequence[int] = (),
    spool: Path | None = None,
    *,
    summaries_stay: bool = False,
) -> Proof:
    """Look for the passages wherever the store keeps anything; `processes` are the daemon's.

    `spool` is where its envelopes wait, if not beside it. What summaries quote is left out where `summaries_stay`.

    Raises StoreError where the store can't be read.
    """
    proof = Proof(passages=len(passages))
    wanted = list(dict.fromkeys(passage.encode("utf-8", "surrogatepass") for passage in passages))
    with open_snapshot(db_path) as reader:
        wanted = _without_quoted(reader, wanted, proof) if summaries_stay else wanted
        left = _search_rows(reader, wanted, proof)
        _search_index(reader, db_path, left, proof)
    if left:
        search = search_for_any(left)
        for path in _files(db_path, logs, spool):
            if _holds(path, search, max(map(len, left)), proof):
                proof.report(str(path))
    for name in _deleted(db_path, processes):
        proof.report(f"{name}, which is deleted, and open in a process of the daemon")
    return proof


class _Sought:
    """Words that are looked for until they are found: what many rows hold costs little more than what none does."""

    def __init__(self, words: Iterable[bytes]) -> None:
        # In the order they came.
        self.words = dict.fromkeys(words)
        self._compile()

    def take_from(self, content: bytes) -> list[bytes]:
        """The words that stand in it, and are looked for no more."""
        found: list[bytes] = []
        place = 0
        while self._search is not None and (span := self._search(content, place, len(content))) is not None:
            # Of several that begin here the pattern tells one.
            here = [word for word in self.words if content.startswith(word, span[0])]
            for word in here:
                del self.words[word]
            found += here
            self._stale += not here
            if self._stale > STALE_MAX or not self.words:
                self._compile()
            place = span[0] + 1
        return found

    def _compile(self) -> None:
        self._search = search_for_any(list(self.words)) if self.words else None
        # How often a word was met again that is looked for no more.
        self._stale = 0


def _without_quoted(reader: Reader, wanted: Sequence[bytes], proof: Proof) -> list[bytes]:
    """The passages that stand in no version of a node."""
    missing = _Sought(wanted)
    for _, value in reader.scan(schema.TOC_NODES, b"", b"\xff"):
        proof.in_summaries += len(missing.take_from(value))
    return list(missing.words)


def _search_rows(reader: Reader, wanted: Sequence[bytes], proof: Proof) -> list[bytes]:
    """Look through every row; the passages that stand in no event that stays."""
    missing = _Sought(wanted)
    controls: dict[bytes, None] = {}
    for number, (_, value) in enumerate(reader.scan(schema.EVENTS, keys.EVENT_PREFIX, keys.after(keys.EVENT_PREFIX))):
        if number % CONTROLS_APART == 0 and len(controls) < CONTROLS:
            controls[passage_of(event_from_bytes(value)).encode("utf-8", "surrogatepass")] = None
        proof.elsewhere += len(missing.take_from(value))
    left = list(missing.words)
    controls.pop(b"", None)
    sought, expected = _Sought(left), _Sought(controls)
    for family in schema.COLUMN_FAMILIES:
        rows_before = proof.rows
        for key, value in reader.scan(family, b"", b"\xff"):
            proof.rows += 1
            row = key + b"\0" + value
            expected.take_from(row)
            if sought.take_from(row):
                proof.report(f"row {key.decode(errors='replace')} of {family}")
        if family == schema.EVENTS:
            proof.hidden_entries = reader.entries(family, _EVENT_ROWS) - (proof.rows - rows_before)
    proof.controls, proof.controls_found = len(controls), len(controls) - len(expected.words)
    return left


def _search_index(reader: Reader, db_path: Path, passages: Sequence[bytes], proof: Proof) -> None:
    """Each word of the passages that an index file knows stands in the events that it names; the others in no file.

    Also in files that are not in use: a rebuild's, and those that a killed worker left.
    """
    words = sorted({word for passage in passages for word in tokens(passage.decode("utf-8", "surrogatepass"))})
    words = sorted((word for word in words if len(word) >= WORD_MIN), key=len, reverse=True)[:WORDS_MAX]
    folder = index.folder_of(db_path)
    for path in sorted(folder.glob("words-*.db")):
        proof.words = len(words)
        unknown = _unknown(reader, IndexReader(db_path, path.name), words, proof)
        if unknown is None:
            proof.report(f"{path}, which can't be read")
        elif unknown:
            search = search_for_any(unknown)
            for file in folder.glob(f"{path.name}*"):
                if _holds(file, search, max(map(len, unknown)), proof):
                    proof.report(str(file))


def _unknown(reader: Reader, found: IndexReader, words: Sequence[str], proof: Proof) -> list[bytes] | None:
    """The words that the index file does not know; None where it can't be read."""
    unknown: list[bytes] = []
    try:
        for word in words:
            if not found.has_words_like(word):
                unknown.append(word.encode("utf-8", "surrogatepass"))
                continue
            for segment in found.find([word], Filters(), SEGMENTS_A_WORD):
                events = map(event_from_bytes, records.event_rows_by_id(reader, segment.event_ids))
                if not any(word in tokens_of(event) for event in events):
                    proof.report(f"the search index, which finds {segment.node_id} by a word that is not in it")
    except IndexUnusable:
        return None
    finally:
        found.close()
    return unknown


def _files(db_path: Path, logs: Path, spool: Path | None) -> Iterator[Path]:
    """Every file of the store's folder, of all that lies beside it under its name, and of the logs.

    Not the passages themselves, which go when they were looked for; and not other stores.
    """
    others = directory.passages_of(db_path), project_stores.folder_of_all(db_path)
    beside = [path for path in db_path.parent.glob(f"{db_path.name}-*") if path not in others and not path.is_symlink()]
    for top in dict.fromkeys([db_path, *beside, logs, *([spool] if spool else [])]):
        yield from ([top] if top.is_file() else (path for path in top.rglob("*") if path.is_file()))


def _holds(path: Path, search: Search, longest: int, proof: Proof) -> bool:
    """Whether the file holds one of the words; also one that has just been deleted is read to its end."""
    proof.files += 1
    with suppress(FileNotFoundError), path.open("rb") as file:
        before = b""
        while chunk := file.read(CHUNK_BYTES):
            proof.bytes += len(chunk)
            content = before + chunk
            if search(content, 0, len(content)):
                return True
            before = content[-longest:]
    return False


def _deleted(db_path: Path, processes: Sequence[int]) -> Iterator[str]:
    """Deleted files of the store that the processes have open, where the system tells: they are still on the disk."""
    for pid in processes:
        with suppress(OSError):
            for each in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    name = str(each.readlink())
                    if name.startswith(str(db_path)) and name.endswith(" (deleted)"):
                        yield name.removesuffix(" (deleted)")
