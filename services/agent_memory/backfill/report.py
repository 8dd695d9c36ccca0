"""What became of an import: events by agent, how many were new, what could not be read; for people and programs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from agent_memory.agents.replayed_call import Broken
from agent_memory.present.text import counted, printable

# The first ones show what is wrong.
BROKEN_SHOWN: Final = 20
BROKEN_KEPT: Final = 1000


@dataclass(slots=True)
class Tally:
    """What became of the events of one agent."""

    files: int = 0
    # Read to their end before, and not written to since.
    unchanged_files: int = 0
    events: int = 0
    # New to the store, stored already, ignored by the user's rules, and refused by the daemon.
    stored: int = 0
    known: int = 0
    ignored: int = 0
    refused: int = 0
    # By session, whether some of it was stored before.
    sessions: dict[str, bool] = field(default_factory=dict)
    # Sessions of which something was missing.
    touched: set[str] = field(default_factory=set)

    def leave_out(self, session_id: str) -> None:
        """Count an event of the session that is not to be stored."""
        self.events += 1
        self.ignored += 1
        self.sessions.setdefault(session_id, False)

    @property
    def sessions_saved(self) -> int:
        """Sessions of which nothing was stored before."""
        return sum(1 for session_id in self.touched if not self.sessions[session_id])


class Report:
    """The tallies of one run, by agent, and what could not be read. A dry run has stored nothing."""

    def __init__(self, *, dry_run: bool = False) -> None:
        self.dry_run = dry_run
        self.tallies: dict[str, Tally] = {}
        self.broken: list[Broken] = []
        self.broken_count = 0
        self._began_s = time.monotonic()

    def tally(self, agent: str) -> Tally:
        """The agent's tally; a new one at first."""
        return self.tallies.setdefault(agent, Tally())

    def add_broken(self, broken: Broken) -> None:
        """Note a line or a file that could not be read; of very many the first are kept."""
        self.broken_count += 1
        if len(self.broken) < BROKEN_KEPT:
            self.broken.append(broken)

    @property
    def stored(self) -> int:
        return sum(tally.stored for tally in self.tallies.values())

    @property
    def sessions_saved(self) -> int:
        return sum(tally.sessions_saved for tally in self.tallies.values())

    @property
    def sessions_completed(self) -> int:
        """Sessions of which a part was missing."""
        return sum(len(tally.touched) for tally in self.tallies.values()) - self.sessions_saved

    def text(self) -> str:
        """A table, what could not be read, and the sum."""
        lines = [_row("AGENT", "FILES", "SESSIONS", "EVENTS", "NEW", "THERE")]
        for agent, tally in sorted(self.tallies.items()):
            new, there = ("-", "-") if self.dry_run else (str(tally.stored), str(tally.known))
            files = tally.files + tally.unchanged_files
            lines.append(_row(agent, str(files), str(len(tally.sessions)), str(tally.events), new, there))
        if unchanged := sum(tally.unchanged_files for tally in self.tallies.values()):
            verb = "was read before and has" if unchanged == 1 else "were read before and have"
            lines.append(f"\n{counted(unchanged, 'file')} {verb} not changed since; a file that is named is read again")
        return "\n".join([*(lines if self.tallies else []), "", *self._broken_lines(), self._sum()])

    def content(self) -> dict[str, Any]:
        """The same as one object of JSON."""
        return {
            "dry_run": self.dry_run,
            "took_s": round(time.monotonic() - self._began_s, 3),
            "agents": {agent: _content(tally) for agent, tally in sorted(self.tallies.items())},
            "broken_count": self.broken_count,
            "broken": [{"path": str(each.path), "line": each.line, "reason": each.reason} for each in self.broken],
        }

    def _sum(self) -> str:
        events = sum(tally.events for tally in self.tallies.values())
        ignored = sum(tally.ignored for tally in self.tallies.values())
        left_out = f"; left out {ignored} that are not to be stored" if ignored else ""
        if self.dry_run:
            return f"DRY RUN - {counted(events, 'event')} found; those already stored would be skipped{left_out}"
        took_s = max(time.monotonic() - self._began_s, 0.001)
        if not self.stored:
            return f"Stored nothing new{left_out}"
        rate = f", {events / took_s:,.0f} events a second" if events >= took_s else ""
        return f"Stored {counted(self.stored, 'event')} in {took_s:.1f} s{rate}{left_out}"

    def _broken_lines(self) -> Iterator[str]:
        if not self.broken_count:
            return
        verb = "was" if self.broken_count == 1 else "were"
        # A whole file has no line.
        kind = "line" if all(each.line for each in self.broken) else "item"
        yield f"{counted(self.broken_count, kind)} {verb} left out:"
        for each in self.broken[:BROKEN_SHOWN]:
            path = "standard input" if str(each.path) == "-" else str(each.path)
            place = f"{path}:{each.line}" if each.line else path
            yield f"  {printable(place)}  {printable(each.reason)}"
        if self.broken_count > BROKEN_SHOWN:
            yield f"  and {self.broken_count - BROKEN_SHOWN} more"
        yield ""


def _content(tally: Tally) -> dict[str, int]:
    return {
        "files": tally.files,
        "unchanged_files": tally.unchanged_files,
        "sessions": len(tally.sessions),
        "sessions_saved": tally.sessions_saved,
        "sessions_completed": len(tally.touched) - tally.sessions_saved,
        "events": tally.events,
        "stored": tally.stored,
        "known": tally.known,
        "ignored": tally.ignored,
        "refused": tally.refused,
    }


def _row(agent: str, files: str, sessions: str, events: str, new: str, there: str) -> str:
    return f"{agent:<12}  {files:>6}  {sessions:>8}  {events:>8}  {new:>8}  {there:>8}"
