"""View of what is being captured: the latest events, the newest last, as in a log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from agent_memory.browse.rows import BLANK, Row, row
from agent_memory.browse.views.words import event_target
from agent_memory.present import event_pages
from agent_memory.present.lines import flow, line
from agent_memory.present.text import last_part
from agent_memory.present.view import View
from agent_memory.present.width import one_line
from agent_memory.rpc import memory_pb2 as pb

_TEXT_CELLS: Final = 300
_NAME_CELLS: Final = 24


def newest(view: View, events: Sequence[pb.Event]) -> Iterator[Row]:
    """The events, oldest first, under the session that they are of."""
    if not events:
        yield row(line("Nothing was captured yet.", "bold"))
    session = day = ""
    for event in events:
        if (event.session_id, event_pages.day_of(view, event)) != (session, day):
            if session:
                yield BLANK
            session, day = event.session_id, event_pages.day_of(view, event)
            names = (event.agent, last_part(event_pages.project_of(event)), event.metadata.get("git_branch", ""))
            facts = " · ".join(one_line(name, _NAME_CELLS) for name in names if name)
            yield row(flow("", "", f"{day} · {facts}", "bold"))
        head = f"{view.local(event.timestamp_ms):%H:%M:%S} {event_pages.who(event):9} "
        text = one_line(event_pages.words(event), _TEXT_CELLS) or event_pages.kind(event)
        yield row(flow(head, " " * len(head), text), target=event_target(event))
