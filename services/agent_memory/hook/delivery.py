"""Delivery: how an event gets from the hook to the daemon."""

from __future__ import annotations

from agent_memory import client, settings
from agent_memory.model import Event


def deliver(event: Event) -> None:
    """Store the event; returns once it is on disk. Raises AgentMemoryError where there is no daemon to take it."""
    with client.connect(settings.load()) as daemon:
        daemon.ingest(event)
