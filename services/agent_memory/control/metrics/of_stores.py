"""Metrics of project stores: what can be told of each without opening it. A page of its own has the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from agent_memory.control.metrics.exposition import Family
from agent_memory.control.metrics.running import PREFIX
from agent_memory.control.upkeep.store_keeping import KeptStore
from agent_memory.model import DEFAULT_STORE

# Beyond so many, only the first by name have series: a monitor must not get them without end.
STORES_MAX: Final = 200


def project_store_families(kept: Iterable[KeptStore]) -> Iterator[Family]:
    """The metrics of these stores but the default one, under the label `store`."""
    shown = [store for store in kept if store.name != DEFAULT_STORE][:STORES_MAX]

    def each(name: str, help_text: str, values: Mapping[str, float]) -> Family:
        by_store: dict[str | None, float] = dict(values.items())
        return Family(f"{PREFIX}project_store_{name}", "gauge", help_text, by_store, "store")

    yield each("bytes", "Size of all that is in its folder.", {store.name: store.size_bytes for store in shown})
    yield each("open", "Whether it is open.", {store.name: store.is_open for store in shown})
    yield each("damaged", "Whether it can't be opened.", {store.name: bool(store.error) for store in shown})
    written = {store.name: store.written_ms / 1e3 for store in shown if store.written_ms}
    yield each("written_timestamp_seconds", "When it was last written to.", written)
