"""Projects: which one a folder belongs to, whatever the folder is called and wherever it is.

A repository with a remote is named after the remote, so worktrees, clones and moved folders are one project, and a
fork, which has a remote of its own, is another. A repository without a remote is named after its first commit, and
any other folder after itself.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from agent_memory.capture.project.git import checkouts, first_commit, remotes, texts
from agent_memory.capture.project.git.checkouts import Checkout
from agent_memory.capture.project.git.rewrites import Rewrites
from agent_memory.capture.project.remembered import Remembered
from agent_memory.capture.wire import HookCall

# A clone of a clone of a clone on one machine; two that name each other have to end.
REMOTES_MAX: Final = 4
# A repository shows its branch of now: for a call that waited longer than this, it does not count.
LATE_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Project:
    """A project, however many folders it has, and the branch of the folder that was asked for."""

    project_id: str
    branch: str = ""


class Projects:
    """Finds the project of a folder. It remembers what it reads until the file changes. For any thread."""

    def __init__(self, renamed: Mapping[str, str], home: str = "") -> None:
        """`renamed` maps names to the ones to use instead: the setting `project_names`."""
        self._renamed = renamed
        self._home = home or os.path.realpath(Path.home())
        self._rewrites = Rewrites(Path(self._home), os.environ)
        self._addresses: Remembered[str] = Remembered()
        self._references: Remembered[str] = Remembered()
        self._first_commits: Remembered[str] = Remembered()

    def of(self, folder: str) -> Project:
        """The project of a folder, given by its full path. The folder need not exist any more."""
        checkout = self._checkout(folder)
        if checkout is None:
            return Project(self._renamed_to(_real(folder)))
        name = self._name(checkout, REMOTES_MAX) or str(checkout.top)
        return Project(self._renamed_to(name), texts.branch(self._reference(checkout)))

    def names(self, folder: str) -> tuple[str, ...]:
        """All names under which events of the folder's project may be stored, its id first.

        They include the names it had before it had a remote, or a commit, and those renamed to its own.
        """
        project_id = self.of(folder).project_id
        earlier = filter(None, self._earlier(folder))
        own = [name for name in earlier if self._renamed_to(name) in (name, project_id)]
        renamed = [name for name, new in self._renamed.items() if new == project_id]
        return tuple(dict.fromkeys([project_id, *own, *renamed]))

    def with_project(self, call: HookCall, late_ms: int = 0) -> HookCall:
        """The call with its project and its branch. `late_ms` is how long ago it was made.

        A remote that the transcript names is the project: its folder may be gone, or be another's by now. If the
        project's folder is not known, the repository around the agent's working directory is the project.
        """
        if name := self._of_origin(call):
            return replace(call, project_id=self._renamed_to(name))
        if not call.project and self._checkout(call.cwd) is None:
            return call
        project = self.of(call.project or call.cwd)
        branch = call.git_branch or (project.branch if late_ms <= LATE_MS else "")
        return replace(call, project_id=project.project_id, git_branch=branch)

    def _of_origin(self, call: HookCall) -> str:
        """The repository that the transcript names: by an address or, of a deleted worktree, by a folder."""
        if not call.git_origin:
            return ""
        folder = remotes.folder_of(call.git_origin)
        if not folder:
            return remotes.name_of(self._rewrites.rewritten(call.git_origin))
        if self._checkout(call.project or call.cwd) is not None or self._checkout(folder) is None:
            return ""
        return self.of(folder).project_id

    def _checkout(self, folder: str) -> Checkout | None:
        return checkouts.find(_real(folder), self._home) if _is_path(folder) else None

    def _earlier(self, folder: str) -> list[str]:
        checkout = self._checkout(folder)
        if checkout is None:
            return [_real(folder)]
        # All forks share the first commit: it was the name of this one only if it began here.
        began_here = checkouts.began_here(checkout) or not self._address(checkout)
        top = str(checkout.top)
        return [self._first_commit(checkout), top] if began_here else [top]

    def _name(self, checkout: Checkout, patience: int) -> str:
        """The name of the repository that this one was cloned from, or its own; empty if it has no commit yet."""
        address = self._address(checkout)
        folder = remotes.folder_of(address)
        origin = checkouts.at(checkout.top / folder) if folder and patience else None
        remote = self._name(origin, patience - 1) if origin else remotes.name_of(address)
        return remote or self._first_commit(checkout)

    def _address(self, checkout: Checkout) -> str:
        config = checkout.common_dir / "config"
        address = self._addresses.get(config, lambda: _address(checkout))
        return self._rewrites.rewritten(address, config)

    def _reference(self, checkout: Checkout) -> str:
        return self._references.get(checkout.git_dir / "HEAD", lambda: checkouts.reference(checkout))

    def _first_commit(self, checkout: Checkout) -> str:
        tip = checkouts.tip(checkout)
        if not tip:
            return ""
        # It stays the first whatever is committed; another repository in its place has a config of its own.
        first = self._first_commits.get(
            checkout.common_dir / "config", lambda: first_commit.first_commit(checkout.common_dir, tip)
        )
        return f"git:{first}" if first else ""

    def _renamed_to(self, name: str) -> str:
        return self._renamed.get(name, name)


def _is_path(folder: str) -> bool:
    return folder.startswith("/") and "\0" not in folder


def _real(folder: str) -> str:
    return os.path.realpath(folder) if _is_path(folder) else folder


def _address(checkout: Checkout) -> str:
    return checkouts.address(checkouts.config(checkout))
