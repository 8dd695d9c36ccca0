"""Row keys. Bytes compare the way the things they name are ordered.

Ids hold no control characters, which the query service checks, so a NUL ends a session id that is followed by more.
"""

from __future__ import annotations

import hashlib
from typing import Final

EVENT_PREFIX: Final = b"evt:"
OUTBOX_PREFIX: Final = b"outbox:"
OPEN_PREFIX: Final = b"open:"
SEGMENT_PREFIX: Final = b"segment:"
PROJECT_PREFIX: Final = b"project:"
ID_PREFIX: Final = b"id:"
REMOVED_PREFIX: Final = b"gone:"
NODE_PREFIX: Final = b"toc:"
GRIP_PREFIX: Final = b"grip:"
NODE_GRIP_PREFIX: Final = b"node:"
SESSION_PREFIX: Final = b"ses:"
LATEST_PREFIX: Final = b"latest:"
LEDGER_PREFIX: Final = b"ledger:"
CONSUMER_PREFIX: Final = b"consumer:"
MARK_PREFIX: Final = b"erase:"
FORGOTTEN_SESSION_PREFIX: Final = b"forgotten:"
# A key that no row has.
NOTHING: Final = b"\0"

# Bookkeeping rows of `checkpoints`.
STORE: Final = b"checkpoint:store"
COUNTERS: Final = b"checkpoint:counters"
MIGRATION: Final = b"checkpoint:migration"
REBUILD: Final = b"checkpoint:rebuild"
ERASURE: Final = b"checkpoint:erasure"
# When a rebuild of the search index was last asked for.
INDEX_REBUILD: Final = b"checkpoint:rebuild-index"
# The key of the markers for redacted secrets, and the number of secrets by kind.
REDACTION_KEY: Final = b"checkpoint:redaction-key"
REDACTED: Final = b"checkpoint:redacted"
# Since when which version of the rules has looked for them: a line `VERSION MILLISECONDS` for each, oldest first.
REDACTION_RULES: Final = b"checkpoint:redaction-rules"
# The version of the rules by which all that is summarized was summarized.
SUMMARY_RULES: Final = b"checkpoint:summary-rules"
# The row of the tokens spent on summaries; named like a job's.
SUMMARIES: Final = "summaries"

TIMESTAMP_MAX_MS: Final = 9_999_999_999_999  # 13 digits: November 2286
_STAMP_LENGTH: Final = 13


def event(timestamp_ms: int, event_id: str) -> bytes:
    return b"evt:%013d:%s" % (timestamp_ms, event_id.encode())


def events_between(from_ms: int, to_ms: int) -> tuple[bytes, bytes]:
    """The range that holds the events of that time, half-open; either may be later than any event."""
    start = event(min(from_ms, TIMESTAMP_MAX_MS), "")
    return start, event(to_ms, "") if to_ms <= TIMESTAMP_MAX_MS else after(EVENT_PREFIX)


def event_id(identifier: str) -> bytes:
    """The row with an event's timestamp."""
    return b"id:" + identifier.encode()


def removed_event(event_id: str) -> bytes:
    """The row that marks an event as deleted on request."""
    return REMOVED_PREFIX + event_id.encode()


def forgotten_session(session_id: str) -> bytes:
    """The row that says up to which time nothing of a session is stored any more."""
    return FORGOTTEN_SESSION_PREFIX + session_id.encode()


def marks(session_id: str) -> bytes:
    """The prefix of the rows of a session's events that are to be erased."""
    return b"erase:%s\0" % session_id.encode()


def mark(session_id: str, timestamp_ms: int, event_id: str) -> bytes:
    """The row of an event that is to be erased."""
    return b"erase:%s\0%013d:%s" % (session_id.encode(), timestamp_ms, event_id.encode())


def marked(key: bytes) -> tuple[str, tuple[int, str]]:
    """The session and the position of a marked event."""
    return named_event(key[len(MARK_PREFIX) :])


def session(session_id: str) -> bytes:
    """The prefix of a session's rows."""
    return b"ses:%s\0" % session_id.encode()


def session_event(session_id: str, timestamp_ms: int, event_id: str) -> bytes:
    return b"ses:%s\0%013d:%s" % (session_id.encode(), timestamp_ms, event_id.encode())


def event_names(session_id: str, timestamp_ms: int, event_id: str) -> tuple[bytes, bytes, bytes, bytes]:
    """For a new event: the keys of its row and its session's row, the values of its id's row and its outbox entry."""
    stamp = b"%013d" % timestamp_ms
    bare = b"%b:%b" % (stamp, event_id.encode())
    named = b"%b\0%b" % (session_id.encode(), bare)
    return EVENT_PREFIX + bare, SESSION_PREFIX + named, stamp, named


def session_of(session_key: bytes) -> str:
    """The session that a row of `session_event` belongs to."""
    return session_key[len(SESSION_PREFIX) : session_key.index(b"\0")].decode()


def event_of_session_row(session_key: bytes) -> bytes:
    """The events row that a row of `session_event` refers to."""
    return EVENT_PREFIX + session_key[session_key.index(b"\0") + 1 :]


def position(event_key: bytes) -> tuple[int, str]:
    """Timestamp and id of an event, from the key of its events row or from an outbox entry."""
    bare = event_key.removeprefix(EVENT_PREFIX)
    return int(bare[:_STAMP_LENGTH]), bare[_STAMP_LENGTH + 1 :].decode()


def consumer(name: str) -> bytes:
    """The row of a consumer of the outbox."""
    return CONSUMER_PREFIX + name.encode()


def consumer_name(key: bytes) -> str:
    """The consumer whose row has that key."""
    return key.removeprefix(CONSUMER_PREFIX).decode()


def outbox(sequence: int) -> bytes:
    return b"outbox:%020d" % sequence


def named_event(entry: bytes) -> tuple[str, tuple[int, str]]:
    """The session and the position of the event that an outbox row names."""
    session_id, _, event_key = entry.partition(b"\0")
    return session_id.decode(), position(event_key)


def outbox_sequence(key: bytes) -> int:
    return int(key[len(OUTBOX_PREFIX) :])


def node(node_id: str, version: int) -> bytes:
    return b"toc:%s:v%06d" % (node_id.encode(), version)


def node_versions(node_id: str) -> tuple[bytes, bytes]:
    """The range that holds all versions of a node, half-open."""
    return b"toc:%s:v" % node_id.encode(), b"toc:%s:w" % node_id.encode()


def node_id_of_version(key: bytes) -> str:
    return key[len(NODE_PREFIX) : key.rindex(b":v")].decode()


def version_of(key: bytes) -> int:
    return int(key[key.rindex(b":v") + 2 :])


def latest(node_id: str) -> bytes:
    return LATEST_PREFIX + node_id.encode()


def node_id_of_latest(key: bytes) -> str:
    return key[len(LATEST_PREFIX) :].decode()


def grip(grip_id: str) -> bytes:
    return grip_id.encode()


def node_grips(node_id: str) -> bytes:
    """The prefix of the rows that name a node's grips."""
    return b"node:%s:grip:" % node_id.encode()


def node_grip(node_id: str, grip_id: str) -> bytes:
    return b"node:%s:%s" % (node_id.encode(), grip_id.encode())


def names_of_node_row(key: bytes) -> tuple[str, str]:
    """The node and its grip."""
    node_id, _, bare = key[len(NODE_GRIP_PREFIX) :].decode().partition(":grip:")
    return node_id, f"grip:{bare}"


def segments(session_id: str) -> bytes:
    """The prefix of the rows of a session's segments."""
    return SEGMENT_PREFIX + session_id.encode() + b"\0"


def segment(session_id: str, first_ms: int, first_event_id: str) -> bytes:
    return segments(session_id) + b"%013d:%s" % (first_ms, first_event_id.encode())


def segment_session(key: bytes) -> str:
    return key[len(SEGMENT_PREFIX) : key.index(b"\0")].decode()


def segment_first(key: bytes) -> tuple[int, str]:
    """The position of the segment's first event."""
    return position(key[key.index(b"\0") + 1 :])


def open_segment(session_id: str, first_ms: int, first_event_id: str) -> bytes:
    """The row of a segment that can still grow; its value is the last event's timestamp."""
    return b"open:%s\0%013d:%s" % (session_id.encode(), first_ms, first_event_id.encode())


def open_session(key: bytes) -> str:
    return key[len(OPEN_PREFIX) : key.index(b"\0")].decode()


def project(name: str) -> bytes:
    """The prefix of the rows of a project's segments, in order of time. Hashed, because a name can have any length."""
    return PROJECT_PREFIX + hashlib.blake2b(name.encode(), digest_size=12).hexdigest().encode() + b":"


def project_segment(name: str, first_ms: int, first_event_id: str) -> bytes:
    """The row that files a segment under its project, by the segment's first event."""
    return project(name) + b"%013d:%s" % (first_ms, first_event_id.encode())


def project_segment_first(key: bytes) -> tuple[int, str]:
    """The position of the segment's first event."""
    return position(key[key.index(b":", len(PROJECT_PREFIX)) + 1 :])


def ledger(entry_name: str) -> bytes:
    """The row of a ledger entry."""
    return LEDGER_PREFIX + entry_name.encode()


def job(name: str) -> bytes:
    return b"checkpoint:%s" % name.encode()


def paused(job_name: str) -> bytes:
    return b"paused:%s" % job_name.encode()


def job_runs(job_name: str) -> bytes:
    """The row of a job's last runs."""
    return b"runs:%s" % job_name.encode()


def run_asked_for(job_name: str) -> bytes:
    """The row that exists while a requested run of the job has not ended; its value is the time of the request."""
    return b"asked:%s" % job_name.encode()


def after(prefix: bytes) -> bytes:
    """The first key that sorts after every key with this prefix."""
    return prefix[:-1] + bytes([prefix[-1] + 1])
