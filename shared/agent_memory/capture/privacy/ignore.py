"""What the user wants ignored: by folder, by file and by tool, in the setting `ignore` and in `.memoryignore` files.

The lines are those of a `.gitignore`: `*`, `?`, `[a-z]`, `**`, a `/` at the end for folders only, one at the beginning
or in the middle for a place below the file's own folder, `!` to take a rule back. `tool:NAME` means a tool.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent_memory.capture import IGNORE_FILE, IGNORE_SUFFIX, tools, wire
from agent_memory.errors import InvalidEvent
from agent_memory.files import make_private_dir

# A file with more lines than fit into this is none that somebody wrote by hand.
_FILE_MAX_BYTES: Final = 256 << 10
# What was read of a folder's rules holds for so long: events come in bursts.
_FRESH_S: Final = 5.0
_FOLDERS_MAX: Final = 1024
_TOOL: Final = "tool:"
# Patterns that mean the folder itself with all that is in it.
_EVERYTHING: Final = ("*", "**", "/", ".", "./", "/*", "/**")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: what it matches, below which folder, and whether that is ignored or not to be ignored after all."""

    base: str
    pattern: re.Pattern[str]
    ignores: bool = True
    of_tools: bool = False
    of_folders: bool = False
    of_everything: bool = False

    def matches(self, path: str, *, is_folder: bool) -> bool:
        """Whether the path, or a folder that it lies in, is meant."""
        if path == self.base:
            return self.of_everything
        if not path.startswith(self.base.rstrip("/") + "/"):
            return False
        if self.of_everything:
            return True
        parts = path[len(self.base.rstrip("/")) + 1 :].split("/")
        ends = range(1, len(parts) + (is_folder or not self.of_folders))
        return any(self.pattern.fullmatch("/".join(parts[:end])) for end in ends)


def rules(lines: Iterable[str], base: str) -> list[Rule]:
    """The rules of these lines, which stand in a file of the folder `base`; `~/` is the user's home."""
    found = []
    for line in lines:
        text = line.strip()
        ignores = not text.startswith("!")
        text = text.removeprefix("!").removeprefix("\\")
        if not text or line.startswith("#"):
            continue
        if text.startswith(_TOOL):
            name = re.compile(_expression(text.removeprefix(_TOOL).strip()))
            found.append(Rule(base, name, ignores, of_tools=True))
            continue
        if text.startswith("~/"):
            text = f"{Path.home()}{text[1:]}"
        is_anchored = "/" in text.rstrip("/")
        pattern = re.compile(("" if is_anchored else "(?:.*/)?") + _expression(text.strip("/")), re.DOTALL)
        found.append(Rule(base, pattern, ignores, of_folders=text.endswith("/"), of_everything=text in _EVERYTHING))
    return found


def are_ignored(found: Sequence[Rule], folders: Iterable[str], files: Iterable[str], tool: str) -> bool:
    """Whether something that happened in these folders, about these files, by that tool, is to be ignored.

    Of the rules that match one of them the last decides; one folder or one file that is to be ignored is enough.
    """
    return (
        (bool(tool) and _decided(rule for rule in found if rule.of_tools and rule.pattern.fullmatch(tool)))
        or any(_decided(_matching(found, folder, is_folder=True)) for folder in folders)
        or any(_decided(_matching(found, file, is_folder=False)) for file in files)
    )


class Ignoring:
    """The rules in force: those of the setting, and those of the folders that events come from. For any thread."""

    def __init__(self, lines: Sequence[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._everywhere = rules(lines, "/")
        self._clock = clock
        self._read: dict[str, tuple[float, list[Rule]]] = {}

    def has_rules(self, folders: Iterable[str]) -> bool:
        """Whether there is any rule for what happens in these folders, which are full paths."""
        for folder in folders:
            if folder.startswith("/") and self._of(folder):
                return True
        return bool(self._everywhere)

    def ignores(self, folders: Iterable[str], files: Iterable[str], tool: str) -> bool:
        """Whether something that happened in these folders, about these files, by that tool, is to be ignored.

        Folders are full paths; a file may be named from the last of them.
        """
        folders = [folder for folder in folders if folder.startswith("/")]
        found = [*self._everywhere, *(rule for folder in dict.fromkeys(folders) for rule in self._of(folder))]
        if not found:
            return False
        places = [os.path.normpath(folder) for folder in folders]
        base = places[-1] if places else "/"
        return are_ignored(found, places, [os.path.normpath(os.path.join(base, file)) for file in files], tool)  # noqa: PTH118

    def _of(self, folder: str) -> list[Rule]:
        """The rules of a folder and of those it lies in, the innermost last."""
        now = self._clock()
        read_at, found = self._read.get(folder, (-_FRESH_S, []))
        if now - read_at < _FRESH_S:
            return found
        if len(self._read) >= _FOLDERS_MAX:
            self._read.clear()
        found = [rule for place in _outermost_first(os.path.normpath(folder)) for rule in rules(_lines(place), place)]
        self._read[folder] = (now, found)
        return found


def ignores_call(store: bytes, payload: bytes, agent: str, event: str, project: str) -> bool:
    """Whether a hook's call is to be ignored: for the hook itself, which knows the setting from the daemon's file."""
    with suppress(InvalidEvent):
        call = wire.parse(payload, agent=agent, event=event, project=project)
        folders = [folder for folder in (call.project, call.cwd) if folder] or [str(Path.cwd())]
        files = tools.files(call.tool) if call.tool else []
        lines = _read(os.fsdecode(store + IGNORE_SUFFIX)).splitlines()
        return Ignoring(lines).ignores(folders, files, call.tool.name if call.tool else "")
    return False


def publish(db_path: Path, lines: Sequence[str]) -> None:
    """Let hooks know the setting, which they have no time to read: in a file beside the store; raises OSError."""
    path = Path(os.fsdecode(os.fsencode(db_path) + IGNORE_SUFFIX))
    if not lines:
        path.unlink(missing_ok=True)
        return
    make_private_dir(path.parent)
    new = path.with_name(f".{path.name}-{os.getpid()}")
    new.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    new.replace(path)


def _matching(found: Iterable[Rule], path: str, *, is_folder: bool) -> Iterator[Rule]:
    return (rule for rule in found if not rule.of_tools and rule.matches(path, is_folder=is_folder))


def _decided(matching: Iterable[Rule]) -> bool:
    last = None
    for last in matching:  # noqa: B007
        pass
    return last is not None and last.ignores


def _outermost_first(folder: str) -> list[str]:
    path = Path(folder)
    return [str(each) for each in (*reversed(path.parents), path)]


def _lines(folder: str) -> list[str]:
    return _read(f"{folder.rstrip('/')}/{os.fsdecode(IGNORE_FILE)}").splitlines()


def _read(path: str) -> str:
    """What the file holds; nothing where there is none that can be read without waiting."""
    with suppress(OSError), os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        return file.read(_FILE_MAX_BYTES).decode(errors="replace")
    return ""


def _expression(pattern: str) -> str:
    """A pattern in the words of regular expressions."""
    out = []
    for part in re.findall(r"\*\*/|/\*\*\Z|\*\*|\*|\?|\[!?\]?[^\]]*\]|\\.|.", pattern):
        match part:
            case "**/":
                out.append("(?:.*/)?")
            case "/**":
                out.append("/.*")
            case "**":
                out.append(".*")
            case "*":
                out.append("[^/]*")
            case "?":
                out.append("[^/]")
            case _ if part[0] == "[" and len(part) > 2:
                inner = part[1:-1].replace("\\", "\\\\").replace("[", "\\[")
                out.append(f"[{'^' + inner[1:] if inner[0] == '!' else inner}]")
            case _:
                out.append(re.escape(part.removeprefix("\\") if len(part) > 1 else part))
    return "".join(out)
