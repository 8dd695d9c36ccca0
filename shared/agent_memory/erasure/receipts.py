"""Receipts of erasures, kept beside the store: what was erased, and the proof. They hold nothing of what it was.

Until the proof is made, the passages that it looks for lie beside the store as well, in one file: whoever asked may be
gone by then, and the daemon may have been started again. The proof ends with that file's removal.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from google.protobuf.json_format import MessageToDict, ParseDict, ParseError

from agent_memory.files import PRIVATE_DIR, atomic_write, sync_folder
from agent_memory.rpc.memory_pb2 import ErasureReceipt
from agent_memory.store import directory

# Older ones are removed: they say little that the newest does not.
KEPT: Final = 100
_SUFFIX: Final = ".json"


@dataclass(frozen=True, slots=True)
class Pending:
    """An erasure whose proof is still to be made: its receipt as far as it is known, and the passages to look for."""

    receipt: ErasureReceipt
    passages: tuple[str, ...]


class Receipts:
    """The receipts of the store at `db_path`. Every method raises OSError, but for files that are not there."""

    def __init__(self, db_path: Path) -> None:
        self._folder = directory.receipts_of(db_path)
        self._pending = directory.passages_of(db_path)

    def begin(self, receipt: ErasureReceipt, passages: Iterable[str]) -> None:
        """Keep what the proof of an erasure will need; it is on disk then."""
        content = {"receipt": _to_dict(receipt), "passages": list(passages)}
        atomic_write(self._pending, json.dumps(content).encode())
        sync_folder(self._pending.parent)

    def pending(self) -> Pending | None:
        """The erasure whose proof is still to be made, None for none; damaged, it is one without passages."""
        try:
            content = json.loads(self._pending.read_bytes())
            return Pending(_from_dict(content["receipt"]), tuple(map(str, content["passages"])))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, ParseError):
            return Pending(ErasureReceipt(), ())

    def drop_pending(self) -> None:
        """Remove what a proof would need: it was made, or its erasure never began."""
        self._pending.unlink(missing_ok=True)

    def end(self, receipt: ErasureReceipt) -> None:
        """Keep the receipt of an erasure, and remove what its proof needed; not proved, it can be tried again."""
        self._folder.mkdir(mode=PRIVATE_DIR, exist_ok=True)
        content = json.dumps(_to_dict(receipt), indent=1).encode()
        atomic_write(self._folder / f"{receipt.number:06}{_SUFFIX}", content)
        for path in self._paths()[:-KEPT]:
            path.unlink(missing_ok=True)
        if receipt.proved:
            self.drop_pending()

    def last(self) -> ErasureReceipt | None:
        """The receipt of the last erasure that has one; None for none."""
        for path in reversed(self._paths()):
            if found := self._read(path):
                return found
        return None

    def _paths(self) -> list[Path]:
        return sorted(path for path in self._folder.glob(f"*{_SUFFIX}") if path.stem.isdecimal())

    def _read(self, path: Path) -> ErasureReceipt | None:
        try:
            return _from_dict(json.loads(path.read_bytes()))
        except (FileNotFoundError, ValueError, ParseError):
            return None


def _to_dict(receipt: ErasureReceipt) -> object:
    return MessageToDict(receipt, preserving_proto_field_name=True)


def _from_dict(content: object) -> ErasureReceipt:
    if not isinstance(content, dict):
        raise ParseError("it is no object")
    return ParseDict(content, ErasureReceipt(), ignore_unknown_fields=True)
