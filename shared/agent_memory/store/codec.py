"""Values of rows, as records. Events are protobuf, everything derived is JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from agent_memory.model import Bullet, Grip, TocLevel, TocNode


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """What the store says of itself; written when it is created, and when its schema is upgraded."""

    schema_version: int
    timezone: str
    created_ms: int


@dataclass(frozen=True, slots=True)
class MigrationState:
    """The oldest schema that rows of the store may have, and how far rewriting them is; its row goes at the end."""

    # 0 where all rows are of the store's schema.
    version: int = 0
    family: str = ""
    # The last key that is done, in hexadecimal digits.
    after: str = ""
    rewritten: int = 0


@dataclass(frozen=True, slots=True)
class Counters:
    """Numbers of rows; written in the batch of every write that changes them."""

    events: int = 0
    toc_nodes: int = 0
    grips: int = 0
    # The last outbox sequence number given out.
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """For a day and an agent: how many events are stored, and how many of them are in a segment."""

    stored: int = 0
    reached: int = 0

    def changed(self, *, stored: int = 0, reached: int = 0) -> LedgerEntry:
        return LedgerEntry(self.stored + stored, self.reached + reached)


@dataclass(frozen=True, slots=True)
class ConsumerState:
    """How far a consumer of the outbox has come: it has taken in all up to `cursor`. `commit` counts its commits."""

    cursor: int = 0
    commit: int = 0


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A segment of a session, found by its first event."""

    node_id: str
    last_ms: int
    last_event_id: str
    # A hash of the segment's events and of its context: equal digests mean equal segments.
    digest: str
    is_open: bool
    # The project it is filed under; empty where that is not known.
    project: str = ""
    # Its events, counted by ledger entry.
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """A segment as it is filed under its project, found by time; `SegmentRow` is found by session."""

    project: str
    session_id: str
    node_id: str


@dataclass(frozen=True, slots=True)
class JobState:
    """A scheduled job after its last run. Times in milliseconds, 0 for never."""

    last_run_ms: int = 0
    last_duration_ms: int = 0
    # A JobResult; 0 before the first run.
    last_result: int = 0
    last_error: str = ""
    next_run_ms: int = 0
    run_count: int = 0
    error_count: int = 0
    is_running: bool = False
    # When the last run that succeeded began.
    last_success_ms: int = 0
    # Failures in a row: the wait before the next attempt grows with them.
    failures: int = 0


@dataclass(frozen=True, slots=True)
class JobRun:
    """A run of a scheduled job that has ended. Times in milliseconds."""

    began_ms: int
    duration_ms: int
    # A JobResult.
    result: int
    error: str = ""
    # When it was requested; 0 for a scheduled run.
    asked_ms: int = 0
    # What it read and changed, by name.
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cost:
    """Requests to a model, and the tokens they took."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.requests + other.requests,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
        )


@dataclass(frozen=True, slots=True)
class Spending:
    """What summaries cost, by level: on `day` (a date), and in total."""

    day: str = ""
    today: dict[str, Cost] = field(default_factory=dict)
    total: dict[str, Cost] = field(default_factory=dict)
    # Why the next summary can't be had now; empty when it can.
    last_error: str = ""


class RebuildStage(StrEnum):
    """The stages of a rebuild, in order; the last two only when it mends."""

    SESSIONS = "sessions"
    DAYS = "days"
    ABOVE = "above"
    ORPHANS = "orphans"
    COUNTERS = "counters"


@dataclass(frozen=True, slots=True)
class RebuildState:
    """The task of a rebuild of the table of contents, and its progress. Times in milliseconds."""

    from_ms: int = 0
    # Empty: all sessions.
    sessions: tuple[str, ...] = ()
    mend: bool = False
    events: int = 0
    started_ms: int = 0
    stage: RebuildStage = RebuildStage.SESSIONS
    # The last session that is done, then the last day.
    after: str = ""
    events_done: int = 0
    nodes_written: int = 0
    # 0 while it is running.
    finished_ms: int = 0

    @property
    def is_running(self) -> bool:
        return self.started_ms > 0 and self.finished_ms == 0

    @property
    def has_told_all(self) -> bool:
        """Whether it has summarized every segment again when it is finished."""
        return self.finished_ms > 0 and self.events_done > 0 and not self.from_ms and not self.sessions

    def asks_the_same(self, other: RebuildState) -> bool:
        return (self.from_ms, self.sessions, self.mend) == (other.from_ms, other.sessions, other.mend)


class ErasureKind(StrEnum):
    """What an erasure does to the events: they go, or secrets are taken out of them."""

    FORGET = "forget"
    REDACT = "redact"


class ErasureStage(StrEnum):
    """The stages of an erasure, in order."""

    SESSIONS = "sessions"
    PERIODS = "periods"
    INDEX = "index"
    FILES = "files"


@dataclass(frozen=True, slots=True)
class ErasureState:
    """The erasure that was asked for last, and its progress. Times in milliseconds.

    Which events it is about is told by their marks, rows of their own that go when it ends.
    """

    # Counts the store's erasures.
    number: int = 0
    kind: ErasureKind = ErasureKind.FORGET
    events: int = 0
    started_ms: int = 0
    stage: ErasureStage = ErasureStage.SESSIONS
    # The last session that is done, then the last day.
    after: str = ""
    events_done: int = 0
    # 0 while it is running.
    finished_ms: int = 0

    @property
    def is_running(self) -> bool:
        return self.started_ms > 0 and self.finished_ms == 0


FlatRecord = (
    StoreInfo
    | MigrationState
    | Counters
    | LedgerEntry
    | ConsumerState
    | SegmentRow
    | ProjectRow
    | JobState
    | RebuildState
    | ErasureState
)


def to_json(record: FlatRecord) -> bytes:
    """The row of a record without nested records."""
    return _bytes({name: getattr(record, name) for name in record.__slots__})


def store_info(value: bytes) -> StoreInfo:
    # Only what every version has, so that a newer program's store is recognised as one.
    content = json.loads(value)
    return StoreInfo(content["schema_version"], content.get("timezone", "UTC"), content.get("created_ms", 0))


def counters(value: bytes | None) -> Counters:
    return Counters(**json.loads(value)) if value else Counters()


def consumer_state(value: bytes | None) -> ConsumerState:
    return ConsumerState(**json.loads(value)) if value else ConsumerState()


def migration_state(value: bytes | None) -> MigrationState:
    return MigrationState(**json.loads(value)) if value else MigrationState()


def ledger_entry(value: bytes | None) -> LedgerEntry:
    return LedgerEntry(**json.loads(value)) if value else LedgerEntry()


def segment_row(value: bytes) -> SegmentRow:
    return SegmentRow(**json.loads(value))


def project_row(value: bytes) -> ProjectRow:
    return ProjectRow(**json.loads(value))


def job_state(value: bytes | None) -> JobState:
    return JobState(**json.loads(value)) if value else JobState()


def job_runs_to_json(runs: Iterable[JobRun]) -> bytes:
    return _bytes([{name: getattr(run, name) for name in JobRun.__slots__} for run in runs])


def job_runs(value: bytes | None) -> tuple[JobRun, ...]:
    return tuple(JobRun(**content) for content in json.loads(value)) if value else ()


def spending_to_json(spending: Spending) -> bytes:
    content: dict[str, Any] = {name: getattr(spending, name) for name in Spending.__slots__}
    for name in ("today", "total"):
        content[name] = {job: [c.requests, c.input_tokens, c.output_tokens] for job, c in content[name].items()}
    return _bytes(content)


def spending(value: bytes | None) -> Spending:
    if value is None:
        return Spending()
    content = json.loads(value)
    for name in ("today", "total"):
        content[name] = {job: Cost(*counts) for job, counts in content[name].items()}
    return Spending(**content)


def counts_to_json(counts: Mapping[str, int]) -> bytes:
    """The row of counts by name."""
    return _bytes(dict(sorted(counts.items())))


def counts(value: bytes | None) -> Counter[str]:
    return Counter(json.loads(value)) if value else Counter()


def rebuild_state(value: bytes | None) -> RebuildState:
    if not value:
        return RebuildState()
    content = json.loads(value)
    content["sessions"] = tuple(content["sessions"])
    content["stage"] = RebuildStage(content["stage"])
    return RebuildState(**content)


def erasure_state(value: bytes | None) -> ErasureState:
    if not value:
        return ErasureState()
    content = json.loads(value)
    content["kind"], content["stage"] = ErasureKind(content["kind"]), ErasureStage(content["stage"])
    return ErasureState(**content)


def node_to_json(node: TocNode) -> bytes:
    content: dict[str, Any] = {name: getattr(node, name) for name in TocNode.__slots__}
    content["bullets"] = [{"text": b.text, "grip_ids": b.grip_ids, "weight": b.weight} for b in node.bullets]
    if not node.events_gone:
        del content["events_gone"]  # what earlier versions can't read is in few stores
    return _bytes(content)


def node_from_json(value: bytes) -> TocNode:
    content = _renamed(json.loads(value))
    content.pop("summary", None)  # schema version 1 had it, always empty
    bullets = tuple(Bullet(b["text"], tuple(b["grip_ids"]), b["weight"]) for b in content.pop("bullets"))
    content["level"] = TocLevel(content["level"])
    content["keywords"] = tuple(content["keywords"])
    content["agents"] = tuple(content["agents"])
    return TocNode(bullets=bullets, **content)


def grip_to_json(grip: Grip) -> bytes:
    return _bytes({name: getattr(grip, name) for name in Grip.__slots__})


def grip_from_json(value: bytes) -> Grip:
    return Grip(**_renamed(json.loads(value)))


# Their names in schema version 1: a row keeps them until it is rewritten.
_NAMES_OF_VERSION_1 = {"words_by": "summarized_by", "words_of": "summary_source", "seal": "evidence_checksum"}


def _renamed(content: dict[str, Any]) -> dict[str, Any]:
    return {_NAMES_OF_VERSION_1.get(name, name): value for name, value in content.items()}


def _bytes(content: dict[str, Any] | list[dict[str, Any]]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
