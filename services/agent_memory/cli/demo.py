"""`demo`: the whole program in half a minute, from hook calls to an answer with proof, on a scratch store."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from agent_memory.cli.lifecycle import end_like_an_interrupt
from agent_memory.cli.options import for_daemon, settings_options
from agent_memory.errors import AgentMemoryError, UsageError
from agent_memory.model import TocLevel
from agent_memory.settings import Settings

if TYPE_CHECKING:  # protobuf and gRPC cost 100 ms, and --help has no use for them
    from agent_memory.client import Client
    from agent_memory.present.lines import Line
    from agent_memory.rpc import memory_pb2 as pb

# The last event is in the table of contents within a second; a very busy machine may take longer.
COMPLETE_S = 60.0
_LOOK_S = 0.1
_BROWSE_LIMIT = 100

_NEXT_STEPS = """\
What to type next
  memory-daemon start                      start the daemon for daily use
  memory-daemon hooks install --all-found  connect your coding agents
  memory-daemon query root                 ask it, once you have talked with one
"""
# In a checkout that is not installed.
_OFF_PATH = "\nmemory-daemon is not on PATH: write it as you did just now, or install it.\n"


@click.command()
@click.option("--keep", is_flag=True, help="Keep the store, to explore it afterwards.")
@settings_options
@click.pass_context
def demo(context: click.Context, keep: bool) -> None:
    """Watch sample conversations become answers.

    Runs a daemon on a scratch store and a free port, and removes both at the end.

    Example: memory-daemon demo
    """
    settings = for_daemon(context)
    if settings.sources["db_path"] == "command line":
        raise UsageError("The demo creates its own store; leave out --db-path. To keep that store, add --keep.")
    end_like_an_interrupt()
    with _scratch(keep) as folder:
        settings = replace(settings, db_path=folder / "db", grpc_host="127.0.0.1", grpc_port=_free_port())
        # The sockets of all processes are here too: the home may not be writable.
        os.environ["XDG_RUNTIME_DIR"] = str(folder)
        # The hook must answer every sample alike.
        settings = replace(settings, session_start_tokens=0)
        with _running(settings):
            _show(settings)
        click.echo("\nThe daemon is stopped.")
        if keep:
            click.echo(_kept(settings))
    click.echo(f"\n{_NEXT_STEPS}{'' if shutil.which('memory-daemon') else _OFF_PATH}", nl=False)


def _show(settings: Settings) -> None:
    """The demo itself: play the samples, show the table of contents, ask and prove."""
    from agent_memory.client import Client

    with Client(settings.address) as daemon:
        zone = ZoneInfo(daemon.stats().timezone)
        _play(daemon, settings, zone)
        click.echo()
        for line in _outline(daemon):
            click.echo(line)
        _answer(daemon, zone)


def _play(daemon: Client, settings: Settings, zone: tzinfo) -> None:
    """Replay the samples and wait until all of them are in the table of contents."""
    from agent_memory.demo import samples

    calls = samples.samples(datetime.now(zone))
    label = f"Playing {len(calls)} sample hook calls through memory-ingest"
    with (
        # Closed at once when interrupted, so that no hook runs after the daemon is gone.
        closing(samples.play(calls, settings)) as played,
        click.progressbar(played, length=len(calls), label=label) as progress,
    ):
        for _ in progress:
            pass
    stored, expected = daemon.stats().events, samples.stored_events(calls)
    if stored != expected:
        raise AgentMemoryError(f"{stored} of {expected} events arrived; the hook gave up on the others.")
    _wait_until_complete(daemon, settings)
    click.echo(f"{stored} events are stored, and all of them are in the table of contents.")
    click.echo(f"The other {len(calls) - stored} calls only announce something, and hold nothing to store.")


def _wait_until_complete(daemon: Client, settings: Settings) -> None:
    deadline = time.monotonic() + COMPLETE_S
    while (waiting := daemon.stats().outbox) or not daemon.root().nodes:
        if time.monotonic() > deadline:
            from agent_memory.control import log_files

            last = "\n".join(log_files.tail(settings.runtime.log("worker"), 10))
            raise AgentMemoryError(
                f"{waiting} events are not in the table of contents after {COMPLETE_S:.0f} s. The worker says:\n{last}"
            )
        time.sleep(_LOOK_S)


def _outline(daemon: Client) -> Iterator[str]:
    """The table of contents from the years down to the segments, one line per node."""
    for year in daemon.root().nodes:
        yield _entry("", year)
        yield from _below(daemon, year, "")


def _below(daemon: Client, parent: pb.TocNode, indent: str) -> Iterator[str]:
    children = daemon.browse(parent.node_id, _BROWSE_LIMIT).children
    for number, child in enumerate(children, start=1):
        last = number == len(children)
        yield _entry(indent + ("└── " if last else "├── "), child)
        if TocLevel(child.level) is not TocLevel.SEGMENT:
            yield from _below(daemon, child, indent + ("    " if last else "│   "))


def _entry(glyph: str, node: pb.TocNode) -> str:
    from agent_memory.present.width import one_line

    level = TocLevel(node.level).name.capitalize()
    return f"{click.style(f'{glyph}{level}', dim=True)}  {click.style(one_line(node.title, 70), bold=True)}"


def _answer(daemon: Client, zone: tzinfo) -> None:
    """Ask for last week, and follow the answer's first line down to its events."""
    from agent_memory.present import event_pages, pages
    from agent_memory.present.view import View

    now = datetime.now(zone)
    reply = daemon.node("last week")
    if not reply.HasField("node"):
        raise AgentMemoryError(f"Nothing is remembered of {reply.span.text}.")
    node = reply.node
    grip_id = next((grip_id for bullet in node.bullets for grip_id in bullet.grip_ids), None)
    if grip_id is None:
        raise AgentMemoryError(f"{node.node_id} has no line that leads to its events.")
    # Without a program: the commands that it would suggest would find no store in a moment.
    view = View(int(now.timestamp() * 1000), zone)
    _ask("What were we doing last week?", 'memory-daemon query node "last week"')
    _draw(pages.node(view, node))
    _ask("How do we know? The events behind its first line:", f"memory-daemon query expand {grip_id}")
    _draw(event_pages.grip(view, daemon.expand(grip_id)))


def _draw(lines: Iterable[Line]) -> None:
    from agent_memory.cli import render

    render.draw(render.console(), lines)


def _ask(question: str, command: str) -> None:
    click.echo(f"\n{click.style(question, bold=True)}\n{click.style(f'$ {command}', fg='cyan')}\n")


@contextmanager
def _running(settings: Settings) -> Iterator[None]:
    """Run the stack on these settings' store; always stop it again and remove its runtime folder."""
    from agent_memory.control import stack, starting

    click.echo(f"Starting the daemon at {settings.address} with a store in {settings.db_path.parent}")
    runtime = settings.runtime.folder
    try:
        starting.start(settings, {})
        yield
    finally:
        # A second Ctrl-C must not leave half a stack behind.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        stack.stop(settings)
        shutil.rmtree(runtime, ignore_errors=True)
        # The folders above it, unless they hold something else.
        with suppress(OSError):
            runtime.parent.rmdir()
            runtime.parent.parent.rmdir()


@contextmanager
def _scratch(keep: bool) -> Iterator[Path]:
    """A folder for the store, for this user only; removed at the end, or kept."""
    folder = Path(tempfile.mkdtemp(prefix="agent-memory-demo-"))
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _kept(settings: Settings) -> str:
    store = f"--db-path {settings.db_path}"
    return (
        f"Its store is in {settings.db_path.parent}. To explore it:\n"
        f"  memory-daemon start {store} --port {settings.grpc_port}\n"
        f"  memory-daemon query root {store}\n"
        f"  memory-daemon stop {store}"
    )
