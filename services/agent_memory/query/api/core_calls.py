"""Core calls: unary methods served from gRPC's core, past the part of grpcio's server that is written in Python.

That part wakes a thread four times per call and costs three to five times what the core does. Here one thread takes the
calls: it hands each to a pool once its message is there, or answers those that came together by itself. What the core
has for grpcio's server, such as calls of other services, the same thread passes on to that.

All this is grpcio's own and not promised to anybody, so all we know of it is in this module. Where it has changed,
`is_known` is false, and grpcio's server has to serve these methods, too.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, Final, NoReturn, TypeAlias

import grpc

from agent_memory.process.vital_thread import vital_thread
from agent_memory.query.api.interceptor import Handler

try:
    _server: Any = importlib.import_module("grpc._server")
    cygrpc: Any = importlib.import_module("grpc._cython.cygrpc")
except ImportError:  # another grpcio than those we know
    _server = cygrpc = None

log = logging.getLogger(__name__)

# What is answered together at most: the first of them waits for the last.
TOGETHER_MAX: Final = 64
# A larger request goes to the pool, so that nobody waits for it.
SMALL_BYTES: Final = 16 << 10
_OF_CORE: Final = (
    "ReceiveCloseOnServerOperation",
    "ReceiveMessageOperation",
    "SendInitialMetadataOperation",
    "SendMessageOperation",
    "SendStatusFromServerOperation",
)
_OF_SERVER: Final = ("_ServerStage", "_process_event_and_continue", "_request_call", "_request_registered_call")
_OF_STATE: Final = ("completion_queue", "lock", "registered_method_handlers", "server", "stage")
_NO_FLAGS: Final = 0
_PAST: Final = 0.0


class Aborted(Exception):
    """The call was ended by `abort`."""


class CoreCall:
    """One call, in the place of a grpc.ServicerContext; to be ended once, by any thread."""

    __slots__ = ("_callbacks", "_code", "_core", "_details", "_is_watched", "_trailing", "cancelled", "metadata")

    def __init__(self, core: Any, metadata: Sequence[tuple[str, str | bytes]]) -> None:
        self._core = core
        self.metadata = metadata
        self.cancelled = False
        self._code = grpc.StatusCode.OK
        self._details = b""
        self._trailing: tuple[tuple[str, str | bytes], ...] | None = None
        self._callbacks: list[Callable[[], None]] = []
        self._is_watched = False

    # --- what a ServicerContext has

    def invocation_metadata(self) -> Sequence[tuple[str, str | bytes]]:
        return self.metadata

    def peer(self) -> str:
        found: bytes = self._core.peer()
        return found.decode()

    def set_trailing_metadata(self, metadata: tuple[tuple[str, str | bytes], ...]) -> None:
        self._trailing = metadata

    def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        self._code, self._details = code, details.encode()
        raise Aborted

    def is_active(self) -> bool:
        """False once the caller has cancelled the call; watched from the first question on."""
        if not self._is_watched:
            self._is_watched = True
            self._core.start_server_batch((cygrpc.ReceiveCloseOnServerOperation(_NO_FLAGS),), _Closed(self))
        return not self.cancelled

    def add_callback(self, callback: Callable[[], None]) -> bool:
        """Have `callback` called when the reply was taken, or never will be."""
        self._callbacks.append(callback)
        return True

    def cancel(self) -> None:
        self._core.cancel()

    # --- what ends it

    def reply(self, content: bytes) -> None:
        self._end(cygrpc.SendMessageOperation(content, _NO_FLAGS))

    def refuse(self, code: grpc.StatusCode, details: str) -> None:
        self._code, self._details = code, details.encode()
        self._end()

    def end_aborted(self) -> None:
        """End the call as `abort` said."""
        self._end()

    def has_ended(self) -> None:
        """The end has reached the caller, or the caller is gone; for the thread that takes the calls."""
        for callback in self._callbacks:
            callback()

    def receive(self, method: _Method) -> None:
        self._core.start_server_batch((cygrpc.ReceiveMessageOperation(_NO_FLAGS),), _Received(self, method))

    def _end(self, *message: Any) -> None:
        code: int = self._code.value[0]
        status = cygrpc.SendStatusFromServerOperation(self._trailing, code, self._details, _NO_FLAGS)
        operations = [cygrpc.SendInitialMetadataOperation(None, _NO_FLAGS), *message, status]
        if not self._is_watched:
            # The core wants to be asked for it once in the life of each call.
            operations.append(cygrpc.ReceiveCloseOnServerOperation(_NO_FLAGS))
        self._core.start_server_batch(operations, self)


# A call, and its request as it came.
Asked: TypeAlias = tuple[bytes, CoreCall]
# Answers calls that came together, soon; returns those that it leaves to the handler. Raises nothing, and waits for
# nothing.
Together: TypeAlias = Callable[[Sequence[Asked]], Sequence[Asked]]


class _Method:
    """A method, as the tag of the core's event that a call of it has come."""

    __slots__ = ("handler", "path", "pool", "together")

    def __init__(self, path: str, handler: Handler, pool: Executor) -> None:
        self.path = path
        self.handler = handler
        self.pool = pool
        self.together: Together | None = None


class _Received:
    __slots__ = ("call", "method")

    def __init__(self, call: CoreCall, method: _Method) -> None:
        self.call = call
        self.method = method


class _Closed:
    __slots__ = ("call",)

    def __init__(self, call: CoreCall) -> None:
        self.call = call


def is_known(server: grpc.Server) -> bool:
    """Whether the server, and what is below it, is as we know it."""
    state = getattr(server, "_state", None)
    needed = (cygrpc, _OF_CORE), (_server, _OF_SERVER), (state, _OF_STATE)
    return all(hasattr(there, name) for there, names in needed for name in names)


class CoreCalls:
    """Serves methods of a server that is known; to be made before that is started, and to start it."""

    def __init__(self, server: grpc.Server, calls_max: int) -> None:
        self._state: Any = server._state  # type: ignore[attr-defined]
        self._calls_max = calls_max
        self._methods: dict[str, _Method] = {}
        # Calls that have not ended; the thread's own.
        self._active = 0
        self._gathered: dict[_Method, list[Asked]] = {}
        self._thread = vital_thread(self._run, "calls")

    def add(self, service: str, handlers: Mapping[str, Handler], pool: Executor) -> None:
        """Serve these methods of a service, each in its own pool if it has one."""
        for name, handler in handlers.items():
            path = f"/{service}/{name}"
            self._state.server.register_method(path)
            own = getattr(handler.unary_unary, "experimental_thread_pool", pool)  # as grpcio's server has it
            self._methods[name] = _Method(path, handler, own)

    def answer_together(self, name: str, together: Together) -> None:
        """From now on, have small requests of the method that came at the same time answered by one call."""
        self._methods[name].together = together

    def start(self) -> None:
        """Start the server as it starts itself, but for its thread."""
        with self._state.lock:
            self._state.server.start()
            self._state.stage = _server._ServerStage.STARTED
            for path in self._state.registered_method_handlers:
                _server._request_registered_call(self._state, path)
            _server._request_call(self._state)
        for method in self._methods.values():
            self._ask(method)
        self._thread.start()

    def join(self) -> None:
        """Wait until the last call has ended, after the server was told to stop."""
        self._thread.join()

    def _ask(self, method: _Method) -> None:
        queue = self._state.completion_queue
        self._state.server.request_registered_call(queue, queue, method.path, method)

    def _run(self) -> None:
        poll = self._state.completion_queue.poll
        while self._take(poll(None)):
            # Whoever else came by now is answered together with the first; nobody is waited for.
            while 0 < sum(map(len, self._gathered.values())) < TOGETHER_MAX:
                event = poll(_PAST)
                if event.completion_type == cygrpc.CompletionType.queue_timeout or not self._take(event):
                    break
            gathered, self._gathered = self._gathered, {}
            for method, calls in gathered.items():
                self._answer_together(method, calls)

    def _take(self, event: Any) -> bool:
        """Do what the event asks for; False where it was the last one."""
        tag = event.tag
        if isinstance(tag, CoreCall):
            self._active -= 1
            tag.has_ended()
        elif isinstance(tag, _Received):
            self._received(tag.method, tag.call, event.batch_operations[0].message())
        elif isinstance(tag, _Method):
            self._called(tag, event)
        elif isinstance(tag, _Closed):
            tag.call.cancelled = event.batch_operations[0].cancelled()
        else:
            return bool(_server._process_event_and_continue(self._state, event))
        return True

    def _called(self, method: _Method, event: Any) -> None:
        if not event.success:  # the server is stopping
            return
        self._ask(method)
        call = CoreCall(event.call, event.invocation_metadata)
        self._active += 1
        if self._active > self._calls_max:
            call.refuse(grpc.StatusCode.RESOURCE_EXHAUSTED, "Concurrent RPC limit exceeded!")
        else:
            call.receive(method)

    def _received(self, method: _Method, call: CoreCall, content: bytes | None) -> None:
        if content is None:  # the caller is gone, or sent none
            call.refuse(grpc.StatusCode.INTERNAL, "The call has no request message.")
        elif method.together and len(content) <= SMALL_BYTES:
            self._gathered.setdefault(method, []).append((content, call))
        else:
            method.pool.submit(_answer, method.handler, content, call)

    def _answer_together(self, method: _Method, calls: Sequence[Asked]) -> None:
        assert method.together
        for content, call in method.together(calls):
            method.pool.submit(_answer, method.handler, content, call)


def _answer(handler: Handler, content: bytes, call: CoreCall) -> None:
    """Answer by the handler, as grpcio's server does."""
    try:
        assert handler.unary_unary
        assert handler.request_deserializer
        reply: Any = handler.unary_unary(handler.request_deserializer(content), call)  # type: ignore[arg-type]
        serialize = handler.response_serializer
        call.reply(reply if serialize is None else serialize(reply))
    except Aborted:
        call.end_aborted()
    except Exception as error:
        log.exception("call failed")
        call.refuse(grpc.StatusCode.UNKNOWN, f"Exception calling application: {error}")
