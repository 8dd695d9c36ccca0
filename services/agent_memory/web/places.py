"""Places: where a node stands in the table of contents. Its id tells, so nobody is asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from agent_memory.model import TocLevel
from agent_memory.periods import Period, parse_period
from agent_memory.web.questions import WrongQuestion

_SEGMENT: Final = "toc:segment:"

Place = dict[str, object]


def place(node_id: str) -> Place:
    """The periods `above` a node, the topmost first; of a period also its `title` and those `before` and `after` it.

    Raises WrongQuestion for what is no node's id.
    """
    if node_id.startswith(_SEGMENT):
        day = parse_period(node_id.removeprefix(_SEGMENT).partition(":")[0])
        if day is None or day.level != TocLevel.DAY:
            raise WrongQuestion(f"{node_id!r} is no node.")
        return {"id": node_id, "above": [*_above(day), _named(day)]}
    period = parse_period(node_id)
    if period is None:
        raise WrongQuestion(f"{node_id!r} is no node.")
    return {
        "id": period.node_id,
        "title": period.title,
        "above": _above(period),
        "before": _named(_before(period)) if period.first.year > 1 else None,
        "after": _named(Period(period.level, period.after)),
    }


def _above(period: Period) -> list[dict[str, str]]:
    return [_named(each) for each in period.ancestors()][::-1]


def _named(period: Period) -> dict[str, str]:
    return {"id": period.node_id, "title": period.title}


def _before(period: Period) -> Period:
    """The period of the same length that ends where this one begins."""
    last = period.first - timedelta(days=1)
    match period.level:
        case TocLevel.YEAR:
            first = last.replace(month=1, day=1)
        case TocLevel.MONTH:
            first = last.replace(day=1)
        case TocLevel.WEEK:
            first = last - timedelta(days=last.weekday())
        case _:
            first = last
    return Period(period.level, first)
