"""`doctor`: whether all is well, on one page, and what to do where it is not."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import click

from agent_memory.capture.spool import Spool
from agent_memory.cli.options import current, json_option, settings_options
from agent_memory.control import checks, stack
from agent_memory.control.checks import Balance, Finding, Grade
from agent_memory.errors import AgentMemoryError
from agent_memory.present.text import counted, printable
from agent_memory.settings import Settings

# Days of the ledger that are shown; of those before, only what is not as it should be.
DAYS_SHOWN: Final = 7

_COLOURS: Final = {Grade.OK: "green", Grade.NOTE: "yellow", Grade.WRONG: "red"}


@click.command()
@json_option
@settings_options
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Check everything, and say what to type where it is wrong.

    That is the daemon, the store, what waits, the hooks, the jobs, and whether anything was lost on the way. Exits
    with 0 when all is well, else with 1.

    Example: memory-daemon doctor
    """
    findings, balances = _looked_at(current(context))
    is_well = all(finding.grade is not Grade.WRONG for finding in findings)
    click.echo(_json(findings, balances, is_well) if as_json else _page(findings, balances))
    context.exit(0 if is_well else 1)


def _looked_at(settings: Settings) -> tuple[list[Finding], list[Balance]]:
    status, now_s = stack.status(settings), time.time()
    findings = [*checks.daemon(status), *checks.summarizer(settings)]
    spooled = [*checks.spool(status, now_s), *checks.capture(status.capture_paused_until_ms)]
    if not status.running:
        return [*findings, *spooled, *_hooks(settings, came_lately=False)], []
    from agent_memory.cli.connection import connect_to_store

    try:
        with connect_to_store(settings) as client:
            stats = client.stats()
            scheduler, runs = client.scheduler_status(), client.job_history("reconcile").runs
            entries = client.ledger().entries
    except AgentMemoryError as error:
        told = Finding(Grade.WRONG, "store", str(error), "memory-daemon logs query")
        return [*findings, told, *spooled], []
    zone = ZoneInfo(stats.timezone or "UTC")
    spool = Spool(settings.db_path)
    from_day = f"{datetime.now(zone) - timedelta(days=DAYS_SHOWN - 1):%Y-%m-%d}"
    waiting, rejected = checks.waiting_envelopes(spool, zone), checks.rejected_envelopes(spool, zone)
    balances = checks.balances(entries, waiting, rejected, from_day)
    findings += checks.store(stats, shutil.disk_usage(settings.db_path).free)
    findings += spooled
    findings += _hooks(settings, came_lately=any(each.stored and each.day >= from_day for each in balances))
    findings += checks.jobs(scheduler, runs, int(now_s * 1000))
    findings += checks.ledger(balances, stats.waiting["toc"])
    return findings, balances


def _hooks(settings: Settings, *, came_lately: bool) -> Iterable[Finding]:
    from agent_memory.cli.hooks import store_named_to_hooks
    from agent_memory.hook.install.config_paths import project_root
    from agent_memory.hook.install.hook_status import hook_statuses

    return checks.hooks(
        hook_statuses(project_root(Path.cwd()), store_named_to_hooks(settings)), came_lately=came_lately
    )


def _page(findings: Sequence[Finding], balances: Sequence[Balance]) -> str:
    lines = []
    for finding in findings:
        grade = click.style(f"{finding.grade.value:<6}", fg=_COLOURS[finding.grade])
        lines.append(f"{grade} {finding.subject:<12} {printable(finding.told)}")
        if finding.remedy:
            lines.append(f"{'':<19}-> {printable(finding.remedy)}")
    if balances:
        lines += ["", _row("DAY", "AGENT", "CAPTURED", "STORED", "REACHABLE")]
    for each in balances:
        row = _row(each.day, printable(each.agent), str(each.captured), str(each.stored), str(each.reachable))
        lines.append(f"{row}{_gap(each)}")
    wrong = sum(finding.grade is Grade.WRONG for finding in findings)
    verdict = f"{counted(wrong, 'thing')} {'is' if wrong == 1 else 'are'} wrong." if wrong else "All is well."
    return "\n".join([*lines, "", verdict])


def _gap(balance: Balance) -> str:
    """Where the rest of it is."""
    on_the_way = balance.stored - balance.reachable
    parts = [
        f"{balance.waiting} in the spool" if balance.waiting else "",
        f"{balance.rejected} not understood" if balance.rejected else "",
        f"{on_the_way} not in the table of contents yet" if on_the_way else "",
    ]
    told = ", ".join(filter(None, parts))
    return f"   {told}" if told else ""


def _row(day: str, agent: str, captured: str, stored: str, reachable: str) -> str:
    return f"{day:<10}  {agent:<12}  {captured:>9}  {stored:>9}  {reachable:>9}"


def _json(findings: Iterable[Finding], balances: Iterable[Balance], is_well: bool) -> str:
    content: dict[str, Any] = {
        "well": is_well,
        "findings": [{**asdict(finding), "grade": finding.grade.value} for finding in findings],
        "ledger": [{**asdict(each), "captured": each.captured} for each in balances],
    }
    return json.dumps(content, indent=2)
