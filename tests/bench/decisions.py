"""How far up the table of contents decisions, causes and rules come that were planted in a year of ordinary work.

    python tests/bench/decisions.py [--missed]

Forty are in tests/data/decisions: each a short talk in which one thing is decided, found out or laid down, in the words
of its language. Rules were made on the first half; the second, "held out", was written before the rules and not looked
at. Between them lies a year of sessions that decide nothing: requests, reports and questions in the same languages,
also before and behind each planted talk in its own session.

A decision is shown by a node if one line of it holds the words that name it; titles and keywords don't count.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent_memory.model import Event, EventRole, EventType, TocLevel, TocNode
from agent_memory.periods import day_of
from agent_memory.worker.toc import segment_nodes
from agent_memory.worker.toc.rollups import roll_up
from agent_memory.worker.toc.segments import split

DATA: Final = Path(__file__).resolve().parents[1] / "data" / "decisions"
HALVES: Final = ("tuned", "held_out")
LEVELS: Final = (TocLevel.SEGMENT, TocLevel.DAY, TocLevel.WEEK, TocLevel.MONTH, TocLevel.YEAR)
MONDAY: Final = datetime(2025, 1, 6, 9, tzinfo=UTC)
WORKDAYS: Final = 250
SESSIONS_A_DAY: Final = 3
EXCHANGES: Final = (3, 9)  # of ordinary talk in a session
# Most people work in one language, and in English with tools.
ENGLISH_SHARE: Final = 0.6
LONG_AFTER_MS: Final = 10**15
_ROLES: Final = {
    "user": (EventRole.USER, EventType.USER_MESSAGE),
    "assistant": (EventRole.ASSISTANT, EventType.ASSISTANT_MESSAGE),
    "tool": (EventRole.TOOL, EventType.TOOL_RESULT),
}

Turn = Sequence[str]


@dataclass(frozen=True, slots=True)
class Planted:
    """A talk in which something is decided, and words that any line telling it holds."""

    half: str
    language: str
    shown: tuple[str, ...]
    talk: tuple[Turn, ...]


def main(missed: bool) -> None:
    found = planted()
    nodes = tree(sessions(found))
    seen = {level: [each for each in found if _is_shown(each, nodes, level)] for level in LEVELS}
    print(f"{'':10}" + "".join(f"{level.name.lower():>10}" for level in LEVELS))
    for half in HALVES:
        total = sum(each.half == half for each in found)
        shares = [sum(each.half == half for each in seen[level]) / total for level in LEVELS]
        print(f"{half.replace('_', ' '):10}" + "".join(f"{share:10.0%}" for share in shares))
    sizes = Counter[TocLevel]()
    for node in nodes:
        sizes[node.level] += sum(len(bullet.text) for bullet in node.bullets)
    counts = Counter(node.level for node in nodes)
    print("characters" + "".join(f"{sizes[level] / counts[level]:10.0f}" for level in LEVELS))
    for half in HALVES if missed else ():
        for level in LEVELS:
            for each in found:
                if each.half == half and each not in seen[level]:
                    print(f"{half} {level.name.lower():8} {each.language} {' '.join(each.shown)}")


def planted() -> list[Planted]:
    """All that is planted, both halves."""
    return [
        Planted(half, each["language"], tuple(each["shown"]), tuple(each["talk"]))
        for half in HALVES
        for each in json.loads((DATA / f"{half}.json").read_text(encoding="utf-8"))
    ]


def sessions(found: Sequence[Planted]) -> Iterator[list[Event]]:
    """A year of sessions, always the same ones: ordinary talk, what was found planted in some of it."""
    chance = random.Random(11)
    filler = json.loads((DATA / "filler.json").read_text(encoding="utf-8"))
    places = chance.sample(range(WORKDAYS * SESSIONS_A_DAY), len(found))
    at = dict(zip(places, found, strict=True))
    others = sorted({each.language for each in found} - {"en"})
    for number in range(WORKDAYS * SESSIONS_A_DAY):
        day, of_day = divmod(number, SESSIONS_A_DAY)
        began = MONDAY + timedelta(days=day // 5 * 7 + day % 5, hours=of_day * 3)
        there = at.get(number)
        language = there.language if there else "en" if chance.random() < ENGLISH_SHARE else chance.choice(others)
        talk = list(_ordinary(filler, language, chance))
        if there:
            place = chance.randrange(len(talk) // 2 + 1) * 2
            talk[place:place] = there.talk
        yield list(_events(number, began, talk))


def _ordinary(filler: Mapping[str, Any], language: str, chance: random.Random) -> Iterator[Turn]:
    for asked, answered in chance.choices(filler[language], k=chance.randint(*EXCHANGES)):
        words = {
            "thing": chance.choice(filler["things"]),
            "file": chance.choice(filler["files"]),
            "n": str(chance.randint(2, 60)),
            "m": str(chance.randint(61, 900)),
        }
        yield "user", asked.format(**words)
        yield "assistant", answered.format(**words)


def _events(number: int, began: datetime, talk: Sequence[Turn]) -> Iterator[Event]:
    for place, (who, text, *tool) in enumerate(talk):
        role, kind = _ROLES[who]
        yield Event(
            event_id=f"{number:04}-{place:03}",
            session_id=f"session-{number:04}",
            timestamp_ms=int((began + timedelta(minutes=place)).timestamp()) * 1000,
            event_type=kind,
            role=role,
            text=text,
            metadata={"tool_name": tool[0]} if tool else {},
            agent="claude-code",
        )


def tree(found: Iterator[list[Event]]) -> list[TocNode]:
    """All nodes, as the worker makes them."""
    nodes: list[TocNode] = []
    level: dict[Any, list[TocNode]] = {}
    for events in found:
        for segment in split(events, (), LONG_AFTER_MS):
            node, _ = segment_nodes.build(f"toc:segment:{len(nodes):05}", segment, None)
            nodes.append(node)
            level.setdefault(day_of(node.start_ms, UTC), []).append(node)
    while level:
        above: dict[Any, list[TocNode]] = {}
        for period, children in level.items():
            node = roll_up(period, children, UTC)
            nodes.append(node)
            if period.parent is not None:
                above.setdefault(period.parent, []).append(node)
        level = above
    return nodes


def _is_shown(each: Planted, nodes: Sequence[TocNode], level: TocLevel) -> bool:
    words = [word.casefold() for word in each.shown]
    return any(
        all(word in bullet.text.casefold() for word in words)
        for node in nodes
        if node.level == level
        for bullet in node.bullets
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--missed", action="store_true", help="name what is not shown, level by level")
    main(parser.parse_args().missed)
