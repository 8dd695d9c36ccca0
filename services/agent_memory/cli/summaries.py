"""`admin summaries`: who writes the summaries, what waits for a model, and what that costs."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from agent_memory.cli.options import current, json_option, settings_options
from agent_memory.settings import Settings

if TYPE_CHECKING:  # what reads the store takes longer to load than --help has
    from agent_memory.store.codec import Cost

_MILLION = 1_000_000


@click.command()
@json_option
@settings_options
@click.pass_context
def summaries(context: click.Context, as_json: bool) -> None:
    """Show what waits for a model, about what that would cost, and what was spent; nothing is sent.

    Example: MEMORY_SUMMARIZER_PROVIDER=anthropic memory-daemon admin summaries
    """
    settings = current(context)
    report = _report(settings)
    click.echo(json.dumps(report, indent=2) if as_json else _table(report))


def _report(settings: Settings) -> dict[str, Any]:
    from agent_memory.store import records
    from agent_memory.store.reader import Reader
    from agent_memory.worker.estimates import estimate

    now_ms = time.time_ns() // 1_000_000
    with tempfile.TemporaryDirectory(prefix="agent-memory-") as scratch:
        reader = Reader(settings.db_path, Path(scratch) / "secondary")
        try:
            info = records.store_info(reader)
            zone = ZoneInfo(info.timezone if info else "UTC")
            waiting = estimate(reader, zone, now_ms)
            spending = records.spending(reader)
        finally:
            reader.close()
    return {
        "provider": settings.summarizer_provider,
        "model": settings.summarizer_model,
        "waiting": _costs(settings, waiting),
        "spent_on": spending.day,
        "spent_that_day": _costs(settings, spending.today),
        "spent_ever": _costs(settings, spending.total),
        "daily_tokens": settings.summarizer_daily_tokens,
        "in_the_way": spending.last_error,
    }


def _costs(settings: Settings, costs: Mapping[str, Cost]) -> dict[str, dict[str, float]]:
    return {
        job: {
            "count": cost.requests,
            "input_tokens": cost.input_tokens,
            "output_tokens": cost.output_tokens,
            "dollars": (
                cost.input_tokens * settings.summarizer_input_price
                + cost.output_tokens * settings.summarizer_output_price
            )
            / _MILLION,
        }
        for job, cost in costs.items()
    }


def _table(report: Mapping[str, Any]) -> str:
    name = "/".join(filter(None, (report["provider"], report["model"])))
    lines = ["Summaries", "=========", f"Written by: {name}"]
    if report["in_the_way"]:
        lines.append(f"In the way: {report['in_the_way']}")
    spent = f"Spent on {report['spent_on']}, of {report['daily_tokens']} tokens a day"
    for heading, costs in (
        ("Waiting for a model, about", report["waiting"]),
        *([(spent, report["spent_that_day"])] if report["spent_on"] else []),
        ("Spent since the store began", report["spent_ever"]),
    ):
        lines += ["", f"{heading}: {'' if costs else 'nothing'}".rstrip()]
        lines += [_row(job, cost) for job, cost in costs.items()]
    return "\n".join(lines)


def _row(job: str, cost: Mapping[str, float]) -> str:
    dollars = f", ${cost['dollars']:.4f}" if cost["dollars"] else ""
    tokens = f"{cost['input_tokens']} tokens there, {cost['output_tokens']} back"
    return f"  {job:<8} {cost['count']:>6} x  {tokens}{dollars}"
