"""`doctor`: check everything, on one page, with a remedy for each fault."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Final

import click

from agent_memory.cli.options import found_settings, json_option, settings_options
from agent_memory.control.checks import Balance, Grade
from agent_memory.control.examination import Examination, examine
from agent_memory.present.text import counted, printable

_COLOURS: Final = {Grade.OK: "green", Grade.NOTE: "yellow", Grade.WRONG: "red"}


@click.command()
@json_option
@settings_options
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Check everything, and say what to type to fix it.

    Checks the daemon, the store, the spool, the hooks and the jobs, and that no captured event was lost. Exits 1 if it
    found a fault.

    Example: memory-daemon doctor
    """
    from agent_memory.cli.hooks import store_named_to_hooks

    settings, error = found_settings(context)
    found = examine(settings, "" if error else store_named_to_hooks(settings), error)
    click.echo(_json(found) if as_json else _page(found))
    context.exit(0 if found.is_well else 1)


def _page(found: Examination) -> str:
    lines = []
    for finding in found.findings:
        grade = click.style(f"{finding.grade.value:<6}", fg=_COLOURS[finding.grade])
        lines.append(f"{grade} {finding.subject:<12} {printable(finding.message)}")
        if finding.remedy:
            lines.append(f"{'':<19}-> {printable(finding.remedy)}")
    if found.balances:
        lines += ["", _row("DAY", "AGENT", "CAPTURED", "STORED", "REACHABLE")]
    for each in found.balances:
        row = _row(each.day, printable(each.agent), str(each.captured), str(each.stored), str(each.reachable))
        lines.append(f"{row}{_gap(each)}")
    wrong = sum(finding.grade is Grade.WRONG for finding in found.findings)
    verdict = f"{counted(wrong, 'thing')} {'is' if wrong == 1 else 'are'} wrong." if wrong else "All is well."
    return "\n".join([*lines, "", verdict])


def _gap(balance: Balance) -> str:
    """Where the events are that are captured and not reachable."""
    on_the_way = balance.stored - balance.reachable
    parts = [
        f"{balance.waiting} in the spool" if balance.waiting else "",
        f"{balance.rejected} not understood" if balance.rejected else "",
        f"{on_the_way} not in the table of contents yet" if on_the_way else "",
    ]
    places = ", ".join(filter(None, parts))
    return f"   {places}" if places else ""


def _row(day: str, agent: str, captured: str, stored: str, reachable: str) -> str:
    return f"{day:<10}  {agent:<12}  {captured:>9}  {stored:>9}  {reachable:>9}"


def _json(found: Examination) -> str:
    content: dict[str, Any] = {
        "well": found.is_well,
        "findings": [{**asdict(finding), "grade": finding.grade.value} for finding in found.findings],
        "ledger": [{**asdict(each), "captured": each.captured} for each in found.balances],
    }
    return json.dumps(content, indent=2)
