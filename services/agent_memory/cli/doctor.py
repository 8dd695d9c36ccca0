"""`doctor`: check everything, on one page, with a remedy for each fault."""

from __future__ import annotations

import json
import textwrap
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click

from agent_memory.cli.options import found_settings, json_option, settings_options
from agent_memory.control.doctor.checks import Balance, Grade
from agent_memory.control.doctor.examination import Examination, examine
from agent_memory.control.doctor.fixes import apply
from agent_memory.control.doctor.machine_checks import exposed_paths
from agent_memory.errors import AgentMemoryError
from agent_memory.present.text import counted, printable
from agent_memory.settings import Settings

_WIDTH: Final = 80
_COLOURS: Final = {Grade.OK: "green", Grade.NOTE: "yellow", Grade.WRONG: "red"}


@click.command()
@click.option("--fix", is_flag=True, help="Do what is safe: modes, leftovers, the search index.")
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write an archive for a bug report, without what was said.",
)
@json_option
@settings_options
@click.pass_context
def doctor(context: click.Context, fix: bool, bundle: Path | None, as_json: bool) -> None:
    """Check everything, and say what to type to fix it.

    Checks the daemon, the store, the files and the machine, the spool, the hooks and tools of each agent and the jobs,
    and that no captured event was lost. Exits 1 if it found a fault.

    Example: memory-daemon doctor --fix
    """
    from agent_memory.cli.hooks import store_named_to_hooks

    settings, error = found_settings(context)
    hook_store = "" if error else store_named_to_hooks(settings)
    found = examine(settings, hook_store, error)
    if fix and _fixed(found, settings):
        found = examine(settings, hook_store, error)
    if bundle:
        _write_bundle(bundle, settings, found)
    click.echo(_json(found) if as_json else _page(found))
    context.exit(0 if found.is_well else 1)


def _fixed(found: Examination, settings: Settings) -> bool:
    """Do what can be done about what was found, and say what that was; whether there was anything."""
    fixes = list(dict.fromkeys(finding.fix for finding in found.findings if finding.fix))
    for each in fixes:
        try:
            for done in apply(each, settings, exposed_paths(settings)):
                click.echo(f"fixed  {printable(done)}", err=True)
        except (AgentMemoryError, OSError) as error:
            click.echo(f"not fixed: {each.value}. {printable(str(error))}", err=True)
    if not fixes:
        click.echo("There is nothing that this could fix.", err=True)
    return bool(fixes)


def _write_bundle(path: Path, settings: Settings, found: Examination) -> None:
    from agent_memory.control import stack
    from agent_memory.control.doctor import bundle
    from agent_memory.control.metrics.collecting import collect
    from agent_memory.control.metrics.exposition import text

    status = json.dumps(asdict(stack.status(settings)), indent=2)
    try:
        names = bundle.write(path, settings, _json(found), status, text(collect(settings)))
    except OSError as error:
        raise AgentMemoryError(
            f"The archive {path} can't be written: {error.strerror}.", "Name another file."
        ) from error
    click.echo(f"Written: {path} ({', '.join(names)})", err=True)
    click.echo("Look through it before you send it: tar xzf FILE", err=True)


def _page(found: Examination) -> str:
    lines = []
    for finding in found.findings:
        grade = click.style(f"{finding.grade.value:<6}", fg=_COLOURS[finding.grade])
        first, *more = textwrap.wrap(
            printable(finding.message), _WIDTH - 20, break_long_words=False, break_on_hyphens=False
        ) or [""]
        lines += [f"{grade} {finding.subject:<12} {first}", *(f"{'':<20}{line}" for line in more)]
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
