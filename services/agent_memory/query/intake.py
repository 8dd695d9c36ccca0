"""What may come in: every event is checked, completed and redacted here, so that nothing behind has to doubt it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from agent_memory.capture import private
from agent_memory.capture.ignoring import Ignoring
from agent_memory.capture.pauses import Pause, Pauses
from agent_memory.errors import InvalidEvent
from agent_memory.query.glance import holds_nothing
from agent_memory.redaction.environment import is_environment_file
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


# What became of an event: how many secrets of which kind were taken out, why it can't be stored, or None where the user
# does not want it to be.
Outcome: TypeAlias = Counter[str] | InvalidEvent | None
_NOTHING: Final[Counter[str]] = Counter()


class Intake:
    """The one way in, for what comes over gRPC and from hooks. For any thread."""

    def __init__(self, settings: Settings, redaction_key: bytes) -> None:
        self._settings = settings
        self._redactor = Redactor(redaction_key) if settings.redaction else None
        self._pauses = Pauses(settings.db_path)
        self._ignoring = Ignoring(settings.ignore)

    def admit(self, event: pb.Event) -> Counter[str] | None:
        """Complete the event in place: defaults filled in, agent in lower case, private spans and secrets taken out.

        Returns how many secrets of which kind there were, None for an event that the user does not want to be stored.
        Raises InvalidEvent naming the field, what it holds and what it may hold.
        """
        (outcome,) = self.admit_all([event])
        if isinstance(outcome, InvalidEvent):
            raise outcome
        return outcome

    def admit_all(self, events: Iterable[pb.Event]) -> list[Outcome]:
        """What `admit` returns or raises for each of the events, in their order."""
        pauses = self._pauses.all()
        outcomes: list[Outcome] = []
        for event in events:
            try:
                outcomes.append(self._admit(event, pauses))
            except InvalidEvent as error:
                # The others are not to pay for it.
                outcomes.append(error)
        return outcomes

    def _admit(self, event: pb.Event, pauses: Sequence[Pause]) -> Counter[str] | None:
        _check(event)
        content = event.SerializeToString()
        _check_size(len(content))
        if pauses and any(pause.holds(event.timestamp_ms) for pause in pauses):
            return None
        if self._is_ignored(event.metadata):
            return None
        # The ids come first; they stay, they are what the event is known by.
        behind_ids = len(event.event_id) + len(event.session_id)
        redacted = _NOTHING if holds_nothing(content, behind_ids) else self._take_out(event)
        if self._settings.multi_agent_mode == "unified":
            if event.agent:
                event.metadata["agent"] = event.agent
            event.agent = self._settings.agent_id
        elif event.agent and not event.agent.islower():
            event.agent = event.agent.lower()
        return redacted

    def readable(self, data: bytes) -> bytes:
        """What came and was no event, as it may be kept for somebody to look at."""
        return self._public(data.decode(errors="replace"), Counter()).encode()

    def _is_ignored(self, told: Mapping[str, str]) -> bool:
        folders = [folder for folder in (told.get("project"), told.get("cwd")) if folder]
        if not self._ignoring.has_rules(folders):
            return False
        files = told["files"].split("\n") if "files" in told else []
        return self._ignoring.ignores(folders, files, told.get("tool_name", ""))

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
        if found:
            # A marker can be longer than what it stands for.
            _check_size(event.ByteSize())
        return found

    def _public(self, text: str, found: Counter[str], *, is_environment: bool = False) -> str:
        if not is_environment and holds_nothing(text.encode("utf-8", "surrogatepass")):
            return text
        text = private.without(text)
        return self._redactor.redact(text, found, is_environment=is_environment) if self._redactor else text


def _shows_environment_file(event: pb.Event) -> bool:
    """Whether a tool told of a file whose values may all be secret: by the files it names, or by its command."""
    return is_environment_file(event.metadata.get("files", "")) or is_environment_file(event.text[:COMMAND_HEAD])


def _check(event: pb.Event) -> None:
    _check_id("event_id", event.event_id)
    _check_id("session_id", event.session_id)
    if not 0 < event.timestamp_ms <= TIMESTAMP_MAX_MS:
        raise InvalidEvent(
            f"event.timestamp_ms is {event.timestamp_ms}; "
            f"it must be milliseconds since 1970, from 1 to {TIMESTAMP_MAX_MS}"
        )
    if not event.event_type:
        event.event_type = pb.EVENT_TYPE_USER_MESSAGE
    elif event.event_type not in _TYPES:
        raise InvalidEvent(f"event.event_type is {event.event_type}; this version knows 1 to {max(_TYPES)}")
    if not event.role:
        event.role = pb.EVENT_ROLE_USER
    elif event.role not in _ROLES:
        raise InvalidEvent(f"event.role is {event.role}; this version knows 1 to {max(_ROLES)}")


def _check_size(size: int) -> None:
    if size > EVENT_MAX_BYTES:
        raise InvalidEvent(
            f"event.text and metadata have {size} bytes; {EVENT_MAX_BYTES} are the most one event may hold. "
            "Split it into several events."
        )


def _check_id(field: str, value: str) -> None:
    if not value:
        raise InvalidEvent(f"event.{field} is empty; it must name the {field.removesuffix('_id')}")
    # isprintable is the quick look; beside control characters it is false for spaces of many kinds, which do no harm.
    if not value.isprintable() and any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise InvalidEvent(f"event.{field} holds a control character: {value[:80]!r}; ids are printable text")
    if len(value) > ID_MAX_BYTES // 4 and len(value.encode()) > ID_MAX_BYTES:
        raise InvalidEvent(f"event.{field} has {len(value.encode())} bytes; {ID_MAX_BYTES} are the most")
