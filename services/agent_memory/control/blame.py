"""Blame: which session made the change that git names for a line of a file.

A commit is tied to a session by its id, which git prints when it is made and so stands in what a tool gave back; else
by time, to the last session that touched the file in the hours before. An id changes in a rebase, the author's time
does not.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from agent_memory.client import Client
from agent_memory.errors import UsageError
from agent_memory.rpc import memory_pb2 as pb

TIMEOUT_S: Final = 30.0
# What git prints of a commit's id, from the shortest that it ever does.
SHORTEST, LONGEST = 7, 12
# Work is mostly committed within so long.
BEFORE_MS: Final = 12 * 3_600_000
# Clocks, and the second that git leaves off.
SLACK_MS: Final = 60_000
_HITS_MAX: Final = 20


@dataclass(slots=True)
class Commit:
    """A commit that git blames, and the lines that it blames it for."""

    commit_id: str
    # The author's time, in milliseconds.
    time_ms: int = 0
    author: str = ""
    subject: str = ""
    lines: list[int] = field(default_factory=list)

    @property
    def is_committed(self) -> bool:
        return self.commit_id.strip("0") != ""


@dataclass(frozen=True, slots=True)
class Origin:
    """The turn that leads to a commit: it names the commit, or is the last before it that has to do with the file."""

    hit: pb.SearchHit
    names_commit: bool


def place_of(wanted: str) -> tuple[str, int | None]:
    """The file and the line of FILE[:LINE]."""
    name, _, number = wanted.rpartition(":")
    return (name, int(number)) if name and number.isdecimal() and number.isascii() else (wanted, None)


def blamed(path: Path, line: int | None) -> list[Commit]:
    """The commits that the file's lines, or one of them, are from, those of most lines first; raises UsageError."""
    if not path.is_file():
        raise UsageError(
            f"There is no file {str(path)!r}.", "Name one in a git checkout, and perhaps a line: FILE:LINE."
        )
    at = [] if line is None else ["-L", f"{line},{line}"]
    command = ["git", "-C", str(path.parent), "blame", "--porcelain", *at, "--", path.name]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise UsageError(f"git can't be asked: {error}.", "Blame needs git, and a file in a checkout.") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise UsageError(f"git says: {said}", "Name a file that git knows, and a line that it has.")
    return sorted(_commits(done.stdout.decode("utf-8", "replace")), key=lambda each: -len(each.lines))


def _commits(porcelain: str) -> Iterator[Commit]:
    """What `git blame --porcelain` says: a heading for each line, and of each commit its facts once."""
    found: dict[str, Commit] = {}
    commit: Commit | None = None
    for text in porcelain.split("\n"):
        if text.startswith("\t"):
            commit = None  # the line itself ends its heading
        elif commit is None:
            parts = text.split(" ")
            if len(parts) >= 3:
                commit = found.setdefault(parts[0], Commit(parts[0]))
                commit.lines.append(int(parts[2]))
        elif text.startswith("author "):
            commit.author = text.removeprefix("author ")
        elif text.startswith("author-time "):
            commit.time_ms = int(text.removeprefix("author-time ")) * 1000
        elif text.startswith("summary "):
            commit.subject = text.removeprefix("summary ")
    yield from found.values()


def origin(client: Client, commit: Commit, file: str) -> Origin | None:
    """The turn that leads to the commit; None where the memory has none. What is not committed is of the last one."""
    if commit.is_committed and (hit := _naming(client, commit)):
        return Origin(hit, names_commit=True)
    to_ms = commit.time_ms + SLACK_MS
    request = pb.SearchRequest(
        query=commit.subject if commit.is_committed else "",
        when="any",
        file=file,
        limit=_HITS_MAX,
        from_timestamp_ms=max(0, to_ms - BEFORE_MS),
        to_timestamp_ms=to_ms,
    )
    hits = client.search(request).hits
    if not hits and request.query:
        request.query = ""
        hits = client.search(request).hits
    return Origin(max(hits, key=lambda hit: hit.timestamp_ms), names_commit=False) if hits else None


def _naming(client: Client, commit: Commit) -> pb.SearchHit | None:
    """The first turn that names the commit: later ones only speak of it."""
    ids = [commit.commit_id, *(commit.commit_id[:length] for length in range(SHORTEST, LONGEST + 1))]
    request = pb.SearchRequest(query=" ".join(ids), when="any", limit=_HITS_MAX)
    hits = [hit for hit in client.search(request).hits if commit.commit_id[:SHORTEST] in hit.snippet]
    return min(hits, key=lambda hit: hit.timestamp_ms, default=None)
