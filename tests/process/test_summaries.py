"""Who writes the summaries of a running daemon, and what leaves the machine for it: with `local`, nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent_memory.client import Client
from agent_memory.model import Event, EventRole, EventType
from support.provider import Provider, Reply
from support.stack import Stack
from support.writer import said

# Remembers every address that a Python process connects or sends to, and every name it looks up.
HOOK = """
import os, socket, sys

def look(event, args):
    if event == "socket.getaddrinfo":
        place = args[0]
    elif event in ("socket.connect", "socket.sendto") and args[0].family in (socket.AF_INET, socket.AF_INET6):
        place = args[1][0]
    else:
        return
    with open(os.environ["TEST_CONNECTIONS"], "a") as file:
        print(event, place, file=file)

sys.addaudithook(look)
"""
LOOPBACK = {"127.0.0.1", "::1", "localhost", "None"}


@pytest.fixture
def server() -> Iterator[Provider]:
    server = Provider()
    yield server
    server.close()


def conversation(name: str) -> list[Event]:
    """A session of half a minute that ended just now, so that its segment is closed."""
    now_ms = time.time_ns() // 1_000_000 - 60_000
    return [
        said(f"{name}-1", now_ms, "Should we use Postgres or Redis for the job queue?", session_id=name),
        said(f"{name}-2", now_ms + 9_000, "We decided to use Postgres for the queue.", session_id=name),
        said(
            f"{name}-3",
            now_ms + 30_000,
            "",
            session_id=name,
            kind=EventType.SESSION_END,
            role=EventRole.SYSTEM,
        ),
    ]


def summarized_by(client: Client, session: str) -> str:
    """Who wrote the words of the session's segment; empty while there is none."""
    ids = [node.node_id for node in client.root().nodes]
    while ids:
        node = client.node(ids.pop()).node
        if node.session_id == session:
            return node.summarized_by
        ids.extend(node.child_node_ids)
    return ""


def test_a_model_s_words_come_after_the_local_ones_and_a_hang_holds_up_nothing(stack: Stack, server: Provider) -> None:
    """Ingestion and the table of contents go on while the provider hangs; when it is back, the model does the rest."""
    server.replies.append(Reply(hangs=True))
    stack.env |= {
        "MEMORY_SUMMARIZER_PROVIDER": "openai",
        "MEMORY_SUMMARIZER_MODEL": "small",
        "MEMORY_SUMMARIZER_BASE_URL": f"{server.url}/v1",
    }
    stack.start()
    with stack.client() as client:
        client.ingest_many(conversation("first"))
        stack.wait_until(lambda: server.asked)

        took_s = []
        for number in range(50):
            began = time.perf_counter()
            client.ingest(said(f"while-{number}", time.time_ns() // 1_000_000, session_id="while"))
            took_s.append(time.perf_counter() - began)
        client.ingest_many(conversation("second"))

        stack.wait_until(lambda: summarized_by(client, "second") == "local", timeout_s=10)
        assert sorted(took_s)[len(took_s) // 2] < 1
        assert summarized_by(client, "first") == "local"
        assert len(server.asked) == 1

        stack.kill("worker")
        stack.wait_until(lambda: {summarized_by(client, "first"), summarized_by(client, "second")} == {"openai/small"})

    report = json.loads(stack.run("admin", "summaries", "--json").stdout)
    assert report["spent_ever"]["segment"]["count"] == 2
    assert report["in_the_way"] == ""
    assert "Spent since the store began:" in stack.run("admin", "summaries").stdout


def test_a_rebuild_says_what_a_model_will_cost_and_spends_nothing_unasked(stack: Stack) -> None:
    """The daemon knows who is asked, whatever the command line's settings; without a terminal only --yes is a yes."""
    paid = {
        "MEMORY_SUMMARIZER_PROVIDER": "openai",
        "MEMORY_SUMMARIZER_MODEL": "small",
        "MEMORY_SUMMARIZER_BASE_URL": "http://127.0.0.1:9/v1",
        "MEMORY_SUMMARIZER_INPUT_PRICE": "1",
    }
    stack.run("start", env=paid)
    stack.status()
    with stack.client() as client:
        client.ingest_many(conversation("first"))
        stack.wait_until(lambda: summarized_by(client, "first") == "local")

    dry = stack.run("admin", "rebuild-toc", "--dry-run", env={"MEMORY_SUMMARIZER_INPUT_PRICE": "1"}).stdout
    refused = stack.run("admin", "rebuild-toc", check=False)
    done = stack.run("admin", "rebuild-toc", "--yes")

    bill = dry.splitlines()[-1]
    assert bill.startswith("Questions to openai/small: about 1, ")
    assert ", $0.000" in bill
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "Questions to openai/small: about 1" in refused.stderr
    assert "--yes" in refused.stderr
    assert done.stdout.startswith("Rebuilt from 3 events")


def test_with_local_no_process_connects_to_anything_but_this_machine(stack: Stack) -> None:
    """Looked at from inside of each process, from start to stop, through everything a user does."""
    remembered = watched(stack)

    use(stack)

    seen = {line.split()[-1] for line in remembered.read_text().splitlines()}
    # Connections to this machine are seen: so would be any other.
    assert seen
    assert seen <= LOOPBACK


def test_with_local_not_a_packet_is_meant_for_anywhere_else(stack: Stack) -> None:
    """The kernel's word, for every library: in a network that leads nowhere, nothing looks for a way out."""
    alone = ["unshare", "--user", "--map-root-user", "--net", "sh", "-ec"]
    if subprocess.run([*alone, "ip link set lo up"], capture_output=True).returncode:
        pytest.skip("needs a network namespace of its own")
    counters = "cat /proc/net/snmp /proc/net/snmp6"
    away = "import socket; socket.socket().connect_ex(('192.0.2.1', 9))"
    script = f'ip link set lo up; "$@" >/dev/null; {counters}; echo; {sys.executable} -c "{away}"; {counters}'

    done = subprocess.run(
        [*alone, script, "sh", *stack.command("demo")], env=stack.env, capture_output=True, text=True, timeout=100
    )

    assert done.returncode == 0, done.stderr
    after_demo, after_control = done.stdout.split("\n\n")
    assert no_routes(after_demo) == 0
    assert no_routes(after_control) == 1


def no_routes(counters: str) -> int:
    """How often something was to be sent where no way leads, by both versions of the protocol."""
    names, values = (line.split() for line in counters.splitlines() if line.startswith("Ip:"))
    six = next(line.split()[1] for line in counters.splitlines() if line.startswith("Ip6OutNoRoutes"))
    return int(dict(zip(names, values, strict=True))["OutNoRoutes"]) + int(six)


def watched(stack: Stack) -> Path:
    """The file in which every process of the stack will say what it connects to."""
    folder = stack.folder / "watch"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    remembered = folder / "connections"
    stack.env["PYTHONPATH"] = f"{folder}:{stack.env['PYTHONPATH']}"
    stack.env["TEST_CONNECTIONS"] = str(remembered)
    return remembered


def use(stack: Stack) -> None:
    """All that a user does with a daemon."""
    stack.start()
    hook = json.dumps({"hook_event_name": "UserPromptSubmit", "session_id": "hooked", "prompt": "Why is CI red?"})
    subprocess.run(
        [sys.executable, "-m", "agent_memory.hook"], env=stack.env, input=hook, text=True, check=True, timeout=60
    )
    with Client(f"127.0.0.1:{stack.port}") as client:
        client.ingest_many(conversation("first"))
        stack.wait_until(lambda: summarized_by(client, "first") == "local" and summarized_by(client, "hooked"))
    stack.run("query", "root")
    stack.run("query", "map")
    stack.run("scheduler", "run-now", "toc_rollup_day")
    stack.run("admin", "rebuild-toc")
    stack.run("admin", "verify")
    stack.run("admin", "summaries")
    stack.stop()
