"""Asking the daemon for the answer to a command line, with nothing that Python does not start with or have in C.

See `command_call` for what travels.
"""

import posix
import sys
from _socket import AF_UNIX, SOCK_STREAM, socket

from agent_memory.capture import SOCKET_LINK, peer_uid, spool_of
from agent_memory.command_call import ANSWER_HEADER_MAX_BYTES, COMMAND_CALL

_CHUNK_BYTES = 1 << 20


def pack(version: bytes, folder: bytes, is_terminal: bool, environ: list[bytes], words: list[bytes]) -> bytes:
    """A call; `environ` holds `NAME=value`."""
    return b"\0".join([version, folder, b"1" if is_terminal else b"", b"%d" % len(environ), *environ, *words])


def ask(store: bytes, call: bytes, timeout_s: float) -> tuple[int, bytes, bytes] | None:
    """The exit code, the text and the error that the store's daemon answers; None where the full command has to run.

    Raises OSError where none answers, TimeoutError where a part of the answer takes longer than `timeout_s`.
    """
    connection = socket(AF_UNIX, SOCK_STREAM)
    connection.settimeout(timeout_s)
    # Not through the link: the name of a socket may be only a hundred bytes long.
    connection.connect(posix.readlink(spool_of(store) + b"/" + SOCKET_LINK))
    if peer_uid(connection) != posix.getuid():
        return None  # what another user's program says is not printed here
    connection.sendall(b"%s %d\n" % (COMMAND_CALL, len(call)) + call)
    answer = b""
    while b"\n" not in answer[:ANSWER_HEADER_MAX_BYTES] and (chunk := connection.recv(_CHUNK_BYTES)):
        answer += chunk
    header, _, text = answer.partition(b"\n")
    words = header.split()
    if len(words) != 4 or words[0] != b"done":
        return None
    code, length, error_length = map(int, words[1:])
    chunks, size = [text], len(text)
    while size < length + error_length and (chunk := connection.recv(_CHUNK_BYTES)):
        chunks.append(chunk)
        size += len(chunk)
    text = b"".join(chunks)
    return (code, text[:length], text[length:]) if size == length + error_length else None


def installed_version() -> bytes:
    """This program's version; empty where it is not clear. `importlib.metadata` takes twice as long as all the rest."""
    python = sys.executable.encode(errors="surrogateescape").rpartition(b"/bin/")[0]
    packages = b"%s/lib/python%d.%d/site-packages" % (python, *sys.version_info[:2])
    names = [name for name in posix.listdir(packages) if name[:13] == b"agent_memory-" and name[-10:] == b".dist-info"]
    return names[0][13:-10] if len(names) == 1 else b""
