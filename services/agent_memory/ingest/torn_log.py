"""A log that ends in garbage: what a power cut may leave of a write that nothing had synced.

RocksDB forgives a record that is cut short, but not one whose place holds other bytes. Whether that is at the end, or
damage in the middle, the records behind it tell: if one begins there, something acknowledged may be missing, and the
log is left as it is. So it is where less would be left than was acknowledged.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent_memory.ingest import acknowledged, recovery
from agent_memory.ingest.recovery import RecoveryFailed
from agent_memory.ingest.wal import BLOCK_BYTES, HEADER_BYTES, cut

# What RocksDB's words for it begin with.
_DAMAGE: Final = "Corruption"
_HEADER: Final = struct.Struct("<IHB")
_BATCH: Final = struct.Struct("<QI")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
# What a log says of itself, between records.
_OF_THE_LOG: Final = frozenset({9, 10})
# The checksum is a CRC-32C, rotated and shifted so that a log within a log does not look like one.
_POLYNOMIAL: Final = 0x82F63B78
_MASK: Final = 0xA282EAD8


@dataclass(frozen=True, slots=True)
class _Piece:
    """A record, or a part of one that is longer than its block."""

    offset: int
    kind: int
    content: bytes
    is_sound: bool


def recover(db_path: Path) -> None:
    """Replay the store's log, without garbage at its end; raises RecoveryFailed."""
    try:
        recovery.recover(db_path)
    except RecoveryFailed as error:
        if _DAMAGE not in str(error) or not cut_garbage(db_path):
            raise
        recovery.recover(db_path)


def cut_garbage(db_path: Path) -> bool:
    """Cut garbage off the end of the last log of a store that nobody has open, and keep it beside; whether any was."""
    logs = [path for path in sorted(db_path.glob("*.log")) if path.stat().st_size]
    if not logs:
        return False
    content = logs[-1].read_bytes()
    found = _end_of_records(content)
    if found is None:
        return False
    offset, sequence = found
    if sequence and sequence < acknowledged.recorded_in(db_path):
        return False
    cut(logs[-1], offset)
    return True


def _end_of_records(content: bytes) -> tuple[int, int] | None:
    """Where the records end and garbage begins, and the sequence number up to there, 0 if there is none.

    None where there is no garbage, or a record begins behind it.
    """
    end, sequence = 0, 0
    begun = b""
    garbage = False
    for piece in _pieces(content):
        if not piece.is_sound:
            garbage = True
        elif garbage and piece.kind in (_FULL, _FIRST):
            return None
        elif garbage or piece.kind in _OF_THE_LOG:
            continue
        elif piece.kind in (_FULL, _FIRST):
            begun = piece.content
        if garbage or not piece.is_sound or piece.kind not in (_FULL, _LAST):
            continue
        end = piece.offset + HEADER_BYTES + len(piece.content)
        if len(begun) >= _BATCH.size:
            first, count = _BATCH.unpack_from(begun)
            sequence = first + max(count, 1) - 1
    return (end, sequence) if garbage else None


def _pieces(content: bytes) -> Iterator[_Piece]:
    """Every piece, block by block; behind one that is not sound, the next record that can be found."""
    for start in range(0, len(content), BLOCK_BYTES):
        block = content[start : start + BLOCK_BYTES]
        at = 0
        while at + HEADER_BYTES <= len(block):
            checksum, length, kind = _HEADER.unpack_from(block, at)
            end = at + HEADER_BYTES + length
            if kind == 0 and length == 0 and not any(block[at:]):
                # Room that was never written, unless something follows.
                if start + BLOCK_BYTES < len(content):
                    yield _Piece(start + at, kind, b"", False)
                break
            is_sound = end <= len(block) and _checksum(block[at + HEADER_BYTES - 1 : end]) == checksum
            yield _Piece(start + at, kind, block[at + HEADER_BYTES : end], is_sound)
            at = end if is_sound else _next_record(block, at + 1)


def _next_record(block: bytes, at: int) -> int:
    """Where a record begins next in the block, wherever that is; its length where none does."""
    for place in range(at, len(block) - HEADER_BYTES + 1):
        checksum, length, kind = _HEADER.unpack_from(block, place)
        end = place + HEADER_BYTES + length
        may_begin = kind in (_FULL, _FIRST) and length >= _BATCH.size and end <= len(block)
        if may_begin and _checksum(block[place + HEADER_BYTES - 1 : end]) == checksum:
            return place
    return len(block)


def _checksum(content: bytes) -> int:
    table = _TABLE
    crc = 0xFFFFFFFF
    for byte in content:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF


def _row(number: int) -> int:
    for _ in range(8):
        number = number >> 1 ^ (_POLYNOMIAL if number & 1 else 0)
    return number


_TABLE: Final = tuple(map(_row, range(256)))
