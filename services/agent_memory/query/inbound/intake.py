"""Intake: every event is checked, completed and redacted here, so that nothing behind it has to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final, NamedTuple, TypeAlias

from agent_memory.capture.envelope import Envelope
from agent_memory.capture.privacy.ignore import Ignoring
from agent_memory.capture.privacy.pauses import Pause, Pauses
from agent_memory.capture.trials import Trials, is_trial
from agent_memory.errors import InvalidEvent
from agent_memory.redaction.event_redactor import EventRedactor
from agent_memory.redaction.prefilter import candidates
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.settings import Settings
from agent_memory.store.keys import TIMESTAMP_MAX_MS

ID_MAX_BYTES: Final = 512
# An event may hold ten megabytes of text; somewhere there has to be a limit.
EVENT_MAX_BYTES: Final = 16 << 20
BATCH_MAX_EVENTS: Final = 500

_TYPES: Final = frozenset(pb.EventType.values()) - {pb.EVENT_TYPE_UNSPECIFIED}
_ROLES: Final = frozenset(pb.EventRole.values()) - {pb.EVENT_ROLE_UNSPECIFIED}


class Admitted(NamedTuple):
    """An event as it will be stored, and how many secrets of each kind were redacted."""

    content: bytes
    redacted: Counter[str]


# What becomes of an event: admitted, refused for a reason, or None where the user does not want it stored.
Outcome: TypeAlias = Admitted | InvalidEvent | None
_NOTHING: Final[Counter[str]] = Counter()


class Intake:
    """The only way in for events, from hooks and over gRPC. For any thread."""

    def __init__(
        self,
        settings: Settings,
        redaction_key: bytes,
        is_forgotten: Callable[[pb.Event], bool] = lambda event: False,
    ) -> None:
        """`is_forgotten`: whether another store has forgotten an event, so that this one is not to take it in."""
        self.is_forgotten = is_forgotten
        self._one_agent = "" if settings.has_agent_stores else settings.agent_id
        self._payment_data = settings.redact_payment_data
        self._redactor = EventRedactor(redaction_key, redaction=settings.redaction, payment_data=self._payment_data)
        # A pause of the default store is one of everything.
        self._pauses = [Pauses(path) for path in dict.fromkeys((settings.main_path, settings.db_path))]
        self._ignoring = Ignoring(settings.ignore)
        self.trials = Trials()

    def admit(self, event: pb.Event) -> Admitted | None:
        """The event as it is to be stored: with defaults, the agent in lower case, without private spans and secrets.

        None for an event that the user does not want stored. The message itself stays as it is. Raises InvalidEvent,
        which names the field, its value and what it may hold.
        """
        (outcome,) = self.admit_all([event])
        if isinstance(outcome, InvalidEvent):
            raise outcome
        return outcome

    def admit_all(self, events: Sequence[pb.Event]) -> list[Outcome]:
        """What `admit` returns or raises for each of the events, in their order."""
        pauses = [pause for each in self._pauses for pause in each.all()]
        # The events of a batch share their folders; for a single one, a cache costs more than it saves.
        has_rules = cache(self._has_rules) if len(events) > 1 else self._has_rules
        outcomes: list[Outcome] = []
        for event in events:
            try:
                outcomes.append(self._completed(event, pauses, has_rules))
            except InvalidEvent as error:
                # The other events are stored all the same.
                outcomes.append(error)
        admitted = [(place, outcome.content) for place, outcome in enumerate(outcomes) if isinstance(outcome, Admitted)]
        contents = (_behind_ids(events[place], content) for place, content in admitted)
        for candidate in candidates(contents, payment_data=self._payment_data):
            place, content = admitted[candidate]
            outcomes[place] = self._public_event(pb.Event.FromString(content))
        return [self._unless_trial(event, outcome) for event, outcome in zip(events, outcomes, strict=True)]

    def _unless_trial(self, event: pb.Event, outcome: Outcome) -> Outcome:
        """What becomes of the event; of a trial nothing, but that it can be looked at."""
        if isinstance(outcome, Admitted) and is_trial(event.session_id):
            self.trials.keep(pb.Event.FromString(outcome.content))
            return None
        return outcome

    def _completed(
        self, event: pb.Event, pauses: Sequence[Pause], has_rules: Callable[[str, str], bool]
    ) -> Admitted | None:
        """The event with its defaults, before redaction; None where it is unwanted. Raises InvalidEvent."""
        _check(event)
        if self.is_forgotten(event) or (pauses and any(pause.holds(event.timestamp_ms) for pause in pauses)):
            return None
        metadata = event.metadata
        folders = (metadata.get("project", ""), metadata.get("cwd", ""))
        if has_rules(*folders):
            files = metadata["files"].split("\n") if "files" in metadata else []
            if self._ignoring.ignores([*filter(None, folders)], files, metadata.get("tool_name", "")):
                return None
        return _admitted(self._with_defaults(event), _NOTHING)

    def _with_defaults(self, event: pb.Event) -> pb.Event:
        """The event itself where it says everything; else a copy that does."""
        agent, name = event.agent, self._one_agent or _agent(event.agent)
        if event.event_type and event.role and agent == name and not self._one_agent:
            return event
        complete = pb.Event()
        complete.CopyFrom(event)
        complete.event_type = complete.event_type or pb.EVENT_TYPE_USER_MESSAGE
        complete.role = complete.role or pb.EVENT_ROLE_USER
        if self._one_agent and agent:
            complete.metadata["agent"] = agent
        if agent != name:
            complete.agent = name
        return complete

    def _has_rules(self, *folders: str) -> bool:
        return self._ignoring.has_rules(filter(None, folders))

    def _public_event(self, event: pb.Event) -> Admitted | InvalidEvent:
        """The event, from which private spans and secrets are taken out; refused if the markers make it too long."""
        try:
            return _admitted(event, self._redactor.take_out(event))
        except InvalidEvent as error:
            return error

    def is_unwanted(self, envelope: Envelope) -> bool:
        """Whether the user wants nothing kept of a hook's call, also where it is no event."""
        pauses = (pause for each in self._pauses for pause in each.all())
        return any(pause.holds(envelope.arrived_ms) for pause in pauses) or self._ignoring.ignores_call(
            envelope.payload, envelope.agent, envelope.event, envelope.project
        )

    def readable(self, data: bytes) -> bytes:
        """Rejected input, redacted, so that it may be kept for somebody to look at."""
        return self._redactor.public(data.decode(errors="replace"), Counter()).encode()


def _behind_ids(event: pb.Event, content: bytes) -> bytes:
    """The event's bytes without the ids, which come first and are never redacted."""
    return content[len(event.event_id) + len(event.session_id) :]


def _admitted(event: pb.Event, redacted: Counter[str]) -> Admitted:
    content = event.SerializeToString()
    if len(content) > EVENT_MAX_BYTES:
        raise InvalidEvent(
            f"event.text and metadata have {len(content)} bytes; one event may hold {EVENT_MAX_BYTES} at most.",
            "Split it into several events.",
        )
    return Admitted(content, redacted)


def _check(event: pb.Event) -> None:
    _check_id("event_id", event.event_id)
    _check_id("session_id", event.session_id)
    timestamp_ms, kind, role = event.timestamp_ms, event.event_type, event.role
    if not 0 < timestamp_ms <= TIMESTAMP_MAX_MS:
        raise InvalidEvent(
            f"event.timestamp_ms is {timestamp_ms}; it must be milliseconds since 1970, from 1 to {TIMESTAMP_MAX_MS}"
        )
    if kind and kind not in _TYPES:
        raise InvalidEvent(f"event.event_type is {kind}; this version knows {_known(_TYPES)}")
    if role and role not in _ROLES:
        raise InvalidEvent(f"event.role is {role}; this version knows {_known(_ROLES)}")


def _known(numbers: frozenset[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))


def _agent(name: str) -> str:
    """The agent's name as it is stored: in lower case, without unprintable characters."""
    name = name.strip().lower()
    return name if name.isprintable() else "".join(filter(str.isprintable, name)).strip()


def _check_id(field: str, value: str) -> None:
    if not value or value.isspace():
        raise InvalidEvent(f"event.{field} is empty; it must name the {field.removesuffix('_id')}")
    # isprintable is the quick check; it is also false for unusual spaces, which are harmless.
    if not value.isprintable() and any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise InvalidEvent(f"event.{field} holds a control character: {value[:80]!r}; ids are printable text")
    if len(value) > ID_MAX_BYTES // 4 and len(value.encode()) > ID_MAX_BYTES:
        raise InvalidEvent(f"event.{field} has {len(value.encode())} bytes; {ID_MAX_BYTES} are allowed at most")
