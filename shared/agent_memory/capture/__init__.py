"""Capture: what coding agents pass to their hooks, and how it becomes events.

Here are the names that the hook client and the daemon share: importing them costs the hook nothing more.
"""

import _socket
import posix
import sys

# Every agent knows `continue` or ignores it.
REPLY = b'{"continue":true}\n'
# The daemon's reply to the hook client: the event is on disk; or that, followed by a line to answer the agent with.
STORED = b"\x06"
STORED_WITH_REPLY = b"\x02"
ENVELOPE_VERSION = b"agent-memory-envelope-1"
PAYLOAD_MAX_BYTES = 64 << 20
# Months of work without a daemon. A full spool takes nothing more: an older event is worth as much as a newer one, so
# none is thrown away to make room.
SPOOL_MAX_ENVELOPES = 50_000
# What else lies in a spool: the link to the socket, the rejected inputs, and the failures that were noted.
SPOOL_OTHER_NAMES = 3

# Beside the store, so that they are found with it: the folder of the envelopes that wait for its daemon;
SPOOL_SUFFIX = b"-spool"
# in it, a link to the socket of the daemon that serves the store;
SOCKET_LINK = b"socket"
# a folder with an empty file for each session that is excluded from capture, named after it;
EXCLUDED_SESSIONS_SUFFIX = b"-excluded-sessions"
# the pauses, in which the user wanted nothing captured; and the rules for what to ignore.
PAUSES_SUFFIX = b"-pauses"
IGNORE_SUFFIX = b"-ignore"
# A file that is there while agents may keep notes.
AGENT_NOTES_SUFFIX = b"-agent-notes"
# What a note can be.
NOTE_KINDS = ("decision", "fact", "rejected", "todo")
# The rules for a folder of the user's.
IGNORE_FILE = b".memoryignore"

# What every opening mark of a private span begins with, in lower case: as it is, and as JSON and HTML escape it.
PRIVATE_MARKS = (
    *(b"<private", b"< private", b";private", b"; private", b"3cprivate", b"3c private"),
    *(b"\xef\xbc\x9cprivate", b"\xef\xbc\x9c private", b"f1cprivate", b"f1c private"),
)


# The level, the option and the size by which the kernel tells whose the other end of a socket is. Either way the user
# is the second number: struct ucred of unix(7), struct xucred of macOS' <sys/ucred.h>.
_PEER = (_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12) if hasattr(_socket, "SO_PEERCRED") else (0, 1, 76)


def spool_of(store: bytes) -> bytes:
    """The folder in which envelopes wait for the daemon of that store."""
    return store + SPOOL_SUFFIX


def peer_uid(connection: _socket.socket) -> int:
    """The user at the other end of a Unix socket."""
    return int.from_bytes(connection.getsockopt(*_PEER)[4:8], sys.byteorder)


def spools(spool: bytes) -> list[bytes]:
    """The folders in which envelopes may wait for the daemon of this spool."""
    try:
        return [spool, posix.readlink(spool + b"/" + SOCKET_LINK).rpartition(b"/")[0] + b"/spool"]
    except OSError:
        return [spool]
