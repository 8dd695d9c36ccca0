"""`start`, `stop`, `restart`, `status` and `logs`: run the daemon and look at it."""

from __future__ import annotations

import json
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from agent_memory.cli.options import (
    Number,
    for_daemon,
    found_settings,
    given,
    json_option,
    remembered,
    settings_options,
)
from agent_memory.control import log_files, stack_lock
from agent_memory.errors import AgentMemoryError, joined
from agent_memory.settings import LOOPBACK, Settings

# A start must not wait for what looks at a stack, nor anything for what starts one: both are imported when used.
if TYPE_CHECKING:
    from agent_memory.capture.spool import SpoolState
    from agent_memory.control.stack import Status

NOT_RUNNING = 3
NOT_SOUND = 1

_PORT = Number(1, 65535, "a port is")
_REAPED_S: Final = 3.0
# What to do about each kind of bad health.
_ADVICE = {
    "NOT_SERVING": "The reason is at the end of: memory-daemon logs query",
    "UNREACHABLE": "The query service does not answer. See: memory-daemon logs query",
}
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command()
@click.option("--foreground", is_flag=True, help="Stay attached and show the logs; stop with Ctrl-C or SIGTERM.")
@remembered("--port", "grpc_port", type=_PORT, help="The TCP port to listen on.")
@remembered("--host", "grpc_host", metavar="HOST", help="The address to listen on; by default, this machine only.")
@json_option
@settings_options
@click.pass_context
def start(context: click.Context, foreground: bool, as_json: bool) -> None:
    """Start the daemon and return when it serves.

    Example: memory-daemon start --port 50052
    """
    settings = for_daemon(context)
    end_like_an_interrupt()
    if foreground:
        _run_attached(settings, given(context), as_json)
    else:
        _announce(_start(settings, given(context)), settings, as_json)


@click.command()
@json_option
@settings_options
@click.pass_context
def stop(context: click.Context, as_json: bool) -> None:
    """Stop the daemon and wait until it has ended.

    Example: memory-daemon stop
    """
    settings = _found(context)
    outcome = _stop(settings)
    click.echo(_status_json(settings) if as_json else outcome)


@click.command()
@remembered("--port", "grpc_port", type=_PORT, help="The TCP port to listen on from now on.")
@remembered("--host", "grpc_host", metavar="HOST", help="The address to listen on from now on.")
@click.option("--rolling", is_flag=True, help="Replace the processes one by one; nobody is refused meanwhile.")
@json_option
@settings_options
@click.pass_context
def restart(context: click.Context, rolling: bool, as_json: bool) -> None:
    """Restart the daemon with the options it had.

    What would keep it from starting is found before it is stopped. After an upgrade, --rolling changes to the new
    version while the daemon goes on serving.

    Example: memory-daemon restart --rolling
    """
    settings = for_daemon(context)
    end_like_an_interrupt()
    from agent_memory.control import preflight, stack

    holder = stack_lock.read(settings.runtime)
    if rolling:
        _roll(context, {**(holder.given if holder else {}), **given(context)}, as_json)
        return
    if holder and stack.is_running(settings):
        # Whatever keeps it from starting must be known before it is stopped.
        try:
            preflight.check_restart(for_daemon(context, holder.given), holder.address)
        except AgentMemoryError:
            click.echo("The daemon was not stopped. It goes on with the settings that it had.", err=True)
            raise
    kept = holder.given if stack.stop(settings) is not None and holder else {}
    settings = for_daemon(context, kept)
    _announce(_start(settings, {**kept, **given(context)}), settings, as_json)


@click.command()
@json_option
@settings_options
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """Show whether the daemon is running, where, and its health.

    Exits 0 if it serves, 1 if it runs but does not serve or a process has failed for good, 3 if it does not run.

    Example: memory-daemon status --json
    """
    from agent_memory.control import stack

    found = stack.status(_found(context))
    click.echo(_as_json(found) if as_json else _described(found))
    if not found.running:
        context.exit(NOT_RUNNING)
    if not found.sound:
        context.exit(NOT_SOUND)


@click.command()
@click.argument("process", required=False, type=click.Choice(log_files.PROCESSES))
@click.option("-f", "--follow", is_flag=True, help="Show new lines as they come, until Ctrl-C.")
@click.option("-n", "--lines", default=20, show_default=True, type=Number(0), help="How many lines of each log.")
@settings_options
@click.pass_context
def logs(context: click.Context, process: str | None, follow: bool, lines: int) -> None:
    """Show the last lines of the logs.

    Of all processes, or of one.

    Example: memory-daemon logs worker -f
    """
    runtime = _found(context).runtime
    names = (process,) if process else log_files.PROCESSES
    followers = {name: log_files.Follower(runtime.log(name)) for name in names}
    for name in names:
        for line in log_files.tail(runtime.log(name), lines):
            click.echo(_labelled(name, line, len(names) > 1))
    if not follow:
        if not any(runtime.log(name).exists() for name in names):
            raise AgentMemoryError(f"There are no logs in {runtime.logs} yet. They begin with: memory-daemon start")
        return
    try:
        for name, line in log_files.follow(followers, ended=_nobody_reads):
            click.echo(_labelled(name, line, len(names) > 1))
    except KeyboardInterrupt:
        return  # the usual way to end it, not a failure


def _found(context: click.Context) -> Settings:
    """The settings in force; broken ones are told of, and are in nobody's way who looks at the daemon or ends it."""
    settings, error = found_settings(context)
    if error:
        click.echo(f"Warning: {error}\nWithout it, the daemon of the store {settings.db_path} is meant.", err=True)
    return settings


def _nobody_reads() -> bool:
    """True when standard output is a pipe whose reader has gone, such as `head`: only a write would notice it."""
    try:
        output = sys.stdout.fileno()
    except (AttributeError, OSError, ValueError):  # closed, or not a file
        return False
    look = select.poll()
    look.register(output, 0)
    return any(events & (select.POLLERR | select.POLLHUP) for _, events in look.poll(0))


def end_like_an_interrupt() -> None:
    """Treat SIGTERM and a closed terminal like Ctrl-C, so that nothing is left half done."""
    for number in _ENDINGS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup wants it
            signal.signal(number, signal.default_int_handler)


def _roll(context: click.Context, kept: Mapping[str, str], as_json: bool) -> None:
    """Replace the running processes one by one."""
    from agent_memory.control import rolling

    settings = for_daemon(context, kept)
    rolling.roll(settings, kept, lambda name: None if as_json else click.echo(f"Replaced: {name}"))
    click.echo(_status_json(settings) if as_json else "All processes are replaced, and the daemon served all the time.")


def _start(settings: Settings, kept: Mapping[str, str]) -> subprocess.Popen[bytes]:
    from agent_memory.control import starting

    daemon = starting.start(settings, kept)
    if settings.grpc_host not in LOOPBACK:
        click.echo(
            f"Warning: whoever can reach {settings.address} and has the token can read and write this memory.",
            err=True,
        )
    warn(settings)
    return daemon


def warn(settings: Settings) -> None:
    """Say on standard error what around the daemon is probably not meant."""
    from agent_memory.control.doctor.surroundings import surroundings

    for hint in surroundings(settings):
        kind, remedy = ("Warning", f" To mend it: {hint.remedy}") if hint.remedy else ("Note", "")
        click.echo(f"{kind}: {hint.message.removesuffix('.')}.{remedy}", err=True)


def _announce(daemon: subprocess.Popen[bytes], settings: Settings, as_json: bool) -> None:
    runtime = settings.runtime
    if as_json:
        click.echo(_status_json(settings))
        return
    click.echo(f"Memory daemon is running (PID {daemon.pid})")
    click.echo(f"Address: {settings.address}")
    click.echo(f"Socket: {runtime.grpc_target}")
    click.echo(f"Store: {settings.db_path}")
    click.echo(f"Logs: {runtime.logs}")


def _stop(settings: Settings) -> str:
    """Stop the daemon; what happened, in a sentence."""
    from agent_memory.control import stack, store_lock

    killed = settings.runtime.pid_file.exists()
    pid = stack.stop(settings)
    if pid is not None:
        # For those who ask by its PID whether it is gone; in a container it may be seconds until that is so.
        store_lock.wait_until_reaped(pid, _REAPED_S)
        return f"Memory daemon stopped (PID {pid})"
    if killed:
        return "Memory daemon is NOT running (it was killed; its leftovers are removed)"
    return "Memory daemon is NOT running (no PID file)"


def _run_attached(settings: Settings, kept: Mapping[str, str], as_json: bool) -> None:
    """Start the stack and show its logs on standard error until it ends, by itself or by a signal to us."""
    from agent_memory.control.service_notice import ServiceNotice

    followers = {name: log_files.Follower(settings.runtime.log(name)) for name in log_files.PROCESSES}
    notice = ServiceNotice()
    try:
        daemon = _start(settings, kept)
    except KeyboardInterrupt:
        return  # start has stopped what it started
    asked_to_stop = threading.Event()
    for number in _ENDINGS:
        signal.signal(number, lambda *_: asked_to_stop.set())
    # Only now: whoever reads it may send the signal to stop at once.
    _announce(daemon, settings, as_json)
    notice.ready(f"serves {settings.db_path} at {settings.address}")

    is_stopping = False

    def has_ended() -> bool:
        nonlocal is_stopping
        if asked_to_stop.is_set() and daemon.poll() is None:
            if not is_stopping:
                # Once: supervisord takes back its handlers as it ends, and a second signal then would kill it.
                daemon.terminate()
                is_stopping = True
                notice.stopping()
            _hurry(settings)
        else:
            notice.alive(lambda: _is_supervised(settings))
        return daemon.poll() is not None

    for name, line in log_files.follow(followers, has_ended):
        click.echo(_labelled(name, line, True), err=True)
    if daemon.returncode != 0:
        raise AgentMemoryError(
            f"The supervisor (PID {daemon.pid}) was killed ({daemon.returncode}). "
            "Its processes end by themselves. Start it again with: memory-daemon start"
        )
    if not as_json:
        click.echo(f"Memory daemon stopped (PID {daemon.pid})")


def _hurry(settings: Settings) -> None:
    from agent_memory.control import stack

    stack.hurry(settings)


def _is_supervised(settings: Settings) -> bool:
    """Whether the supervisor answers and has given no process up: a dead process is its business, not a watchdog's."""
    from agent_memory.control.supervisor import Supervisor

    try:
        processes = Supervisor(settings.runtime.supervisor_socket).processes()
    except AgentMemoryError:
        return False
    return all(process.state != "FATAL" for process in processes)


def _status_json(settings: Settings) -> str:
    from agent_memory.control import stack

    return _as_json(stack.status(settings))


def _as_json(found: Status) -> str:
    return json.dumps(asdict(found), indent=2)


def _described(found: Status) -> str:
    from agent_memory.present.times import duration

    if not found.running:
        why = "stale PID file: it was killed" if Path(found.pid_file).exists() else "no PID file"
        lines = [f"Memory daemon is NOT running ({why})", f"PID file: {found.pid_file}"]
        return "\n".join([*lines, *_capture(found), *_spooled(found.spool), *_erasure(found)])
    lines = [
        f"Memory daemon is running (PID {found.pid})",
        f"PID file: {found.pid_file}",
        *([f"Uptime: {duration(found.uptime_s)}", f"Version: {found.version}"] if found.version else []),
        f"Address: {found.address}",
        f"Socket: {found.socket}",
        f"Store: {found.db_path}",
        f"Logs: {found.logs}",
        f"Health: {found.health}",
        *([f"        {found.store_error or _advice(found)}"] if found.health in _ADVICE else []),
        *(f"Store {name}: {error}" for name, error in found.store_errors.items()),
        *_capture(found),
        *_spooled(found.spool),
        *_erasure(found),
        *_backup(found),
        *(["", f"{'PROCESS':<9}{'STATE':<10}{'PID':>8}  {'MEMORY':>8}  UPTIME"] if found.processes else []),
    ]
    for process in found.processes:
        memory = f"{process.rss_bytes / 1e6:.0f} MB" if process.rss_bytes else "-"
        uptime = duration(process.uptime_s) if process.pid else "-"
        lines.append(f"{process.name:<9}{process.state:<10}{process.pid or '-':>8}  {memory:>8}  {uptime}")
        if process.state not in ("running", "starting", "stopping"):
            lines.append(f"         {process.problem or 'It ended.'} See: memory-daemon logs {process.name}")
    return "\n".join(lines)


def _advice(found: Status) -> str:
    if not Path(found.pid_file).exists():
        return "Its runtime folder was removed; hooks keep events in the spool. Run: memory-daemon restart"
    return _ADVICE[found.health or ""]


def _capture(found: Status) -> list[str]:
    from agent_memory.cli import capturing

    if found.capture_problem:
        return [f"Capture: {found.capture_problem}"]
    until_ms = found.capture_paused_until_ms
    return [f"Capture: {capturing.pause_described(until_ms, time.time())}"] if until_ms else []


def _erasure(found: Status) -> list[str]:
    """The last erasure, unless it is known that all of it is gone."""
    last = found.erasure
    if last is None or last.stage == "proved":
        return []
    from agent_memory.present.text import counted

    how = "being erased" if last.stage == "erasing" else "erased, and something may be left"
    return [f"Erasure: {counted(last.events, 'event')} {how}. See: memory-daemon admin receipt"]


def _backup(found: Status) -> list[str]:
    from agent_memory.present.text import printable
    from agent_memory.present.times import relative

    if not found.backup_ms:
        return []
    return [f"Backup: {relative(found.backup_ms, time.time_ns() // 1_000_000)}, {printable(str(found.backup))}"]


def _spooled(spool: SpoolState) -> list[str]:
    """What hooks left in the spool, if anything."""
    from agent_memory.capture.spool_failures import of_each_kind
    from agent_memory.present.text import counted, printable
    from agent_memory.present.times import duration

    lines = []
    if spool.oldest_ms is not None:
        age = duration(max(0, int(time.time() - spool.oldest_ms / 1000)))
        full = " It is full and takes no more." if spool.full else ""
        lines.append(f"Spool: {counted(spool.waiting, 'event')} waiting to be stored, the oldest for {age}.{full}")
    if spool.failed:
        lines.append(f"       {spool.failed} of them can't be taken in, and will be tried again:")
        for each in of_each_kind(spool.failures):
            lines.append(f"       {printable(joined(f'{each.path}: {each.message}', each.remedy))}")
    if spool.rejected:
        inputs = counted(spool.rejected, "input")
        lines.append(f"Rejected: {inputs} of hooks could not be understood. See: {spool.path}/rejected")
    if spool.rejected_dropped:
        lines.append(f"          {spool.rejected_dropped} older ones were deleted to make room.")
    return lines


def _labelled(name: str, line: str, several: bool) -> str:
    from agent_memory.present.text import printable

    text = printable(line)
    return f"{name:<10} | {text}" if several else text
