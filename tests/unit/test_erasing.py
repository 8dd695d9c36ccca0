"""What is selected, and by which passages it is looked for afterwards."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from agent_memory.erasure.passages import PASSAGE_MAX, PASSAGE_MIN, passage_of, taken_out
from agent_memory.erasure.selection import Selection
from agent_memory.model import LOCAL, Bullet, Event, EventRole, EventType, Grip, TocLevel, TocNode
from agent_memory.redaction.redactor import redact
from agent_memory.worker.erasure.tainted import tells_of_period, tells_of_segment
from agent_memory.worker.toc.segments import CONTEXT_MS

NAMES = st.sampled_from(["a", "b", "Shop", "/home/dev/shop", "src/app.py"])
EVENTS = st.builds(
    lambda name, session, at, text, agent, project, files: Event(
        name,
        session,
        at,
        EventType.USER_MESSAGE,
        EventRole.USER,
        text,
        {"project": project, "files": files},
        agent,
    ),
    NAMES,
    NAMES,
    st.integers(1, 100),
    st.text(),
    st.sampled_from([None, "codex", "claude-code"]),
    NAMES,
    st.sampled_from(["", "/home/dev/shop/src/app.py\nb"]),
)
CRITERIA = {
    "event_ids": st.frozensets(NAMES, max_size=2),
    "session_ids": st.frozensets(NAMES, max_size=2),
    "from_ms": st.integers(0, 100),
    "to_ms": st.integers(0, 100),
    "text": st.text(max_size=2),
    "agent": st.sampled_from(["", "Codex"]),
    "projects": st.frozensets(NAMES, max_size=2),
    "file": st.sampled_from(["", "app.py", "src/app.py"]),
}


@given(EVENTS, st.fixed_dictionaries(CRITERIA))
def test_what_is_selected_fits_every_criterion_by_itself(event: Event, criteria: dict[str, object]) -> None:
    """No criterion makes up for another, and none that is left out keeps anything from being selected."""
    alone = [Selection(**{name: value}).fits(event) for name, value in criteria.items()]  # type: ignore[arg-type]

    assert Selection(**criteria).fits(event) == all(alone)  # type: ignore[arg-type]
    assert Selection().fits(event)


@given(EVENTS)
def test_an_event_is_selected_by_each_of_its_own_names(event: Event) -> None:
    """By its id, its session, its time, its agent, its project's folder, and any part of its text in any case."""
    assert Selection(event_ids=frozenset({event.event_id, "x"})).fits(event)
    assert Selection(session_ids=frozenset({event.session_id})).fits(event)
    assert Selection(from_ms=event.timestamp_ms, to_ms=event.timestamp_ms + 1).fits(event)
    assert not Selection(to_ms=event.timestamp_ms).fits(event)
    assert Selection(agent=(event.agent or "").upper()).fits(event)
    assert Selection(projects=frozenset({event.metadata["project"] + "/"})).fits(event)
    assert Selection(text=event.text[1:3].swapcase()).fits(event) or event.text[1:3].swapcase().casefold() not in (
        event.text.casefold()
    )


def test_an_input_that_holds_no_event_is_meant_by_the_names_in_it() -> None:
    """All that is asked for must stand in it; what came at another time is not meant."""
    text = '{"session_id": "S-1", "prompt": "the acme key"}'

    assert Selection(session_ids=frozenset({"s-1", "s-2"}), text="ACME").mentions(text, 5)
    assert not Selection(session_ids=frozenset({"s-1"}), text="other").mentions(text, 5)
    assert Selection(from_ms=5, to_ms=6).mentions(text, 5)
    assert not Selection(from_ms=6).mentions(text, 5)


@given(EVENTS, st.text(max_size=3))
def test_a_passage_stands_in_the_text_as_it_is_stored_everywhere(event: Event, around: str) -> None:
    """It is not empty where there is enough to choose from, and holds nothing that is escaped anywhere."""
    passage = passage_of(event, around)

    assert passage in event.text
    assert len(passage) <= PASSAGE_MAX
    assert not set(passage) & set('"\\\n\t\0')
    plain = replace(event, text="a" * PASSAGE_MIN)
    assert passage_of(plain) == plain.text


def test_what_redaction_takes_out_is_looked_for() -> None:
    """The secrets themselves, wherever they stand, and nothing of what stays."""
    token, other = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8", "AKIA" + "QYLPMN5HFIQR7XYA"
    before = f"push with {token}, then deploy with {other}"

    assert list(taken_out(before, redact(before))) == [token, other]
    assert not list(taken_out(redact(before), redact(before)))
    assert not list(taken_out("plain", "plain"))


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.lists(st.integers(0, 10**7)))
def test_a_version_of_a_segment_tells_of_what_lay_in_it_or_before_it(
    start: int, length: int, erased: list[int]
) -> None:
    """Its context counts, too."""
    version = node(TocLevel.SEGMENT, start, start + length)

    expected = any(start - CONTEXT_MS <= at <= start + length for at in erased)
    assert tells_of_segment(version, sorted(erased)) == expected


def test_a_version_of_a_period_stays_only_if_all_its_lines_are_proved_by_others() -> None:
    """No line without a grip, no grip that is gone, none of a session that is touched, and no words of a model."""
    grips = {name: grip(name) for name in ("kept", "touched")}

    def is_tainted(*named: str, by: str = LOCAL) -> bool:
        bullets = tuple(Bullet(name, (name,) if name else ()) for name in named)
        version = replace(node(TocLevel.DAY, 0, 1), bullets=bullets, summarized_by=by)
        return tells_of_period(version, grips.get, lambda session_id: session_id == "touched")

    assert not is_tainted("kept", "kept")
    assert is_tainted("kept", "touched")
    assert is_tainted("kept", "gone")
    assert is_tainted("kept", "")
    assert is_tainted()
    assert is_tainted("kept", by="openai/gpt")


def node(level: TocLevel, start_ms: int, end_ms: int) -> TocNode:
    return TocNode("toc:x", level, "", (), (), start_ms, end_ms)


def grip(session_id: str) -> Grip:
    return Grip("grip:1:x", "", "e1", "e2", 1, "", session_id, 2, "toc:x")
