"""Our methods are served from gRPC's core, as grpcio's own server would serve them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from agent_memory.query.api import core_calls
from agent_memory.query.api.core_calls import SMALL_BYTES, Asked, CoreCalls, is_known

SERVICE = "test.Service"
CALLS_MAX = 4
Serve = Callable[..., Any]


class Served:
    """A server with one method, and a stub for it."""

    def __init__(self, method: Serve) -> None:
        self.pool = ThreadPoolExecutor(8)
        self.server = grpc.server(self.pool)
        self.calls = CoreCalls(self.server, CALLS_MAX)
        self.calls.add(SERVICE, {"Ask": grpc.unary_unary_rpc_method_handler(method, bytes)}, self.pool)
        port = self.server.add_insecure_port("127.0.0.1:0")
        self.calls.start()
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.ask: Any = self.channel.unary_unary(f"/{SERVICE}/Ask")
        self.unknown: Any = self.channel.unary_unary(f"/{SERVICE}/Unknown")

    def stop(self, grace_s: float = 5.0) -> None:
        self.server.stop(grace_s).wait()
        self.calls.join()
        self.channel.close()
        self.pool.shutdown()


@pytest.fixture
def serve() -> Iterator[Callable[[Serve], Served]]:
    running: list[Served] = []

    def started(method: Serve) -> Served:
        running.append(Served(method))
        return running[-1]

    yield started
    for each in running:
        each.stop()


def test_the_installed_grpcio_is_one_that_we_know() -> None:
    """Where it is not, calls cost several times as much: see core_calls.py."""
    server = grpc.server(ThreadPoolExecutor(1))

    assert is_known(server)


def test_a_grpcio_that_we_do_not_know_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is missing, nothing is touched, and grpcio's server can serve."""
    server = grpc.server(ThreadPoolExecutor(1))
    monkeypatch.setattr(core_calls, "_OF_CORE", ("SomethingElse",))

    assert not is_known(server)


@pytest.mark.parametrize("size", [0, 1, SMALL_BYTES + 1, 3 << 20])
def test_a_call_is_answered(serve: Callable[[Serve], Served], size: int) -> None:
    """Messages of every size arrive and come back, one after another and many at once."""
    served = serve(lambda request, context: request)
    request = b"x" * size

    assert served.ask(request, timeout=10) == request
    assert [each.result(10) for each in [served.ask.future(request) for _ in range(CALLS_MAX)]] == [request] * CALLS_MAX


def test_the_context_says_who_calls_and_with_what(serve: Callable[[Serve], Served]) -> None:
    def described(request: bytes, context: Any) -> bytes:
        return f"{context.peer().split(':')[0]} {dict(context.invocation_metadata())['for']}".encode()

    assert serve(described).ask(b"", metadata=[("for", "work")], timeout=10) == b"ipv4 work"


def test_an_aborted_call_has_its_code_details_and_trailing_metadata(serve: Callable[[Serve], Served]) -> None:
    def refused(request: bytes, context: Any) -> bytes:
        context.set_trailing_metadata((("why-bin", b"\0"),))
        context.abort(grpc.StatusCode.NOT_FOUND, "nowhere: ä")
        raise AssertionError

    with pytest.raises(grpc.RpcError) as raised:
        serve(refused).ask(b"", timeout=10)

    assert raised.value.code() is grpc.StatusCode.NOT_FOUND
    assert raised.value.details() == "nowhere: ä"
    trailing_metadata: Any = raised.value.trailing_metadata()
    assert ("why-bin", b"\0") in [tuple(each) for each in trailing_metadata]


def test_an_unforeseen_error_ends_the_call_and_no_other(serve: Callable[[Serve], Served]) -> None:
    def fragile(request: bytes, context: Any) -> bytes:
        return bytes([100 // request[0]])

    served = serve(fragile)
    with pytest.raises(grpc.RpcError) as raised:
        served.ask(b"\0", timeout=10)

    assert raised.value.code() is grpc.StatusCode.UNKNOWN
    assert served.ask(b"\x64", timeout=10) == b"\1"


def test_methods_that_are_not_there_are_unimplemented(serve: Callable[[Serve], Served]) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        serve(lambda request, context: request).unknown(b"", timeout=10)

    assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_calls_beyond_the_limit_are_refused_at_once(serve: Callable[[Serve], Served]) -> None:
    """The others are answered, and when they are there is room again."""
    may_end, entered = threading.Event(), threading.Semaphore(0)

    def slow(request: bytes, context: Any) -> bytes:
        entered.release()
        may_end.wait(10)
        return request

    served = serve(slow)
    waiting = [served.ask.future(b"") for _ in range(CALLS_MAX)]
    assert all(entered.acquire(timeout=10) for _ in waiting)
    with pytest.raises(grpc.RpcError) as raised:
        served.ask(b"", timeout=10)
    may_end.set()

    assert raised.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert [each.result(10) for each in waiting] == [b""] * CALLS_MAX
    # A reply that has arrived may still be counted for a moment.
    assert any(served.ask.future(b"").exception(10) is None for _ in range(1000))


def test_a_handler_sees_that_its_caller_has_gone(serve: Callable[[Serve], Served]) -> None:
    """And what was to be done when the reply is on its way is done."""
    entered, gone, done = threading.Event(), threading.Event(), threading.Event()

    def patient(request: bytes, context: Any) -> bytes:
        context.add_callback(done.set)
        assert context.is_active()
        entered.set()
        while context.is_active():
            pass
        gone.set()
        return request

    call = serve(patient).ask.future(b"")
    assert entered.wait(10)
    call.cancel()

    assert gone.wait(10)
    assert done.wait(10)


def test_small_calls_of_one_moment_are_answered_together(serve: Callable[[Serve], Served]) -> None:
    """What is left over, and what is large, goes to the handler; each call gets its own answer."""
    served = serve(lambda request, context: b"alone " + request[:1])
    sizes: list[int] = []

    def together(calls: Sequence[Asked]) -> Sequence[Asked]:
        sizes.append(len(calls))
        for content, call in calls:
            if content != b"c":
                call.reply(b"together " + content)
        return [asked for asked in calls if asked[0] == b"c"]

    served.calls.answer_together("Ask", together)
    large = b"d" * (SMALL_BYTES + 1)
    answers = [served.ask.future(each).result(10) for each in (b"a", b"b", b"c", large)]

    assert answers == [b"together a", b"together b", b"alone c", b"alone d"]
    assert sum(sizes) == 3


def test_a_stop_waits_for_calls_under_way(serve: Callable[[Serve], Served]) -> None:
    entered, may_end = threading.Event(), threading.Event()

    def slow(request: bytes, context: Any) -> bytes:
        entered.set()
        may_end.wait(10)
        return request

    served = Served(slow)
    call = served.ask.future(b"kept")
    assert entered.wait(10)
    stopping = threading.Thread(target=served.stop)
    stopping.start()
    may_end.set()
    stopping.join(10)

    assert not stopping.is_alive()
    assert call.result(10) == b"kept"
