"""Delivery: how a letter gets to a daemon that is named by its address."""

from __future__ import annotations

from agent_memory import client, settings
from agent_memory.capture import events, letters, transcripts, wire
from agent_memory.capture.projects import Projects


def deliver(data: bytes) -> None:
    """Store what the letter tells of; returns once it is on disk.

    Raises InvalidEvent for what holds no event, another AgentMemoryError where there is no daemon to take it.
    """
    letter = letters.read(data)
    call = wire.parse(letter.payload, agent=letter.agent, event=letter.event, project=letter.project)
    current = settings.load()
    call = Projects(current.project_names).completed(transcripts.completed(call))
    event = events.event_from(call, letter.arrived_ms, letter.key, current.tool_max_bytes)
    if event is not None:
        with client.connect(current) as daemon:
            daemon.ingest(event)
