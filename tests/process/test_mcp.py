"""The tools of an agent, as the official client of the protocol and real processes see them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from agent_memory.mcp import server
from agent_memory.mcp.install.clients import CLIENTS
from agents.programs import make_ready, program
from support.stack import CHECKOUT, Stack, wait_until
from support.writer import said

mcp = pytest.importorskip("mcp.client")
stdio = pytest.importorskip("mcp.client.stdio")

RUN = Path(server.__file__).with_name("run.py")
TOOLS = ["map", "search", "open", "expand", "events", "projects"]
LATE = "The memory did not answer in time."
# Each takes seconds.
LATE_MAX = 10


def bridge(stack: Stack) -> list[str]:
    return [sys.executable, "-I", "-S", str(RUN), "--db-path", str(stack.db_path)]


def with_client(stack: Stack, mode: str, work: Callable[[Any], Awaitable[None]]) -> None:
    """Do `work` with a client that speaks the era `mode`, and was given only what Codex gives."""

    async def run() -> None:
        command, *arguments = bridge(stack)
        home = {"HOME": stack.env["HOME"], "PATH": os.environ["PATH"]}
        parameters = stdio.StdioServerParameters(command=command, args=arguments, env=home, cwd=stack.folder)
        async with mcp.Client(stdio.stdio_client(parameters), mode=mode) as client:
            await work(client)

    asyncio.run(run())


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28", "auto"])
def test_the_official_client_lists_the_tools_and_gets_answers(shared_stack: Stack, mode: str) -> None:
    """In both eras: what was said is found, cited and fenced; a wrong call is told in words."""
    text = f"The limpet valve of {mode} is set to nine"
    with shared_stack.client() as client:
        client.ingest(said(f"mcp-{mode}", 1_760_000_000_000, text, session_id=mode))

    async def work(client: Any) -> None:
        listed = await client.list_tools()
        assert [tool.name for tool in listed.tools] == TOOLS
        events = await client.call_tool("events", {"session": mode, "project": "all"})
        assert not events.is_error
        assert events.content[0].text.startswith("<agent-memory-recall>\n")
        assert text in events.content[0].text
        wrong = await client.call_tool("search", {})
        assert wrong.is_error
        assert wrong.content[0].text == "search needs query."
        unknown = await client.call_tool("open", {"id": "toc:day:1999-01-01"})
        assert unknown.is_error
        assert "1999-01-01" in unknown.content[0].text
        assert unknown.content[0].text.endswith("See what there is with: map")

    with_client(shared_stack, mode, work)


async def answered(client: Any) -> Any:
    """The map, as soon as it comes in time: a daemon that has just begun may be late on a busy machine, and says so."""
    for _ in range(LATE_MAX):
        found = await client.call_tool("map", {})
        if not found.content[0].text.startswith(LATE):
            break
    return found


def test_each_call_is_answered_whatever_became_of_the_daemon(stack: Stack) -> None:
    """Down, up, killed and up again, under one client: words that the agent can pass on, or the answer."""
    stack.start()
    stack.stop()

    async def work(client: Any) -> None:
        down = await client.call_tool("map", {})
        assert down.is_error
        assert down.content[0].text == "The memory is not running. Tell the user: memory-daemon start"
        stack.start()
        up = await answered(client)
        assert not up.is_error, up.content[0].text
        stack.kill("query")
        wait_until(lambda: stack.status()["health"] == "SERVING")
        up = await answered(client)
        assert not up.is_error, up.content[0].text
        os.kill(stack.pid("query"), signal.SIGSTOP)
        try:
            late = await client.call_tool("map", {})
        finally:
            os.kill(stack.pid("query"), signal.SIGCONT)
        assert late.is_error
        assert late.content[0].text.startswith(LATE)

    with_client(stack, "auto", work)


SESSION = "".join(
    f"{json.dumps({'jsonrpc': '2.0', **message})}\n"
    for message in (
        {
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": {"name": "t", "version": "1"},
            },
        },
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/list"},
        {"id": 3, "method": "tools/call", "params": {"name": "map", "arguments": {}}},
        {"id": 4, "method": "tools/call", "params": {"name": "search", "arguments": {"query": "limpet"}}},
    )
)


@pytest.mark.drill
@pytest.mark.timeout(600)
def test_two_hundred_sessions_leave_the_daemon_where_it_was(stack: Stack) -> None:
    """As many threads as before, and no more memory than a first few dozen sessions made it use."""

    def sessions(number: int) -> None:
        for _ in range(number):
            done = subprocess.run(bridge(stack), input=SESSION, capture_output=True, text=True, timeout=60)
            assert len(done.stdout.splitlines()) == 4, done.stdout + done.stderr

    def threads_and_kib() -> tuple[int, int]:
        status = Path(f"/proc/{stack.pid('query')}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines())
        return int(fields["Threads"]), int(fields["VmRSS"].split()[0])

    stack.start()
    with stack.client() as client:
        client.ingest(said("limpet", 1_760_000_000_000, "The limpet valve is set to nine", session_id="limpet"))
    sessions(50)
    threads, kib = threads_and_kib()
    sessions(200)
    threads_after, kib_after = threads_and_kib()

    print(f"query service: {threads} threads, {kib} KiB before 200 sessions; {threads_after}, {kib_after} KiB after")
    assert threads_after <= threads
    assert kib_after - kib < 5 * 1024


def test_agents_keep_notes_where_the_user_allows_it(stack: Stack) -> None:
    """In both eras: a note is stored once, under the client's name, without secrets, and found as a note.

    What its agent's hook reports of the call is not stored beside it.
    """
    stack.env["MEMORY_AGENT_NOTES"] = "true"
    stack.start()
    # The daemon serves before it has said so to everybody.
    wait_until(lambda: stack.db_path.with_name(f"{stack.db_path.name}-agent-notes").exists())
    secret = "ghp_" + "Zx9wLq7Rt2Vb4Nm6Kp8Ys1Dc3Fg5Hj0Ab2Ce"

    async def work(client: Any) -> None:
        listed = await client.list_tools()
        assert [tool.name for tool in listed.tools] == [*TOOLS, "note"]
        assert listed.tools[-1].annotations.read_only_hint is False
        words = {"text": f"The limpet valve stays at nine; the old token was {secret}.", "kind": "decision"}
        answers = [await client.call_tool("note", words) for _ in range(2)]
        assert not any(each.is_error for each in answers), answers
        assert "limpet" not in answers[0].content[0].text
        noted.append([each.content[0].text.splitlines()[1] for each in answers])
        read = await client.call_tool("events", {"project": "all"})
        assert "note      decision: The limpet valve stays at nine" in read.content[0].text
        empty = await client.call_tool("note", {"text": "<private>nine</private>", "kind": "fact"})
        assert empty.is_error

    noted: list[list[str]] = []
    for mode in ("legacy", "2026-07-28"):
        with_client(stack, mode, work)
    call = {
        "hook_event_name": "PostToolUse",
        "session_id": "s",
        "tool_name": "mcp__agent-memory__note",
        "tool_input": {"text": "The limpet valve stays at nine."},
        "tool_response": "Noted.",
    }
    hook = [sys.executable, "-I", "-S", str(RUN.parent.parent / "hook" / "run.py")]
    subprocess.run(hook, input=json.dumps(call), env=stack.env, cwd=stack.folder, text=True, check=True)

    # The two clients are of one folder and day: one session.
    assert noted == [["Noted.", "This was noted before."], ["This was noted before."] * 2]
    events = json.loads(stack.run("query", "events", "--json").stdout)["events"]
    assert [(each["event_type"], each["role"], each["metadata"]["note"]) for each in events] == [
        ("EVENT_TYPE_NOTE", "EVENT_ROLE_ASSISTANT", "decision")
    ]
    assert secret not in events[0]["text"]
    assert events[0]["metadata"]["project"] == str(stack.folder)
    wait_until(lambda: "stays at nine" in stack.run("search", "limpet valve").stdout)


def test_nobody_keeps_a_note_where_it_is_not_wanted(shared_stack: Stack) -> None:
    """No tool without the setting, and a call of it is refused; an ignored folder keeps a user's own note out, too."""

    async def work(client: Any) -> None:
        assert [tool.name for tool in (await client.list_tools()).tools] == TOOLS
        refused = await client.call_tool("note", {"text": "We use SQLite.", "kind": "decision"})
        assert refused.is_error
        assert refused.content[0].text.endswith("The user may allow it: memory-daemon config set agent_notes true")

    with_client(shared_stack, "auto", work)
    rules = shared_stack.folder / ".memoryignore"
    rules.write_text("*\n")
    try:
        ignored = shared_stack.run("note", "We use SQLite.", check=False)
    finally:
        rules.unlink()
    assert (ignored.returncode, "a rule says to ignore this folder" in ignored.stderr) == (1, True)


def test_a_bridge_goes_with_its_client(shared_stack: Stack) -> None:
    """At the end of its input; and where that stays open, when the process that started it has ended."""
    program = "import subprocess, sys, time; print(subprocess.Popen(sys.argv[1:]).pid, flush=True); time.sleep(60)"
    reading, writing = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", program, *bridge(shared_stack)], stdin=reading, stdout=subprocess.PIPE, text=True
    ) as client:
        assert client.stdout
        pid = int(client.stdout.readline())
        os.write(writing, b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
        assert client.stdout.readline()  # it serves
        client.kill()
    wait_until(lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text())
    os.close(reading)
    os.close(writing)

    ended = subprocess.run(bridge(shared_stack), input=b"", capture_output=True, timeout=30)
    assert (ended.returncode, ended.stdout) == (0, b"")


def test_what_is_no_message_is_told_and_the_next_is_answered(shared_stack: Stack) -> None:
    """A line of garbage, an empty one, and one without an end."""
    lines = [
        b"{",
        b"",
        b"[1]",
        b'{"jsonrpc":"2.0","id":1,"method":"ping"}',
        b'{"jsonrpc":"2.0","id":2,"method":"ping"}',
    ]

    done = subprocess.run(bridge(shared_stack), input=b"\n".join(lines), capture_output=True, timeout=30)

    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer.get("error", {}).get("code", answer.get("result")) for answer in answers] == [-32700, -32600, {}]
    assert done.stderr == b""


def test_what_is_installed_answers_as_it_is_installed(shared_stack: Stack) -> None:
    """By the command in each agent's file, with next to no variables; what was not installed is told how to be."""
    names = [name for name, client in CLIENTS.items() if not client.servers.add]
    refused = shared_stack.run("mcp", "test", names[0], check=False)
    assert (refused.returncode, f"memory-daemon mcp install {names[0]}" in refused.stderr) == (1, True)
    with shared_stack.client() as client:
        client.ingest(said("mcp-installed", 1_760_000_000_000, "hello", session_id="installed"))

    shared_stack.run("mcp", "install", *names)
    status = json.loads(shared_stack.run("mcp", "status", "--json").stdout)
    tried = json.loads(shared_stack.run("mcp", "test", *names, "--json").stdout)
    shared_stack.run("mcp", "uninstall")

    assert [row["state"] for row in status["servers"] if row["agent"] in names] == ["up to date"] * len(names)
    assert [each["agent"] for each in tried["servers"]] == names
    assert all((each["tools"], each["is_error"]) == (TOOLS, False) for each in tried["servers"])
    assert "nowhere" in shared_stack.run("mcp", "uninstall").stdout


def test_an_agent_that_must_be_called_and_is_not_there_is_told_what_to_type(shared_stack: Stack) -> None:
    """Its file is never written by us."""
    bare = {**shared_stack.env, "PATH": "/nonexistent"}
    command = [sys.executable, "-P", "-m", "agent_memory.cli.main", "mcp", "install", "claude-code"]

    done = subprocess.run(command, env=bare, cwd=shared_stack.folder, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "claude mcp add --scope user agent-memory -- " in done.stdout
    assert "is not on PATH" in done.stdout
    assert not (Path(shared_stack.env["HOME"]) / ".claude.json").exists()


def test_without_a_command_it_serves(shared_stack: Stack) -> None:
    """By the full command line, too: with a `--config`, launchers leave it to that."""
    message = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    command = [sys.executable, "-P", "-m", "agent_memory.cli.main", "--db-path", str(shared_stack.db_path), "mcp"]

    done = subprocess.run(
        command, input=f"{message}\n", env=shared_stack.env, capture_output=True, text=True, check=True
    )

    assert [tool["name"] for tool in json.loads(done.stdout)["result"]["tools"]] == TOOLS


@pytest.mark.drill
@pytest.mark.parametrize("name", [name for name, client in CLIENTS.items() if client.seen_running])
def test_the_real_programs_list_our_server(shared_stack: Stack, name: str) -> None:
    """Installed as a user would, each agent says so itself; what it was before comes back."""
    found = program(name)
    make_ready(shared_stack)
    path = f"{Path(found).parent}{os.pathsep}{shared_stack.env['PATH']}"
    env = {**shared_stack.env, "PATH": path, "GEMINI_CLI_TRUST_WORKSPACE": "true", "MEMORY_HOOK_DISABLED": "1"}
    cli = [sys.executable, "-P", "-m", "agent_memory.cli.main", "mcp"]

    def run(*words: str) -> str:
        done = subprocess.run(words, env=env, cwd=shared_stack.folder, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    run(*cli, "install", name)
    assert "agent-memory" in run(found, "mcp", "list")
    run(*cli, "uninstall", name)
    assert "agent-memory" not in run(found, "mcp", "list")


# From a checkout, and as an installation has it beside its Python.
LAUNCHERS = [CHECKOUT / "bin" / "memory-daemon", Path(sys.prefix) / "bin" / "memory-daemon"]


@pytest.mark.parametrize("launcher", LAUNCHERS, ids=["checkout", "installed"])
def test_a_command_behind_the_store_is_not_taken_for_serving(stack: Stack, launcher: Path) -> None:
    """Only the bare command goes to the bridge; one with a word behind its options is run as it was typed."""
    for options in (["--db-path", str(stack.db_path)], [f"--db-path={stack.db_path}"]):
        shown = subprocess.run(
            [launcher, "mcp", *options, "status"],
            env=stack.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert shown.stdout.startswith("AGENT "), shown
