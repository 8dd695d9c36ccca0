"""Making the tail of a write-ahead log safe to open.

RocksDB's recovery spins for ever on some garbage after the last record (facebook/rocksdb#13333): a header of one of the
recyclable types. Our logs are never recycled, so such a header can only be garbage. The format of a log:
https://github.com/facebook/rocksdb/wiki/Write-Ahead-Log-File-Format
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from agent_memory.process.logs import line

log = logging.getLogger(__name__)

BLOCK_BYTES: Final = 32 << 10
HEADER_BYTES: Final = 7  # checksum 4, length 2 (little-endian), type 1
RECYCLABLE_TYPES: Final = frozenset({5, 6, 7, 8, 11})


def mend_tails(db_path: Path) -> None:
    """Cut garbage off the end of every log of a store that nobody has open, and keep it beside the log."""
    for path in sorted(db_path.glob("*.log")):
        offset = garbage_offset(path)
        if offset is not None:
            cut(path, offset)


def has_records(db_path: Path) -> bool:
    """Whether a log holds anything to replay; an orderly close leaves all of them empty."""
    return any(path.stat().st_size for path in db_path.glob("*.log"))


def garbage_offset(path: Path) -> int | None:
    """The offset at which garbage begins in that log, None where there is none."""
    with path.open("rb") as file:
        start = 0
        while block := file.read(BLOCK_BYTES):
            offset = _garbage_in(block)
            if offset is not None:
                return start + offset
            start += len(block)
    return None


def _garbage_in(block: bytes) -> int | None:
    at = 0
    while at + HEADER_BYTES <= len(block):
        length = block[at + 4] | block[at + 5] << 8
        kind = block[at + 6]
        if kind in RECYCLABLE_TYPES:
            return at
        end = at + HEADER_BYTES + length
        if (kind == 0 and length == 0) or end > len(block):
            return None  # padding, or a torn record: recovery knows both
        at = end
    return None


def cut(path: Path, offset: int) -> None:
    """Cut the log off there, and keep the rest beside it; raises OSError."""
    with path.open("r+b") as file:
        file.seek(offset)
        tail = file.read()
        kept = path.with_name(f"{path.name}.tail-{offset}")
        kept.write_bytes(tail)
        file.truncate(offset)
    log.warning(line("garbage cut off a log", log=path.name, offset=offset, bytes=len(tail), kept=kept.name))
