"""What a secondary holds in memory of each column family, and whether that hides newer rows in the files.

A secondary replays the primary's log into memory. Once the primary has flushed a family, the secondary skips what it
has not yet replayed of the log before that, and should drop what it has. RocksDB 10 drops it only if the family has a
row in the very next log: otherwise old rows in memory go on hiding newer ones in the files, even deletions of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rocksdict import Rdict

_STATE = "rocksdb.current-super-version-number"
_ACTIVE = "rocksdb.num-entries-active-mem-table"
_IMMUTABLE = "rocksdb.num-entries-imm-mem-tables"


@dataclass(frozen=True, slots=True)
class _Held:
    """A family as it was after a catch-up. RocksDB numbers the states that a catch-up has changed."""

    state: int = 0
    active: int = 0
    immutable: int = 0


class FamilyMemory:
    """The memory of a secondary's families, as of the last look at it."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}

    def may_hide_a_flush(self, families: Mapping[str, Rdict]) -> bool:
        """Whether rows from before a flush, if there was one since the last look, may still be in memory.

        To be asked after each catch-up. Costs 0.01 ms. Where it says no, nothing is hidden.
        """
        changed = {
            name: _held(family, state)
            for name, family in families.items()
            if (state := _number(family, _STATE)) != self._held.get(name, _Held()).state
        }
        may_hide = any(_may_hide(self._held.get(name, _Held()), held) for name, held in changed.items())
        self._held |= changed
        return may_hide


def _may_hide(before: _Held, now: _Held) -> bool:
    """Whether the rows that were active may be there yet; all older ones were replayed completely, and hide nothing.

    After a flush nothing is added to them. They stay as they are, or become immutable.
    """
    return before.active > 0 and (now.active == before.active or now.immutable >= before.active)


def _held(family: Rdict, state: int) -> _Held:
    return _Held(state, _number(family, _ACTIVE), _number(family, _IMMUTABLE))


def _number(family: Rdict, name: str) -> int:
    return family.property_int_value(name) or 0
