"""Spooling: what the hook writes beside the store itself, where no daemon takes its envelope.

Imported only then, and with no more than `client` has: an agent waits for this, too.
"""

import posix
import sys

from agent_memory.capture import (
    EXCLUDED_SESSIONS_SUFFIX,
    IGNORE_FILE,
    IGNORE_SUFFIX,
    SPOOL_MAX_ENVELOPES,
    SPOOL_OTHER_NAMES,
    spools,
)

_SESSION_MAX_BYTES = 200
_FOLDER_MAX_BYTES = 1 << 12
_FOLDER_FIELDS = (b'"cwd"', b'"project"', b'"directory"')


def spool_envelope(spool: bytes, envelope: list[bytes]) -> bool:
    """Leave the envelope in the spool; on a full disk, in the one beside the socket, which often is in memory."""
    key = envelope[1].partition(b"\0")[0]
    return any(_spool_in(folder, key, envelope) for folder in spools(spool))


def is_ignored(store: bytes, envelope: list[bytes]) -> bool:
    """Whether the user wants such calls ignored. Ask before an envelope goes where no daemon reads it first.

    Where there are no rules, this takes some microseconds.
    """
    _, agent, event, project, *_ = envelope[1].split(b"\0")
    folders = {project, _own_folder(), *_named_folders(envelope[2])}
    # A folder with a backslash in it is written in a way that only JSON's reader understands.
    if not (_exists(store + IGNORE_SUFFIX) or any(b"\\" in folder or _has_rules(folder) for folder in folders)):
        return False
    # Ten times as slow as all the rest: only where there are rules. Should it fail, the envelope is spooled nowhere.
    if sys.flags.no_site:
        import site

        site.main()  # this Python was started without the folder of the libraries that read the rules
    from agent_memory.capture.privacy import ignore

    return ignore.ignores_call(store, envelope[2], *(name.decode(errors="replace") for name in (agent, event, project)))


def exclude_session(store: bytes, payload: bytes) -> None:
    """Note the session's id: its transcript must not be imported later either."""
    for name in (b'"session_id"', b'"sessionId"', b'"sessionID"'):
        _, found, rest = payload.partition(name)
        parts = rest.split(b'"', 2)
        if found and len(parts) == 3:
            session = parts[1]
            if len(session) <= _SESSION_MAX_BYTES and session.replace(b"-", b"").replace(b"_", b"").isalnum():
                folder = store + EXCLUDED_SESSIONS_SUFFIX
                _make_private(folder)
                posix.close(
                    posix.open(folder + b"/" + session, posix.O_WRONLY | posix.O_CREAT | posix.O_CLOEXEC, 0o600)
                )
            return


def _spool_in(folder: bytes, key: bytes, envelope: list[bytes]) -> bool:
    # Written under a name that nobody reads, then renamed: a reader sees the whole envelope or none.
    unfinished = folder + b"/." + key
    try:
        _make_private(folder)
        if len(posix.listdir(folder)) >= SPOOL_MAX_ENVELOPES + SPOOL_OTHER_NAMES:
            return False
        _write(unfinished, envelope)
        posix.rename(unfinished, folder + b"/" + key)
        # The name too, or a power cut may leave the envelope without one.
        _sync(folder)
        return True
    except OSError:
        try:  # noqa: SIM105
            posix.unlink(unfinished)
        except OSError:
            pass  # it was not even begun
        return False


def _write(path: bytes, envelope: list[bytes]) -> None:
    file = posix.open(path, posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_CLOEXEC, 0o600)
    try:
        for part in envelope:
            while part:
                part = part[posix.write(file, part) :]
        posix.fsync(file)
    finally:
        posix.close(file)


def _make_private(folder: bytes) -> None:
    above = folder.rpartition(b"/")[0]
    try:
        posix.mkdir(folder, 0o700)
    except FileExistsError:
        return
    except FileNotFoundError:
        _make_private(above)
        posix.mkdir(folder, 0o700)
    _sync(above)


def _sync(folder: bytes) -> None:
    file = posix.open(folder, posix.O_RDONLY | posix.O_CLOEXEC)
    try:
        posix.fsync(file)
    finally:
        posix.close(file)


def _named_folders(payload: bytes) -> set[bytes]:
    """The folders that the payload names, as far as they can be found without reading JSON."""
    found = set()
    for name in _FOLDER_FIELDS:
        for behind in payload.split(name)[1:]:
            start, quote, rest = behind[:_FOLDER_MAX_BYTES].partition(b'"')
            if quote and not start.strip(b" :\t\r\n"):
                found.add(rest.partition(b'"')[0])
    return found


def _own_folder() -> bytes:
    try:
        return posix.getcwdb()
    except OSError:
        return b""  # it was removed


def _has_rules(folder: bytes) -> bool:
    """Whether a file with rules is in the folder or in one that it lies in."""
    while folder[:1] == b"/":
        if _exists(folder + b"/" + IGNORE_FILE):
            return True
        folder = folder.rpartition(b"/")[0]
    return folder == b"" and _exists(b"/" + IGNORE_FILE)


def _exists(path: bytes) -> bool:
    try:
        posix.stat(path)
    except (OSError, ValueError):
        return False
    return True
