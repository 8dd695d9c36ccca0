"""One answer of several stores' answers to the same question."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from agent_memory.rpc import memory_pb2 as pb


def merged(replies: Mapping[str, pb.SearchResponse], limit: int) -> pb.SearchResponse:
    """The best `limit` hits of all stores, those of a segment still together, each with the name of its store.

    Scores of different stores are compared as they are: a word that is rare in one of them counts for more there.
    """
    together = pb.SearchResponse()
    segments: list[list[pb.SearchHit]] = []
    for name, reply in replies.items():
        for hit in reply.hits:
            hit.store = name
        for _, group in groupby(reply.hits, key=lambda hit: (hit.outside_window, hit.node_id or hit.session_id)):
            segments.append(list(group))
        together.behind += reply.behind
        together.index_missing |= reply.index_missing
        together.has_more |= reply.has_more
        # There is one spool.
        together.spooled = max(together.spooled, reply.spooled)
        if reply.HasField("window") and not together.HasField("window"):
            together.window.CopyFrom(reply.window)
            together.window_text = reply.window_text
        if reply.note and reply.note not in together.note:
            together.note = f"{together.note} {name}: {reply.note}".strip()
    segments.sort(key=lambda hits: (hits[0].outside_window, -max(hit.score for hit in hits)))
    together.hits.extend([hit for hits in segments for hit in hits][:limit])
    if not together.hits:
        # What is corrected in one store may stand in another.
        together.corrections.extend(correction for reply in replies.values() for correction in reply.corrections)
    return together
