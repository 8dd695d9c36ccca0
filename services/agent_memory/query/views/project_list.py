"""The project list: projects that something is remembered of, and the names their events are stored under."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Final

from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import keys, records
from agent_memory.store.reader import Reader

# More than anybody works on; each costs two seeks.
PROJECTS_MAX: Final = 2000


def projects(reader: Reader, renamed: Mapping[str, str]) -> pb.GetProjectsResponse:
    """The projects, the latest worked on first; `renamed` maps a stored name to the project that it belongs to."""
    found: dict[str, pb.Project] = {}
    names = list(islice(records.projects(reader), PROJECTS_MAX + 1))
    for name in sorted(names[:PROJECTS_MAX]):
        newest = records.project_segments(reader, name, 0, keys.TIMESTAMP_MAX_MS)
        (began_ms, _), row = next(newest)
        project_id = renamed.get(name, name)
        project = found.setdefault(project_id, pb.Project(project_id=project_id))
        project.names.append(name)
        if began_ms > project.last_ms:
            project.last_ms, project.last_node_id = began_ms, row.node_id
    ordered = sorted(found.values(), key=lambda project: project.last_ms, reverse=True)
    return pb.GetProjectsResponse(projects=ordered, has_more=len(names) > PROJECTS_MAX)
