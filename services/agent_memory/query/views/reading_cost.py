"""What reading a node costs: counted as its page is printed, and remembered by what the node holds."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from agent_memory.present import pages
from agent_memory.present.view import NEUTRAL, size_tokens
from agent_memory.rpc import memory_pb2 as pb

# A page takes a fifth of a millisecond to count, a digest a fortieth of that. So many take less than a megabyte.
_REMEMBERED_MAX: Final = 4096
_DIGEST_BYTES: Final = 16

_remembered: dict[bytes, int] = {}


def reading_tokens(message: pb.TocNode) -> int:
    """About how many tokens the node's page has."""
    digest = blake2b(message.SerializeToString(deterministic=True), digest_size=_DIGEST_BYTES).digest()
    tokens = _remembered.get(digest)
    if tokens is None:
        tokens = size_tokens(pages.node(NEUTRAL, message))
        if len(_remembered) >= _REMEMBERED_MAX:
            _remembered.clear()
        _remembered[digest] = tokens
    return tokens
