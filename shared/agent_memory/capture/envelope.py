"""Envelopes: framed hook payloads, unpacked."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from agent_memory import project_stores
from agent_memory.capture import ENVELOPE_VERSION, PAYLOAD_MAX_BYTES
from agent_memory.errors import AgentMemoryError, InvalidEvent, UsageError

HEADER_MAX_BYTES = 80
# There is a path, of up to 4096 bytes, and two names.
FIELDS_MAX_BYTES = 16 << 10
MAX_BYTES = HEADER_MAX_BYTES + FIELDS_MAX_BYTES + PAYLOAD_MAX_BYTES
# A hook that is set up twice is called twice for one event. Nobody says the same thing twice in so short a time.
REPEATED_WITHIN_MS = 1000
KEY = re.compile(r"\d{20}-[0-9a-f]{16}")

# The other name is that of envelopes that an earlier version left in a spool.
_HEADER = re.compile(rb"(?:" + re.escape(ENVELOPE_VERSION) + rb"|agent-memory-letter-1) (\d{1,9}) (\d{1,9})\n")
_NEWER = re.compile(rb"agent-memory-envelope-[2-9]\d* ")


@dataclass(frozen=True, slots=True)
class Envelope:
    """One call of a hook as it came: standard input, and what the hook client adds."""

    key: str
    # From the command line, and the folder that the agent was opened in; empty where unknown.
    agent: str
    event: str
    project: str
    payload: bytes
    # The store that the hook's environment names; empty where it names none.
    store: str = ""

    @property
    def arrived_ms(self) -> int:
        """When the hook was called, in milliseconds since 1970."""
        return arrived_ms(self.key)

    @property
    def content(self) -> bytes:
        """What a repeat of the call has in common with it."""
        # Some agents name the event only on the command line.
        return hashlib.blake2b(self.payload, digest_size=16).digest() + self.event.encode(errors="surrogateescape")


def arrived_ms(key: str) -> int:
    """When the hook was called whose envelope has this key, in milliseconds since 1970."""
    return int(key.partition("-")[0]) // 1_000_000


def lengths(header: bytes) -> tuple[int, int]:
    """How many bytes of fields and of payload follow the header, given with its line end.

    Raises InvalidEvent where it is no envelope's, AgentMemoryError where it is that of a newer version.
    """
    if _NEWER.match(header):
        raise AgentMemoryError("It was written by a newer version of agent-memory.", "Start that version.")
    match = _HEADER.fullmatch(header)
    fields, payload = map(int, match.groups()) if match else (FIELDS_MAX_BYTES + 1, 0)
    if fields > FIELDS_MAX_BYTES or payload > PAYLOAD_MAX_BYTES:
        raise InvalidEvent(f"this is not an envelope of a hook: it begins with {header[:HEADER_MAX_BYTES]!r}")
    return fields, payload


def unpack(fields: bytes, payload: bytes) -> Envelope:
    """The envelope with these fields.

    Raises InvalidEvent where they are not an envelope's, AgentMemoryError where what it names can't be a store: it
    holds an event all the same, and waits.
    """
    names = [field.decode(errors="replace") for field in fields.split(b"\0")]
    if len(names) not in (4, 5) or not KEY.fullmatch(names[0]):
        raise InvalidEvent(f"this is not an envelope of a hook: its fields are {fields[:HEADER_MAX_BYTES]!r}")
    key, agent, event, project, *store = names
    try:
        return Envelope(key, agent, event, project, payload, *map(project_stores.parse_name, store))
    except UsageError as error:
        raise AgentMemoryError(
            f"{project_stores.VARIABLE}: {error}",
            "Correct the variable; import this session with: memory-daemon backfill. Then delete the file.",
        ) from error


def read(data: bytes) -> Envelope:
    """The envelope that was written as `data`.

    Raises InvalidEvent where it is none, or only the beginning of one, AgentMemoryError where it is of a newer version.
    """
    end = data.find(b"\n", 0, HEADER_MAX_BYTES) + 1
    fields, payload = lengths(data[:end])
    if len(data) != end + fields + payload:
        raise InvalidEvent(f"it is torn: {len(data)} bytes of {end + fields + payload} are here")
    return unpack(data[end : end + fields], data[end + fields :])
