"""The worker's loop: the stores take turns, then it waits for the writer's word."""

from __future__ import annotations

import logging
from typing import Final

from agent_memory.bus.client import Announcements
from agent_memory.process.lifetime import PARENT_CHECK_MS, Lifetime
from agent_memory.process.logs import line
from agent_memory.worker.store_workers import StoreWorkers

log = logging.getLogger(__name__)

# Events of a conversation come in bursts; those of so many milliseconds are summarized together.
SETTLE_MS: Final = 200


def run(stores: StoreWorkers, announcements: Announcements, lifetime: Lifetime) -> None:
    """Work for the stores until `lifetime` says stop; the piece that is under way then is finished first."""
    wait_ms = 0
    while not lifetime.stopping:
        # Also while there is much to do: somebody may wait for a store to be let go of.
        # The time-out serves as well for announcements that were missed while the writer was away.
        if announced := announcements.wait(wait_ms, lifetime):
            if wait_ms:
                lifetime.wait(SETTLE_MS)
            stores.hear(announced)
        wait_ms = 0 if stores.step() else PARENT_CHECK_MS
        if stores.is_outdated:
            log.info(line("the time zone of the default store has changed, beginning again"))
            return  # the supervisor starts another worker
