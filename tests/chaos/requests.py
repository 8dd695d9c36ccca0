"""Requests of the gRPC service, made by chance, for a store with conversations in it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from agent_memory.errors import AgentMemoryError
from agent_memory.page_tokens import of_event
from agent_memory.query.api.service import MemoryService
from agent_memory.query.call_figures import CallFigures
from agent_memory.query.store_context import StoreContext, Stores, store_context
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.settings import Settings
from agent_memory.store import records
from chaos.fuzzing import Parser
from support.conversations import BEGIN_MS, conversations
from support.mutations import TEXTS, Samples
from support.search import Searching
from support.writer import WriterProcess

# What they ask for takes as long as it takes, or changes the store.
_CHANGING: Final = frozenset(
    {
        *("Compact", "CreateCheckpoint", "Erase", "IngestEvent", "IngestEvents", "PauseJob", "RebuildIndex"),
        *("RebuildToc", "ResetCheckpoint", "ResumeJob", "RunJob"),
    }
)
_NUMBERS: Final = (0, 1, -1, 2, 50, 400, 2**31 - 1, -(2**31), BEGIN_MS, BEGIN_MS + 86_400_000)
_LONG_NUMBERS: Final = (*_NUMBERS, 2**63 - 1, -(2**63), 9_999_999_999_999, 10_000_000_000_000, 253_402_300_800_000)


def filled(writer: WriterProcess) -> StoreContext:
    """A store with a tree, grips and an index, as the query service has it."""
    keeper = Searching(writer)
    writer.append(conversations(1, sessions=6, events_each=60))
    keeper.drain()
    keeper.close()
    return store_context("default", Settings(db_path=writer.db_path), writer.bus, writer.reader())


def calls(store: StoreContext) -> Iterator[Parser]:
    """Each method that only reads, on requests of which the bytes given are the chance."""
    service, texts = MemoryService(Stores(store), CallFigures()), _texts(store)
    for method in pb.DESCRIPTOR.services_by_name["MemoryService"].methods:
        answer: Any = getattr(MemoryService, method.name)
        # Of what is not served there is only a method that says so.
        if method.name not in _CHANGING and hasattr(answer, "__wrapped__"):
            kind: type[Message] = getattr(pb, method.input_type.name)
            call = _call(answer.__wrapped__, service, store, kind, texts)
            yield Parser(f"call of {method.name}", Samples([b"chance"]), call, (AgentMemoryError,))


def _call(
    answer: Any, service: MemoryService, store: StoreContext, kind: type[Message], texts: Sequence[str]
) -> Callable[[bytes], None]:
    def call(data: bytes) -> None:
        request = kind()
        _fill(request, kind.DESCRIPTOR, random.Random(data), texts)
        answer(service, kind.FromString(request.SerializeToString()), store).SerializeToString()

    return call


def _texts(store: StoreContext) -> Sequence[str]:
    """What a store knows by name, what people type, and what nobody means."""
    reader = store.caught_up()
    nodes = [node.node_id for node in records.nodes(reader, ["toc:year:2025", "toc:month:2025:10"])]
    days = ["toc:week:2025:W43", "toc:day:2025-10-20", "2025-10", "toc:", "toc:segment:x", "toc:day:9999-12-31"]
    sessions = list(records.sessions(reader))[:3]
    segments = [row.node_id for name in sessions for _, row in records.segments_from(reader, name, (0, ""))][:4]
    grips = [grip for name in segments for bullet in _bullets(store, name) for grip in bullet.grip_ids][:4]
    typed = [
        "last week",
        "October 2025",
        "why did we drop Redis",
        '"two workers" -redis agent:codex',
        "between May and",
    ]
    tokens = [of_event(BEGIN_MS, "e1"), "zzzzzzzzz.x", "0.", "search", "codex", "claude-code", "/home/dev/project"]
    known = [*nodes, *days, *sessions, *segments, *grips, *typed, *tokens]
    return [*known, *known, *(text.encode(errors="replace").decode() for text in TEXTS)]


def _bullets(store: StoreContext, node_id: str) -> Sequence[Any]:
    node = records.node(store.reader, node_id)
    return node.bullets if node else ()


def _fill(message: Any, descriptor: Any, chance: random.Random, texts: Sequence[str]) -> None:
    for field in descriptor.fields:
        if chance.random() < 0.5:
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            getattr(message, field.name)[chance.choice(texts)] = chance.choice(texts)
        elif field.message_type is not None:
            inner = getattr(message, field.name)
            _fill(inner.add() if field.is_repeated else inner, field.message_type, chance, texts)
        elif field.is_repeated:
            getattr(message, field.name).extend(_scalar(field, chance, texts) for _ in range(chance.choice((1, 2, 40))))
        else:
            setattr(message, field.name, _scalar(field, chance, texts))


def _scalar(field: FieldDescriptor, chance: random.Random, texts: Sequence[str]) -> object:
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_STRING if field.type == FieldDescriptor.TYPE_BYTES:
            return chance.randbytes(9)
        case FieldDescriptor.CPPTYPE_STRING:
            return chance.choice(texts)
        case FieldDescriptor.CPPTYPE_BOOL:
            return chance.random() < 0.5
        case FieldDescriptor.CPPTYPE_FLOAT | FieldDescriptor.CPPTYPE_DOUBLE:
            return chance.choice((0.0, 0.5, -1.0, 1e30, float("inf"), float("nan")))
        case FieldDescriptor.CPPTYPE_ENUM:
            return chance.choice((0, 1, 2, 3, 99))
        case FieldDescriptor.CPPTYPE_UINT32 | FieldDescriptor.CPPTYPE_UINT64:
            return abs(chance.choice(_NUMBERS[:-4]))
        case FieldDescriptor.CPPTYPE_INT32:
            return chance.choice(_NUMBERS[:-2])
        case _:
            return chance.choice(_LONG_NUMBERS)
