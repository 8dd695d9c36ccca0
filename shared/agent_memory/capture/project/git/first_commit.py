"""The history of a repository, as far back as its first commit, read from its objects, loose and packed."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from agent_memory.capture import files

# A quarter of a second; who has more commits than this has a remote.
COMMITS_MAX: Final = 5000
COMMIT_MAX_BYTES: Final = 1 << 16
PACKS_MAX: Final = 200
# git itself makes chains of fifty.
DELTAS_MAX: Final = 64

_INDEX_MAGIC = b"\xfftOc\0\0\0\x02"
_FANOUT_END = 8 + 256 * 4
_COMMIT, _OFFSET_DELTA, _ID_DELTA = 1, 6, 7
_ENTRY_HEAD_BYTES = 64


def first_commit(common_dir: Path, tip: str) -> str:
    """The id of the commit without a parent to which the first parents lead from `tip`.

    Empty where the objects are not all there, can't be read, or are too many.
    """
    try:
        with ExitStack() as opened:
            packs = [_Pack(path, opened) for path in _packs(common_dir)]
            return _root(common_dir, packs, tip)
    # Whatever stands in a damaged file: it costs the name, and no event.
    except (OSError, ValueError, IndexError, zlib.error):
        return ""


def _root(common_dir: Path, packs: list[_Pack], tip: str) -> str:
    current = tip
    for _ in range(COMMITS_MAX):
        commit = _loose(common_dir, current) or _packed(packs, bytes.fromhex(current))
        if not commit:
            return ""
        _, _, parent = commit.partition(b"\nparent ")
        # Only the headers count: a message may say anything.
        if not parent or commit.find(b"\n\n") < commit.find(b"\nparent "):
            return current
        current = parent[: len(tip)].decode("ascii")
    return ""


def _packs(common_dir: Path) -> list[Path]:
    return sorted((common_dir / "objects" / "pack").glob("*.idx"))[:PACKS_MAX]


def _loose(common_dir: Path, object_id: str) -> bytes:
    data = files.head(f"{common_dir}/objects/{object_id[:2]}/{object_id[2:]}", COMMIT_MAX_BYTES)
    if not data:
        return b""
    kind, _, body = _inflated(data).partition(b"\0")
    return body if kind.startswith(b"commit ") else b""


def _packed(packs: list[_Pack], object_id: bytes) -> bytes:
    for pack in packs:
        offset = pack.offset(object_id)
        if offset is not None:
            kind, body = pack.object(offset, DELTAS_MAX)
            return body if kind == _COMMIT else b""
    return b""


class _Pack:
    """One pack and its index. Read by offset: a mapped file that somebody cuts short would end the process."""

    def __init__(self, index_path: Path, opened: ExitStack) -> None:
        self._index = os.open(index_path, os.O_RDONLY | os.O_CLOEXEC)
        opened.callback(os.close, self._index)
        self._pack = os.open(index_path.with_suffix(".pack"), os.O_RDONLY | os.O_CLOEXEC)
        opened.callback(os.close, self._pack)
        if os.pread(self._index, 8, 0) != _INDEX_MAGIC:
            raise ValueError(f"{index_path} is an index of another version")
        self._count = self._number(8 + 255 * 4, 4)

    def offset(self, object_id: bytes) -> int | None:
        """Where in the pack the object is; None where it is not in it."""
        width = len(object_id)
        low = self._number(8 + (object_id[0] - 1) * 4, 4) if object_id[0] else 0
        high = self._number(8 + object_id[0] * 4, 4)
        while low < high:
            middle = (low + high) // 2
            found = os.pread(self._index, width, _FANOUT_END + middle * width)
            if found == object_id:
                return self._offset_at(middle, width)
            low, high = (middle + 1, high) if found < object_id else (low, middle)
        return None

    def object(self, offset: int, deltas: int) -> tuple[int, bytes]:
        """The kind and the content of the object at that offset."""
        head = os.pread(self._pack, _ENTRY_HEAD_BYTES, offset)
        kind, position = head[0] >> 4 & 7, _after_number(head, 0)
        if kind not in (_OFFSET_DELTA, _ID_DELTA):
            return kind, self._content(offset + position) if kind == _COMMIT else b""
        if not deltas or kind == _ID_DELTA:
            raise ValueError("the object rests on one that is not in the pack")  # only packs under way have those
        end = _after_number(head, position)
        base_kind, base = self.object(offset - _distance(head[position:end]), deltas - 1)
        return base_kind, _applied(self._content(offset + end), base)

    def _content(self, offset: int) -> bytes:
        return _inflated(os.pread(self._pack, COMMIT_MAX_BYTES, offset))

    def _offset_at(self, number: int, width: int) -> int:
        offsets = _FANOUT_END + self._count * (width + 4)
        offset = self._number(offsets + number * 4, 4)
        if offset < 1 << 31:
            return offset
        return self._number(offsets + self._count * 4 + (offset - (1 << 31)) * 8, 8)

    def _number(self, position: int, width: int) -> int:
        return int.from_bytes(os.pread(self._index, width, position), "big")


def _inflated(data: bytes) -> bytes:
    return zlib.decompressobj().decompress(data, COMMIT_MAX_BYTES)


def _after_number(data: bytes, position: int) -> int:
    """The position behind a number: all its bytes but the last have the highest bit set."""
    while data[position] & 0x80:
        position += 1
    return position + 1


def _distance(data: bytes) -> int:
    """How far before an object the one is that it rests on."""
    distance = data[0] & 0x7F
    for byte in data[1:]:
        distance = (distance + 1) << 7 | byte & 0x7F
    return distance


def _applied(delta: bytes, base: bytes) -> bytes:
    """The object that the delta makes of `base`."""
    steps = iter(delta[_after_number(delta, _after_number(delta, 0)) :])
    made = bytearray()
    for step in steps:
        if step & 0x80:
            start, size = _field(steps, step, 4), _field(steps, step >> 4, 3)
            made += base[start : start + (size or 0x10000)]
        else:
            made += bytes(next(steps, 0) for _ in range(step))
        if len(made) > COMMIT_MAX_BYTES:
            raise ValueError("the object is larger than a commit")
    return bytes(made)


def _field(steps: Iterator[int], present: int, width: int) -> int:
    """A number of which only those bytes are written whose bits are set."""
    return sum(next(steps, 0) << 8 * place for place in range(width) if present >> place & 1)
