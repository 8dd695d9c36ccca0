"""Time as an address: what words mean, through the real processes."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from datetime import datetime, timedelta

from tzlocal import get_localzone

from support.stack import Stack
from support.writer import said


def noon(days_ago: int) -> int:
    """That day's noon in this machine's zone, which is the store's, in milliseconds."""
    day = datetime.now(get_localzone()) - timedelta(days=days_ago)
    return int(day.replace(hour=12, minute=0, second=0, microsecond=0).timestamp()) * 1000


def test_words_lead_to_the_nodes_of_that_time(stack: Stack) -> None:
    """`query when` shows what was understood and the node, `query node` takes the same words, nonsense is refused."""
    stack.start()
    with stack.client() as client:
        for number in range(3):
            client.ingest(said(f"e{number}", noon(3) + number * 60_000))
        stack.wait_until(lambda: client.stats().outbox == 0)

    day = f"toc:day:{datetime.now(get_localzone()) - timedelta(days=3):%Y-%m-%d}"
    meant = json.loads(stack.run("query", "when", "three days ago", "--json").stdout)
    assert [node["node_id"] for node in meant["span"]["nodes"]] == [day]
    assert int(meant["span"]["end_time_ms"]) > noon(3) > int(meant["span"]["start_time_ms"])
    assert meant["alternatives"] == []
    page = stack.run("query", "when", "vor", "drei", "Tagen").stdout
    assert page.startswith(meant["span"]["text"])
    assert f"memory-daemon query node {day}" in page
    assert day in stack.run("query", "node", "three days ago").stdout

    assert day in stack.run("query", "map").stdout
    assert json.loads(stack.run("query", "map", "--tokens", "30", "--json").stdout)["tokens"] <= 30

    refused = stack.run("query", "when", "gibberish", check=False)
    assert refused.returncode == 2
    assert "'gibberish' is not a time I understand" in refused.stderr
    nothing = stack.run("query", "node", "three weeks ago", check=False)
    assert nothing.returncode == 1
    assert "Nothing is remembered of 'three weeks ago'" in nothing.stderr
    asked_back = stack.run("query", "node", "5/6/2020", check=False)
    assert asked_back.returncode == 2
    assert "Wed 6 May 2020" in asked_back.stderr
    assert "Fri 5 Jun 2020" in asked_back.stderr


def test_what_does_not_exist_is_not_taken_for_something_empty(stack: Stack) -> None:
    """A node that is not there, one without children, and a name of nothing are three answers."""
    stack.start()
    with stack.client() as client:
        client.ingest(said("e", noon(3)))
        # Filed under 2025, with the Thursday of its week.
        client.ingest(said("tuesday", int(datetime(2024, 12, 31, 12).timestamp() * 1000)))
        stack.wait_until(lambda: client.stats().outbox == 0)
        day = f"toc:day:{datetime.now(get_localzone()) - timedelta(days=3):%Y-%m-%d}"
        segment = client.browse(day).children[0].node_id

    missing = stack.run("query", "browse", "2001-01-01", check=False)
    assert missing.returncode == 1
    assert "There is no node '2001-01-01'" in missing.stderr
    assert "query node" not in missing.stderr + missing.stdout
    not_yet = stack.run("query", "browse", segment, "--as-of", "2000-01-01", check=False)
    assert "or it is later than --as-of 2000-01-01" in not_yet.stderr
    assert "or it is later" not in stack.run("query", "expand", "grip:1:2", check=False).stderr

    for verb in ("node", "browse"):
        elsewhere = stack.run("query", verb, "2024", check=False)
        assert elsewhere.returncode == 1
        assert "What is remembered of that time is in toc:day:2024-12-31" in elsewhere.stderr
    not_kept = stack.run("query", "node", "2024-12-31", "--version", "99", check=False)
    assert "Version 99 of '2024-12-31' is not kept; there are 1." in not_kept.stderr

    assert f"There is nothing below {segment}." in stack.run("query", "browse", segment).stdout

    for verb in ("node", "browse"):
        unknown = stack.run("query", verb, "nope", check=False)
        assert unknown.returncode == 2
        assert "'nope' is neither a node's id nor a time that is understood" in unknown.stderr


def test_one_command_tells_what_was_done_on_a_project(stack: Stack) -> None:
    """By its last name; then its conversation word for word, one event in full, and how one works."""
    stack.start()
    with stack.client() as client:
        for name, text in (("atlas", "We moved the queue to Postgres."), ("shop", "The basket rounds the tax.")):
            events = [
                replace(
                    said(f"{name}-{turn}", noon(3) + turn * 60_000, f"{text} ({turn})", session_id=f"{name}-session"),
                    metadata={"project_id": f"github.com/acme/{name}"},
                )
                for turn in range(3)
            ]
            client.ingest_many(events)
        stack.wait_until(lambda: client.stats().outbox == 0)

    def said_by(*words: str) -> str:
        return stack.run(*words).stdout

    node = said_by("query", "node", "three days ago", "--project", "atlas")
    assert "Postgres" in node
    assert "basket" not in node
    assert "only --project atlas" in node
    assert "--project atlas" in next(line for line in node.splitlines() if line.startswith("Next: "))
    listed = json.loads(said_by("query", "events", "--project", "atlas", "--json"))
    assert [event["event_id"] for event in listed["events"]] == ["atlas-0", "atlas-1", "atlas-2"]
    conversation = said_by("query", "session", "atlas")
    assert [f"({turn})" in conversation for turn in range(3)] == [True] * 3
    whole = json.loads(said_by("query", "session", "atlas", "--json"))
    assert [event["event_id"] for event in whole["events"]] == ["atlas-0", "atlas-1", "atlas-2"]
    assert whole["session"]["project"] == "github.com/acme/atlas"
    part = said_by("query", "session", "atlas", "--limit", "1")
    assert "(1)" in pasted(stack, part)
    assert "We moved the queue to Postgres. (1)" in said_by("query", "event", "atlas-1")
    assert "6 events in 2 segments" in said_by("stats")
    assert said_by("agents", "list").splitlines()[1].split()[:3] == ["claude-code", "6", "2"]
    assert said_by("agents", "activity").splitlines()[-1] == "6 events"

    found = said_by("search", "queue", "--project", "atlsa").splitlines()
    assert found == ["Nothing is remembered about the project atlsa. Known: atlas, shop.", "Nothing was found."]
    for words, reason in (
        (("query", "node", "three days ago", "--project", "atlsa"), "the project atlsa. Known: atlas, shop."),
        (("query", "events", "--agent", "codex"), "the agent codex. Known: claude-code."),
        (("query", "session", "nope"), "There is no session 'nope'."),
        (("query", "event", "nope"), "There is no event 'nope'."),
    ):
        refused = stack.run(*words, check=False)
        assert refused.returncode == 1
        assert reason in refused.stderr


def pasted(stack: Stack, answer: str) -> str:
    """What the last command says that this answer suggests."""
    suggested = [line.removeprefix("Next:").strip() for line in answer.splitlines() if "memory-daemon " in line]
    return stack.run(*shlex.split(suggested[-1])[1:]).stdout


def test_what_a_budget_leaves_out_is_one_pasted_command_away(stack: Stack) -> None:
    """Page by page to the last event; a page says what it costs, and from what budget on it would say more."""
    stack.start()
    with stack.client() as client:
        for number in range(3):
            client.ingest(
                said(f"e{number}", noon(3) + number, text="We moved the deploy to Friday. " * 5 * (number + 1))
            )

    first = stack.run("query", "events", "--tokens", "90").stdout
    second = pasted(stack, first)
    third = pasted(stack, second)

    pages = [[f"e{number}" for number in range(3) if f" e{number} " in page] for page in (first, second, third)]
    assert pages == [["e0"], ["e1"], ["e2"]]
    assert first.splitlines()[-1].startswith("~")
    assert " tokens (more with --tokens " in first.splitlines()[-1]
    assert third.splitlines()[-1].endswith(" tokens")
    cut = json.loads(stack.run("query", "events", "--tokens", "1", "--json").stdout)
    assert (cut["events"], cut["has_more"]) == ([], True)
    assert "Nothing fits into so few tokens." in stack.run("query", "events", "--tokens", "1").stdout
