"""Checks: each says in a line how something is, whether that is wrong, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from agent_memory import credentials
from agent_memory.backfill.bookmarks import Comparison
from agent_memory.capture import envelope
from agent_memory.capture.spool import Spool
from agent_memory.capture.spool_failures import of_each_kind
from agent_memory.control.doctor.fixes import Fix
from agent_memory.control.stack import Status
from agent_memory.errors import AgentMemoryError, SettingsError
from agent_memory.hook.install.formats import State
from agent_memory.hook.install.hook_status import HookStatus
from agent_memory.hook.install.statuses import PLUGIN, by_plugin, twice
from agent_memory.present.text import counted
from agent_memory.present.times import duration, relative
from agent_memory.settings import Settings
from agent_memory.worker.llm.library import check_library

if TYPE_CHECKING:  # protobuf costs 50 ms, and --help has no use for it
    from agent_memory.rpc import memory_pb2 as pb

# The daemon looks into its spool every second; what waits longer than this is stuck.
SPOOL_PATIENCE_S: Final = 60
# Below this much free disk space the store may soon be unable to write.
ROOM_MIN_BYTES: Final = 1 << 30
# A backup is made every night; what is older than this was missed, or failed.
BACKUP_PATIENCE_MS: Final = 36 * 3_600_000
# Envelopes whose agent is read; of the others only the day is known.
ENVELOPES_READ: Final = 1000
# Of the events that fail, most fail alike.
FAILURES_SHOWN: Final = 3
# Rejected files do not name their agent.
UNKNOWN_AGENT: Final = "-"
# What the consumers of the outbox make.
_MADE_BY: Final = {"search": "the search index", "toc": "the table of contents"}

# Of a day and an agent.
Counts = Counter[tuple[str, str]]


class Grade(Enum):
    """How something is."""

    OK = "ok"
    # Worth knowing, and perhaps intended.
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was checked, how it is, and what to do about it, often a command."""

    grade: Grade
    subject: str
    message: str
    remedy: str = ""
    # What `doctor --fix` does about it, if anything.
    fix: Fix = Fix.NONE


@dataclass(frozen=True, slots=True)
class Balance:
    """For a day and an agent: how many events were captured, stored, and are reachable from the root.

    What was captured and is not stored is waiting in the spool, or was rejected.
    """

    day: str
    agent: str
    stored: int
    reachable: int
    waiting: int
    rejected: int

    @property
    def captured(self) -> int:
        return self.stored + self.waiting + self.rejected

    @property
    def is_even(self) -> bool:
        return self.captured == self.stored == self.reachable


def settings(used: Settings, broken: SettingsError | None) -> Iterator[Finding]:
    """Whether a daemon can be started with the settings."""
    broken = broken or _refused(used)
    if broken:
        text = f"not usable, so a restart would fail. {broken.message}"
        yield Finding(Grade.WRONG, "settings", text, broken.remedy or "memory-daemon config edit")
        return
    files = {source for source in used.sources.values() if Path(source).is_absolute()}
    yield Finding(Grade.OK, "settings", f"valid ({', '.join(sorted(files)) or 'no config file'})")


def _refused(used: Settings) -> SettingsError | None:
    """Why no daemon would listen with these settings."""
    try:
        credentials.check(used)
    except SettingsError as error:
        return error
    return None


def daemon(status: Status) -> Iterator[Finding]:
    """Whether the daemon runs and serves, and each process that has failed for good."""
    if not status.running:
        yield Finding(Grade.WRONG, "daemon", "not running; hooks keep their events in the spool", "memory-daemon start")
        return
    up = f"up for {duration(status.uptime_s)}, {status.health}"
    if status.health == "SERVING":
        yield Finding(Grade.OK, "daemon", f"{up}, version {status.version}")
    else:
        text = f"{up}: {status.store_error}" if status.store_error else up
        yield Finding(Grade.WRONG, "daemon", text, "memory-daemon logs")
    for process in status.processes:
        if process.state not in ("running", "starting", "stopping"):
            text = f"{process.name} is {process.state}. {process.problem}".rstrip()
            yield Finding(Grade.WRONG, "daemon", text, f"memory-daemon logs {process.name}")
    for name, error in status.store_errors.items():
        yield Finding(Grade.WRONG, f"store {name}", error, "memory-daemon stores list")


def store(stats: pb.GetStatsResponse, free_bytes: int) -> Iterator[Finding]:
    """What the store holds, how far the table of contents is behind, and whether the disk has room."""
    size = f"{stats.events} events, {stats.disk_usage_bytes / 1e6:.1f} MB at {stats.db_path}"
    yield Finding(Grade.OK, "store", size)
    for consumer, waiting in sorted(stats.waiting.items()):
        if waiting:
            text = f"{counted(waiting, 'event')} on the way into {_MADE_BY.get(consumer, consumer)}"
            yield Finding(Grade.NOTE, "store", text, "if this persists: memory-daemon logs worker")
    yield from room(free_bytes, Path(stats.db_path))


def room(free_bytes: int, db_path: Path) -> Iterator[Finding]:
    """Whether the store's disk has room."""
    if free_bytes < ROOM_MIN_BYTES:
        text = f"only {free_bytes / 1e6:.0f} MB are free on its disk"
        yield Finding(Grade.WRONG, "store", text, f"make room at {db_path.parent}")


def search_index(stats: pb.GetStatsResponse, now_ms: int) -> Iterator[Finding]:
    """The size, the backlog and the age of the search index."""
    if not stats.HasField("search_index") or not stats.events:
        return
    found = stats.search_index
    if not found.available:
        text = f"there is none at the moment; search answers from titles. {found.problem}".rstrip()
        yield Finding(Grade.WRONG, "search", text, "memory-daemon admin rebuild-index", Fix.SEARCH_INDEX)
        return
    size = f"{found.segments} segments, {found.size_bytes / 1e6:.1f} MB, written {relative(found.written_ms, now_ms)}"
    if found.is_partial or found.is_rebuilding:
        yield Finding(Grade.NOTE, "search", f"{size}; it is being completed")
    else:
        yield Finding(Grade.OK, "search", size)


def summarizer(settings: Settings) -> Iterator[Finding]:
    """What keeps the chosen model from being asked at all."""
    try:
        check_library(settings)
    except SettingsError as error:
        yield Finding(Grade.WRONG, "summarizer", error.message, error.remedy)


def spool(status: Status, now_s: float) -> Iterator[Finding]:
    """What hooks left in the spool: how much, since when, and what was rejected."""
    left = status.spool
    if left.oldest_ms is None and not left.rejected and not left.failed:
        yield Finding(Grade.OK, "spool", "empty")
    if left.oldest_ms is not None:
        age_s = max(0.0, now_s - left.oldest_ms / 1000)
        text = f"{counted(left.waiting, 'event')} waiting, the oldest for {duration(age_s)}"
        if left.full:
            text += "; it is full and takes no more"
        is_wrong = left.full or not status.running or age_s > SPOOL_PATIENCE_S
        remedy = "memory-daemon logs query" if status.running else "memory-daemon start"
        yield Finding(Grade.WRONG if is_wrong else Grade.NOTE, "spool", text, remedy if is_wrong else "")
    kinds = of_each_kind(left.failures)
    for failure in kinds[:FAILURES_SHOWN]:
        text = f"{failure.path} can't be taken in: {failure.message}"
        yield Finding(Grade.WRONG, "spool", text, failure.remedy)
    if left.failed > len(kinds[:FAILURES_SHOWN]):
        text = f"{left.failed} events in all can't be taken in, and will be tried again"
        yield Finding(Grade.WRONG, "spool", text, "memory-daemon status")
    if left.rejected:
        text = f"{counted(left.rejected, 'input')} of hooks could not be read as events"
        if left.rejected_dropped:
            text += f"; {left.rejected_dropped} older ones were deleted to make room"
        yield Finding(Grade.WRONG, "spool", text, f"look at {left.path}/rejected, then delete what is there")


def capture(paused_until_ms: int | None, problem: str = "") -> Iterator[Finding]:
    """Whether capture is paused, or fails."""
    if problem:
        yield Finding(Grade.WRONG, "capture", problem)
    if paused_until_ms is not None:
        yield Finding(Grade.NOTE, "capture", "paused: nothing is remembered", "memory-daemon resume-capture")


def hooks(found: Sequence[HookStatus], *, came_lately: bool) -> Iterator[Finding]:
    """How each agent is connected; `came_lately` is whether anything was captured in the days that are shown."""
    connected = by_plugin(found)
    for each in found:
        if each.state != State.ABSENT.value or each.agent not in connected:
            yield from _hooks_of(each)
    for each in twice(found):
        remedy = f"memory-daemon hooks uninstall {each.agent}{' --project' if each.scope == 'project' else ''}"
        yield Finding(Grade.NOTE, "hooks", f"{each.agent}: there twice, by the plugin and by {each.file}", remedy)
    if not any(each.state in (State.CURRENT.value, State.OUTDATED.value) for each in found):
        remedy = "memory-daemon hooks install --all-found"
        if came_lately:
            yield Finding(Grade.NOTE, "hooks", "no agent is connected by its settings; something came lately", remedy)
        else:
            yield Finding(Grade.WRONG, "hooks", "no agent is connected, so nothing is captured", remedy)


def _hooks_of(found: HookStatus) -> Iterator[Finding]:
    in_project = found.scope == "project"
    agent = f"{found.agent}{' in this project' if in_project else ''}"
    install = f"memory-daemon hooks install {found.agent}{' --project' if in_project else ''}"
    match found.state:
        case State.CURRENT.value if found.problem and found.scope == PLUGIN:
            yield Finding(Grade.WRONG, "hooks", found.problem, "put the folder that it is in on PATH")
        case State.CURRENT.value if found.scope == PLUGIN:
            yield Finding(Grade.OK, "hooks", f"{agent}: by the plugin")
        case State.CURRENT.value if found.problem:
            yield Finding(Grade.WRONG, "hooks", found.problem, f"switch them on in {found.file}, or beside it")
        case State.CURRENT.value if found.trusted is False:
            yield Finding(
                Grade.WRONG, "hooks", f"{agent}: not trusted yet, so not run", f"start {found.agent}, say yes"
            )
        case State.CURRENT.value:
            yield Finding(Grade.OK, "hooks", f"{agent}: {found.state}")
        case State.OUTDATED.value:
            yield Finding(Grade.WRONG, "hooks", f"{agent}: {found.state}", install)
        case State.ABSENT.value if found.program:
            yield Finding(Grade.NOTE, "hooks", f"{agent}: on this machine, but not connected", install)
        case State.ABSENT.value:
            return
        case _:
            yield Finding(Grade.WRONG, "hooks", f"{agent}: {found.problem}", f"correct {found.file} by hand")


def erasure(status: Status, now_ms: int) -> Iterator[Finding]:
    """Whether what was erased last is gone, by its proof, and where it still is."""
    last = status.erasure
    if last is None:
        return
    what = counted(last.events, "event")
    if last.stage == "erasing":
        yield Finding(
            Grade.NOTE, "erasure", f"{what} being erased, or not proved gone yet", "memory-daemon admin receipt"
        )
        return
    when = relative(last.proved_ms, now_ms)
    if last.stage == "proved":
        yield Finding(Grade.OK, "erasure", f"{what} erased, proved {when}")
    else:
        text = f"{what} erased; by the proof {when}, something may be left"
        yield Finding(Grade.WRONG, "erasure", text, "memory-daemon admin receipt")
    if last.backups:
        text = f"some of it is still in {counted(len(last.backups), 'backup')}, such as {last.backups[0]}"
        yield Finding(Grade.NOTE, "erasure", text, "delete them to be rid of it")


def backups(status: Status, settings: Settings, now_ms: int) -> Iterator[Finding]:
    """When the store was backed up last, and whether that is done by itself."""
    made = f"made {relative(status.backup_ms, now_ms)}: {status.backup}" if status.backup_ms else "none made so far"
    if settings.backup_dir:
        is_late = now_ms - (status.backup_ms or 0) > BACKUP_PATIENCE_MS
        remedy = "memory-daemon scheduler run-now backup" if is_late else ""
        yield Finding(Grade.NOTE if is_late else Grade.OK, "backup", made, remedy)
    else:
        text = f"{made}; none are made by themselves"
        yield Finding(Grade.NOTE, "backup", text, "memory-daemon config set backup_dir FOLDER")


def jobs(scheduler: pb.GetSchedulerStatusResponse) -> Iterator[Finding]:
    """Jobs that failed."""
    if not scheduler.scheduler_running:
        yield Finding(Grade.WRONG, "jobs", "the scheduler is not running", "memory-daemon logs worker")
    for job in scheduler.jobs:
        if job.last_error:
            remedy = f"memory-daemon scheduler history {job.job_name}"
            yield Finding(Grade.WRONG, "jobs", f"{job.job_name} failed: {job.last_error}", remedy)


def transcripts(runs: Sequence[pb.JobRun], by_hand: Comparison | None, now_ms: int) -> Iterator[Finding]:
    """When transcripts were last compared with the store, how many events were missing then, and what was left out.

    That is the job's last run, of these, or the last comparison that its command noted.
    """
    ran = [
        Comparison(run.began_ms, run.counts["events_saved"], run.counts["files_being_written"])
        for run in runs[:1]
        if not run.error
    ]
    # The command notes it a little after the job began: the same comparison is the one that knows most.
    last = max([*ran, *([by_hand] if by_hand else [])], key=lambda each: each.began_ms, default=None)
    if last is not None:
        missing = "1 event was" if last.missing == 1 else f"{last.missing} events were"
        text = f"compared {relative(last.began_ms, now_ms)}, {missing} missing"
        if last.left_out:
            text += f"; not compared: {last.left_out} that were being written to"
        yield Finding(Grade.OK, "transcripts", text)
    elif not runs:
        text = "not yet compared with the store; that happens every night"
        yield Finding(Grade.NOTE, "transcripts", text, "memory-daemon reconcile")


def balances(entries: Iterable[pb.LedgerEntry], waiting: Counts, rejected: Counts, from_day: str = "") -> list[Balance]:
    """The ledger from that day on, newest day first; of earlier days, only what does not come out even."""
    there = {(entry.day, entry.agent or UNKNOWN_AGENT): entry for entry in entries}
    found = []
    for day, agent in sorted({*there, *waiting, *rejected}, key=lambda key: (key[0], key[1]), reverse=True):
        entry = there.get((day, agent))
        stored, reachable = (entry.stored, entry.reachable) if entry else (0, 0)
        key = (day, agent)
        balance = Balance(day, agent, stored, reachable, waiting[key], rejected[key])
        if balance.captured and (day >= from_day or not balance.is_even):
            found.append(balance)
    return found


def ledger(found: Iterable[Balance], outbox: int, store: str = "") -> Iterator[Finding]:
    """Every gap between what is stored and what is reachable; the check of the spool has what is not stored.

    `outbox` is how many events are on the way into the table of contents: so many may be missing for a moment. `store`
    is the name of a project store.
    """
    named, option = (f"store {store}", f" --project-store {store}") if store else ("ledger", "")
    gaps = [each for each in found if each.stored != each.reachable]
    if sum(abs(each.stored - each.reachable) for each in gaps) <= outbox:
        return
    for each in gaps:
        text = f"{each.day} {each.agent}: {each.stored} events are stored, {each.reachable} are reachable from the root"
        yield Finding(Grade.WRONG, named, text, f"memory-daemon admin verify --repair{option}")


def waiting_envelopes(spool: Spool, zone: tzinfo) -> Counts:
    """How many envelopes wait in the spool, by the day they came and the agent they name."""
    found: Counts = Counter()
    for number, path in enumerate(spool.waiting()):
        found[_day_of(path.name, zone), _agent_in(spool, path) if number < ENVELOPES_READ else UNKNOWN_AGENT] += 1
    return found


def rejected_envelopes(spool: Spool, zone: tzinfo) -> Counts:
    """How many inputs were rejected, by the day they came."""
    return Counter((_day_of(path.name, zone), UNKNOWN_AGENT) for path in spool.rejected.files())


def _day_of(key: str, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(envelope.arrived_ms(key) // 1000, zone):%Y-%m-%d}"


def _agent_in(spool: Spool, path: Path) -> str:
    try:
        head = spool.read(path, envelope.HEADER_MAX_BYTES + envelope.FIELDS_MAX_BYTES)
        header, end, rest = head.partition(b"\n")
        fields, _ = envelope.lengths(header + end)
        agent = envelope.unpack(rest[:fields], b"").agent
    except (OSError, AgentMemoryError):
        return UNKNOWN_AGENT
    return agent.lower() or UNKNOWN_AGENT
