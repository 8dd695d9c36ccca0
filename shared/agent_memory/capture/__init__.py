"""What coding agents tell their hooks, and how it becomes events.

The names that the hook client and the daemon must both know stand here, where importing them costs the hook nothing
more.
"""

import posix

# Every agent knows `continue` or ignores it.
REPLY = b'{"continue":true}\n'
# What the daemon says to the hook client: the event is on disk; the same, and a line to answer the agent with follows.
STORED = b"\x06"
STORED_WITH_REPLY = b"\x02"
ENVELOPE_VERSION = b"agent-memory-envelope-1"
PAYLOAD_MAX_BYTES = 64 << 20
# Months of work without a daemon. A full spool takes nothing more: the beginning of what was said is worth as much as
# its end, so what it holds is never thrown away for something newer.
SPOOL_MAX_ENVELOPES = 50_000

# Beside the store, so that who finds the one finds the other: the folder of the envelopes that wait for its daemon,
SPOOL_SUFFIX = b"-spool"
# in it, a link to the socket of the daemon that serves the store;
SOCKET_LINK = b"socket"
# a folder with an empty file for each session that is excluded from capture, named after it;
EXCLUDED_SESSIONS_SUFFIX = b"-excluded-sessions"
# when the user wanted nothing captured, and what is to be ignored.
PAUSES_SUFFIX = b"-pauses"
IGNORE_SUFFIX = b"-ignore"
# What is to be ignored in a folder of the user's.
IGNORE_FILE = b".memoryignore"

# In each of them stands the end of an opening mark, as it is or as JSON and HTML escape it.
PRIVATE_MARKS = (b"rivate>", b"rivate&", b"rivate\\", b"RIVATE>", b"RIVATE&", b"RIVATE\\")


def spool_of(store: bytes) -> bytes:
    """The folder in which envelopes wait for the daemon of that store."""
    return store + SPOOL_SUFFIX


def spools(spool: bytes) -> list[bytes]:
    """The folders in which envelopes may wait for the daemon of this spool."""
    try:
        return [spool, posix.readlink(spool + b"/" + SOCKET_LINK).rpartition(b"/")[0] + b"/spool"]
    except OSError:
        return [spool]
