"""Delivery: how an envelope gets to a daemon that is named by its address."""

from __future__ import annotations

from agent_memory import client, settings
from agent_memory.capture import events, transcripts, wire
from agent_memory.capture.envelope import read
from agent_memory.capture.project.projects import Projects


def deliver(data: bytes) -> None:
    """Store what the envelope tells of; returns once it is on disk.

    Raises InvalidEvent for what holds no event, another AgentMemoryError where there is no daemon to take it.
    """
    envelope = read(data)
    call = wire.parse(envelope.payload, agent=envelope.agent, event=envelope.event, project=envelope.project)
    current = settings.load()
    call = Projects(current.project_names).completed(transcripts.completed(call))
    event = events.event_from(call, envelope.arrived_ms, envelope.key, current.tool_max_bytes)
    if event is not None:
        with client.connect(current) as daemon:
            daemon.ingest(event)
