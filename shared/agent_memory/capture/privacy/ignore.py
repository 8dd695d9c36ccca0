"""What the user wants ignored: by folder, by file and by tool, in the setting `ignore` and in `.memoryignore` files.

The lines are those of a `.gitignore` and mean what they mean to git. They say more in three ways: `tool:NAME` is a
tool; `~/` is the user's home; and a line for everything in a folder (`*`, `**`, `/*`, `/**`, and what means nothing to
git: `/`, `.`) is for the folder itself, too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Final

from agent_memory.capture import IGNORE_FILE, IGNORE_SUFFIX, tools, wire
from agent_memory.capture.privacy import gitignore
from agent_memory.capture.privacy.gitignore import Pattern
from agent_memory.errors import InvalidEvent
from agent_memory.files import atomic_write, make_private_dir

# A file with more lines than fit into this is none that somebody wrote by hand.
_FILE_MAX_BYTES: Final = 256 << 10
# What was read of a folder's rules holds for so long: events come in bursts.
_FRESH_S: Final = 5.0
_FOLDERS_MAX: Final = 256
_PATHS_MAX: Final = 256
_TOOL: Final = "tool:"
_FOLDER: Final = ("/", ".", "./")
_EVERYTHING: Final = ("*", "**", "/*", "/**", *_FOLDER)


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: a tool's name, or a pattern for paths below a folder; and whether it ignores them or takes that back.

    `base` is the folder, bytewise and with a slash at its end.
    """

    ignores: bool
    tool: str = ""
    base: str = ""
    pattern: Pattern | None = None
    of_everything: bool = False

    def matches(self, path: str, *, is_folder: bool) -> bool:
        """Whether the rule is about this very path, which is bytewise."""
        return (
            self.pattern is not None
            and path.startswith(self.base)
            and self.pattern.matches(path[len(self.base) :], is_folder=is_folder)
        )


def rules(lines: Iterable[str], base: str) -> list[Rule]:
    """The rules of these lines, which stand in a file of the folder `base`."""
    base = gitignore.bytewise(base).rstrip("/") + "/"
    found = []
    for line in lines:
        text, negates = gitignore.pattern_of(line)
        if text.startswith(_TOOL):
            found.append(Rule(not negates, tool=text.removeprefix(_TOOL).strip()))
            continue
        if text.startswith("~/"):
            text = gitignore.escaped(str(Path.home())) + text[1:]
        is_too_long = len(text) > gitignore.PATTERN_MAX_CHARACTERS
        if is_too_long and negates:
            continue
        if is_too_long or text in _FOLDER:
            text = "*"  # a line that can't be read may hide too much, never too little
        if pattern := gitignore.compiled(text):
            found.append(Rule(not negates, "", base, pattern, of_everything=text in _EVERYTHING))
    return found


class RuleSet:
    """Rules that are in force together: of those that match, the last decides. For any thread."""

    def __init__(self, found: Iterable[Rule]) -> None:
        self._rules = tuple(found)
        # Events come in bursts, from few folders.
        self._decided = lru_cache(_PATHS_MAX)(self._decide)

    def __bool__(self) -> bool:
        return bool(self._rules)

    def ignores(self, folders: Iterable[str], files: Iterable[str], tool: str) -> bool:
        """Whether something that happened in these folders, about these files, by that tool, is to be ignored.

        One folder or one file that is to be ignored is enough.
        """
        return (
            (bool(tool) and _last(rule for rule in self._rules if rule.tool and fnmatchcase(tool, rule.tool)))
            or any(self._ignores_path(folder, is_folder=True) for folder in folders)
            or any(self._ignores_path(file, is_folder=False) for file in files)
        )

    def _ignores_path(self, path: str, *, is_folder: bool) -> bool:
        """git's way: from the outermost folder in, because nothing brings back what lies in one that is ignored."""
        path = gitignore.bytewise(path)
        base = path.rstrip("/") + "/"
        if is_folder and _last(rule for rule in self._rules if rule.of_everything and rule.base == base):
            return True
        ends = [end for end, character in enumerate(path) if character == "/" and end]
        return any(self._decided(path[:end], is_folder=True) for end in ends) or self._decided(
            path, is_folder=is_folder
        )

    def _decide(self, path: str, *, is_folder: bool) -> bool:
        matching = (rule for rule in reversed(self._rules) if rule.matches(path, is_folder=is_folder))
        return next((rule.ignores for rule in matching), False)


class Ignoring:
    """The rules in force: those of the setting, and those of the folders that events come from. For any thread."""

    def __init__(self, lines: Sequence[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._everywhere = rules(lines, "/")
        self._clock = clock
        self._read: dict[tuple[str, ...], tuple[float, RuleSet]] = {}

    def has_rules(self, folders: Iterable[str]) -> bool:
        """Whether there is any rule for what happens in these folders, which are full paths."""
        return bool(self._of(_places(folders)))

    def ignores(self, folders: Iterable[str], files: Iterable[str], tool: str) -> bool:
        """Whether something that happened in these folders, about these files, by that tool, is to be ignored.

        Folders are full paths; a file may be named from the last of them.
        """
        places = _places(folders)
        found = self._of(places)
        if not found:
            return False
        base = places[-1] if places else "/"
        return found.ignores(places, [_normal(os.path.join(base, file)) for file in files], tool)  # noqa: PTH118

    def ignores_call(self, payload: bytes, agent: str, event: str, project: str, folder: str = "") -> bool:
        """Whether a hook's call is to be ignored; `folder` is where it happened, if it names none itself."""
        try:
            call = wire.parse(payload, agent=agent, event=event, project=project)
        except InvalidEvent:
            return self.ignores([project or folder], [], "")
        folders = [named for named in (call.project, call.cwd) if named] or [folder]
        files = tools.files(call.tool) if call.tool else []
        return self.ignores(folders, files, call.tool.name if call.tool else "")

    def _of(self, places: tuple[str, ...]) -> RuleSet:
        """The rules for these folders: of each, those of the folders it lies in come first and its own last."""
        now = self._clock()
        read_at, found = self._read.get(places, (-_FRESH_S, RuleSet(())))
        if now - read_at < _FRESH_S:
            return found
        if len(self._read) >= _FOLDERS_MAX:
            self._read.clear()
        # Each once: told again behind those of a folder inside it, its rules would undo them.
        folders = dict.fromkeys(folder for place in places for folder in _outermost_first(place))
        found = RuleSet(chain(self._everywhere, *(rules(_lines(folder), folder) for folder in folders)))
        self._read[places] = (now, found)
        return found


def ignores_call(store: bytes, payload: bytes, agent: str, event: str, project: str) -> bool:
    """Whether a hook's call is to be ignored: for the hook itself, which knows the setting from the daemon's file."""
    ignoring = Ignoring(_split(_read(os.fsdecode(store + IGNORE_SUFFIX))))
    return ignoring.ignores_call(payload, agent, event, project, str(Path.cwd()))


def publish(db_path: Path, lines: Sequence[str]) -> None:
    """Let hooks know the setting, which they have no time to read: in a file beside the store; raises OSError."""
    path = Path(os.fsdecode(os.fsencode(db_path) + IGNORE_SUFFIX))
    if not lines:
        path.unlink(missing_ok=True)
        return
    make_private_dir(path.parent)
    atomic_write(path, "".join(f"{line}\n" for line in lines).encode())


def _last(matching: Iterable[Rule]) -> bool:
    last = None
    for last in matching:  # noqa: B007
        pass
    return last is not None and last.ignores


def _places(folders: Iterable[str]) -> tuple[str, ...]:
    return tuple(_normal(folder) for folder in folders if folder.startswith("/"))


def _normal(path: str) -> str:
    """The path without what leads nowhere. Two slashes at its beginning are one, whatever POSIX leaves open."""
    return "/" + os.path.normpath(path).lstrip("/")


def _outermost_first(folder: str) -> list[str]:
    path = Path(folder)
    return [str(each) for each in (*reversed(path.parents), path)]


def _lines(folder: str) -> list[str]:
    return _split(_read(f"{folder.rstrip('/')}/{os.fsdecode(IGNORE_FILE)}"))


def _split(text: str) -> list[str]:
    # Not splitlines(), which knows ends of lines that git doesn't.
    return text.removeprefix("\ufeff").split("\n")


def _read(path: str) -> str:
    """What the file holds; nothing where there is none that can be read without waiting."""
    # ValueError: a NUL in the path.
    with (
        suppress(OSError, ValueError),
        os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file,
    ):
        return file.read(_FILE_MAX_BYTES).decode(errors="replace")
    return ""
