"""Power cuts, from a recording: what a disk may hold at any moment, by what had been synced until then.

strace records, in one order for all processes, what a run writes, renames and syncs. Whatever a file's last fsync
covers is on the disk. Of later writes any may be there, or the first of them, torn anywhere, or garbage in their place.
Names are on the disk once their folder was synced; of later changes of names the first few may be, in their order.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

CALLS: Final = (
    "openat,open,creat,write,pwrite64,writev,pwritev,ftruncate,fsync,fdatasync,rename,renameat,renameat2,"
    "unlink,unlinkat,rmdir,link,linkat,mkdir,mkdirat,symlink,symlinkat"
)
COMMAND: Final = (
    *("strace", "-f", "--seccomp-bpf", "-y", "-xx", "-s", "100000000"),
    *("-e", f"trace={CALLS}", "-e", "signal=none", "-o"),
)

_LINE: Final = re.compile(r"(\d+) +(.*)")
_RESUMED: Final = re.compile(r"<\.\.\. \w+ resumed>(.*)")
_CALL: Final = re.compile(r"(\w+)\((.*)\) += (-?\d+)(?:<(.*)>)?")
_UNFINISHED: Final = "<unfinished ...>"
_FD: Final = re.compile(r"^\d+<(.*?)>")
_TEXT: Final = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_AT: Final = re.compile(r'(?:AT_FDCWD|\d+)(?:<(.*?)>)?, "((?:\\x[0-9a-f]{2})*)"')


@dataclass(slots=True, eq=False)
class File:
    """A file's bytes on the disk, and the writes that no sync has covered."""

    synced: bytearray = field(default_factory=bytearray)
    # Each is an offset and what was written there; None for a new length.
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)
    size: int = 0
    position: int = 0

    def write(self, offset: int, content: bytes) -> None:
        self.pending.append((offset, content))
        self.size = max(self.size, offset + len(content))

    def truncate(self, size: int) -> None:
        self.pending.append((size, None))
        self.size = size

    def sync(self, writes: int) -> None:
        """The first so many pending writes are on the disk."""
        for write in self.pending[:writes]:
            _apply(self.synced, *write)
        del self.pending[:writes]

    def after_a_cut(self, random: Random) -> bytes:
        """What may be on the disk."""
        found = bytearray(self.synced)
        kind = random.randrange(5)
        kept = self.pending[: random.randint(0, len(self.pending))]
        if kind == 0:
            kept = []
        elif kind == 1:
            kept = self.pending
        elif kind == 2:
            kept = [write for write in self.pending if random.random() < 0.5]
        for number, (offset, content) in enumerate(kept):
            is_last = number == len(kept) - 1
            if content is not None and is_last and kind == 3:
                content = content[: random.randint(0, len(content))]
            elif content is not None and is_last and kind == 4:
                content = random.choice((bytes(len(content)), random.randbytes(len(content))))
            _apply(found, offset, content)
        return bytes(found)


@dataclass(frozen=True, slots=True)
class Naming:
    """A change of names: what `path` is from then on, a file, a folder, a link's target, or nothing."""

    path: str
    now: File | str | None
    is_folder: bool = False
    before: str = ""


class Disk:
    """All below `root`, as it is and as it may be after a power cut."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self.files: dict[str, File] = {}
        # What is on the disk for sure, then what was done since, with whether it is on the disk, too.
        self._durable: dict[str, File | str | None] = {}
        self._namings: list[Naming] = []
        self._is_synced: list[bool] = []

    def take(self, call: str, arguments: str, result: str) -> None:
        """A call that has ended well."""
        if call in ("openat", "open", "creat"):
            self._open(result, arguments)
        elif call in ("mkdir", "mkdirat"):
            self._name(Naming(_paths(arguments)[0], None, is_folder=True))
        elif call in ("symlink", "symlinkat"):
            target, path = _texts(arguments)[0], _paths(arguments)[-1]
            self._name(Naming(path, target))
        elif call in ("unlink", "unlinkat", "rmdir"):
            path = _paths(arguments)[0]
            self.files.pop(path, None)
            self._name(Naming(path, None))
        elif call in ("link", "linkat"):
            old, new = _paths(arguments)
            if old in self.files:
                self.files[new] = self.files[old]
                self._name(Naming(new, self.files[old]))
        elif call.startswith("rename"):
            self._rename(*_paths(arguments))

    def _open(self, path: str, arguments: str) -> None:
        if not self._holds(path) or ("O_CREAT" not in arguments and "O_TRUNC" not in arguments):
            return
        file = self.files.get(path)
        if file is None:
            file = self.files[path] = File()
            self._name(Naming(path, file))
        elif "O_TRUNC" in arguments:
            file.truncate(0)
        file.position = file.size if "O_APPEND" in arguments else 0

    def _rename(self, old: str, new: str) -> None:
        below = {name for name in self.files if name == old or name.startswith(f"{old}/")}
        for name in below:
            self.files[new + name[len(old) :]] = self.files.pop(name)
        self._name(Naming(new, self.files.get(new), is_folder=new not in self.files, before=old))

    def _name(self, naming: Naming) -> None:
        if self._holds(naming.path):
            self._namings.append(naming)
            self._is_synced.append(False)

    def _holds(self, path: str) -> bool:
        return path.startswith(f"{self._root}/")

    def write(self, path: str, content: bytes, offset: int | None) -> None:
        if file := self.files.get(path):
            at = file.position if offset is None else offset
            file.write(at, content)
            file.position = at + len(content)

    def pending(self, path: str) -> tuple[int, int]:
        """What a sync of that file or folder that begins now will cover: its writes, and changes of names."""
        file = self.files.get(path)
        return (len(file.pending) if file else 0), len(self._namings)

    def sync(self, path: str, covers: tuple[int, int]) -> None:
        """A sync has ended."""
        if file := self.files.get(path):
            file.sync(covers[0])
            return
        for number in range(min(covers[1], len(self._namings))):
            naming = self._namings[number]
            if path in (_folder(naming.path), _folder(naming.before)):
                self._is_synced[number] = True
        while self._is_synced and self._is_synced[0]:
            self._is_synced.pop(0)
            _rename_in(self._durable, self._namings.pop(0))

    def sync_all(self) -> None:
        for file in self.files.values():
            file.sync(len(file.pending))
        for naming in self._namings:
            _rename_in(self._durable, naming)
        self._namings, self._is_synced = [], []

    def after_a_cut(self, random: Random) -> Mapping[str, bytes | str | None]:
        """What each path may hold: bytes, a link's target, None for a folder."""
        names = dict(self._durable)
        kept = random.choice((0, len(self._namings), random.randint(0, len(self._namings))))
        for number, naming in enumerate(self._namings):
            if number < kept or self._is_synced[number]:
                _rename_in(names, naming)
        return {name: now.after_a_cut(random) if isinstance(now, File) else now for name, now in names.items()}


def replay(recording: Path, root: Path) -> Iterator[tuple[Disk, str, bytes]]:
    """The disk after each call of the recording that changes it, with the path and the bytes of a write."""
    disk = Disk(root)
    begun: dict[str, tuple[str, str, tuple[int, int]]] = {}
    with recording.open(encoding="ascii", errors="replace") as lines:
        for line in lines:
            if not (parted := _LINE.match(line)):
                continue
            pid, text = parted.groups()
            wrote: tuple[str, bytes] = "", b""
            if text.endswith(_UNFINISHED):
                call, _, arguments = text.removesuffix(_UNFINISHED).rstrip().partition("(")
                wrote = _write(disk, call, arguments)
                begun[pid] = call, arguments, disk.pending(_path(arguments))
            elif resumed := _RESUMED.match(text):
                call, arguments, covers = begun.pop(pid)
                ended = _CALL.match(f"{call}({arguments}{resumed[1]}")
                if ended and int(ended[3]) >= 0:
                    _end(disk, ended, covers)
            elif (ended := _CALL.match(text)) and int(ended[3]) >= 0:
                wrote = _write(disk, ended[1], ended[2])
                _end(disk, ended, disk.pending(_path(ended[2])))
            else:
                continue
            yield disk, *wrote


def _end(disk: Disk, ended: re.Match[str], covers: tuple[int, int]) -> None:
    call, arguments, _, result = ended.groups()
    if call in ("fsync", "fdatasync"):
        disk.sync(_path(arguments), covers)
    elif "write" not in call and call != "ftruncate":
        disk.take(call, arguments, _decoded(result or ""))


def _write(disk: Disk, call: str, arguments: str) -> tuple[str, bytes]:
    """A write, from its beginning on: any of it may be on the disk by then."""
    path = _path(arguments)
    if call == "ftruncate" and path in disk.files:
        disk.files[path].truncate(int(arguments.rpartition(",")[2].strip(" )")))
    if "write" not in call:
        return "", b""
    content = b"".join(map(_bytes, _TEXT.findall(arguments)))
    disk.write(path, content, int(arguments.rpartition(",")[2].strip(" )")) if call.startswith("p") else None)
    return path, content


def _apply(content: bytearray, offset: int, written: bytes | None) -> None:
    if written is None:
        content[offset:] = b""
        content.extend(bytes(offset - len(content)))
        return
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(written)] = written


def _rename_in(names: dict[str, File | str | None], naming: Naming) -> None:
    if naming.before:
        old = naming.before
        moved = {name: names.pop(name) for name in list(names) if name == old or name.startswith(f"{old}/")}
        names.update({naming.path + name[len(old) :]: now for name, now in moved.items()})
        if naming.now is not None:
            names[naming.path] = naming.now
    elif naming.now is None and not naming.is_folder:
        names.pop(naming.path, None)
    else:
        names[naming.path] = naming.now


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _path(arguments: str) -> str:
    found = _FD.match(arguments)
    return _decoded(found[1]) if found else ""


def _texts(arguments: str) -> list[str]:
    return [os.fsdecode(_bytes(text)) for text in _TEXT.findall(arguments)]


def _paths(arguments: str) -> list[str]:
    """The paths that a call names, each by its folder where it is relative."""
    found = [(folder, os.fsdecode(_bytes(text))) for folder, text in _AT.findall(arguments)]
    return [str(Path(_decoded(folder)) / text) for folder, text in found] or _texts(arguments)


def _decoded(path: str) -> str:
    """A path as strace prints that of a descriptor."""
    return os.fsdecode(_bytes(path.removesuffix("(deleted)"))) if path.startswith("\\x") else path


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))
