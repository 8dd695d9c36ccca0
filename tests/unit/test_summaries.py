"""What the built-in summarizer says of conversations."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from agent_memory.model import Event, EventRole, EventType
from agent_memory.worker.summarizer.summary import Summary
from support.segments import grips_for, summarize

USER, ASSISTANT, TOOL, SYSTEM = EventRole.USER, EventRole.ASSISTANT, EventRole.TOOL, EventRole.SYSTEM
TYPES = {
    USER: EventType.USER_MESSAGE,
    ASSISTANT: EventType.ASSISTANT_MESSAGE,
    TOOL: EventType.TOOL_RESULT,
    SYSTEM: EventType.SESSION_START,
}


def conversation(*turns: tuple[EventRole, str] | tuple[EventRole, str, dict[str, str]]) -> list[Event]:
    return [
        Event(
            event_id=f"event-{place}",
            session_id="session",
            timestamp_ms=1_000 * place,
            event_type=TYPES[turn[0]],
            role=turn[0],
            text=turn[1],
            metadata=turn[2] if len(turn) > 2 else {},
        )
        for place, turn in enumerate(turns)
    ]


LOGIN = conversation(
    (SYSTEM, "startup"),
    (
        USER,
        (
            "Hey! Can you please fix the login bug? Users get logged out after 5 minutes, even though the session "
            "cookie should live for 30 days. It started after we upgraded to express-session 1.18."
        ),
    ),
    (ASSISTANT, "I'll start by looking at the session configuration."),
    (
        TOOL,
        "1→import session from 'express-session';\n2→app.use(session({ cookie: { maxAge: 300 } }))",
        {"tool_name": "Read", "tool_input": '{"file_path":"/app/src/session.ts"}'},
    ),
    (
        TOOL,
        "FAIL src/session.test.ts\n  the zebra stripes do not match\nNode.js v20 exited",
        {"tool_name": "Bash", "tool_input": '{"command":"npm test"}', "success": "false"},
    ),
    (
        ASSISTANT,
        (
            "Found it! The root cause is in `src/session.ts`: `maxAge` is given in **seconds**, but express-session "
            "1.18 expects milliseconds.\n\n```ts\ncookie: { maxAge: 300, wombat: true }\n```\n\n"
            "Here's what I changed:\n\n"
            "- Set `maxAge` to `30 * 24 * 60 * 60 * 1000`\n"
            "- Added a regression test in `session.test.ts` that waits past the five-minute mark with fake timers\n\n"
            "Would you like me to also enable rolling sessions?"
        ),
    ),
    (USER, "yes, but only for admins. And please remember that we never deploy on Fridays."),
    (
        ASSISTANT,
        (
            "Understood. I enabled rolling sessions for the admin role only, because regular users would otherwise "
            "never be logged out.\n\nAll 42 tests pass now. I noted in CLAUDE.md that deploys never happen on Fridays."
        ),
    ),
    (USER, "<system-reminder>The user opened okapi.ts</system-reminder>great, thanks!"),
    (ASSISTANT, "You're welcome! Let me know if you need anything else."),
)


def everything(words: Summary) -> str:
    return "\n".join((words.title, *(line.text for line in words.bullets)))


def test_the_title_is_the_request_without_its_courtesies() -> None:
    assert summarize(LOGIN, ()).title == "Fix the login bug"


PLAN = (
    "Implement the following plan:\n\n# Move sessions to Redis\n\n## Context\n\nSessions live in memory today, so that "
    "every restart of the service logs everybody out.\n\n## Steps\n\n1. Add the client\n2. Write the store"
)


@pytest.mark.parametrize(
    ("turns", "title"),
    [
        (["Add rate limiting to the API", "Looks good", "Commit this and push"], "Add rate limiting to the API"),
        (["commit", "hi", "the deploy job hangs, fix it"], "The deploy job hangs, fix it"),
        ([PLAN], "Move sessions to Redis"),
        (
            ["MIT License\n\nCopyright (c) 2024 Jane Doe\n\nAdd this licence to the repo"],
            "Add this licence to the repo",
        ),
        (["let sum = 0\nsum += item.price\n\nwhy is the total NaN?"], "Why is the total NaN?"),
        (["> the export is broken since Monday\n\nfind out what Ann means"], "Find out what Ann means"),
        (["<document>Revenue grew.</document>\nsummarize the report"], "Summarize the report"),
        (["https://example.org/shop/issues/42", "make the header sticky"], "Make the header sticky"),
        (["[Request interrupted by user]", "make the header sticky"], "Make the header sticky"),
        (["コミットしてください", "検索の遅さを調べてください"], "検索の遅さを調べてください"),
        (["try to use asyncpg", "go back to psycopg, it is not worth it"], "Try to use asyncpg"),
        (["it still fails", "the proxy drops the header of uploads"], "The proxy drops the header of uploads"),
        (["Fixes #77\n\nThe search loses umlauts"], "The search loses umlauts"),
        (["You are an expert in Go. Your task is to find the race in the uploader."], "Find the race in the uploader"),
        (["[Image #1] why is the button so far left?"], "Why is the button so far left?"),
        (["no, what I want is to keep the old parser"], "Keep the old parser"),
        (["Claude, quick question - what's the limit of webhook retries?"], "What's the limit of webhook retries?"),
        (["SELECT a FROM orders WHERE b > 100\n\nwhy is this slow on staging?"], "Why is this slow on staging?"),
        (["<command-name>/review</command-name> <command-args>the login</command-args>"], "/review the login"),
        (["est-ce que tu peux corriger le calcul de la TVA ?"], "Corriger le calcul de la TVA"),
        (["すみません、注文一覧の出力が文字化けします"], "注文一覧の出力が文字化けします"),
        (["Committe das bitte", "Die Rechnung auf Deutsch drucken"], "Die Rechnung auf Deutsch drucken"),
    ],
)
def test_the_title_is_the_first_request_with_content(turns: list[str], title: str) -> None:
    """No chore, no pasted code, licence, quotation or document, and nothing that only leads over to a plan."""
    talk = [(role, text) for turn in turns for role, text in ((USER, turn), (ASSISTANT, "That is done, all of it."))]

    assert summarize(conversation(*talk)).title == title


def test_what_machinery_tells_of_itself_is_no_title() -> None:
    """A session that was only compacted has no words of anybody's."""
    compacted = conversation((SYSTEM, 'PreCompact: {"trigger": "manual"}'))

    assert "trigger" not in everything(summarize(compacted))


def test_a_segment_of_tools_alone_is_titled_by_what_they_were_for() -> None:
    described = {"tool_name": "Bash", "tool_input": '{"command": "npm run build", "description": "Build the site"}'}

    assert summarize(conversation(*[(TOOL, "ok", described)] * 16)).title == "Build the site"
    assert summarize(conversation(*[(TOOL, "ok", {"tool_name": "Bash"})] * 16)).title == "Only tools: Bash"


def test_the_lines_say_what_was_asked_found_done_and_decided() -> None:
    said = everything(summarize(LOGIN, ()))

    assert "Users get logged out after 5 minutes" in said
    assert "The root cause is in src/session.ts: maxAge is given in seconds" in said
    assert "Added a regression test in session.test.ts" in said
    assert "I enabled rolling sessions for the admin role only" in said
    assert "remember that we never deploy on Fridays" in said


def test_code_tool_output_and_reminders_stay_out() -> None:
    """What nobody said is in no line: the output of tools, fenced code, blocks that the client put in."""
    said = everything(summarize(LOGIN, ()))

    for noise in ("zebra", "wombat", "okapi", "import session", "`", "**", "You're welcome"):
        assert noise not in said


def test_the_lines_keep_the_order_of_the_conversation() -> None:
    lines = [line.text for line in summarize(LOGIN, ()).bullets]

    assert lines == sorted(lines, key=lambda line: "asked found added ruled enabled".find(_landmark(line)))


def _landmark(line: str) -> str:
    marks = {"login bug": "asked", "Found": "found", "Added": "added", "never deploy": "ruled", "enabled": "enabled"}
    return next(word for mark, word in marks.items() if mark in line)


def test_there_are_three_to_five_lines_and_three_to_seven_keywords() -> None:
    words = summarize(LOGIN, ())

    assert 3 <= len(words.bullets) <= 5
    assert 3 <= len(words.keywords) <= 7
    assert all(0 <= line.weight <= 1 for line in words.bullets)


def test_keywords_are_names_and_identifiers_not_stop_words() -> None:
    keywords = summarize(LOGIN, ()).keywords

    assert {"maxAge", "Fridays", "rolling sessions"} <= set(keywords)
    assert not {"the", "and", "please", "would"} & {word.lower() for word in keywords}


def test_a_file_that_tools_worked_on_may_be_a_keyword() -> None:
    edit = {"tool_name": "Edit", "files": "/app/src/billing/invoice.py"}

    words = summarize(conversation((USER, "Round the totals"), *[(TOOL, "ok", edit)] * 3), ())

    assert "invoice.py" in words.keywords


def test_the_same_said_twice_is_one_line() -> None:
    """Agents repeat themselves: a message and the stop that follows it hold the same text."""
    answer = "The import is slow because every row opens its own transaction, so I batch five thousand rows now."
    words = summarize(conversation((USER, "Why is the import slow?"), (ASSISTANT, answer), (ASSISTANT, answer)), ())

    assert [line.text for line in words.bullets].count(answer) == 1


def test_a_question_and_its_answer_are_two_lines() -> None:
    words = summarize(conversation((USER, "When do we deploy?"), (ASSISTANT, "We deploy on Fridays.")), ())

    assert [line.text for line in words.bullets] == ["When do we deploy?", "We deploy on Fridays."]


def test_a_rule_that_the_user_lays_down_is_a_line() -> None:
    """It is said in passing, and is what somebody will want to find again."""
    steps = [
        (ASSISTANT, "I fixed the reader: gzip archives of the supplier are unpacked in memory, chunk by chunk, now."),
        (ASSISTANT, "The parser failed on quoted semicolons; csv.Sniffer guessed the dialect wrong, so I set it."),
        (ASSISTANT, "Validation moved to pydantic models, which found forty invoices with a negative VAT rate."),
        (ASSISTANT, "Kafka replaced the cron table, and a consumer group of three drains the backlog in minutes."),
        (ASSISTANT, "Grafana has a dashboard with lag, throughput and poison messages for the on-call engineer."),
    ]
    talk = conversation(
        (USER, "Move the importer to the queue"),
        *steps,
        (USER, "ok. and remember: no postal addresses in Sentry breadcrumbs"),
    )

    words = summarize(talk, ())

    assert "no postal addresses in Sentry" in words.bullets[-1].text
    assert words.title == "Move the importer to the queue"


def test_where_little_was_said_the_tools_speak() -> None:
    bash = {"tool_name": "Bash"}

    words = summarize(conversation((USER, "Clear the cache"), (TOOL, "", bash), (ASSISTANT, "All done.")), ())

    assert [line.text for line in words.bullets] == ["Clear the cache", "Used Bash."]


def test_the_segment_before_is_understood_and_not_quoted() -> None:
    before = conversation((USER, "Please tune the garbage collector of the billing service."))
    now = conversation((USER, "Continue, please"), (ASSISTANT, "The billing service pauses for 4 ms now."))

    assert "garbage" not in everything(summarize(now, before))


def test_a_request_that_says_nothing_is_no_title() -> None:
    words = summarize(conversation((USER, "Continue, please"), (ASSISTANT, "We deploy on Fridays.")), ())

    assert words.title == "We deploy on Fridays"


def test_a_segment_of_tools_alone_says_which() -> None:
    words = summarize(
        conversation(
            (TOOL, "total 8", {"tool_name": "Bash", "success": "true"}),
            (TOOL, "", {"tool_name": "Bash", "success": "false"}),
            (TOOL, "ok", {"tool_name": "Read", "files": "docs/notes.md"}),
        ),
        (),
    )

    assert [line.text for line in words.bullets] == ["Used Bash 2 times (1 failed), Read: notes.md."]


def test_a_segment_without_any_text_says_what_happened() -> None:
    words = summarize(conversation((SYSTEM, "")), ())

    assert words.title == "Session started"
    assert [line.text for line in words.bullets] == ["Session started."]


@pytest.mark.parametrize("text", ["👋🎉", "```py\nprint(1)\n```", '{"a": [1, 2, 3]}', "/recap", "ok", "<b></b>x"])
def test_whatever_was_said_there_is_a_line(text: str) -> None:
    words = summarize(conversation((USER, text)), ())

    assert words.title
    assert words.bullets


def test_a_long_sentence_is_cut_after_a_clause_with_an_ellipsis() -> None:
    clause = "the cache is cleared whenever somebody edits a page, "
    (line,) = summarize(conversation((ASSISTANT, clause * 20)), ()).bullets

    assert line.text.endswith("edits a page…")
    assert len(line.text) <= 240


TALK = [
    replace(event, metadata={"speaker": name})
    for event, name in zip(
        conversation(
            (USER, "Hey Mel! How have you been?"),
            (ASSISTANT, "Hi Caroline! Busy. I signed up for a pottery class on Saturday, and my first bowl is fired."),
            (USER, "Wow, Mel! I applied to two adoption agencies in Boston last week. The interviews are in June."),
            (ASSISTANT, "Thanks, Caroline! The pottery teacher says my bowl goes into the exhibition in Salem."),
        ),
        ["Caroline", "Melanie", "Caroline", "Melanie"],
        strict=True,
    )
]


def test_lines_of_a_talk_between_people_name_who_said_it() -> None:
    words = summarize(TALK, ())

    assert words.title.startswith("Caroline and Melanie: ")
    assert "Caroline: I applied to two adoption agencies in Boston last week. The interviews are in June." in {
        line.text for line in words.bullets
    }
    assert all(line.text.startswith(("Caroline: ", "Melanie: ")) for line in words.bullets)


def test_names_of_those_who_speak_are_no_keywords_nor_are_their_nicknames() -> None:
    """They are in every message and say nothing of what it was about; the names of others do."""
    keywords = summarize(TALK, ()).keywords

    assert {"Boston", "pottery"} <= set(" ".join(keywords).split())
    assert not {"caroline", "melanie", "mel"} & set(" ".join(keywords).lower().split())


def test_a_line_that_names_its_speaker_is_proved_by_what_was_said() -> None:
    words = summarize(TALK, ())

    _, grips = grips_for("toc:segment:x", words, TALK)

    assert "I applied to two adoption agencies in Boston last week. The interviews are in June." in {
        grip.excerpt for grip in grips
    }


def test_everyday_words_are_outweighed_by_particular_ones() -> None:
    (line,) = [
        line
        for line in summarize(
            conversation(
                (ASSISTANT, "It was an amazing experience and a wonderful time with good people in a lovely place."),
                (ASSISTANT, "The turbine of the Ostrava plant vibrates at 47 hertz since its bearings were replaced."),
            ),
            (),
        ).bullets
        if line.weight > 0.4
    ]

    assert "Ostrava" in line.text


def test_german_is_understood() -> None:
    words = summarize(
        conversation(
            (USER, "Hallo, kannst du bitte den Import der Kundendaten beschleunigen? Er dauert über vier Stunden."),
            (
                ASSISTANT,
                (
                    "Die Ursache ist gefunden: Für jede Zeile wird eine Transaktion geöffnet, d. h. 1,2 Millionen jede "
                    "Nacht. Ich habe den Import auf Blöcke von 5000 Zeilen umgestellt."
                ),
            ),
            (USER, "Super! Dann bitte am 3. Mai ausrollen."),
        ),
        (),
    )

    assert words.title == "Den Import der Kundendaten beschleunigen"
    assert any("Die Ursache ist gefunden" in line.text for line in words.bullets)
    assert any("am 3. Mai ausrollen" in line.text for line in words.bullets)
    assert not {"die", "der", "den", "bitte", "ist"} & {word.lower() for word in words.keywords}


def test_japanese_is_understood() -> None:
    words = summarize(
        conversation(
            (USER, "ログイン画面のバグを修正してください。パスワードを間違えると画面が真っ白になります。"),
            (ASSISTANT, "原因は翻訳キーが存在しないことでした。auth.tsx に例外処理を追加しました。"),
        ),
        (),
    )

    assert words.title == "ログイン画面のバグを修正してください"
    assert any("原因は翻訳キーが存在しないことでした。" in line.text for line in words.bullets)
    assert "auth.tsx" in words.keywords


def test_the_same_events_give_the_same_words_in_every_process() -> None:
    """Sets are ordered differently in each process; no word, weight or grip may depend on it."""
    program = (
        "from test_summaries import LOGIN; from support.segments import grips_for, summarize;"
        "words = summarize(LOGIN, LOGIN); print(ascii((words, grips_for('n', words, LOGIN))))"
    )
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])

    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": paths},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }

    assert len(outputs) == 1


def test_the_same_weighs_about_the_same_in_scripts_without_spaces() -> None:
    """A day has its weightiest lines, whatever language they are in."""
    (english,) = summarize(
        conversation((ASSISTANT, "The search index splits words at blanks, and Japanese text has none.")), ()
    ).bullets
    (japanese,) = summarize(
        conversation((ASSISTANT, "検索の索引は空白で単語を分けていますが、日本語の文章には空白がありません。")), ()
    ).bullets

    assert 0.7 < japanese.weight / english.weight < 1.4


def test_what_says_more_weighs_more_also_between_segments() -> None:
    deciding = summarize(LOGIN, ()).bullets
    (idle,) = summarize(conversation((USER, "ok")), ()).bullets

    assert max(line.weight for line in deciding) > 0.5 > 0.1 > idle.weight
