"""Examinations: everything that the doctor looks at, gathered."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from agent_memory.backfill.bookmarks import Bookmarks
from agent_memory.capture.spool import Spool
from agent_memory.control import stack
from agent_memory.control.doctor import checks, machine_checks
from agent_memory.control.doctor.checks import Balance, Finding, Grade
from agent_memory.control.doctor.surroundings import surroundings
from agent_memory.control.preflight import port_problem
from agent_memory.control.process_usage import age_s
from agent_memory.control.stack import Status
from agent_memory.control.upkeep import store_keeping
from agent_memory.errors import AgentMemoryError, SettingsError
from agent_memory.local_zone import local_zone
from agent_memory.model import DEFAULT_STORE
from agent_memory.present.text import counted
from agent_memory.settings import Settings

# So many days of the ledger are shown; of those before, only what is not as it should be.
DAYS_SHOWN: Final = 7


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found, and the ledger, newest day first; without a daemon the ledger is empty."""

    findings: list[Finding]
    balances: list[Balance]

    @property
    def is_well(self) -> bool:
        return all(finding.grade is not Grade.WRONG for finding in self.findings)


def examine(settings: Settings, hook_store: str, broken: SettingsError | None = None) -> Examination:
    """Look at the settings, the daemon, the store, the spool, the hooks, the jobs and the ledger.

    `hook_store` is the store that hooks have to be told of, empty where they find it by themselves. `broken` is why the
    settings can't be used; these are not them then, but those of the store that they mean.
    """
    status, now_s = stack.status(settings), time.time()
    findings = [*checks.settings(settings, broken), *checks.daemon(status), *checks.summarizer(settings)]
    # A running daemon has its own environment, and its key may be there.
    is_told = status.running or any(each.subject == "summarizer" for each in findings)
    hints = (hint for hint in surroundings(settings) if not (is_told and hint.subject == "summarizer"))
    findings += [Finding(Grade.NOTE, hint.subject, hint.message, hint.remedy) for hint in hints]
    findings += machine_checks.versions(status, installed_version())
    findings += machine_checks.address(status, settings, "" if status.running else port_problem(settings))
    findings += [*machine_checks.limits(), *machine_checks.files(settings), *machine_checks.leftovers(status, settings)]
    beside = [*checks.erasure(status, int(now_s * 1000)), *checks.spool(status, now_s)]
    beside += checks.backups(status, settings, int(now_s * 1000))
    beside += checks.capture(status.capture_paused_until_ms, status.capture_problem)
    if not status.running:
        beside += _room(settings)
        return Examination([*findings, *beside, *_hooks(hook_store, came_lately=False), *_tools(settings)], [])
    from agent_memory.control.connection import connect_to_store

    try:
        with connect_to_store(settings) as client:
            stats = client.stats()
            scheduler, runs = client.scheduler_status(), client.job_history("reconcile").runs
            entries = client.ledger().entries
    except AgentMemoryError as error:
        unreadable = Finding(Grade.WRONG, "store", str(error), "memory-daemon logs query")
        return Examination([*findings, unreadable, *beside], [])
    zone = ZoneInfo(stats.timezone or "UTC")
    spool = Spool(settings.db_path)
    from_day = f"{datetime.now(zone) - timedelta(days=DAYS_SHOWN - 1):%Y-%m-%d}"
    waiting, rejected = checks.waiting_envelopes(spool, zone), checks.rejected_envelopes(spool, zone)
    balances = checks.balances(entries, waiting, rejected, from_day)
    findings += checks.store(stats, shutil.disk_usage(settings.db_path).free)
    findings += checks.search_index(stats, int(now_s * 1000))
    findings += machine_checks.time_zone(settings, zone.key, _zone_here())
    findings += machine_checks.clock(balances, f"{datetime.now(zone):%Y-%m-%d}", _jumped_s(status))
    findings += beside
    findings += _hooks(hook_store, came_lately=any(each.stored and each.day >= from_day for each in balances))
    findings += _tools(settings)
    findings += checks.jobs(scheduler)
    findings += checks.transcripts(runs, Bookmarks(settings.db_path).last_comparison(), int(now_s * 1000))
    findings += checks.ledger(balances, stats.waiting["toc"])
    findings += _project_stores(settings, from_day)
    return Examination(findings, balances)


def installed_version() -> str:
    """The version of this program."""
    from importlib.metadata import version  # takes 20 ms

    return version("agent-memory")


def _zone_here() -> str:
    """This machine's time zone; empty where it has none that is known by a name."""
    try:
        return local_zone()
    except AgentMemoryError:
        return ""


def _jumped_s(status: Status) -> float | None:
    """How far this machine's clock was set forward since the daemon began; None where that is not known."""
    age = age_s(status.pid) if status.pid else None
    return status.uptime_s - age if age is not None else None


def _room(settings: Settings) -> Iterable[Finding]:
    """Without a daemon: whether the disk has room for a store."""
    nearest = next(path for path in (settings.db_path, *settings.db_path.parents) if path.exists())
    return checks.room(shutil.disk_usage(nearest).free, settings.db_path)


def _project_stores(settings: Settings, from_day: str) -> Iterator[Finding]:
    """The ledgers of those that are open; opening the others would take a tenth of a second each."""
    from agent_memory.control.connection import connect_to_store

    kept = [store for store in store_keeping.stores(settings) if store.name != DEFAULT_STORE]
    for store in kept:
        if not store.is_open:
            continue
        with suppress(AgentMemoryError), connect_to_store(settings).of_store(store.name) as client:
            balances = checks.balances(client.ledger().entries, Counter(), Counter(), from_day)
            yield from checks.ledger(balances, client.stats().waiting["toc"], store.name)
    if kept:
        open_ = sum(store.is_open for store in kept)
        yield Finding(Grade.OK, "stores", f"{counted(len(kept), 'project store')}, of which {open_} open now")


def _tools(settings: Settings) -> Iterable[Finding]:
    from agent_memory.hook.install.config_paths import project_root
    from agent_memory.mcp.install.server_status import server_statuses

    return machine_checks.tools(server_statuses(project_root(Path.cwd()), settings))


def _hooks(hook_store: str, *, came_lately: bool) -> Iterable[Finding]:
    from agent_memory.hook.install.config_paths import project_root
    from agent_memory.hook.install.hook_status import hook_statuses

    return checks.hooks(hook_statuses(project_root(Path.cwd()), hook_store), came_lately=came_lately)
