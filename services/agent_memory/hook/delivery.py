"""Delivery: how an envelope gets to a daemon that is named by its address."""

from __future__ import annotations

import time

from agent_memory import client, settings
from agent_memory.capture.envelope import read
from agent_memory.capture.pipeline import Pipeline
from agent_memory.capture.project.projects import Projects
from agent_memory.hook.delivered import as_first, path_of
from agent_memory.project_stores import FolderRules


def deliver(data: bytes) -> None:
    """Store the envelope's event; returns once it is on disk.

    Raises InvalidEvent for an envelope without one, another AgentMemoryError where there is no daemon to take it.
    """
    current = settings.load()
    pipeline = Pipeline(Projects(current.project_names).with_project, current.tool_max_bytes)
    envelope = as_first(read(data), path_of(current.db_path))
    captured = pipeline.event_of(envelope, time.time_ns() // 1_000_000)
    if captured.event is not None:
        call = captured.call
        store = envelope.store or FolderRules(current.project_stores).store_of(call.project or call.cwd)
        with client.connect(current) as daemon, daemon.of_store(store) as own:
            own.ingest(captured.event)
