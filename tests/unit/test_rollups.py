"""What a period says of what happened in it."""

from __future__ import annotations

import random
from datetime import UTC, date
from itertools import pairwise
from math import log
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from agent_memory.model import Bullet, TocLevel, TocNode
from agent_memory.periods import Period
from agent_memory.worker.summarizer.summary import TRACE_WEIGHT
from agent_memory.worker.toc.rollups import roll_up

DAY = Period(TocLevel.DAY, date(2026, 1, 30))
NOUNS = [
    "parser", "cache", "index", "scheduler", "cookie", "importer", "socket", "ledger", "queue", "prompt", "router",
    "editor", "branch", "schema", "token",
]  # fmt: skip


def segment(place: int, *bullets: Bullet, keywords: tuple[str, ...] = (), agents: tuple[str, ...] = ()) -> TocNode:
    return TocNode(
        node_id=f"toc:segment:2026-01-30:{place:04}",
        level=TocLevel.SEGMENT,
        title=f"Segment {place}",
        bullets=bullets,
        keywords=keywords,
        start_ms=place * 1_000,
        end_ms=place * 1_000 + 500,
        agents=agents,
    )


def line(text: str, weight: float) -> Bullet:
    return Bullet(text, (f"grip:1:{text}",), weight)


def texts(node: TocNode) -> list[str]:
    return [bullet.text for bullet in node.bullets]


def random_segments(count: int) -> list[TocNode]:
    chance = random.Random(7)
    return [
        segment(
            place,
            *(line(f"{' '.join(chance.sample(NOUNS, 4))} {place}", round(chance.random(), 3)) for _ in range(5)),
            keywords=tuple(chance.sample(NOUNS, 4)),
        )
        for place in range(count)
    ]


def test_a_day_has_the_weightiest_lines_in_the_order_they_happened() -> None:
    day = roll_up(
        DAY,
        [
            segment(1, line("fixed the login", 0.5), line("looked at colours", 0.1)),
            segment(2, line("talked about lunch", 0.05)),
            segment(3, line("chose a new database", 0.9)),
            segment(4, line("measured the import", 0.4)),
            segment(5, line("planned the release", 0.3)),
            segment(6, line("wrote the manual", 0.2)),
        ],
        UTC,
    )

    assert texts(day) == [
        "fixed the login", "chose a new database", "measured the import", "planned the release", "wrote the manual",
    ]  # fmt: skip


def test_every_child_is_heard_before_one_is_heard_twice() -> None:
    talkative = segment(1, *(line(f"{noun} rewritten", 0.9) for noun in NOUNS[:5]))

    day = roll_up(
        DAY, [talkative, *(segment(place, line(f"{NOUNS[place + 5]} fixed", 0.2)) for place in (2, 3, 4))], UTC
    )

    assert len(set(texts(day)) & {f"{noun} rewritten" for noun in NOUNS[:5]}) == 2
    assert len(day.bullets) == 5


def test_what_was_only_done_comes_in_where_too_little_was_said() -> None:
    """That a session started heads no day on which something was decided; a day with nothing else still says it."""
    started = segment(1, line("Session started.", TRACE_WEIGHT))
    decided = segment(2, line("chose a new database", 0.9), line("moved the cache", 0.4), line("fixed the login", 0.3))

    assert texts(roll_up(DAY, [started, decided], UTC)) == [bullet.text for bullet in decided.bullets]
    assert texts(roll_up(DAY, [started], UTC)) == ["Session started."]


def test_what_is_decisive_wins_on_the_way_up_and_has_room_of_its_own() -> None:
    """Nine decisions among talk of other things: the day tells eight of them, its month six, as whole sentences."""
    decided = [
        segment(
            place,
            line(f"We will keep the {noun}, and there is nothing else that we do not want to have.", 0.95),
            line(f"Explained how the {noun} of the shop was made.", 0.9),
        )
        for place, noun in enumerate(NOUNS[:9])
    ]

    day = roll_up(DAY, decided, UTC)
    month = roll_up(Period(TocLevel.MONTH, date(2026, 1, 1)), [day], UTC)

    assert [len(node.bullets) for node in (day, month)] == [8, 6]
    assert all(text.startswith("We will keep the ") and text.endswith("have.") for text in texts(day) + texts(month))


def test_a_year_tells_a_decision_of_each_month_before_a_second_of_any() -> None:
    """Twelve months with six each, those of the first the weightiest: the year has room for sixteen."""
    months = [
        segment(
            number,
            *(
                line(f"We keep the {noun} of {number:02}-{each}.", 0.99 - number / 200)
                for each, noun in enumerate(NOUNS[:6])
            ),
        )
        for number in range(12)
    ]

    year = roll_up(Period(TocLevel.YEAR, date(2026, 1, 1)), months, UTC)

    assert len(year.bullets) == 16
    assert len({text[-5:-3] for text in texts(year)}) == 12


def test_a_month_names_what_its_lines_do_not() -> None:
    """A keyword that stands in a line would cost its tokens twice; the children's other keywords all come up."""
    weeks = [
        segment(place, line(f"The {noun} streams.", 0.5), keywords=(noun, f"word-{place}"))
        for place, noun in enumerate(NOUNS[:5])
    ]

    month = roll_up(Period(TocLevel.MONTH, date(2026, 1, 1)), weeks, UTC)

    named = {noun for noun in NOUNS[:5] if any(noun in text for text in texts(month))}
    assert len(named) == 4
    assert set(month.keywords) == {*(f"word-{place}" for place in range(5)), *set(NOUNS[:5]) - named}


def test_lines_keep_their_grips_and_weights_at_every_level() -> None:
    """A bullet of a year leads down to events: it names the grips that its segment's bullet named."""
    node = segment(1, Bullet("chose a new database", ("grip:1:A", "grip:2:B"), 0.9))

    period: Period | None = DAY
    while period is not None:
        node = roll_up(period, [node], UTC)
        assert node.bullets == (Bullet("chose a new database", ("grip:1:A", "grip:2:B"), 0.9),)
        assert (node.node_id, node.level, node.title) == (period.node_id, period.level, period.title)
        period = period.parent
    assert node.level == TocLevel.YEAR


def test_what_much_the_same_lines_say_is_said_once() -> None:
    day = roll_up(
        DAY,
        [
            segment(1, line("fixed the session cookie bug in the login", 0.9), line("planned the release", 0.1)),
            segment(2, line("the session cookie bug of the login is fixed", 0.8), line("measured the import", 0.1)),
            segment(3, line("chose a new database", 0.2)),
        ],
        UTC,
    )

    assert texts(day) == [
        "fixed the session cookie bug in the login",
        "planned the release",
        "measured the import",
        "chose a new database",
    ]


def test_a_period_says_less_of_each_thing_and_names_more_of_them() -> None:
    """Of a long line the first sentences that fit; of keywords more than a segment has."""
    second = "It saves five hundred rows at a time, then the next."
    children = [
        segment(
            place,
            line(f"The {noun} of the billing service streams. {second} Nobody reads the file a second time now.", 0.5),
            keywords=tuple(f"word-{number}" for number in range(place, 21, 3)),
        )
        for place, noun in enumerate(NOUNS[:3])
    ]

    day = roll_up(DAY, children, UTC)
    month = roll_up(Period(TocLevel.MONTH, date(2026, 1, 1)), [day], UTC)

    assert texts(day) == [f"The {noun} of the billing service streams. {second}" for noun in NOUNS[:3]]
    assert texts(month) == [f"The {noun} of the billing service streams." for noun in NOUNS[:3]]
    assert sorted(day.keywords) == sorted(month.keywords) == sorted(f"word-{number}" for number in range(21))


def test_lines_that_are_the_same_once_they_are_cut_are_said_once() -> None:
    starts = "The release of the billing service is blocked by the security review of its new container image."

    day = roll_up(
        DAY,
        [
            segment(1, line(f"{starts} Ada asks the auditors about the registry.", 0.9), line("planned May", 0.1)),
            segment(2, line(f"{starts} Grace moves the demonstration to June.", 0.8)),
        ],
        UTC,
    )

    assert texts(day) == [starts, "planned May"]


def test_much_the_same_is_better_than_too_little() -> None:
    lines = ["fixed the login cookie", "login cookie fixed", "the cookie of the login is fixed", "login cookie fixed"]

    day = roll_up(DAY, [segment(place, line(text, 0.5)) for place, text in enumerate(lines)], UTC)

    assert sorted(texts(day)) == sorted(lines[:3])


def test_the_period_gives_title_and_span_in_the_zone_of_the_store() -> None:
    zone = ZoneInfo("Asia/Tokyo")
    children = [segment(1, agents=("codex",)), segment(2, agents=("claude-code", "codex"))]

    day = roll_up(DAY, children, zone)

    assert day.title == "Friday, 30 January 2026"
    assert (day.start_ms, day.end_ms) == DAY.span_ms(zone)
    assert day.agents == ("claude-code", "codex")
    assert (day.version, day.event_count, day.is_open) == (1, 0, False)


def test_a_period_is_open_while_all_its_children_are() -> None:
    opened = TocNode("toc:segment:2026-01-30:A", TocLevel.SEGMENT, "A", (line("a b", 0.5),), (), 1, 2, is_open=True)

    assert roll_up(DAY, [opened], UTC).is_open
    assert not roll_up(DAY, [opened, segment(1)], UTC).is_open


def test_keywords_come_from_the_children_that_are_quoted() -> None:
    day = roll_up(
        DAY,
        [
            segment(1, line("fixed the login", 0.9), keywords=("login", "cookie", "Session")),
            segment(2, line("chose a database", 0.8), keywords=("database", "session", "index")),
        ],
        UTC,
    )

    assert day.keywords == ("login", "database", "cookie", "session", "index")


@given(st.randoms(use_true_random=False), st.integers(1, 40))
def test_a_period_is_a_function_of_the_set_of_its_children(chance: random.Random, count: int) -> None:
    children = random_segments(count)
    shuffled = chance.sample(children, count)

    assert roll_up(DAY, shuffled, UTC) == roll_up(DAY, children, UTC)


def test_versions_grow_far_slower_than_children() -> None:
    """Only a line among the five best of n children makes a new version: about 5 ln n of them do."""
    children = random_segments(256)
    versions = [roll_up(DAY, children[:count], UTC) for count in range(1, 257)]
    changes = sum(before.bullets != after.bullets for before, after in pairwise(versions))
    others = sum(before.keywords != after.keywords for before, after in pairwise(versions))

    assert changes <= 2 * 5 * log(256)
    assert others <= changes
