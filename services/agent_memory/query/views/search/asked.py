"""What a search request asks for: its words, filters and window, checked and completed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from agent_memory.errors import UsageError
from agent_memory.model import EventRole
from agent_memory.phrases.spans import parse as parse_time
from agent_memory.query.views import toc
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.search import question, texts
from agent_memory.search.limits import limit_of
from agent_memory.search.question import Question
from agent_memory.search.reader import Filters
from agent_memory.search.tokens import tokens
from agent_memory.store.keys import TIMESTAMP_MAX_MS

_ROLES: Final = tuple(role.name.lower() for role in EventRole)


@dataclass(frozen=True, slots=True)
class Asked:
    """A search, ready to be looked for. Times in milliseconds."""

    question: Question
    filters: Filters
    # The file as it was named; empty where any will do.
    file: str
    limit: int
    # What was known then; None for now.
    as_of_ms: int | None

    @property
    def terms(self) -> tuple[str, ...]:
        return self.question.terms


def asked(request: pb.SearchRequest, zone: ZoneInfo, now_ms: int, projects: Sequence[str]) -> Asked:
    """What the request asks for; `projects` are the names of the project that it names. Raises UsageError.

    What a field of the request says goes before what the query says of the same.
    """
    as_of_ms = toc.as_of_ms_of(request)
    now = datetime.fromtimestamp(toc.asked_ms(request, now_ms) // 1000, zone)
    when = request.when.strip()
    has_span = request.HasField("from_timestamp_ms") or request.HasField("to_timestamp_ms")
    found = question.parse(request.query, now, with_time=not when and not has_span)
    named = found.fields
    when = when or named.get("when", "")
    file = request.file or named.get("file", "")
    role = (request.role or named.get("role", "")).lower()
    if role and role not in _ROLES:
        raise UsageError(f"There is no role {role!r}.", f"Say {', '.join(_ROLES[:-1])} or {_ROLES[-1]}.")
    from_ms, to_ms = _span(request, when, now, as_of_ms)
    if when:
        found = question.parse(request.query, now, with_time=False)
    if file and not found.terms:
        # What was said about it names it.
        words = tuple(dict.fromkeys(tokens(texts.base_name(file))))
        found = replace(found, terms=words, phrases=())
    filters = Filters(
        projects=tuple(projects),
        agent=(request.agent or named.get("agent", "")).lower(),
        session_id=request.session_id or named.get("session", ""),
        role=role,
        file=texts.base_name(file),
        file_tokens=tuple(tokens(texts.base_name(file))),
        from_ms=from_ms,
        to_ms=to_ms,
    )
    return Asked(found, filters, file, limit_of(request), as_of_ms)


def with_named(request: pb.SearchRequest) -> pb.SearchRequest:
    """The request with the project, agent and session that its query names, where it names none itself."""
    named = question.fields_of(request.query)
    complete = pb.SearchRequest()
    complete.CopyFrom(request)
    complete.project = request.project or named.get("project", "")
    complete.agent = request.agent or named.get("agent", "")
    complete.session_id = request.session_id or named.get("session", "")
    return complete


def required(query: str) -> str:
    """The query itself; raises UsageError for one without a word."""
    if not query.strip():
        raise UsageError("query is empty", "Give a word to look for.")
    return query


def project_names(project: str, names: Sequence[str]) -> list[str]:
    """What the events of that project may be tagged with: any of its names, and for a bare name its folder's."""
    bare = [] if "/" in project else [texts.base_name(project)]
    return list(dict.fromkeys(filter(None, (project, *names, *bare))))


def _span(request: pb.SearchRequest, when: str, now: datetime, as_of_ms: int | None) -> tuple[int | None, int | None]:
    """The time outside of which nothing is found, half-open; raises UsageError."""
    starts: list[int] = []
    ends: list[int] = []
    if request.HasField("from_timestamp_ms"):
        starts.append(_checked("from_timestamp_ms", request.from_timestamp_ms))
    if request.HasField("to_timestamp_ms"):
        ends.append(_checked("to_timestamp_ms", request.to_timestamp_ms) + 1)
    if as_of_ms is not None:
        ends.append(_checked("as_of_ms", as_of_ms) + 1)
    if when and when.lower() not in question.ANY_TIME:
        spans = parse_time(when, now)
        starts.append(spans[0].start_ms)
        ends.append(spans[0].end_ms)
    return max(starts, default=None), min(ends, default=None)


def _checked(name: str, at_ms: int) -> int:
    if not 0 <= at_ms <= TIMESTAMP_MAX_MS:
        raise UsageError(f"{name} is {at_ms}; a time is from 0 to {TIMESTAMP_MAX_MS} milliseconds.")
    return at_ms
