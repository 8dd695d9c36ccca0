"""The page of habits: how one works, in bars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from agent_memory.periods import WEEKDAYS
from agent_memory.present.lines import Line, line, pieces
from agent_memory.present.text import counted
from agent_memory.present.view import View, following
from agent_memory.present.width import one_line
from agent_memory.rpc import memory_pb2 as pb

_BARS: Final = " ▁▂▃▄▅▆▇█"
_WEEKDAYS: Final = tuple(day[:3] for day in WEEKDAYS)
_NAME_CELLS: Final = 40
_BAR_CELLS: Final = 24
_ROWS_MAX: Final = 12


def habits(view: View, reply: pb.GetHabitsResponse) -> Iterator[Line]:
    """By day and hour as a line of bars, by weekday, agent and project as rows."""
    events = sum(day.events for day in reply.days)
    segments = sum(day.segments for day in reply.days)
    first, last = date.fromisoformat(reply.days[0].day), date.fromisoformat(reply.days[-1].day)
    yield line(f"{_day(first)} - {_day(last)} {last.year}", "bold")
    yield line(f"{counted(events, 'event')} in {counted(segments, 'segment')}")
    if not segments and not events:
        yield from following(view, view.command("query", "root"))
        return
    days = [day.events for day in reply.days]
    yield from _line_of_bars("Days", f"{first:%d %b}", days, f"{last:%d %b}", view.width)
    yield from _line_of_bars("Hours", "00:00", reply.hours, "23:59", view.width)
    yield from _rows("Weekdays", list(zip(_WEEKDAYS, reply.weekdays, strict=True)), "segments", view.width)
    yield from _rows("Agents", [(each.agent or "(none)", each.events) for each in reply.agents], "events", view.width)
    yield from _rows("Projects", [(each.project_id, each.segments) for each in reply.projects], "segments", view.width)
    if reply.projects:
        yield from following(view, view.command("query", "map", "--project", reply.projects[0].project_id))


def spark(numbers: Sequence[int]) -> str:
    """A bar for each number, the highest one for the greatest; anything above zero shows."""
    most = max(numbers, default=0)
    return "".join(_BARS[-(-number * (len(_BARS) - 1) // most) if most else 0] for number in numbers)


def _line_of_bars(title: str, first: str, numbers: Sequence[int], last: str, width: int) -> Iterator[Line]:
    yield line()
    yield line(title, "bold")
    room = max(8, width - len(first) - len(last) - 6)
    # Of more days than there is room for, a bar stands for several.
    each = -(-len(numbers) // room)
    grouped = [sum(numbers[at : at + each]) for at in range(0, len(numbers), each)]
    yield pieces((f"  {first} ", "dim"), (spark(grouped), "green"), (f" {last}", "dim"))


def _rows(title: str, rows: Sequence[tuple[str, int]], unit: str, width: int) -> Iterator[Line]:
    if not rows:
        return
    yield line()
    yield line(title, "bold")
    shown = [(one_line(name, _NAME_CELLS), number) for name, number in rows[:_ROWS_MAX]]
    names = max(len(name) for name, _ in shown)
    most = max(1, *(number for _, number in shown))
    digits = max(len(str(number)) for _, number in shown)
    room = max(1, min(_BAR_CELLS, width - names - digits - len(unit) - 7))
    for name, number in shown:
        bar = "█" * -(-number * room // most)
        yield pieces((f"  {name:<{names}}  {number:>{digits}} {unit}  ", ""), (bar, "green"))
    if len(rows) > _ROWS_MAX:
        yield line(f"  and {len(rows) - _ROWS_MAX} more", "dim")


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"
