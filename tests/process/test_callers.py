"""Who may call the query service, and what callers can cost it."""

from __future__ import annotations

import ipaddress
import os
import pwd
import shutil
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import grpc
import pytest

from agent_memory import tcp_peer
from agent_memory.client import Client
from agent_memory.errors import AgentMemoryError
from agent_memory.query.api import callers
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.rpc.memory_pb2_grpc import MemoryServiceStub
from support.stack import Stack, wait_until
from support.writer import said

_LISTENS = """
import os, socket, sys
with socket.socket(socket.AF_UNIX) as listening:
    listening.bind(sys.argv[1])
    os.setuid(int(sys.argv[2]))
    listening.listen()
    print("listens", flush=True)
    connection, _ = listening.accept()
    print(len(connection.recv(9)))
"""
# Somebody else may not read this environment, so all that a call imports, and an error, is imported as root.
_ASKS = """
import os, sys, grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

def asked(service):
    options = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(sys.argv[1], options) as channel:
        try:
            request = health_pb2.HealthCheckRequest(service=service)
            metadata = [("authorization", "Bearer " + sys.argv[4])] if sys.argv[4:] else []
            return health_pb2_grpc.HealthStub(channel).Check(request, timeout=10, metadata=metadata).status
        except grpc.RpcError as error:
            return f"{error.code().name} {error.details()}"

asked(""), asked("unknown")
os.setgroups([]), os.setgid(int(sys.argv[3])), os.setuid(int(sys.argv[2]))
print(asked(""))
"""


@pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="only root can be another user, here on Linux")
def test_another_user_of_the_machine_is_refused(shared_stack: Stack) -> None:
    """The kernel tells whose connection it is; the same question from the daemon's own user is answered."""
    assert asked_as("root", shared_stack) == "1"
    assert asked_as("nobody", shared_stack).startswith("PERMISSION_DENIED This memory is another user's.")
    assert asked_as("nobody", shared_stack, "").startswith("PERMISSION_DENIED This memory is another user's.")


def asked_as(user: str, stack: Stack, *token: str) -> str:
    ids = pwd.getpwnam(user)
    command = [sys.executable, "-c", _ASKS, f"127.0.0.1:{stack.port}", str(ids.pw_uid), str(ids.pw_gid), *token]
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.strip()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs a certificate")
def test_callers_from_elsewhere_need_tls_and_the_token(stack: Stack, tmp_path: Path) -> None:
    """So does a start that listens beyond this machine; the commands and the hook know how to use it."""
    token, other = "0123456789abcdef0123456789abcdef", "x" * 32
    for name, content in (("token", token), ("other", other)):
        (tmp_path / name).write_text(content + "\n")
        (tmp_path / name).chmod(0o600)
    stack.env["MEMORY_GRPC_TOKEN_FILE"] = str(tmp_path / "token")
    if sys.platform == "linux" and os.getuid() == 0:
        stack.start()
        assert asked_as("nobody", stack, token) == "1"
        assert asked_as("nobody", stack, other).startswith("PERMISSION_DENIED")
        stack.stop()

    refused = stack.run("start", "--host", "0.0.0.0", check=False)
    assert refused.returncode == 2
    assert "also needs grpc_tls_cert and grpc_tls_key" in refused.stderr
    certificate = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "cert")]
    subprocess.run(["openssl", *certificate, *names, *files], check=True, capture_output=True)
    stack.env |= {"MEMORY_GRPC_TLS_CERT": str(tmp_path / "cert"), "MEMORY_GRPC_TLS_KEY": str(tmp_path / "key")}
    (tmp_path / "key").chmod(0o644)
    assert "can be read by others" in stack.run("start", "--host", "0.0.0.0", check=False).stderr
    (tmp_path / "key").chmod(0o600)
    stack.start("--host", "0.0.0.0")
    # As another machine has it: no store, an address, the certificate and the token.
    elsewhere = {"MEMORY_DAEMON_ADDR": f"https://localhost:{stack.port}", "MEMORY_DB_PATH": str(tmp_path / "none")}

    payload = '{"session_id":"far","hook_event_name":"UserPromptSubmit","prompt":"from afar"}'
    hook = [sys.executable, "-m", "agent_memory.hook", "--agent", "claude-code"]
    environment = {**stack.env, **elsewhere, "MEMORY_HOOK_DEADLINE_MS": "60000"}
    subprocess.run(hook, input=payload, env=environment, text=True, check=True, capture_output=True)
    assert "from afar" in stack.run("query", "events", "--session", "far", env=elsewhere).stdout
    for name, file in (("MEMORY_GRPC_TOKEN_FILE", tmp_path / "other"), ("MEMORY_GRPC_TOKEN_FILE", "")):
        asked = stack.run("query", "root", env={**elsewhere, name: str(file)}, check=False)
        assert (asked.returncode != 0, "This daemon wants its token." in asked.stderr) == (True, True)
    plain = stack.run("query", "root", env={"MEMORY_DAEMON_ADDR": f"localhost:{stack.port}"}, check=False)
    assert "No memory daemon answers" in plain.stderr
    assert stack.run("query", "root").returncode == 0


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make another user's folder")
@pytest.mark.parametrize("kind", ["folder", "link"])
def test_nothing_goes_to_a_runtime_folder_of_another_user(stack: Stack, tmp_path: Path, kind: str) -> None:
    """Its name in /tmp is known to everybody: it is refused, and stays as it is."""
    nobody = pwd.getpwnam("nobody").pw_uid
    runtime = Path(stack.env["XDG_RUNTIME_DIR"]) / "agent-memory"
    foreign = tmp_path / "foreign"
    foreign.mkdir(mode=0o755)
    if kind == "folder":
        foreign.rename(runtime)
    else:
        runtime.symlink_to(foreign)
    os.chown(runtime, nobody, nobody, follow_symlinks=False)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(runtime / "hook.sock"))
        listening.listen()

        started = stack.run("start", check=False)

        assert started.returncode != 0
        assert f"belongs to user {nobody}, not to you" in started.stderr
        assert f"belongs to user {nobody}, not to you" in stack.run("query", "root", check=False).stderr
        assert (foreign if kind == "link" else runtime).stat().st_mode & 0o777 == 0o755
    os.chown(runtime, os.getuid(), os.getgid(), follow_symlinks=False)  # for the test's own clean-up


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user")
def test_a_hook_tells_another_user_s_socket_nothing(stack: Stack) -> None:
    """The link leads to a socket on which somebody else listens: the event waits in the spool."""
    nobody = pwd.getpwnam("nobody").pw_uid
    spool = Path(f"{stack.db_path}-spool")
    spool.mkdir(parents=True)
    path = Path(stack.env["XDG_RUNTIME_DIR"]) / "theirs.sock"
    with subprocess.Popen(
        [sys.executable, "-c", _LISTENS, str(path), str(nobody)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        other.stdout.readline()
        (spool / "socket").symlink_to(path)
        payload = '{"session_id":"s1","hook_event_name":"UserPromptSubmit","prompt":"between us"}'
        run = [sys.executable, "-m", "agent_memory.hook", "--agent", "claude-code"]
        subprocess.run(run, input=payload, env=stack.env, text=True, check=True, capture_output=True)

        assert other.stdout.readline() == "0\n"
    assert len([each for each in spool.iterdir() if each.name != "socket"]) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells")
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_kernel_tells_whose_connection_it_is(host: str) -> None:
    """By a question for the one connection, and by the list of all."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as server:
        port = server.getsockname()[1]
        with socket.create_connection((host, port)) as client:
            theirs = client.getsockname()[1]
            peer = f"ipv6:%5B{host}%5D:{theirs}" if ":" in host else f"ipv4:{host}:{theirs}"
            address = ipaddress.ip_address(host)

            assert callers.user_of(peer, port) == os.getuid()
            assert tcp_peer._listed(address, theirs, port) == os.getuid()
            assert tcp_peer._asked(address, theirs, port) in (os.getuid(), None)
            client.close()
            # A caller who has gone is nobody, also while the kernel keeps its socket, as root's, for what is in flight.
            assert callers.user_of(peer, port) == tcp_peer.GONE
            assert tcp_peer._listed(address, theirs, port) == tcp_peer.GONE
    assert callers.user_of("ipv4:192.0.2.1:1234", port) is None


@pytest.mark.drill
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_callers_who_read_nothing_cost_bounded_memory(stack: Stack) -> None:
    """Two hundred large replies are asked for and not read, while somebody else is served."""
    stack.start()
    pid = stack.pid("query")
    with stack.client() as client:
        client.ingest(said("large", 1_760_000_000_000, "a word " * 1_500_000))
    peak = _Peak(pid)
    with ExitStack() as open_calls:
        for _ in range(50):
            options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", 64 << 20)]
            channel = open_calls.enter_context(grpc.insecure_channel(f"127.0.0.1:{stack.port}", options))
            for _ in range(4):
                MemoryServiceStub(channel).GetEvents.future(pb.GetEventsRequest(limit=1), timeout=60)
        with stack.client() as client:
            wait_until(lambda: len(client.events(pb.GetEventsRequest(limit=1, max_tokens=100)).events) >= 0)
    assert peak.stop() < 500 << 20


@pytest.mark.drill
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.parametrize(("megabytes", "reason"), [(60, "more than one message may hold"), (15, "")])
def test_large_batches_cost_bounded_memory(stack: Stack, megabytes: int, reason: str) -> None:
    """Twelve batches at once are stored, or refused with a reason before they are read; a few are taken apart."""
    stack.start()
    peak = _Peak(stack.pid("query"))
    text = "some words of no account " * 40_000
    refusals: list[str] = []

    def send(number: int) -> None:
        with Client(f"127.0.0.1:{stack.port}", 120) as client:
            try:
                client.ingest_many([said(f"e{number}-{n}", 1_760_000_000_000 + n, text) for n in range(megabytes)])
            except AgentMemoryError as error:
                refusals.append(str(error))

    senders = [threading.Thread(target=send, args=(number,)) for number in range(12)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    most = peak.stop()
    print(f"12 batches of {megabytes} MB: {most / 1e6:.0f} MB")
    assert most < 500 << 20
    assert len(refusals) == (12 if reason else 0)
    assert all(reason in refusal for refusal in refusals)
    assert stack.status()["health"] == "SERVING"


@pytest.mark.drill
def test_idle_connections_are_refused_beyond_a_limit(stack: Stack) -> None:
    """Others are served, and go on being served, while somebody holds as many as the machine lets him."""
    stack.start()
    with ExitStack() as held:
        for _ in range(1_100):
            held.enter_context(socket.create_connection(("127.0.0.1", stack.port)))
        assert stack.run("status", "--json").returncode == 0
        assert stack.run("query", "root", "--json").returncode == 0
    with stack.client() as client:
        assert client.health() == "SERVING"


class _Peak:
    """The most memory that a process had, looked at every 20 ms."""

    def __init__(self, pid: int) -> None:
        self._path = Path(f"/proc/{pid}/statm")
        self._most = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def stop(self) -> int:
        self._stopping.set()
        self._thread.join()
        return self._most * os.sysconf("SC_PAGE_SIZE")

    def _look(self) -> None:
        while not self._stopping.wait(0.02):
            self._most = max(self._most, int(self._path.read_text().split()[1]))
