"""Command lines that the query service answers: the same to the byte as the full command, or not at all."""

from __future__ import annotations

import io
import os
import pty
import re
import socket
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

import click
import pytest

from agent_memory.cli import quick, served
from agent_memory.cli.main import PROGRAM, cli
from agent_memory.command_call import COMMAND_CALL, FULL
from support.conversations import conversations
from support.stack import CHECKOUT, Stack, wait_until

# Where a page has another width than by default, and where lines are wrapped.
WIDTHS = (48, 130)


@pytest.fixture(scope="module")
def filled_stack(shared_stack: Stack) -> Stack:
    """A running stack that remembers a few sessions."""
    with shared_stack.client() as client:
        client.ingest_many(conversations(1, sessions=3))
        shared_stack.wait_until(lambda: not client.stats().outbox and client.index_status().segments)
    return shared_stack


def quickly(
    stack: Stack, *words: str, env: Mapping[str, str] | None = None, stdout: int = subprocess.PIPE
) -> tuple[int, bytes, bytes]:
    """The exit code of the quick way, and what it printed to standard output and to standard error."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", run_file(), *words],
        env={**stack.env, **(env or {})},
        cwd=stack.folder,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=60,
    )
    return done.returncode, done.stdout or b"", done.stderr


def run_file() -> str:
    return str(Path(quick.__file__).with_name("run.py"))


class Terminal(io.StringIO):
    """A terminal that remembers."""

    def isatty(self) -> bool:
        return True


def in_full(stack: Stack, *words: str, columns: int = 0) -> tuple[int, bytes, bytes]:
    """The full command in this process, over gRPC; on a terminal of so many columns, or on none."""
    looks = {"COLUMNS": str(columns), "LINES": "25", "TERM": "xterm-256color"} if columns else {}
    output, errors = Terminal() if columns else io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, {**stack.env, **looks}, clear=True),
        chdir(stack.folder),
        redirect_stdout(output),
        redirect_stderr(errors),
        pytest.raises(SystemExit) as end,
    ):
        cli.main(list(words), prog_name=PROGRAM)
    return int(end.value.code or 0), output.getvalue().encode(), errors.getvalue().encode()


def on_terminal(stack: Stack, columns: int, command: Sequence[str]) -> tuple[int, bytes]:
    """The command's exit code, and what it wrote to a terminal of so many columns."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (25, columns))
    env = {name: value for name, value in stack.env.items() if name not in ("COLUMNS", "LINES")}
    done = subprocess.Popen(
        command, cwd=stack.folder, env={**env, "TERM": "xterm-256color"},
        stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    written = b"".join(_everything(ours))
    os.close(ours)
    return done.wait(), written


def _everything(terminal: int) -> Iterator[bytes]:
    try:
        while chunk := os.read(terminal, 1 << 16):
            yield chunk
    except OSError:  # nobody has the other end
        return


def commands(group: click.Group, context: click.Context, above: tuple[str, ...] = ()) -> Iterator[click.Command]:
    """All commands that are served."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        path = (*above, name)
        assert command
        if isinstance(command, click.Group):
            if name in served.SERVED:
                yield from commands(command, context, path)
        elif served.is_served(path):
            yield command


def lines_of(stack: Stack) -> list[tuple[str, ...]]:
    """Command lines with an answer: the example of every command that is served, and what they leave out."""
    with stack.client() as client:
        year = client.root().nodes[0].node_id
        node = next(each for each in client.browse(client.browse(year).children[0].node_id).children if each.bullets)
    grip = node.bullets[0].grip_ids[0]
    found = [
        ("admin", "stats"),
        ("query", "root", "--tokens", "30"),
        ("query", "node", node.node_id),
        ("query", "node", node.node_id, "--history"),
        ("query", "node", node.node_id, "--tokens", "60"),
        ("query", "browse", year, "--limit", "1"),
        ("query", "expand", grip, "--before", "1"),
        ("query", "events", "--limit", "7", "--newest-first"),
        ("query", "map", "--project", "."),
        ("search", "デプロイ"),
        ("search", "postgres", "--explain", "--tokens", "300"),
        ("query", "node", "nope"),
        ("query", "node", "2001-01-01"),
        ("query", "node", "5/6/2020"),
        ("query", "browse", grip),
        ("query", "expand", "grip:1:2"),
        ("query", "events", "--from", "tomorrow", "--to", "yesterday"),
        ("query", "when", "gibberish"),
        ("--db-path", str(stack.db_path), "query", "root"),
        ("query", "root", "--log-level", "debug", f"--db-path={stack.db_path}"),
    ]
    with click.Context(cli) as context:
        for command in commands(cli, context):
            example = re.search(r"Example: memory-daemon (.*)", command.help or "")
            assert example, f"{command.name} has no example"
            found.append(tuple(re.sub(r'"([^"]*)"', lambda match: match[1].replace(" ", "\0"), example[1]).split()))
    return [tuple(word.replace("\0", " ") for word in words) for words in found]


def test_answers_are_those_of_the_full_command(filled_stack: Stack) -> None:
    """Text, JSON and errors of every command, in a pipe; without an answer, the full command has to say why."""
    answered = []
    for words in lines_of(filled_stack):
        if words[0] == "note":  # said twice, it is kept once, and the second answer is another
            assert in_full(filled_stack, *words)[0] == 0
            with filled_stack.client() as client:
                wait_until(lambda: client.stats().outbox == 0)
        for line in (words, (*words, "--json")) if "--json" not in words else (words,):
            code, text, error = quickly(filled_stack, *line)

            if code == quick.NOT_ANSWERED:
                assert (text, error) == (b"", b"")
                assert in_full(filled_stack, *line)[0] > 1  # wrongly used
            else:
                full_code, full_text, full_error = in_full(filled_stack, *line)
                assert (code, steady(text), error) == (full_code, steady(full_text), full_error), line
                answered.append(line)

    assert len(answered) >= 2 * 15
    assert {line[0] for line in answered} >= set(served.SERVED)


@pytest.mark.parametrize("columns", WIDTHS)
def test_on_a_terminal_they_are_as_wide_and_as_colourful(filled_stack: Stack, columns: int) -> None:
    """What flows is wrapped to the terminal's width, and styles are sent as the terminal shows them."""
    for words in lines_of(filled_stack):
        command = [sys.executable, "-I", "-S", run_file(), *words]
        code, text = on_terminal(filled_stack, columns, command)

        if code != quick.NOT_ANSWERED:
            _, full_text, error = in_full(filled_stack, *words, columns=columns)
            assert steady(text.replace(b"\r\n", b"\n")) == steady(full_text + error), words


def test_the_program_answers_as_the_full_command_does(filled_stack: Stack) -> None:
    """The whole way, once: as processes, on a terminal; and `--version`, for which no daemon is needed."""
    words = ("query", "map")
    command = [sys.executable, "-I", "-S", run_file(), *words]

    assert on_terminal(filled_stack, 70, command) == on_terminal(filled_stack, 70, filled_stack.command(*words))
    assert quickly(filled_stack, *words) == (0, filled_stack.run(*words).stdout.encode(), b"")
    assert quickly(filled_stack, "--version")[1].decode() == filled_stack.run("--version").stdout


@pytest.mark.parametrize(
    "line",
    [
        "stop", "start", "scheduler pause toc_rollup_day", "hooks status", "admin compact", "", "search",
        "--help", "query", "query --help", "query root -h", "query node", "query root --no-such-option",
        "query root --db-path data/agent-memory/db", "query root --db-path /nowhere",
    ],
)  # fmt: skip
def test_what_is_no_answer_is_left_to_the_full_command(filled_stack: Stack, line: str) -> None:
    """Changes, help, wrong options and other stores: nothing is printed, and nothing is done."""
    assert quickly(filled_stack, *line.split()) == (quick.NOT_ANSWERED, b"", b"")


@pytest.mark.parametrize(
    "env",
    [
        {"TZ": "Asia/Tokyo"}, {"HOME": "/"}, {"XDG_RUNTIME_DIR": "/nowhere"},
        {"MEMORY_DB_PATH": "/nowhere"}, {"MEMORY_DAEMON_ADDR": "127.0.0.1:1"}, {"PYTHONIOENCODING": "latin-1"},
    ],
)  # fmt: skip
def test_callers_that_live_elsewhere_get_no_answer(filled_stack: Stack, env: dict[str, str]) -> None:
    """The daemon's own zone, folders and settings are not passed off as the caller's."""
    assert quickly(filled_stack, "query", "root", env=env) == (quick.NOT_ANSWERED, b"", b"")


def test_readers_that_have_gone_are_no_answer(filled_stack: Stack) -> None:
    """Into a closed pipe, the exit code is that of the full command."""
    ours, theirs = os.pipe()
    os.close(ours)

    assert quickly(filled_stack, "query", "root", stdout=theirs)[0] == 1
    os.close(theirs)


def test_malformed_calls_get_no_answer_and_leave_the_daemon_well(filled_stack: Stack) -> None:
    """Torn, endless and foreign frames, and those of another version, which knows other options."""
    body = b"\0".join([b"", b"", b"", b"0", b"query", b"root"])
    good = b"%s %d\n" % (COMMAND_CALL, len(body))
    other = b"9.9" + body

    assert asked(filled_stack, good + body).startswith(b"done 0 ")
    assert asked(filled_stack, b"%s %d\n" % (COMMAND_CALL, len(other)) + other) == FULL
    assert asked(filled_stack, good + body[:-1]) == FULL
    assert asked(filled_stack, good + body.replace(b"root", b"r\xff\xfft")) == FULL
    assert asked(filled_stack, good + body.replace(b"\x000\x00", b"\x00x\x00")) == FULL
    assert asked(filled_stack, good + body.replace(b"\x000\x00", b"\x009\x00")) == FULL
    assert asked(filled_stack, COMMAND_CALL + b" 99999999\n") == b""
    assert asked(filled_stack, COMMAND_CALL + b" -1\n") == b""
    assert asked(filled_stack, good + body).startswith(b"done 0 ")


def asked(stack: Stack, call: bytes) -> bytes:
    """All that comes back for these bytes."""
    link = Path(f"{stack.db_path}-spool") / "socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(link.resolve()))
        connection.sendall(call)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as stream:
            return stream.read()


def test_the_quick_way_imports_next_to_nothing(filled_stack: Stack) -> None:
    """What Python starts with, its own C, and a few modules of ours: everything else would cost too much."""
    program = f"import sys; sys.argv[1:] = ['query', 'root']; sys.path[:0] = {paths()!r}\n"
    program += "import posix; posix._exit = lambda code: None\nfrom agent_memory.cli import quick\n"
    program += "quick.main(sys.argv[1:]); print([*sys.modules])"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], env=filled_stack.env, capture_output=True, text=True, check=True
    )

    names = set(done.stdout.splitlines()[-1].strip("[]").replace("'", "").split(", "))
    ours = {name for name in names if name.startswith("agent_memory.")}
    assert {name.partition(".")[2] for name in ours} == {
        *("capture", "cli", "cli.quick", "command_call", "command_client", "hook", "hook.client")
    }
    assert not names & {"json", "re", "socket", "os.path", "typing", "importlib.metadata", "click", "grpc"}


def paths() -> list[str]:
    return [str(CHECKOUT / "services"), str(CHECKOUT / "shared")]


def steady(text: bytes) -> bytes:
    """Without what changes from one moment to the next: ages, uptimes, memory."""
    return re.sub(rb"\d+ s\b|\d+ MB|(?<=uptime_s\": )\d+|(?<=rss_bytes\": )\d+|\d+(?=\.\d\d MB)", b"", text)
