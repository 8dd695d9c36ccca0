"""What may come in: every event is checked, completed and redacted here, so that nothing behind has to doubt it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final, NamedTuple, TypeAlias

from agent_memory.capture.privacy import private
from agent_memory.capture.privacy.ignore import Ignoring
from agent_memory.capture.privacy.pauses import Pause, Pauses
from agent_memory.errors import InvalidEvent
from agent_memory.redaction.environment import is_environment_file
from agent_memory.redaction.prefilter import candidates, may_contain_nothing
from agent_memory.redaction.redactor import Redactor
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.settings import Settings
from agent_memory.store.keys import TIMESTAMP_MAX_MS

ID_MAX_BYTES: Final = 512
# Ten megabytes of text are an event like any other; somewhere it has to end.
EVENT_MAX_BYTES: Final = 16 << 20
BATCH_MAX_EVENTS: Final = 500
# What a tool was called with stands on the first line of what it told.
COMMAND_HEAD: Final = 400

_TYPES: Final = frozenset(pb.EventType.values()) - {pb.EVENT_TYPE_UNSPECIFIED}
_ROLES: Final = frozenset(pb.EventRole.values()) - {pb.EVENT_ROLE_UNSPECIFIED}


class Admitted(NamedTuple):
    """An event as it will be stored, and how many secrets of which kind were taken out of it."""

    content: bytes
    redacted: Counter[str]


# What became of an event: it may be stored, or why it can't be, or None where the user does not want it to be.
Outcome: TypeAlias = Admitted | InvalidEvent | None
_NOTHING: Final[Counter[str]] = Counter()


class Intake:
    """The one way in, for what comes over gRPC and from hooks. For any thread."""

    def __init__(self, settings: Settings, redaction_key: bytes) -> None:
        self._settings = settings
        self._redactor = Redactor(redaction_key) if settings.redaction else None
        self._pauses = Pauses(settings.db_path)
        self._ignoring = Ignoring(settings.ignore)

    def admit(self, event: pb.Event) -> Admitted | None:
        """Complete the event in place: defaults filled in, agent in lower case, private spans and secrets taken out.

        Returns what is to be stored, None for an event that the user does not want to be stored. Raises InvalidEvent
        naming the field, what it holds and what it may hold.
        """
        (outcome,) = self.admit_all([event])
        if isinstance(outcome, InvalidEvent):
            raise outcome
        return outcome

    def admit_all(self, events: Sequence[pb.Event]) -> list[Outcome]:
        """What `admit` returns or raises for each of the events, in their order."""
        pauses = self._pauses.all()
        has_rules = cache(self._has_rules)  # the events of a batch share their folders
        outcomes: list[Outcome] = []
        for event in events:
            try:
                outcomes.append(self._completed(event, pauses, has_rules))
            except InvalidEvent as error:
                # The others are not to pay for it.
                outcomes.append(error)
        admitted = [(place, outcome.content) for place, outcome in enumerate(outcomes) if isinstance(outcome, Admitted)]
        for suspect in candidates(_behind_ids(events[place], content) for place, content in admitted):
            place, _ = admitted[suspect]
            outcomes[place] = self._public_event(events[place])
        return outcomes

    def _completed(
        self, event: pb.Event, pauses: Sequence[Pause], has_rules: Callable[[str, str], bool]
    ) -> Admitted | None:
        """The event with its defaults and nothing taken out yet; None where it is unwanted; raises InvalidEvent."""
        _check(event)
        if pauses and any(pause.holds(event.timestamp_ms) for pause in pauses):
            return None
        told = event.metadata
        folders = (told.get("project", ""), told.get("cwd", ""))
        if has_rules(*folders):
            files = told["files"].split("\n") if "files" in told else []
            if self._ignoring.ignores([*filter(None, folders)], files, told.get("tool_name", "")):
                return None
        agent = event.agent
        if self._settings.multi_agent_mode == "unified":
            if agent:
                told["agent"] = agent
            event.agent = self._settings.agent_id
        elif agent != (name := _agent(agent)):
            event.agent = name
        return _admitted(event, _NOTHING)

    def _has_rules(self, *folders: str) -> bool:
        return self._ignoring.has_rules(filter(None, folders))

    def _public_event(self, event: pb.Event) -> Admitted | InvalidEvent:
        """The event without what is private or secret in it: a marker can be longer than what it stands for."""
        try:
            return _admitted(event, self._take_out(event))
        except InvalidEvent as error:
            return error

    def readable(self, data: bytes) -> bytes:
        """What came and was no event, as it may be kept for somebody to look at."""
        return self._public(data.decode(errors="replace"), Counter()).encode()

    def _take_out(self, event: pb.Event) -> Counter[str]:
        """Take private spans and secrets out of the text and the metadata."""
        found: Counter[str] = Counter()
        is_environment = event.role == pb.EVENT_ROLE_TOOL and _shows_environment_file(event)
        text = event.text
        public = self._public(text, found, is_environment=is_environment)
        if public != text:
            event.text = public
        for name, value in event.metadata.items():
            # A field's name tells what its value is, too.
            public = self._public(f"{name}={value}", found).removeprefix(f"{name}=")
            if public != value:
                event.metadata[name] = public
        return found

    def _public(self, text: str, found: Counter[str], *, is_environment: bool = False) -> str:
        if not is_environment and may_contain_nothing(text.encode("utf-8", "surrogatepass")):
            return text
        text = private.without(text)
        return self._redactor.redact(text, found, is_environment=is_environment) if self._redactor else text


def _shows_environment_file(event: pb.Event) -> bool:
    """Whether a tool told of a file whose values may all be secret: by the files it names, or by its command."""
    return is_environment_file(event.metadata.get("files", "")) or is_environment_file(event.text[:COMMAND_HEAD])


def _behind_ids(event: pb.Event, content: bytes) -> bytes:
    """The event's bytes but for the ids, which come first: they stay, they are what the event is known by."""
    return content[len(event.event_id) + len(event.session_id) :]


def _admitted(event: pb.Event, redacted: Counter[str]) -> Admitted:
    content = event.SerializeToString()
    if len(content) > EVENT_MAX_BYTES:
        raise InvalidEvent(
            f"event.text and metadata have {len(content)} bytes; one event may hold {EVENT_MAX_BYTES} at most. "
            "Split it into several events."
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
    if not kind:
        event.event_type = pb.EVENT_TYPE_USER_MESSAGE
    elif kind not in _TYPES:
        raise InvalidEvent(f"event.event_type is {kind}; this version knows 1 to {max(_TYPES)}")
    if not role:
        event.role = pb.EVENT_ROLE_USER
    elif role not in _ROLES:
        raise InvalidEvent(f"event.role is {role}; this version knows 1 to {max(_ROLES)}")


def _agent(name: str) -> str:
    """The agent's name as it is stored: in lower case, without what can't be printed."""
    name = name.strip().lower()
    return name if name.isprintable() else "".join(filter(str.isprintable, name)).strip()


def _check_id(field: str, value: str) -> None:
    if not value or value.isspace():
        raise InvalidEvent(f"event.{field} is empty; it must name the {field.removesuffix('_id')}")
    # isprintable is the quick look; beside control characters it is false for spaces of many kinds, which do no harm.
    if not value.isprintable() and any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise InvalidEvent(f"event.{field} holds a control character: {value[:80]!r}; ids are printable text")
    if len(value) > ID_MAX_BYTES // 4 and len(value.encode()) > ID_MAX_BYTES:
        raise InvalidEvent(f"event.{field} has {len(value.encode())} bytes; {ID_MAX_BYTES} are allowed at most")
