"""A problem as rows."""

from __future__ import annotations

from agent_memory.browse.pulse import problem_of
from agent_memory.browse.rows import Row, row
from agent_memory.errors import AgentMemoryError
from agent_memory.present.lines import flow, line, plain


def error_rows(error: AgentMemoryError) -> list[Row]:
    """What stands where an answer would."""
    found = problem_of(error)
    rows = [row(flow("", "", plain(found.problem), "red"))]
    if found.remedy:
        rows.append(row(flow("", "", plain(found.remedy))))
    return [*rows, row(line("r asks again.", "dim"))]
