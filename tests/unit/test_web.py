"""The parts of the web page that ask nobody: places, questions, idleness."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.model import TocLevel
from agent_memory.periods import Period, parse_period
from agent_memory.web import assets
from agent_memory.web.changes import command_line as change_line
from agent_memory.web.idle import Idle
from agent_memory.web.places import place
from agent_memory.web.questions import WrongQuestion, command_line

STATIC = Path(assets.__file__).with_name("static")
LEVELS = [TocLevel.YEAR, TocLevel.MONTH, TocLevel.WEEK, TocLevel.DAY]


def test_a_segment_s_place_is_known_from_its_id() -> None:
    """Year, month of the week's Thursday, week and day; nothing beside it."""
    found = place("toc:segment:2026-01-01:01KDW0000000000000000000")

    above = ["toc:year:2026", "toc:month:2026:01", "toc:week:2026:W01", "toc:day:2026-01-01"]
    assert [each["id"] for each in found["above"]] == above  # type: ignore[attr-defined]
    assert "before" not in found


@given(level=st.sampled_from(LEVELS), day=st.dates(date(2, 1, 1), date(9997, 1, 1)))
def test_what_is_after_has_this_before_it(level: TocLevel, day: date) -> None:
    """Of each period, at every level."""
    period = Period(TocLevel.DAY, day)
    while period.level != level:
        assert period.parent
        period = period.parent

    found = place(period.node_id)

    after, before = found["after"], found["before"]
    assert place(after["id"])["before"] == {"id": period.node_id, "title": period.title}  # type: ignore[index]
    earlier = parse_period(before["id"])  # type: ignore[index]
    assert earlier
    assert (earlier.level, earlier.after) == (level, period.first)


@given(st.text())
def test_what_is_no_node_has_no_place(text: str) -> None:
    """Whatever it is, and also where it begins like one."""
    for each in (f"x{text}", f"toc:segment:{text}!"):
        with pytest.raises(WrongQuestion):
            place(each)


@given(name=st.sampled_from(["node", "children", "grip", "event", "session", "search"]), text=st.text(min_size=1))
def test_what_is_asked_never_becomes_an_option(name: str, text: str) -> None:
    """What comes from the page is a value, behind `--` or an equals sign, or is refused."""
    try:
        words = command_line(name, {"id": text, "query": text, "cursor": text, "before": text, "when": text})
    except WrongQuestion:
        return

    own = {"query", "search", *("node", "browse", "expand", "event", "session"), "--json", "--explain", "--"}
    for at, word in enumerate(words):
        assert word in own or re.match(r"--[a-z-]+=", word) or words[at - 1] == "--", words


@given(name=st.sampled_from(["pause", "resume", "preview", "forget"]), text=st.text(min_size=1))
def test_what_is_to_be_changed_never_becomes_an_option(name: str, text: str) -> None:
    """As for questions; and nothing is forgotten without a number of events."""
    given_ = {"length": text, "session": text, "from": text, "to": text, "events": text}
    for each in (given_, {**given_, "length": "2h", "events": "7"}):
        try:
            words = change_line(name, each)
        except WrongQuestion:
            continue
        own = {"pause-capture", "resume-capture", "admin", "forget", "2h", "--dry-run", "--yes"}
        assert all(word in own or re.match(r"--(session|from|to|expect)=", word) for word in words), words
        assert ("--yes" in words) == any(word.startswith("--expect=") for word in words)


def test_only_what_is_known_can_be_asked() -> None:
    """Another name, a missing value, or a NUL, which no command line can hold."""
    for name, given_ in (("stop", {}), ("node", {}), ("node", {"id": ""}), ("event", {"id": "a\0b"}), ("search", {})):
        with pytest.raises(WrongQuestion):
            command_line(name, given_)


def test_who_follows_is_not_idle() -> None:
    """Seconds are counted from the last use; while a stream is open, none are."""
    now = [100.0]
    idle = Idle(lambda: now[0])
    now[0] = 160.0
    assert idle.seconds() == 60.0
    idle.touch()
    assert idle.seconds() == 0.0
    with idle.in_use():
        now[0] = 900.0
        assert idle.seconds() == 0.0
    now[0] = 905.0
    assert idle.seconds() == 5.0


def test_the_page_s_program_has_no_way_to_make_markup_of_text() -> None:
    """None of the interfaces by which a text becomes markup or program stands in its files."""
    banned = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b|new Function|srcdoc|javascript:"
    )
    files = sorted(STATIC.glob("*.*"))

    assert {path.suffix for path in files} == {".html", ".css", ".js", ".svg"}
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert not re.search(banned, text), path
        assert not re.search(r"https?://(?!www\.w3\.org)", text), path
    page = (STATIC / "index.html").read_text()
    assert not re.search(r"<style|style=|\son\w+=|<script(?! type=\"module\" src=)", page)
    assert set(assets.load()) == {f"/{path.name}" for path in files}


def test_every_module_that_is_imported_is_there() -> None:
    """And exports what is taken from it."""
    for path in STATIC.glob("*.js"):
        for names, source in re.findall(r'import \{([^}]*)\} from "\./([\w-]+\.js)"', path.read_text()):
            text = (STATIC / source).read_text()
            for name in map(str.strip, names.split(",")):
                assert re.search(rf"export (async )?(function|const|class) {name}\b", text), (path.name, name)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(scheme: str) -> None:
    """WCAG 2.2, AA: 4.5 to 1 for every colour of text on every ground that it stands on."""
    style = (STATIC / "style.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", "".join(blocks[: 1 if scheme == "light" else 2])))
    pairs = [(text, ground) for text in ("ink", "soft", "faint", "accent") for ground in ("paper", "raised", "tint")]
    pairs += [("accent", "accent-soft"), ("alarm", "alarm-soft"), ("alarm", "paper"), ("ink", "mark")]

    assert [pair for pair in pairs if _contrast(*(colours[name] for name in pair)) < 4.5] == []


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
