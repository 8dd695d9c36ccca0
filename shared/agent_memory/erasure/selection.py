"""Which events are to be erased: all that fit every criterion given. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from agent_memory.model import Event
from agent_memory.search.texts import files_of, is_about, project_names_of

# Beyond every time that an event may have.
FOREVER_MS: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Selection:
    """The criteria; an empty one fits everything. Of ids one must fit. The span is half-open, in milliseconds."""

    event_ids: frozenset[str] = frozenset()
    session_ids: frozenset[str] = frozenset()
    from_ms: int = 0
    to_ms: int = FOREVER_MS
    # Whatever its case, in the text or in the metadata.
    text: str = ""
    agent: str = ""
    # What one project is called: its ids, its folders, or the last part of either; one of them must fit.
    projects: frozenset[str] = frozenset()
    # A path, or its last parts, of a file that a tool call names.
    file: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether it names nothing, and so everything."""
        return self == Selection()

    @property
    def is_of_sessions(self) -> bool:
        """Whether it is about whole sessions, and nothing of them is to come back under whatever id."""
        return bool(self.session_ids) and self == Selection(session_ids=self.session_ids)

    def fits(self, event: Event) -> bool:
        """Whether the event is meant."""
        return (
            (not self.event_ids or event.event_id in self.event_ids)
            and (not self.session_ids or event.session_id in self.session_ids)
            and self.from_ms <= event.timestamp_ms < self.to_ms
            and (not self.agent or (event.agent or "").casefold() == self.agent.casefold())
            and (not self.projects or self._is_of_project(event))
            and (not self.file or any(is_about(path, self.file) for path in files_of(event)))
            and (not self.text or self._holds_text(event))
        )

    def mentions(self, text: str, arrived_ms: int) -> bool:
        """Whether something that is no event, and came at that time, may be about what is meant.

        Told by the names alone: a payload that holds no event can't say whose it is.
        """
        folded = text.casefold()
        one_of = (self.event_ids, self.session_ids, self.projects)
        names = (self.text, self.agent, self.file)
        return (
            self.from_ms <= arrived_ms < self.to_ms
            and all(not each or any(one.casefold() in folded for one in each) for each in one_of)
            and all(name.casefold() in folded for name in names)
        )

    def _is_of_project(self, event: Event) -> bool:
        wanted = {name.rstrip("/").casefold() for name in self.projects}
        return any(name.rstrip("/").casefold() in wanted for name in project_names_of(event))

    def _holds_text(self, event: Event) -> bool:
        wanted = self.text.casefold()
        return wanted in event.text.casefold() or any(wanted in value.casefold() for value in event.metadata.values())
