"""`admin summaries`: who writes the summaries, which of them wait for a model, and what that costs."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

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
    """Show which summaries wait for a model, and what they cost.

    Estimates what the waiting ones would cost, and shows what was spent so far. Sends nothing.

    Example: MEMORY_SUMMARIZER_PROVIDER=anthropic memory-daemon admin summaries
    """
    settings = current(context)
    report = _report(settings)
    click.echo(json.dumps(report, indent=2) if as_json else _table(report))


def _report(settings: Settings) -> dict[str, Any]:
    from agent_memory.store import records
    from agent_memory.store.reader import open_snapshot
    from agent_memory.worker.llm.estimates import estimate

    with open_snapshot(settings.db_path) as reader:
        waiting = estimate(reader, records.time_zone(reader), _now_ms())
        spending = records.spending(reader)
    return {
        "summarized_by": settings.summarized_by,
        "provider": settings.summarizer_provider,
        "model": settings.summarizer_model,
        "waiting": _costs(settings, waiting),
        "spent_on": spending.day,
        "spent_that_day": _costs(settings, spending.today),
        "spent_ever": _costs(settings, spending.total),
        "daily_tokens": settings.summarizer_daily_tokens,
        "in_the_way": spending.last_error,
    }


def rebuild_cost(settings: Settings, from_ms: int, events: int) -> Cost:
    """About what a model will be asked after a rebuild of `events` events from `from_ms` on."""
    from agent_memory.cli.render import progress
    from agent_memory.store import records
    from agent_memory.store.codec import Cost
    from agent_memory.store.reader import open_snapshot
    from agent_memory.worker.llm.estimates import estimate_rebuild

    with open_snapshot(settings.db_path) as reader, progress("Estimating", events) as show:
        costs = estimate_rebuild(reader, records.time_zone(reader), from_ms, _now_ms(), show)
    return sum(costs.values(), Cost())


def bill(settings: Settings, summarized_by: str, cost: Cost) -> str:
    """How many questions go to whom, and what they cost."""
    return (
        f"Questions to {summarized_by}: about {cost.requests}, {_amounts(_cost(settings, cost))}. "
        f"The limit is {settings.summarizer_daily_tokens} tokens a day."
    )


def _costs(settings: Settings, costs: Mapping[str, Cost]) -> dict[str, dict[str, float]]:
    return {job: _cost(settings, cost) for job, cost in costs.items()}


def _cost(settings: Settings, cost: Cost) -> dict[str, float]:
    there, back = settings.summarizer_input_price, settings.summarizer_output_price
    return {
        "count": cost.requests,
        "input_tokens": cost.input_tokens,
        "output_tokens": cost.output_tokens,
        "dollars": (cost.input_tokens * there + cost.output_tokens * back) / _MILLION,
    }


def _table(report: Mapping[str, Any]) -> str:
    lines = ["Summaries", "=========", f"Written by: {report['summarized_by']}"]
    if report["in_the_way"]:
        lines.append(f"Last error: {report['in_the_way']}")
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
    return f"  {job:<8} {cost['count']:>6} x  {_amounts(cost)}"


def _amounts(cost: Mapping[str, float]) -> str:
    dollars = f", ${cost['dollars']:.4f}" if cost["dollars"] else ""
    return f"{cost['input_tokens']} tokens in, {cost['output_tokens']} out{dollars}"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
