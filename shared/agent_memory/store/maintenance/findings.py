"""What a verification finds: how much was checked, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

# Problems that are listed, and sessions that are remembered for a repair; beyond it, a repair takes all sessions.
LISTED_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong: the id or row concerned, and what is wrong with it."""

    subject: str
    message: str


@dataclass(slots=True)
class Findings:
    """How much was checked, and what is wrong with it."""

    events: int = 0
    segments: int = 0
    toc_nodes: int = 0
    grips_intact: int = 0
    grips_removed: int = 0
    grips_without_checksum: int = 0
    sessions_waiting: int = 0
    problem_count: int = 0
    problems: list[Problem] = field(default_factory=list)
    # The sessions to segment and summarize again; `too_many` when there are more than are remembered.
    sessions: set[str] = field(default_factory=set)
    too_many: bool = False

    @property
    def is_sound(self) -> bool:
        return self.problem_count == 0

    def report(self, subject: str, message: str, session_id: str = "") -> None:
        """Note what is wrong, and which session has to be summarized again to mend it."""
        self.problem_count += 1
        if len(self.problems) < LISTED_MAX:
            self.problems.append(Problem(subject, message))
        if session_id and session_id not in self.sessions:
            self.too_many = self.too_many or len(self.sessions) >= LISTED_MAX
            if not self.too_many:
                self.sessions.add(session_id)
