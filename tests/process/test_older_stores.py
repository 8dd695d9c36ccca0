"""Stores that older versions wrote: opened, upgraded, and answered from as before.

Each fixture in tests/data/stores was made by make.sh beside it, with the public commands of a checkout of that version:
`demo --keep`, `admin rebuild-toc`, `scheduler run-now` and `pause`, then hooks while nothing ran. `schema-1` is of the
last version before the field's words replaced our own, commit ae5e372.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message

from agent_memory.client import Client
from agent_memory.ingest.migrating import migrate
from agent_memory.ingest.writer import Group, Writer
from agent_memory.jobs import JOBS, ROLLUP_DAY
from agent_memory.present.json_text import reply_json
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import keys, records, schema
from agent_memory.store.reader import open_snapshot
from agent_memory.worker.summarizer import RULES
from support import transcripts
from support.stack import Stack

FIXTURES = Path(__file__).parents[1] / "data" / "stores"
# Fields of ours that have another name now; their numbers, and so their meaning on the wire, are as before.
PRICE = "size_tokens"
RENAMED = {"words_by": "summarized_by", "words_from": "summary_source", "seal": "evidence_checksum"}


@pytest.fixture
def older(stack: Stack) -> Stack:
    """A stack that serves the store of the fixture; what waits in its spool is put aside."""
    with tarfile.open(FIXTURES / "schema-1.tar.gz") as fixture:
        fixture.extractall(stack.folder, filter="data")
    stack.db_path = stack.folder / "db"
    stack.env["MEMORY_DB_PATH"] = str(stack.db_path)
    (stack.folder / "db-spool").rename(stack.folder / "waiting")
    return stack


def pause_rollups(stack: Stack) -> None:
    """Have the store stay as it was told: a rollup that is due by now tells it again by today's rules."""
    store = Writer(stack.db_path)
    group = Group(store)
    for job in JOBS:
        group.put(schema.CHECKPOINTS, keys.paused(job), b"")
    store.commit(group)
    store.close()


def lost(before: Any, now: Any) -> list[str]:
    """Where the reply of now lacks what the older version replied; what was added is no loss."""
    if isinstance(before, dict) and isinstance(now, dict):
        return [
            f"{name}{where}"
            for name, value in before.items()
            if name != PRICE or int(now.get(PRICE, 0)) < int(value)  # what was added has its price
            for where in lost(value, now.get(RENAMED.get(name, name), "nothing"))
        ]
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        pairs = zip(before, now, strict=True)
        return [f"[{number}]{where}" for number, pair in enumerate(pairs) for where in lost(*pair)]
    return [] if before == now else [f": {before!r} is {now!r}"]


def ask(client: Client, words: list[str]) -> Any:
    """What `query` with these words replies as JSON."""
    replies: dict[str, Callable[[], Message]] = {
        "root": lambda: client.root(),
        "node": lambda: client.node(words[1]),
        "browse": lambda: client.browse(words[1], 100),
        "expand": lambda: client.expand(words[1]),
        "events": lambda: client.events(pb.GetEventsRequest(to_timestamp_ms=9_999_999_999_999, limit=1000)),
    }
    return json.loads(reply_json(replies[words[0]]()))


def recorded(stack: Stack) -> list[dict[str, Any]]:
    """What was asked of the older version, and how it answered."""
    lines = (stack.folder / "answers.jsonl").read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


def test_every_question_gets_the_answer_of_the_version_that_wrote_the_store(older: Stack) -> None:
    """Root, each node and its children, each grip with its events, and all events: 144 replies, field by field."""
    pause_rollups(older)
    older.start()

    asked = recorded(older)

    assert {each["words"][0] for each in asked} == {"root", "node", "browse", "expand", "events"}
    with older.client() as client:
        found = {" ".join(each["words"]): lost(each["reply"], ask(client, each["words"])) for each in asked}
    assert {words: where for words, where in found.items() if where} == {}


def test_a_store_is_migrated_and_answers_as_before(older: Stack) -> None:
    """Its rows are rewritten, after a backup that the older program can read."""
    dry = older.run("admin", "migrate", "--dry-run").stdout
    assert dry == "Rows of schema 1 would be rewritten in schema 2.\n"
    done = json.loads(older.run("admin", "migrate", "--from", "1", "--to", "2", "--json").stdout)

    assert (done["from"], done["to"]) == (1, 2)
    assert done["rewritten"] > 50
    assert json.loads((Path(done["backup"]) / "backup.json").read_text())["schema_version"] == 1
    assert "There is nothing to do." in older.run("admin", "migrate").stdout
    with open_snapshot(older.db_path) as reader:
        rows = [row for family in (schema.TOC_NODES, schema.GRIPS) for _, row in reader.scan(family, b"", b"\xff")]
    assert not [row for row in rows if any(f'"{name}"'.encode() in row for name in ("words_by", "words_of", "seal"))]
    pause_rollups(older)
    older.start()
    with older.client() as client:
        found = [lost(each["reply"], ask(client, each["words"])) for each in recorded(older)]
    assert not any(found)
    running = older.run("admin", "migrate", "--from", "1", check=False)
    assert (running.returncode, "is running" in running.stderr) == (4, True)


def test_a_migration_that_was_killed_goes_on(older: Stack) -> None:
    """A page is committed with how far it is; the rows of a store that was only opened wait for it."""

    def die(done: int) -> None:
        raise KeyboardInterrupt

    Writer(older.db_path).close()
    with pytest.raises(KeyboardInterrupt):
        migrate(older.db_path, 1, die)
    first = json.loads(older.run("admin", "migrate", "--json").stdout)
    again = json.loads(older.run("admin", "migrate", "--from", "1", "--json").stdout)

    assert first["from"] == 1
    assert first["rewritten"] > 50
    assert again["rewritten"] == 0


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--to", "99"), "knows schemas up to 2"),
        (("--to", "1"), "To go back, restore the backup"),
        (("--from", "7"), "there is no 7"),
    ],
)
def test_there_is_no_way_to_another_schema(older: Stack, options: tuple[str, ...], reason: str) -> None:
    refused = older.run("admin", "migrate", *options, check=False)

    assert refused.returncode == 2
    assert reason in refused.stderr


def test_a_store_is_upgraded_by_opening_it_and_is_sound(older: Stack) -> None:
    """The schema's version is ours, nothing has to be repaired, and what its jobs did and are is still known."""
    older.start()

    with older.client() as client:
        found = client.stats()
        jobs = {job.job_name: job for job in client.scheduler_status().jobs}
    older.wait_until(lambda: json.loads(older.run("admin", "stats", "--json").stdout)["outbox"] == "0")
    verified = older.run("admin", "verify")

    assert (found.schema_version, found.timezone, found.events) == (schema.SCHEMA_VERSION, "Europe/Berlin", 80)
    assert jobs["toc_rollup_day"].run_count >= 1
    assert jobs["rocksdb_compaction"].is_paused
    assert verified.stdout


def test_a_store_is_told_again_by_todays_rules(older: Stack) -> None:
    """With the next rollup of the days, in the background; it stays sound, and the store says so when it is done."""
    older.start()

    older.run("scheduler", "run-now", ROLLUP_DAY)

    with older.client() as client:
        done = older.wait_until(lambda: (status := client.rebuild_status()).finished_ms and status)
    older.stop()
    with open_snapshot(older.db_path) as reader:
        assert records.summary_rules(reader) == RULES
    assert (done.events_done, done.nodes_written > 0) == (80, True)


def test_what_older_hooks_spooled_is_taken_in(older: Stack) -> None:
    """Envelopes in the older form become events; none is rejected, and none is left."""
    (older.folder / "waiting").rename(older.folder / "db-spool")

    older.start()

    older.wait_until(lambda: older.status()["spool"]["waiting"] == 0)
    assert older.status()["spool"]["rejected"] == 0
    with older.client() as client:
        events = client.events(pb.GetEventsRequest(session_id="spooled", to_timestamp_ms=9_999_999_999_999)).events
    assert [event.text for event in events][-1] == "We decided to keep the queue in Redis."


def test_a_session_that_was_excluded_stays_excluded(older: Stack) -> None:
    """Backfill reads its transcript and stores nothing of it; another session's events it stores."""
    older.start()

    stored = {}
    for session_id in ("excluded", "wanted"):
        path = older.folder / f"{session_id}.jsonl"
        transcripts.long_history(path, prompts=2, session_id=session_id)
        report = json.loads(older.run("backfill", path, "--json").stdout)
        stored[session_id] = report["agents"]["claude-code"]["stored"]

    assert stored["excluded"] == 0
    assert stored["wanted"] > 0
