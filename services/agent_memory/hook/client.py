"""The hook client: passes the agent's payload on, to the daemon if it answers, else to the spool.

The agent waits for this at every step it takes, so nothing is imported that Python does not start with or have in C:
json, socket, re or contextlib would each cost as much as all the rest.

The payload travels in an envelope: a line with a version and two lengths; the fields `key`, `agent`, `event` and
`project`, and `store` where one is named, with NULs between them; standard input as it came. A socket and a file get
the same bytes.
"""

import posix
import select
import sys
import time
from _signal import SIG_IGN, SIGHUP, SIGINT, SIGTERM, set_wakeup_fd, signal  # type: ignore[import-not-found]
from _socket import AF_UNIX, SOCK_STREAM, socket

from agent_memory.capture import (
    ENVELOPE_VERSION,
    PAUSES_SUFFIX,
    PAYLOAD_MAX_BYTES,
    PRIVATE_MARKS,
    REPLY,
    SOCKET_LINK,
    STORED,
    STORED_WITH_REPLY,
    peer_uid,
    spool_of,
)

CONFIG = b"/agent-memory/config.toml"

DEADLINE_MS = 200
# The part of it that Python's start and the way into the spool need.
RESERVED_MS = 90
# An agent that has not written all of its payload is on a busy machine and waits for itself. Every agent allows this.
STALLED_S = 1.5
# The longest that one payload may take: agents stop a hook after 3 s.
LISTEN_S = 2.0
# Endless input holds no event; this much of it is for whoever looks into it.
_GIVEN_UP_BYTES = 256 << 10
_CHUNK_BYTES = 1 << 20
_CONFIG_MAX_BYTES = 1 << 16
_PAUSE_BYTES = 27  # two times of 13 digits
_LINE_MAX_BYTES = 1 << 16


def main(words: list[str]) -> None:
    """Pass standard input on, answer the agent, and end the process with exit code 0, whatever happens."""
    try:
        if posix.environ.get(b"MEMORY_DAEMON_ADDR"):
            # That takes gRPC, which this Python was started without.
            program = [sys.executable, "-P", "-m", "agent_memory.hook", *words]
            posix.execve(sys.executable, program, posix.environ)
        reply = capture(*named(words))
    except BaseException:
        # The agent goes on whatever happens to us, and nobody reads our errors.
        reply = REPLY
    finish(reply)


def finish(reply: bytes) -> None:
    """Answer the agent and end the process at once."""
    try:
        while reply:
            reply = reply[posix.write(1, reply) :]
    except OSError:
        pass  # the agent has stopped reading
    posix._exit(0)


def named(words: list[str]) -> tuple[str, str]:
    """The agent and the event that a command line names, empty where it names none. Unknown words are ignored."""
    agent = event = ""
    rest = iter(words)
    for word in rest:
        if word == "--agent":
            agent = next(rest, "")
        elif word[:8] == "--agent=":
            agent = word[8:]
        elif word[:1] != "-":
            event = word
    return agent, event


def capture(agent: str, event: str) -> bytes:
    """Pass standard input on; returns the answer for the agent.

    Returns once the daemon has it on disk, or the spool has, or neither can take it.
    """
    envelope, path, deadline = read_stdin(agent, event)
    if not envelope:
        return REPLY
    if reply := send(spool_of(path), envelope, deadline):
        return reply
    from agent_memory.hook import spooling  # where a daemon runs, there is nothing to spool

    if not spooling.is_ignored(path, envelope):
        spooling.spool_envelope(spool_of(path), envelope)
    return REPLY


def read_stdin(agent: str, event: str) -> tuple[list[bytes], bytes, float]:
    """The envelope with all of standard input, in parts; the path of its store; and the deadline.

    The envelope is empty where there is nothing to pass on, or nothing that the user wants passed on. The deadline is
    a time of `time.monotonic`, counted from the agent's last byte.
    """
    # A closed terminal, or a stopped agent, signals us too, and the agent's last payload is to arrive all the same.
    for number in (SIGINT, SIGHUP):
        signal(number, SIG_IGN)
    key = b"%020d-%s" % (time.time_ns(), posix.urandom(8).hex().encode())
    chunks, last_byte_at = _read(patience_s())
    signal(SIGTERM, SIG_IGN)  # the rest has a deadline
    payload, deadline = b"".join(chunks), last_byte_at + patience_s()
    if not payload:
        return [], b"", deadline
    if posix.environ.get(b"MEMORY_HOOK_DISABLED", b"0") not in (b"", b"0"):
        # Sessions that our own processes start must not be remembered: a summary would be summarized.
        from agent_memory.hook import spooling

        spooling.exclude_session(store(posix.environ), payload)
        return [], b"", deadline
    # The agents that copy one of these two set its variable too.
    project = posix.environ.get(b"CLAUDE_PROJECT_DIR") or posix.environ.get(b"GEMINI_PROJECT_DIR") or b""
    path, now_ms = store(posix.environ), time.time_ns() // 1_000_000
    # The name of a project store, if this session belongs to one; the daemon checks it.
    named = posix.environ.get(b"MEMORY_PROJECT", b"")
    if is_paused(path, now_ms) or (named and is_paused(_project_store(path, named), now_ms)):
        return [], b"", deadline
    return pack(key, _encoded(agent), _encoded(event), project, [_without_private(payload)], named), path, deadline


def is_paused(store: bytes, now_ms: int) -> bool:
    """Whether the user wants nothing to be captured now. The newest pause is the file's first line."""
    try:
        file = posix.open(store + PAUSES_SUFFIX, posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError:
        return False
    try:
        from_ms, to_ms = posix.read(file, _PAUSE_BYTES).split()
        return int(from_ms) <= now_ms < int(to_ms)
    except (OSError, ValueError):
        return False  # there was never one
    finally:
        posix.close(file)


def pack(
    key: bytes, agent: bytes, event: bytes, project: bytes, payload: list[bytes], store: bytes = b""
) -> list[bytes]:
    """An envelope's parts. The key names it, orders it by time, and makes its id where the payload has none."""
    fields = b"\0".join((key, agent, event, project, store) if store else (key, agent, event, project))
    return [b"%s %d %d\n" % (ENVELOPE_VERSION, len(fields), sum(map(len, payload))), fields, *payload]


def patience_s() -> float:
    """How long to wait after the agent's last byte: for another one, and for the daemon's reply."""
    try:
        deadline_ms = int(posix.environ.get(b"MEMORY_HOOK_DEADLINE_MS", b""))
    except ValueError:
        deadline_ms = DEADLINE_MS
    return max(deadline_ms - RESERVED_MS, 10) / 1000


def send(spool: bytes, envelope: list[bytes], deadline: float) -> bytes:
    """The answer for the agent, once the daemon that the spool's socket link leads to has the envelope on disk.

    Empty if it did not reply in time.
    """
    connection = socket(AF_UNIX, SOCK_STREAM)
    try:
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        # Not through the link: the name of a socket may be only a hundred bytes long.
        connection.connect(posix.readlink(spool + b"/" + SOCKET_LINK))
        if peer_uid(connection) != posix.getuid():
            return b""  # the folder of the sockets is another user's: he must not see it, nor say that it is on disk
        for part in envelope:
            connection.settimeout(max(deadline - time.monotonic(), 0.001))
            connection.sendall(part)
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        status = connection.recv(1)
        if status == STORED_WITH_REPLY:
            return _line(connection, deadline)
        return REPLY if status == STORED else b""
    except OSError:
        return b""
    finally:
        connection.close()


def _line(connection: socket, deadline: float) -> bytes:
    """The line that the daemon sends, or the usual reply if not all of it comes in time."""
    line = b""
    try:
        while line[-1:] != b"\n":
            connection.settimeout(max(deadline - time.monotonic(), 0.001))
            chunk = connection.recv(_LINE_MAX_BYTES - len(line))
            if not chunk:
                return REPLY
            line += chunk
    except OSError:
        return REPLY
    return line


def store(environ: dict[bytes, bytes]) -> bytes:
    """The path of the store that these variables and the config file name, as `settings.load` finds it."""
    try:
        named = environ.get(b"MEMORY_DB_PATH") or _configured(environ)
        if named[:2] == b"~/":
            named = _home(environ) + named[1:]
        if named:
            named = named.rstrip(b"/")
            return named if named[:1] == b"/" and _is_plain(named) else _from_settings()
    except Exception:
        pass  # settings that the daemon can't start with are not for a hook to complain about
    return _default_store(environ)


def _project_store(main: bytes, name: bytes) -> bytes:
    """The path of the project store, as `project_stores.db_path_of` has it; `main` is the default store's."""
    name = name.strip().lower()
    if name in (b"", b"default") or b"/" in name:
        return main
    default = _default_store(posix.environ)
    folder = main.rpartition(b"/")[0] + b"/projects" if main == default else main + b"-projects"
    return folder + b"/" + name + b"/db"


def _default_store(environ: dict[bytes, bytes]) -> bytes:
    if sys.platform == "darwin":
        return _home(environ) + b"/Library/Application Support/agent-memory/db"
    return _folder(environ, b"XDG_DATA_HOME", b"/.local/share") + b"/agent-memory/db"


def _without_private(payload: bytes) -> bytes:
    """The payload without its private spans."""
    lowered = payload.lower()
    if b"private" not in lowered:
        return payload
    for mark in PRIVATE_MARKS:
        if mark in lowered:
            # Regular expressions: only where there is something to take out.
            from agent_memory.capture.privacy import private

            return private.without_in_json(payload)
    return payload


def _read(patience_s: float) -> tuple[list[bytes], float]:
    """Standard input to the end of its JSON value, or to its own end, and when its last byte came.

    More than the largest payload is not kept. Input that doesn't end is given up after `LISTEN_S`, or on SIGTERM.
    """
    chunks: list[bytes] = []
    size = 0
    last_byte_at = time.monotonic()
    try:
        posix.fstat(0)
        waiting = select.poll()
        waiting.register(0, select.POLLIN)
        waiting.register(stopped := _on_stop(), select.POLLIN)
        scan_at, give_up_at = last_byte_at + patience_s, last_byte_at + max(patience_s, LISTEN_S)
        silence_s = max(patience_s, STALLED_S)
        value = None
        while True:
            ready = waiting.poll(0)
            now = time.monotonic()
            if not ready or now > scan_at:
                if value is None:
                    from agent_memory.hook.json_end import JsonEnd  # most agents have closed their end by now

                    value = JsonEnd()
                if value.cut(chunks):
                    break
                if now > give_up_at:
                    chunks = [b"".join(chunks)[:_GIVEN_UP_BYTES]]
                    break
                ready = ready or waiting.poll(min(silence_s, give_up_at - now) * 1000)
            if not ready:
                break
            if (stopped, select.POLLIN) in ready:
                # Read what is there already, and wait for nothing more.
                waiting.unregister(stopped)
                silence_s, scan_at, give_up_at = 0, now, min(give_up_at, now + patience_s)
                continue
            if not (chunk := posix.read(0, _CHUNK_BYTES)):
                break
            last_byte_at = time.monotonic()
            size += len(chunk)
            if size <= PAYLOAD_MAX_BYTES:
                chunks.append(chunk)
    except OSError:
        pass  # closed from the beginning
    return chunks, last_byte_at


def _on_stop() -> int:
    """A file descriptor that becomes readable when SIGTERM comes."""
    stopped, wakes = posix.pipe()
    posix.set_blocking(wakes, False)
    set_wakeup_fd(wakes)
    signal(SIGTERM, lambda *_: None)
    return stopped


def _configured(environ: dict[bytes, bytes]) -> bytes:
    """The config file's db_path, or nothing. `settings` reads all of TOML; this reads a line with a plain string."""
    path = environ.get(b"MEMORY_CONFIG") or _folder(environ, b"XDG_CONFIG_HOME", b"/.config") + CONFIG
    if path[:2] == b"~/":
        path = _home(environ) + path[1:]
    if path[:1] != b"/" or not _is_plain(path):
        return _from_settings()
    try:
        file = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError:
        return b""
    try:
        text = posix.read(file, _CONFIG_MAX_BYTES)
    finally:
        posix.close(file)
    # In a comment it sets nothing; `config init` writes one.
    lines = [line for line in text.split(b"\n") if b"db_path" in line and line.strip()[:1] != b"#"]
    if not lines:
        return b""
    for line in lines:
        name, _, value = line.partition(b"=")
        value = value.strip()
        if name.strip() == b"db_path" and value[:1] in (b'"', b"'") and b"\\" not in value:
            inner, end, comment = value[1:].partition(value[:1])
            if end and comment.strip()[:1] in (b"", b"#"):
                return inner if inner[:1] in (b"", b"/", b"~") else path.rpartition(b"/")[0] + b"/" + inner
    return _from_settings()


def _is_plain(path: bytes) -> bool:
    """Whether `pathlib` would leave the path as it is."""
    return b"//" not in path and b"/./" not in path and path[-2:] != b"/."


def _from_settings() -> bytes:
    from agent_memory import settings  # forty times as slow as all the rest: only where nothing else will do

    return str(settings.load().db_path).encode(errors="surrogateescape")


def _folder(environ: dict[bytes, bytes], variable: bytes, fallback: bytes) -> bytes:
    value = environ.get(variable, b"")
    return value.rstrip(b"/") if value[:1] == b"/" else _home(environ) + fallback


def _home(environ: dict[bytes, bytes]) -> bytes:
    if home := environ.get(b"HOME"):
        return home.rstrip(b"/")
    import pwd

    return _encoded(pwd.getpwuid(posix.getuid()).pw_dir)


def _encoded(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
