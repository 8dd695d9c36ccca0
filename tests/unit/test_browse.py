"""What the browser shows, without a screen: rows, the tree, lanes, the year."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from queue import SimpleQueue
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agent_memory.browse.lane import Lane
from agent_memory.browse.rows import Kind, Target, cells, layout, row
from agent_memory.browse.time_tree import ROOT, TimeTree, above
from agent_memory.browse.views import nodes, year
from agent_memory.errors import AgentMemoryError, NotRunning
from agent_memory.present.lines import Line, flow
from agent_memory.present.view import View
from agent_memory.rpc import memory_pb2 as pb

VIEW = View(0, UTC)
OBEYED = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]")


@given(st.lists(st.text(max_size=200), max_size=8), st.integers(8, 120))
def test_no_line_is_wider_than_the_pane_or_holds_what_a_terminal_obeys(texts: list[str], width: int) -> None:
    """Also where a view forgot to take that out; a character of two cells may not fit into one."""
    rows = [row(flow("• ", "  ", text)) for text in texts] + [row(Line(((text, ""),))) for text in texts]

    found = layout(rows, width)

    assert all(cells("".join(text for text, _ in drawn.pieces)) <= width for drawn in found.lines)
    assert not OBEYED.search(found.text.replace("\n", ""))
    assert [drawn.row for drawn in found.lines] == sorted(drawn.row for drawn in found.lines)
    assert len(found.first) == len(rows) + 1


def test_wrapping_loses_no_word_and_keeps_the_indent() -> None:
    found = layout([row(flow("• ", "  ", "one two three four five", "bold"))], 12)

    assert found.text.split("\n") == ["• one two", "  three four", "  five"]
    assert {style for drawn in found.lines for text, style in drawn.pieces if text.strip(" •")} == {"bold"}


def node(node_id: str, level: pb.TocLevel.ValueType, title: str = "") -> pb.TocNode:
    return pb.TocNode(node_id=node_id, level=level, title=title)


def test_a_tree_shows_what_is_open_and_known() -> None:
    """An open node whose children are not known yet shows none; a segment has none."""
    tree = TimeTree().with_children({ROOT: [node("toc:year:2025", pb.TOC_LEVEL_YEAR)]}).open("toc:year:2025")
    assert [(entry.node.node_id, entry.depth, entry.is_open) for entry in tree.entries()] == [
        ("toc:year:2025", 0, True)
    ]
    assert tree.unknown([ROOT, "toc:year:2025"]) == ["toc:year:2025"]

    tree = tree.with_children({"toc:year:2025": [node("toc:month:2025:11", pb.TOC_LEVEL_MONTH)]})
    assert nodes.tree(VIEW, list(tree.entries()), 20).text == "▾ 2025\n ▸ November"
    assert tree.loaded() == [ROOT, "toc:year:2025"]
    assert [entry.depth for entry in tree.close("toc:year:2025").entries()] == [0]


@given(st.integers(8, 60), st.text(max_size=80))
def test_an_entry_fits_whatever_it_is_called(width: int, title: str) -> None:
    segment = node("toc:segment:2025-11-18:x", pb.TOC_LEVEL_SEGMENT, title)
    shown = nodes.tree(VIEW, list(TimeTree().with_children({ROOT: [segment]}).entries()), width).text

    assert cells(shown) <= width
    assert not OBEYED.search(shown)


def test_an_id_says_what_it_lies_in() -> None:
    """A week belongs to the month, and to the year, of its Thursday."""
    day = ["toc:year:2025", "toc:month:2025:01", "toc:week:2025:W01"]
    assert above("toc:day:2024-12-31") == day
    assert above("toc:segment:2024-12-31:01M8") == [*day, "toc:day:2024-12-31"]
    assert above("toc:year:2025") == above("nonsense") == []


@given(st.dates(date(2, 1, 1), date(9998, 12, 31)), st.dictionaries(st.integers(0, 364), st.integers(0, 10**9)))
def test_each_day_of_a_year_has_one_cell(selected: date, events: dict[int, int]) -> None:
    first = date(selected.year, 1, 1)
    days = {date.fromordinal(first.toordinal() + number): count for number, count in events.items()}
    found = list(year.grid(year.Year(selected.year, days), selected, date(selected.year, 12, 31), 80))

    shown = "".join(line.text[5:] for line in found[1:])
    assert len(shown.replace(" ", "")) == (date(selected.year, 12, 31) - first).days + 1
    assert shown.count("·") == len(shown.replace(" ", "")) - sum(map(bool, days.values()))
    assert sum("reverse" in style for line in found for _, style in line.pieces) == 1


class Screen:
    """A thread that does what lanes deliver, one after another."""

    def __init__(self) -> None:
        self.queue: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def next(self) -> None:
        self.queue.get(timeout=20)()


class Daemon:
    """A client whose call lasts until it is let go, or closed."""

    timeout_s = 0.0

    def __init__(self) -> None:
        self.asked, self.over = threading.Event(), threading.Event()
        self.is_closed = False

    def wait(self) -> str:
        self.asked.set()
        assert self.over.wait(20)
        if self.is_closed:
            raise AgentMemoryError("cancelled")
        return "answered"

    def close(self) -> None:
        self.is_closed = True
        self.over.set()


def test_what_is_overtaken_is_cancelled_and_never_heard_of() -> None:
    """Only the last question is answered; those that wait in between are not even asked."""
    screen, daemons, heard = Screen(), [Daemon(), Daemon()], []
    waiting: list[Any] = list(daemons)
    lane = Lane(lambda: waiting.pop(0), screen.queue.put)

    def ask(name: str) -> None:
        lane.ask(lambda client: f"{name} {client.wait()}", heard.append, lambda error: heard.append(f"{name} {error}"))  # type: ignore[attr-defined]

    ask("first")
    assert daemons[0].asked.wait(20)
    ask("second")
    ask("third")
    daemons[1].over.set()
    screen.next()
    screen.next()

    assert daemons[0].is_closed
    assert heard == ["third answered"]
    assert waiting == []
    lane.close()


def test_after_an_error_the_next_question_gets_a_new_connection() -> None:
    """The daemon may have been started again, elsewhere."""
    screen, heard, connections = Screen(), [], []

    def connect() -> Any:
        connections.append(Daemon())
        if len(connections) == 1:
            raise NotRunning("gone")
        return connections[-1]

    lane = Lane(connect, screen.queue.put)
    for _ in range(3):
        lane.ask(lambda client: "there", heard.append, lambda error: heard.append(str(error)))
        screen.next()

    assert heard == ["gone", "there", "there"]
    assert len(connections) == 2
    lane.close()


def test_a_cancelled_question_says_nothing() -> None:
    screen, daemon = Screen(), Daemon()
    heard: list[object] = []
    lane = Lane(lambda: daemon, screen.queue.put)  # type: ignore[arg-type, return-value]
    lane.ask(lambda client: client.wait(), heard.append, heard.append)  # type: ignore[attr-defined]
    assert daemon.asked.wait(20)

    lane.cancel()
    screen.next()

    assert heard == []
    assert not lane.is_waiting
    lane.close()


def test_a_node_leads_to_its_proofs() -> None:
    found = pb.TocNode(
        node_id="toc:segment:2025-11-18:x", level=pb.TOC_LEVEL_SEGMENT, title="Title", session_id="s",
        bullets=[pb.TocBullet(text="proved", grip_ids=["grip:1:a"]), pb.TocBullet(text="not proved")],
        start_time_ms=int(datetime(2025, 11, 18, tzinfo=UTC).timestamp() * 1000),
    )  # fmt: skip

    targets = {each.lines[0].text: each.target for each in nodes.node(VIEW, found)}

    assert targets["• proved"] == Target(Kind.GRIP, "grip:1:a")
    assert targets["• not proved"] is None
    assert targets["Title"] is None
