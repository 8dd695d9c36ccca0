"""The quick way to an answer: the daemon has everything loaded that a command needs, so it is asked for the text.

Somebody waits, so nothing is imported that Python does not start with or have in C. Whatever is out of the ordinary
ends with `NOT_ANSWERED`, nothing printed: the caller, `memory-daemon`, then runs the full command.
"""

import posix
import sys

from agent_memory.command_call import LOOKS, PLACES, SETTINGS_PREFIX
from agent_memory.command_client import ask, installed_version, pack
from agent_memory.hook import client

NOT_ANSWERED = 100

# An answer takes milliseconds; the full command waits longer.
_PATIENCE_S = 5.0
_DISK_FULL = 28  # ENOSPC
# They lead elsewhere, or change how Python writes text.
_OUT_OF_THE_ORDINARY = (
    *(b"MEMORY_DAEMON_ADDR", b"_MEMORY_DAEMON_COMPLETE"),
    *(b"PYTHONIOENCODING", b"PYTHONUTF8", b"PYTHONCOERCECLOCALE", b"PYTHONWARNINGS", b"PYTHONDEVMODE"),
)
_TERMINALS_WITHOUT_SIZE = (b"", b"dumb", b"unknown")


def main(words: list[str]) -> None:
    """Print the answer and end the process with the command's exit code, or with `NOT_ANSWERED`."""
    try:
        code = _answer(words)
    except KeyboardInterrupt:
        code = _print(b"\nAborted!\n", 2) or 1  # as the full command does
    except Exception:  # nothing was printed, and the full command says what is wrong
        code = NOT_ANSWERED
    posix._exit(code)


def _answer(words: list[str]) -> int:
    version = installed_version()
    if words == ["--version"] and version:
        return _print(b"memory-daemon %s\n" % version)
    if not version or sys.stdout.encoding != "utf-8" or any(name in posix.environ for name in _OUT_OF_THE_ORDINARY):
        return NOT_ANSWERED
    environ = _environ()
    if environ is None or (store := _store(words)) is None:
        return NOT_ANSWERED
    call = pack(version, posix.getcwdb(), posix.isatty(1), environ, list(map(_encoded, words)))
    answer = ask(store, call, _PATIENCE_S)
    if answer is None:
        return NOT_ANSWERED
    code, text, error = answer
    return _print(text) or _print(error, 2) or code


def _environ() -> list[bytes] | None:
    """What the answer may depend on; None where only the full command can tell."""
    prefix, wanted = SETTINGS_PREFIX.encode(), {name.encode() for name in (*PLACES, *LOOKS)}
    found = {name: value for name, value in posix.environ.items() if name in wanted or name.startswith(prefix)}
    if posix.isatty(1):
        if found.get(b"TERM", b"") in _TERMINALS_WITHOUT_SIZE:
            return None
        columns, lines = posix.get_terminal_size(1)
        if not columns or not lines:
            return None
        found.setdefault(b"COLUMNS", b"%d" % columns)
        found.setdefault(b"LINES", b"%d" % lines)
    return [name + b"=" + value for name, value in found.items()]


def _store(words: list[str]) -> bytes | None:
    """The store that the command line means; None where the path is not absolute, or missing.

    A guess would do no harm: the daemon of another store sees that it was not meant.
    """
    environ = dict(posix.environ)
    for option, variable in (("--db-path", b"MEMORY_DB_PATH"), ("--config", b"MEMORY_CONFIG")):
        for place, word in enumerate(words):
            if word == option or word.startswith(option + "="):
                value = word[len(option) + 1 :] or (words[place + 1] if place + 1 < len(words) else "")
                if value[:1] != "/":
                    return None
                environ[variable] = _encoded(value)
                if option == "--config" and b"MEMORY_DB_PATH" not in posix.environ:
                    environ.pop(b"MEMORY_DB_PATH", None)
    return client.store(environ)


def _print(text: bytes, to: int = 1) -> int:
    """Write the text; 1 if its reader has gone, else 0."""
    try:
        while text:
            text = text[posix.write(to, text) :]
    except OSError as error:
        if error.errno == _DISK_FULL:
            posix.write(2, b"Error: What is written to has no room left. Free some, or write elsewhere.\n")
        return 1
    return 0


def _encoded(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
