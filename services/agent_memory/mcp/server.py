"""The server's process: a bridge from an agent's standard input and output to the daemon's socket.

Every session of every agent has one of its own, most of them idle. So nothing is imported that costs memory, nothing is
held between calls, and the process goes when its client does.
"""

from __future__ import annotations

import posix
import select
import time

from agent_memory.capture import AGENT_NOTES_SUFFIX
from agent_memory.command_client import ask, installed_version, pack
from agent_memory.hook import client
from agent_memory.mcp.protocol import Server
from agent_memory.mcp.tools import ALL_PROJECTS, NOTE, TOOLS, WrongArguments, command_line

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` costs 5 ms
    from collections.abc import Iterator

# Twice this is the longest that a client waits, whatever the daemon does.
PATIENCE_S = 2.0
# How long a daemon that was started may take to listen again.
_PAUSES_S = (0.1, 0.2, 0.4, 0.8, 1.4, 0.0)
# Where the parent's end can't be waited for.
LOOK_MS = 1000
_CHUNK_BYTES = 1 << 16
# Longer than any message that a client sends to these tools.
_MESSAGE_MAX_BYTES = 4 << 20
_LOOKS = [b"AGENT_MEMORY_READER=agent", b"COLUMNS=100", b"NO_COLOR=1", b"TERM=dumb"]
# Lines of an answer in which there is nothing.
_NOTHING = ("\nNothing is remembered", "\nNothing was found.", "\nNothing fits all")
_NOT_RUNNING = "The memory is not running. Tell the user: memory-daemon start"
_LATE = "The memory did not answer in time. Tell the user: memory-daemon status"


def main(words: list[str]) -> None:
    """Serve until the client is gone.

    `words` may name the store with `--db-path` and `--project-store`, and with `--agent` who asks.
    """
    path = _option(words, "--db-path")
    store = path.encode(errors="surrogateescape") if path else client.store(dict(posix.environ))
    named = _option(words, "--project-store") or posix.environ.get(b"MEMORY_PROJECT", b"").decode(errors="replace")
    of_store = ["--project-store", named] if named else []
    agent = _option(words, "--agent")
    if agent:
        _LOOKS.append(b"AGENT_MEMORY_AGENT=" + agent.encode(errors="surrogateescape"))
    server = Server(
        installed_version().decode() or "0",
        lambda name, given, client, session: _called(store, of_store, name, given, agent or client, session),
        lambda: [*TOOLS, NOTE] if _may_note(store) else TOOLS,
    )
    for line in _lines():
        reply = server.answer_line(line)
        if reply is not None:
            _write(reply + b"\n")
    posix._exit(0)


def _called(
    store: bytes, of_store: list[str], name: str, arguments: dict[str, object], client: str, session: str
) -> tuple[str, bool]:
    """The text that answers a tool call, and whether it says what went wrong."""
    folder = _repository(posix.getcwdb())
    try:
        words = command_line(name, arguments, folder.decode(errors="surrogateescape"))
    except WrongArguments as error:
        return str(error), True
    if name == NOTE["name"]:
        words[1:1] = _noting(client, session)
    code, text = _answered(store, of_store + words)
    if "--project" not in words:
        return text, code != 0
    project = words[words.index("--project") + 1]
    if "project" not in arguments and (code or any(line in text for line in _NOTHING)):
        code, text = _answered(store, of_store + command_line(name, arguments, ""))
        return (text if code else f"Nothing in {project}; from every project:\n{text}"), code != 0
    return (text if code else f'In {project} (project "{ALL_PROJECTS}" for every project):\n{text}'), code != 0


def _may_note(store: bytes) -> bool:
    """Whether the tool for it is there: the daemon says so beside the store. A session of our own keeps none."""
    return posix.environ.get(b"MEMORY_HOOK_DISABLED", b"0") in (b"", b"0") and _exists(store + AGENT_NOTES_SUFFIX)


def _noting(client: str, session: str) -> list[str]:
    """Options that tell who notes something. One agent names the session in its servers' environment."""
    session = session or posix.environ.get(b"CLAUDE_CODE_SESSION_ID", b"").decode(errors="replace")
    return [f"--agent={client or 'agent'}", *([f"--session={session}"] if session else [])]


def _answered(store: bytes, words: list[str]) -> tuple[int, str]:
    """The exit code and the text of a command."""
    # A rule may name the store of the folder.
    call = pack(b"", posix.getcwdb(), False, _LOOKS, [word.encode(errors="surrogateescape") for word in words])
    for pause_s in _PAUSES_S:
        try:
            found = ask(store, call, PATIENCE_S)
        except TimeoutError:
            return 1, _LATE
        except OSError:
            if not _has_stack(store):
                break
            time.sleep(pause_s)  # the query service is being started again
        else:
            if found is None:
                return 1, _LATE
            code, text, error = found
            return code, (text or error).decode(errors="replace").strip()
    return 1, _NOT_RUNNING


def _has_stack(store: bytes) -> bool:
    """Whether the daemon was started and not stopped."""
    return _exists(store + b"-runtime")


def _repository(folder: bytes) -> bytes:
    """The folder, where it is in a git repository; else empty."""
    above = folder
    while above:
        if _exists(above + b"/.git"):
            return folder
        above = above.rpartition(b"/")[0]
    return b""


def _exists(path: bytes) -> bool:
    try:
        posix.lstat(path)
    except OSError:
        return False
    return True


def _lines() -> Iterator[bytes]:
    """What the client sends, line by line, until it or its process ends."""
    look = select.poll()
    look.register(0, select.POLLIN)
    parent = posix.getppid()
    try:
        look.register(posix.pidfd_open(parent), select.POLLIN)
        wait_ms = None
    except (AttributeError, OSError):
        wait_ms = LOOK_MS
    pending = b""
    while True:
        ready = dict(look.poll(wait_ms))
        if posix.getppid() != parent:
            return
        if 0 not in ready:
            continue
        chunk = posix.read(0, _CHUNK_BYTES)
        *lines, pending = (pending + chunk).split(b"\n")
        yield from filter(bytes.strip, lines)
        if not chunk or len(pending) > _MESSAGE_MAX_BYTES:
            return


def _write(content: bytes) -> None:
    try:
        while content:
            content = content[posix.write(1, content) :]
    except OSError:
        posix._exit(0)


def _option(words: list[str], name: str) -> str:
    for place, word in enumerate(words):
        if word == name and place + 1 < len(words):
            return words[place + 1]
        if word.startswith(name + "="):
            return word[len(name) + 1 :]
    return ""
