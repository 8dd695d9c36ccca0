"""`pause-capture` and `resume-capture`: remember nothing for a while, whether a daemon runs or not."""

from __future__ import annotations

import json
import time
from datetime import datetime

import click

from agent_memory.capture.privacy.pauses import OPEN_END_MS, Pauses
from agent_memory.cli.options import current, json_option, settings_options
from agent_memory.errors import AgentMemoryError, UsageError
from agent_memory.present.times import duration, parse_duration


@click.command("pause-capture")
@click.argument("length", required=False, metavar="[LENGTH]")
@json_option
@settings_options
@click.pass_context
def pause_capture(context: click.Context, length: str | None, as_json: bool) -> None:
    """Stop remembering, for a while or until resumed.

    Lasts for LENGTH, or until resume-capture. Nothing said meanwhile is stored, and no transcript brings it in later.

    Example: memory-daemon pause-capture 30m
    """
    now_s = time.time()
    length_s = parse_duration(length) if length else 0
    if length and not length_s:
        raise UsageError(f"A pause of {length} is none.", "Give a length such as 30m, or none to pause until resumed.")
    until_ms = int((now_s + length_s) * 1000) if length else OPEN_END_MS
    pauses = Pauses(current(context).db_path)
    try:
        pauses.begin(int(now_s * 1000), until_ms)
    except OSError as error:
        raise AgentMemoryError(f"Capture continues: {pauses.path} can't be written: {error}.") from error
    click.echo(_as_json(until_ms) if as_json else f"Capture is {pause_described(until_ms, now_s)}")


@click.command("resume-capture")
@json_option
@settings_options
@click.pass_context
def resume_capture(context: click.Context, as_json: bool) -> None:
    """Start remembering again.

    Example: memory-daemon resume-capture
    """
    pauses = Pauses(current(context).db_path)
    try:
        was_paused = pauses.end(time.time_ns() // 1_000_000)
    except OSError as error:
        raise AgentMemoryError(f"Capture stays paused: {pauses.path} can't be written: {error}.") from error
    outcome = "Capture resumed" if was_paused else "Capture was not paused"
    click.echo(_as_json(None) if as_json else outcome)


def pause_described(until_ms: int, now_s: float) -> str:
    """`paused until 14:30 (25 min 3 s left)`, in this machine's time."""
    if until_ms >= OPEN_END_MS:
        return "paused until you run: memory-daemon resume-capture"
    end = datetime.fromtimestamp(until_ms / 1000).astimezone()
    is_today = end.date() == datetime.fromtimestamp(now_s).astimezone().date()
    shown = f"{end:%H:%M}" if is_today else f"{end:%Y-%m-%d %H:%M}"
    return f"paused until {shown} ({duration(max(0, round(until_ms / 1000 - now_s)))} left)"


def _as_json(until_ms: int | None) -> str:
    """The time under its name in `status --json`."""
    return json.dumps({"capture_paused_until_ms": until_ms}, indent=2)
