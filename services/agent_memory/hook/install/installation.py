"""Installations: what we put into an agent's settings, for this user or one project; added, inspected, removed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from agent_memory.agents.agent import Agent
from agent_memory.errors import AgentMemoryError
from agent_memory.files import atomic_write, make_private_dir
from agent_memory.hook.command import project_store_in
from agent_memory.hook.install import config_paths, files
from agent_memory.hook.install.config_paths import ConfigFile
from agent_memory.hook.install.files import Change
from agent_memory.hook.install.formats import State
from agent_memory.hook.install.unusable import Unusable
from agent_memory.paths import data_dir

# What we put into agents' files; one file may hold both.
HOOKS: Final = "hooks"
SERVERS: Final = "mcp"

_RECORD: Final = "installed.json"


class SettingsRefused(AgentMemoryError):
    """An agent's settings can't be changed; the message names the file, the line and the problem."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{problem}. Nothing was changed.")
        self.path, self.problem = path, problem


@dataclass(frozen=True, slots=True)
class _Record:
    """What is kept of an installation, so that it can be undone to the byte."""

    # The file's text without ours, and a digest of its text with them.
    original: str
    installed: str
    # The folders that were made for it, outermost first.
    folders: tuple[str, ...]


class Addition:
    """What we put, or would put, into one of an agent's files, as it is now."""

    def __init__(self, candidates: list[ConfigFile], kind: str) -> None:
        """`kind` is HOOKS or SERVERS: each has a folder of what is kept for undoing it. Raises SettingsRefused."""
        self._place, self._text = _chosen(candidates)
        with _explained(self.path):
            self.state = self._place.format.state(self._text)
        # One folder for each file: links to the same one are the same.
        name = hashlib.sha256(os.fsencode(os.path.realpath(self.path))).hexdigest()[:16]
        self._folder = data_dir() / kind / name
        self._others = [data_dir() / other / name for other in (HOOKS, SERVERS) if other != kind]
        self._record = _recorded(self._folder)

    @property
    def path(self) -> Path:
        """The file that ours are in, or belong in."""
        return self._place.path

    def connected(self) -> Change:
        """The change that adds ours, in place of any that are there. Raises SettingsRefused."""
        if self.state is State.CURRENT:
            return Change(self.path, self._text, self._text)
        with _explained(self.path):
            without = self._without()
            if self.state is State.OUTDATED:
                return Change(self.path, self._text, self._place.format.renew(self._text, without))
            return Change(self.path, self._text, self._place.format.connect(without))

    def disconnected(self) -> Change:
        """The change that removes ours, to the byte if the file is as we left it. Raises SettingsRefused."""
        with _explained(self.path):
            return Change(self.path, self._text, self._without())

    def connect(self, now: datetime) -> Path | None:
        """Add ours; returns the path of the file's copy, if there was a file. Raises SettingsRefused."""
        change = self.connected()
        with _explained(self.path):
            copy = files.copy_aside(change.before, self.path, self._folder, now) if change.before else None
            made = tuple(map(str, files.apply(change)))
            folders = made or (self._record.folders if self._record else ())
            record = _Record(self._without(), _digest(change.after), folders)
            _keep(record, self._folder)
        return copy

    def disconnect(self, now: datetime) -> Path:
        """Remove ours; returns the path of the file's copy. Raises SettingsRefused."""
        change = self.disconnected()
        with _explained(self.path):
            copy = files.copy_aside(change.before, self.path, self._folder, now)
            files.apply(change)
            if self._record:
                self._hand_over(self._record, change)
                files.remove_if_empty([Path(folder) for folder in self._record.folders])
                (self._folder / _RECORD).unlink()
        return copy

    def _without(self) -> str:
        if self.state is State.ABSENT:
            return self._text
        if self._record and self._record.installed == _digest(self._text):
            return self._record.original
        return self._place.format.disconnect(self._text, self._record.original if self._record else None)

    def _hand_over(self, record: _Record, change: Change) -> None:
        """Of what came into the file after ours, and is there still, note that what was before it is without ours."""
        for folder in self._others:
            later = _recorded(folder)
            if later and (later.installed, _digest(later.original)) == (_digest(change.before), record.installed):
                folders = (*record.folders, *later.folders)
                _keep(_Record(record.original, _digest(change.after), folders), folder)


class Installation(Addition):
    """Our hooks in one agent's settings: for the project in a folder, or else for this user."""

    def __init__(self, agent: Agent, project: Path | None = None, store: str = "", project_store: str = "") -> None:
        """`store` is named to hooks that would find another by themselves; `project_store` to hooks that are to bring
        all to that one. Without it, one that is named there stays. Raises SettingsRefused.
        """
        super().__init__(config_paths.candidates(agent, project, store, project_store), HOOKS)
        self.agent = agent
        self.project_store = project_store or (project_store_in(self._text) if self.state is not State.ABSENT else "")
        if self.project_store != project_store:
            super().__init__(config_paths.candidates(agent, project, store, self.project_store), HOOKS)


def _recorded(folder: Path) -> _Record | None:
    try:
        found = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
        return _Record(found["original"], found["installed"], tuple(found["folders"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(record: _Record, folder: Path) -> None:
    make_private_dir(folder)
    atomic_write(folder / _RECORD, json.dumps(asdict(record)).encode())


def _chosen(candidates: list[ConfigFile]) -> tuple[ConfigFile, str]:
    """The file that has ours; else one that has others' of the kind, since agents warn of two; else the first."""
    opened = [(place, _opened(place)) for place in candidates]
    for place, text in opened:
        with _explained(place.path):
            if place.format.state(text) is not State.ABSENT:
                return place, text
    for place, text in opened:
        with _explained(place.path):
            if place.format.has_any(text):
                return place, text
    return opened[0]


def _opened(place: ConfigFile) -> str:
    """The file's text, undecoded bytes refused; empty where there is no file."""
    with _explained(place.path):
        try:
            return place.path.read_bytes().decode()
        except FileNotFoundError:
            return ""


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except Unusable as error:
        raise SettingsRefused(str(path), f"{path}:{error.line}: {error}") from error
    except UnicodeDecodeError as error:
        raise SettingsRefused(str(path), f"{path}: it is not UTF-8 at byte {error.start}") from error
    except OSError as error:
        raise SettingsRefused(str(path), f"{error.filename or path}: {error.strerror}") from error


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
