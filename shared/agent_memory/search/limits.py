"""How many hits an answer has at most."""

from __future__ import annotations

from typing import Final

from agent_memory.rpc import memory_pb2 as pb

LIMIT_DEFAULT: Final = 10
LIMIT_BUDGETED: Final = 100
LIMIT_MAX: Final = 200


def limit_of(request: pb.SearchRequest) -> int:
    """The request's own limit, or the usual one: where a budget ends the answer, nothing else has to."""
    usual = LIMIT_DEFAULT if request.max_tokens <= 0 else LIMIT_BUDGETED
    return min(request.limit, LIMIT_MAX) if request.limit > 0 else usual
