"""Erasing through the commands, beside a daemon that serves."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent_memory.bus.client import Bus
from agent_memory.capture.spool import Spool
from agent_memory.client import Client
from agent_memory.messages import event_to_pb
from agent_memory.model import Event, EventRole, EventType
from agent_memory.rpc import bus_pb2 as bus
from agent_memory.rpc import memory_pb2 as pb
from support.conversations import conversations
from support.stack import Stack
from support.writer import said

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def stored(stack: Stack, name: str, count: int = 12) -> list[Event]:
    """New sessions of that name, each event with words of its own, told and indexed."""
    events = [
        replace(
            event,
            event_id=f"{name}/{number}",
            session_id=f"{name}-{number % 2}",
            text=f"{name}word{number} is decided.",
        )
        for number, event in enumerate(conversations(1, sessions=1, events_each=count))
    ]
    with stack.client() as client:
        assert all(result.created for result in client.ingest_many(events))
        settle(stack, client)
    return events


def settle(stack: Stack, client: Client) -> None:
    stack.wait_until(lambda: client.stats().outbox == 0)
    stack.wait_until(lambda: (status := client.index_status()).available and status.behind == 0)


def ids_of(stack: Stack, session_id: str) -> list[str]:
    request = pb.GetEventsRequest(session_id=session_id, to_timestamp_ms=9_999_999_999_999, limit=100)
    with stack.client() as client:
        return [event.event_id for event in client.events(request).events]


def forget(stack: Stack, *options: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stack.run("admin", "forget", *options, "--json").stdout)
    return found


def test_a_session_is_forgotten_for_good(shared_stack: Stack) -> None:
    """Its events are gone, refused when they come again or under other ids, and the receipt proves it."""
    events = stored(shared_stack, "alpha")
    dry = forget(shared_stack, "--session", "alpha-0", "--dry-run")
    assert (dry["events"], dry["number"]) == ("6", "0")
    shown = shared_stack.run("admin", "forget", "--session", "alpha-0", "--dry-run").stdout
    assert shown.startswith("DRY RUN - No changes were made\n")
    assert len(ids_of(shared_stack, "alpha-0")) == 6

    receipt = forget(shared_stack, "--session", "alpha-0", "--yes")

    assert (receipt["proved"], receipt["problems"], receipt["passages"]) == (True, [], "6")
    assert ids_of(shared_stack, "alpha-0") == []
    assert len(ids_of(shared_stack, "alpha-1")) == 6
    with shared_stack.client() as client:
        again = client.ingest_many([*events[:1], replace(events[0], event_id="alpha/other")])
        assert [(each.forgotten, each.ignored, each.created) for each in again] == [(True, True, False)] * 2
        assert not client.search(pb.SearchRequest(query="alphaword0")).hits
        assert client.search(pb.SearchRequest(query="alphaword1")).hits
        later = replace(events[0], event_id="alpha/later", timestamp_ms=time.time_ns() // 1_000_000 + 60_000)
        assert client.ingest(later).created
    assert "The store is sound." in shared_stack.run("admin", "verify").stdout


def test_what_is_forgotten_is_what_fits_every_option(shared_stack: Stack) -> None:
    """Words in any case, within a session."""
    stored(shared_stack, "beta")

    assert forget(shared_stack, "--session", "beta-0", "--text", "WORD2 is", "--yes")["proved"]

    assert "beta/2" not in ids_of(shared_stack, "beta-0")
    assert len(ids_of(shared_stack, "beta-0") + ids_of(shared_stack, "beta-1")) == 11


def test_a_session_is_named_by_its_beginning_and_a_mistyped_name_is_told(shared_stack: Stack) -> None:
    """What is erased unseen has to be named in full."""
    stored(shared_stack, "sheltie")

    assert forget(shared_stack, "--session", "sheltie-1", "--dry-run")["events"] == "6"
    stored(shared_stack, "whippet-long", count=1)
    assert forget(shared_stack, "--session", "whippet", "--dry-run")["events"] == "1"
    assert "whippet-long/0" in shared_stack.run("query", "events", "--session", "whippet").stdout
    assert "whippet" in shared_stack.run("query", "map", "--session", "whippet").stdout
    for options, reason in (
        (("--session", "whippet", "--yes"), "whippet-long-0"),
        (("--session", "sheltie", "--dry-run"), "There is no session 'sheltie'. These begin so: sheltie-0, sheltie-1."),
        (("--project", "nope", "--dry-run"), "Nothing is remembered about the project nope."),
        (("--agent", "nope", "--yes"), "Nothing is remembered about the agent nope. Known: "),
    ):
        refused = shared_stack.run("admin", "forget", *options, check=False)
        assert refused.returncode != 0
        assert reason in refused.stderr
    refused = shared_stack.run("agents", "activity", "nope", check=False)
    assert (refused.returncode, "Nothing is remembered about the agent nope. Known: " in refused.stderr) == (1, True)
    for words in ("agent:nope", "session:sheltie"):
        assert "Nothing was found." not in shared_stack.run("search", words, "sheltieword1").stdout.splitlines()[0]
    assert shared_stack.run("search", "session:whippet", "longword0").stdout.count("whippet") > 0


def test_inputs_that_were_kept_aside_are_deleted_with_it(shared_stack: Stack) -> None:
    """Also where no event is meant: an unreadable input may hold the same words."""
    rejected = Spool(shared_stack.db_path).rejected
    name = f"{time.time_ns():020}-{'a' * 16}"
    rejected.add(name, b'{"prompt": "gamma \\u0073ecret"', 30, "no event")
    rejected.add(name.replace("a", "b"), b'{"prompt": "other"', 18, "no event")

    receipt = forget(shared_stack, "--text", "gamma secret", "--yes")

    assert (receipt["inputs"], receipt["events"]) == ("1", "0")
    assert [path.name for path in rejected.files()] == [name.replace("a", "b")]


def test_nothing_is_erased_before_somebody_types_so(shared_stack: Stack) -> None:
    """At a terminal the words are asked for; without one, and without --yes, it only looks."""
    stored(shared_stack, "delta")
    looked = shared_stack.run("admin", "forget", "--session", "delta-0")
    assert "6 events of 1 session" in looked.stdout
    assert "Add --yes" in looked.stdout

    assert typing(shared_stack, "yes\n") == 0
    assert len(ids_of(shared_stack, "delta-0")) == 6

    assert typing(shared_stack, "forget 6\n") == 0
    assert ids_of(shared_stack, "delta-0") == []


def typing(stack: Stack, answer: str) -> int:
    ours, theirs = pty.openpty()
    command = subprocess.Popen(
        stack.command("admin", "forget", "--session", "delta-0"),
        env=stack.env,
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.write(ours, answer.encode())
    code = command.wait(60)
    os.close(ours)
    os.close(theirs)
    return code


def test_an_erasure_whose_command_was_killed_is_proved_all_the_same(shared_stack: Stack, tmp_path: Path) -> None:
    """By the daemon: its receipt is kept, names the backups that hold some of it, and nothing else of it is left."""
    events = stored(shared_stack, "zeta")
    shared_stack.run("admin", "backup", tmp_path / "backups")
    with shared_stack.client() as client:
        selection = pb.EventSelection(session_ids=["zeta-0"])
        begun = client.erase(pb.EraseRequest(kind=pb.ERASURE_KIND_FORGET, selection=selection))
    beside = shared_stack.db_path.parent

    shared_stack.wait_until(lambda: (beside / f"db-receipts/{begun.number:06}.json").exists())
    receipt = json.loads(shared_stack.run("admin", "receipt", "--json").stdout)

    assert (receipt["number"], receipt["proved"], receipt["passages"]) == (str(begun.number), True, "6")
    (backup,) = (tmp_path / "backups").iterdir()
    assert receipt["backups"] == [str(backup)]
    assert not (beside / "db-erasing").exists()
    assert not [path for path in beside.glob("db-receipts/*") if events[0].text in path.read_text()]
    assert shared_stack.status()["erasure"]["stage"] == "proved"
    doctor = shared_stack.run("doctor", check=False).stdout
    assert "6 events erased, proved just now" in doctor
    assert str(backup) in doctor


def test_todays_rules_are_applied_to_what_is_stored(shared_stack: Stack) -> None:
    """A secret that was stored before any rule knew it leaves every file; its event stays where it is."""
    event = Event(
        "eps/1",
        "eps",
        1_790_000_000_000,
        EventType.USER_MESSAGE,
        EventRole.USER,
        f"We decided to push with {TOKEN}.",
        {"branch": TOKEN},
    )
    append = bus.AppendEvents(events=[event_to_pb(event).SerializeToString()])
    writer = Bus(runtime(shared_stack) / "ingest.sock")
    writer.ask(bus.Command(append_events=append))
    writer.close()
    with shared_stack.client() as client:
        settle(shared_stack, client)

    looked = shared_stack.run("admin", "redact", "--rescan").stdout
    receipt = json.loads(shared_stack.run("admin", "redact", "--rescan", "--yes", "--json").stdout)

    assert "github-token 2" in looked
    assert TOKEN not in looked
    assert (receipt["proved"], receipt["events"], receipt["redacted"]) == (True, "1", {"github-token": "2"})
    assert ids_of(shared_stack, "eps") == ["eps/1"]
    assert not [
        path for path in shared_stack.folder.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()
    ]
    assert "find nothing" in shared_stack.run("admin", "redact", "--rescan").stdout


def runtime(stack: Stack) -> Path:
    return Path(stack.status()["socket"].removeprefix("unix:")).parent


def test_what_is_older_than_the_setting_says_is_forgotten_by_the_job(stack: Stack) -> None:
    """What is younger stays."""
    stack.env["MEMORY_RETENTION_DAYS"] = "730"
    stack.start()
    now_ms = time.time_ns() // 1_000_000
    old = said("old", now_ms - 800 * 86_400_000, "We decided on the old plan.", session_id="z1")
    young = said("young", now_ms - 700 * 86_400_000, "We decided on the young plan.", session_id="z1")
    with stack.client() as client:
        client.ingest_many([old, young])
        settle(stack, client)

    stack.run("scheduler", "run-now", "retention")

    assert ids_of(stack, "z1") == ["young"]
    assert "The store is sound." in stack.run("admin", "verify").stdout


def test_what_is_old_goes_and_its_summaries_stay(stack: Stack) -> None:
    """Shown first, done when it is typed, proved; the line is there, and its proof says that it is not."""
    stack.start()
    old_ms = time.time_ns() // 1_000_000 - 800 * 86_400_000
    texts = [f"We decided on plan {number}, because walrus{number}word is cheaper by far." for number in range(12)]
    old = [said(f"old{number}", old_ms + number * 1000, text, session_id="w1") for number, text in enumerate(texts)]
    young = said("young", old_ms + 200 * 86_400_000, "We decided on the young plan.", session_id="w1")
    with stack.client() as client:
        client.ingest_many([*old, young])
        settle(stack, client)
    day = f"{datetime.fromtimestamp(old_ms / 1000, UTC):%Y-%m-%d}"
    before = stack.run("query", "node", day, env={"TZ": "UTC"}).stdout
    assert "We decided on plan" in before
    words = ("admin", "retention", "--older-than", "2y", "--keep-summaries")
    assert "12 events of 1 session" in stack.run(*words).stdout
    assert len(ids_of(stack, "w1")) == 13

    receipt = json.loads(stack.run(*words, "--yes", "--json").stdout)

    assert (receipt["proved"], receipt["problems"], receipt["keep_summaries"]) == (True, [], True)
    assert 0 < int(receipt["in_summaries"]) < int(receipt["passages"])
    assert ids_of(stack, "w1") == ["young"]
    assert stack.run("query", "node", day, env={"TZ": "UTC"}).stdout == before
    grip = re.findall(r"grip:\S+", before)[0]
    assert "The events that proved this line were erased." in stack.run("query", "expand", grip).stdout
    stack.run("admin", "rebuild-toc", "--yes")
    assert stack.run("query", "node", day, env={"TZ": "UTC"}).stdout == before
    with stack.client() as client:
        assert [each.forgotten for each in client.ingest_many(old)] == [True] * 12
    assert "The store is sound." in stack.run("admin", "verify").stdout
