"""Which words of which events prove a line."""

from __future__ import annotations

from agent_memory.model import Event, EventRole, EventType
from agent_memory.worker.summarizer.summary import DraftBullet, Summary
from agent_memory.worker.toc.grips import EXCERPT_MAX
from support.segments import choose, grips_for, summarize


def event(place: int, text: str, role: EventRole = EventRole.ASSISTANT) -> Event:
    kind = EventType.TOOL_RESULT if role is EventRole.TOOL else EventType.ASSISTANT_MESSAGE
    return Event(f"event-{place}", "session", 1_000 * place, kind, role, text)


TALK = [
    event(0, "The session bug is strange. Sessions end early.", EventRole.USER),
    event(1, "Let me look at the session code first."),
    event(2, "session.ts: 14 matches for session", EventRole.TOOL),
    event(
        3, "I read it all. The cookie's `maxAge` is given in **seconds** but express expects milliseconds. More below."
    ),
    event(4, "Good. And remember: we never deploy on Fridays.", EventRole.USER),
    event(5, "Noted. Rolling sessions are on for administrators only."),
]


def test_a_quoted_line_is_proved_by_the_place_it_quotes() -> None:
    (evidence,) = choose("Rolling sessions are on for administrators only.", TALK)

    assert evidence.event == 5
    assert evidence.excerpt == "Rolling sessions are on for administrators only."


def test_a_quote_may_leave_out_a_courtesy_and_a_line_end() -> None:
    talk = [event(0, "Nothing yet."), event(1, "The import is slow.\nThanks for waiting!\nIt opens one file per row.")]

    (evidence,) = choose("The import is slow. It opens one file per row.", talk)

    assert evidence.excerpt == talk[1].text


def test_a_quote_that_was_cut_is_still_a_quote() -> None:
    (evidence,) = choose("And remember: we never deploy…", TALK)

    assert evidence.event == 4


def test_a_paraphrase_is_proved_by_its_rarest_words_and_not_by_the_first_weak_match() -> None:
    """Nearly every event speaks of sessions; only one of seconds and milliseconds."""
    evidence = choose("The session bug came from seconds passed where milliseconds are expected", TALK)[0]

    assert evidence.event == 3
    assert evidence.excerpt == "The cookie's `maxAge` is given in **seconds** but express expects milliseconds."


def test_a_line_about_two_things_is_proved_twice() -> None:
    found = choose("Cookie lifetimes in seconds fixed; no deployments on Fridays any more", TALK)

    assert [evidence.event for evidence in found] == [3, 4]


def test_the_span_is_no_longer_than_the_proof_needs() -> None:
    evidence = choose("Never deploy on a Friday", TALK)[0]

    assert evidence.event == 4
    assert evidence.excerpt == "And remember: we never deploy on Fridays."


def test_people_are_believed_before_tools() -> None:
    said = [event(0, "cache disabled in production", EventRole.TOOL), event(1, "cache disabled in production")]

    assert choose("cache disabled in production", said)[0].event == 1
    assert choose("Production cache was disabled", said)[0].event == 1


def test_what_only_a_tool_printed_proves_too() -> None:
    printed = [
        event(0, "Please run the tests.", EventRole.USER),
        event(1, "3 failed, 39 passed in 4.2s", EventRole.TOOL),
    ]

    assert choose("39 tests passed, three failed", printed)[0].event == 1


def test_a_line_that_shares_no_word_still_leads_to_the_conversation() -> None:
    (evidence,) = choose("Überhaupt nichts davon", TALK)

    assert evidence.excerpt == TALK[0].text


def test_an_event_without_text_can_be_evidence() -> None:
    (evidence,) = choose("Session started.", [event(0, "")])

    assert (evidence.event, evidence.excerpt) == (0, "")


def test_a_paraphrase_meets_its_evidence_in_scripts_without_spaces() -> None:
    talk = [event(0, "テストを実行しました。"), event(1, "原因は翻訳キーの不足です。修正しました。")]

    assert choose("翻訳キーが原因", talk)[0].event == 1


def test_an_excerpt_is_cut_between_words() -> None:
    text = "wonderful " * 200
    (evidence,) = choose(text.strip(), [event(0, text)])

    assert len(evidence.excerpt) <= EXCERPT_MAX
    assert set(evidence.excerpt.split()) == {"wonderful"}


def test_a_line_that_knows_its_event_is_proved_by_that_event_markup_and_all() -> None:
    """Somebody else says the same in other words, and says it first; the line was taken from the later message."""
    talk = [
        event(0, "The cookie's maxAge is given in seconds but express expects milliseconds.", EventRole.USER),
        event(1, "Yes! The cookie's [`maxAge`](docs/a.md) is given in **seconds**, but express expects more."),
    ]
    words = Summary(
        "Cookies", (DraftBullet("The cookie's maxAge is given in seconds, but express expects more.", 0.7, 1),), ()
    )

    _, (grip,) = grips_for("toc:segment:x", words, talk)

    assert grip.event_id_start == "event-1"
    assert grip.excerpt == "The cookie's [`maxAge`](docs/a.md) is given in **seconds**, but express expects more."


def test_a_grip_names_its_events_and_its_node() -> None:
    words = Summary(
        "Deploys", (DraftBullet("We never deploy on Fridays", 0.7), DraftBullet("Never deploy on a Friday", 0.6)), ()
    )

    bullets, grips = grips_for("toc:segment:2026-01-30:X", words, TALK)

    (grip,) = grips  # both lines rest on the same words: one grip
    assert [bullet.grip_ids for bullet in bullets] == [(grip.grip_id,), (grip.grip_id,)]
    assert [bullet.weight for bullet in bullets] == [0.7, 0.6]
    assert (grip.event_id_start, grip.event_id_end) == ("event-4", "event-4")
    assert (grip.timestamp_ms, grip.end_timestamp_ms) == (4_000, 4_000)
    assert (grip.session_id, grip.node_id) == ("session", "toc:segment:2026-01-30:X")
    assert grip.source == "segment_summarizer"
    assert grip.grip_id.startswith("grip:4000:")


def test_the_same_events_give_the_same_grips() -> None:
    words = summarize(TALK, ())

    assert grips_for("toc:segment:x", words, TALK) == grips_for("toc:segment:x", words, list(TALK))
