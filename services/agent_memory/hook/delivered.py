"""Delivered calls: the last ones that left this machine by gRPC, so that a hook that is set up twice stores one event.

The daemon itself knows the repeats of calls that reach it by its socket. These calls are made by a process each, so a
file beside the store remembers them.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from agent_memory.capture.envelope import KEY, REPEATED_WITHIN_MS, Envelope
from agent_memory.files import make_private_dir

# Beside the store, as all that belongs to it.
_SUFFIX: Final = "-delivered.json"
# Agents call their hooks a few at a time; beyond this the oldest are forgotten.
_CALLS_MAX: Final = 256
_FILE_MAX_BYTES: Final = 64 << 10


def path_of(store: Path) -> Path:
    """The file beside that store."""
    return store.with_name(f"{store.name}{_SUFFIX}")


def as_first(envelope: Envelope, path: Path) -> Envelope:
    """The envelope, under the key of the call that it repeats, if any; the file at `path` has the last ones."""
    with suppress(OSError, ValueError):
        make_private_dir(path.parent)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            calls = _read(file.read(_FILE_MAX_BYTES))
            content = envelope.content.hex()
            first = calls.get(content)
            if first is not None and abs(first.arrived_ms - envelope.arrived_ms) <= REPEATED_WITHIN_MS:
                return replace(envelope, key=first.key)
            calls[content] = replace(envelope, payload=b"")
            newest = sorted(calls.items(), key=lambda each: each[1].key)[-_CALLS_MAX:]
            file.seek(0)
            file.truncate()
            file.write(json.dumps({name: call.key for name, call in newest}).encode())
    return envelope


def _read(data: bytes) -> dict[str, Envelope]:
    try:
        found = json.loads(data) if data else {}
    except ValueError:
        return {}  # its writer was killed
    keys = found.items() if isinstance(found, dict) else ()
    return {name: Envelope(key, "", "", "", b"") for name, key in keys if isinstance(key, str) and KEY.fullmatch(key)}
