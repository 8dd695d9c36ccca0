"""The service's methods, from its description.

The generated code has the same in two thousand lines, which every process would wait 12 ms for; it serves type checkers
and other programs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import grpc

from agent_memory.rpc import memory_pb2

if TYPE_CHECKING:
    from agent_memory.rpc.memory_pb2_grpc import MemoryServiceStub

SERVICE: Final = memory_pb2.DESCRIPTOR.services_by_name["MemoryService"].full_name


@dataclass(frozen=True, slots=True)
class Method:
    """An RPC: its name, and the classes of what is asked and answered."""

    name: str
    request: Any
    reply: Any

    @property
    def path(self) -> str:
        return f"/{SERVICE}/{self.name}"


def methods() -> Iterator[Method]:
    """All RPCs of the service; none of them streams."""
    for method in memory_pb2.DESCRIPTOR.services_by_name["MemoryService"].methods:
        request, reply = (getattr(memory_pb2, message.name) for message in (method.input_type, method.output_type))
        yield Method(method.name, request, reply)


def stub(channel: grpc.Channel) -> MemoryServiceStub:
    """The methods of the service at the channel's other end, to be called."""
    return cast("MemoryServiceStub", _Stub(channel))


def handlers(service: Any) -> dict[str, grpc.RpcMethodHandler[Any, Any]]:
    """A handler for each of the service's methods, by its name."""
    return {
        method.name: grpc.unary_unary_rpc_method_handler(
            getattr(service, method.name), method.request.FromString, method.reply.SerializeToString
        )
        for method in methods()
    }


class _Stub:
    def __init__(self, channel: grpc.Channel) -> None:
        for method in methods():
            call = channel.unary_unary(method.path, method.request.SerializeToString, method.reply.FromString)
            setattr(self, method.name, call)
