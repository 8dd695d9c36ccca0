"""Bad input: each is answered with its cause and a remedy, and costs no other event anything."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from agent_memory.client import Client
from agent_memory.errors import AgentMemoryError, InvalidEvent, UsageError
from agent_memory.ingest.writer import Group, Writer
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.store import codec, keys, schema
from support.stack import Stack, is_alive, wait_until
from support.writer import said

BEGIN_MS = 1_764_000_000_000
MEGABYTE = 1_000_000
UNICODE = "\0 \x01 \x7f \u200b \ufeff \u202e é e\u0301 語 👩‍👩‍👧 \U0010ffff \r\n\t"


@pytest.fixture
def client(shared_stack: Stack) -> Iterator[Client]:
    with Client(f"127.0.0.1:{shared_stack.port}") as client:
        yield client


def raw(client: Client, method: str, content: bytes) -> grpc.RpcError:
    """The error that these bytes are answered with."""
    with grpc.insecure_channel(client.target) as channel:
        call: Any = channel.unary_unary(f"/memory.MemoryService/{method}")
        with pytest.raises(grpc.RpcError) as refused:
            call(content, timeout=10)
        return refused.value


def stored(client: Client, session_id: str) -> list[pb.Event]:
    return list(client.events(pb.GetEventsRequest(session_id=session_id)).events)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"event_id": ""}, "event.event_id is empty"),
        ({"session_id": ""}, "event.session_id is empty"),
        ({"event_id": "  "}, "event.event_id is empty"),
        ({"event_id": "a\0b"}, "event.event_id holds a control character"),
        ({"session_id": "a\nb"}, "event.session_id holds a control character"),
        ({"event_id": "x" * 513}, "event.event_id has 513 bytes; 512 are allowed at most"),
        ({"session_id": "語" * 171}, "event.session_id has 513 bytes"),
        ({"timestamp_ms": 0}, "event.timestamp_ms is 0; it must be milliseconds since 1970, from 1 to 9999999999999"),
        ({"timestamp_ms": -1}, "event.timestamp_ms is -1"),
        ({"timestamp_ms": 10_000_000_000_000}, "event.timestamp_ms is 10000000000000"),
        ({"event_type": 99}, "event.event_type is 99; this version knows 1, 2, 3, 4, 5, 6, 7, 8, 300"),
        ({"role": 99}, "event.role is 99; this version knows 1, 2, 3, 4"),
    ],
)
def test_a_wrong_field_is_named_with_what_it_holds(client: Client, wrong: dict[str, Any], reason: str) -> None:
    """INVALID_ARGUMENT says which field, what is in it and what may be; nothing is stored."""
    before = client.stats().events
    event = pb.Event(**{"event_id": "wrong", "session_id": "s", "timestamp_ms": BEGIN_MS, "text": "x", **wrong})

    error = raw(client, "IngestEvent", pb.IngestEventRequest(event=event).SerializeToString())

    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert (error.details() or "").startswith(reason)
    assert client.stats().events == before


def test_half_a_character_is_refused_on_either_side(client: Client) -> None:
    """A lone surrogate can't be sent by our client, and is no text when another sends it: both say why."""
    halved = pb.IngestEventRequest(event=pb.Event(event_id="h", session_id="s", timestamp_ms=1, text="XXX"))

    with pytest.raises(InvalidEvent, match="half a character"):
        client.ingest(said("half", BEGIN_MS, "caf\ud83d"))
    error = raw(client, "IngestEvent", halved.SerializeToString().replace(b"XXX", b"\xed\xa0\xbd"))

    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "lone surrogates" in (error.details() or "")


@pytest.mark.parametrize("content", [b"\xff\xff\xff", b"\x0a\xff\xff\xff\xff\x0f", b"GET / HTTP/1.1"])
def test_bytes_that_are_no_message_are_refused_as_such(client: Client, content: bytes) -> None:
    """Garbage is answered, and the connection of others is not touched."""
    error = raw(client, "IngestEvents", content)

    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "can't be parsed" in (error.details() or "")
    assert client.health() == "SERVING"


def test_any_text_is_stored_as_it_is(client: Client) -> None:
    """NULs, controls, marks of direction, the last code point: in texts all of them are data."""
    client.ingest(said("odd", BEGIN_MS, UNICODE * 10, session_id="odd ü 語 👩‍👩‍👧"))
    client.ingest(said("none", BEGIN_MS, "", session_id="nothing said"))

    (found,) = stored(client, "odd ü 語 👩‍👩‍👧")
    assert found.text == UNICODE * 10
    assert [event.text for event in stored(client, "nothing said")] == [""]
    wait_until(lambda: client.stats().outbox == 0)
    assert client.browse("2025-11-24").children


def test_ten_megabytes_are_stored_whole_and_read_again(client: Client) -> None:
    """A page ends early rather than not come; a grip among such events can be expanded, too."""
    texts = [f"We decided to keep file number {n}. " + f"{n}" * 10 * MEGABYTE for n in range(7)]
    for number, text in enumerate(texts):
        assert client.ingest(said(f"huge-{number}", BEGIN_MS + number, text, session_id="huge")).created

    found: list[str] = []
    page = client.events(pb.GetEventsRequest(session_id="huge"))
    while True:
        found += [event.text for event in page.events]
        if not page.has_more:
            break
        page = client.events(pb.GetEventsRequest(session_id="huge", cursor=page.cursor))
    assert found == texts
    wait_until(lambda: client.stats().outbox == 0)
    segments = [child for child in client.browse("2025-11-24").children if child.session_id == "huge"]
    assert sum(segment.event_count for segment in segments) == 7
    # None of its neighbours fits beside it into a reply that clients take by default.
    expanded = client.expand(segments[3].bullets[0].grip_ids[0])
    assert expanded.grip.excerpt in expanded.excerpt_events[0].text
    assert expanded.has_more
    assert not [*expanded.events_before, *expanded.events_after]


@pytest.mark.parametrize(("size", "reason"), [((16 << 20) + 1, "Split it"), (70 << 20, "larger than max")])
def test_more_than_an_event_may_hold_is_refused(client: Client, size: int, reason: str) -> None:
    """The limit is named, and the next event is taken."""
    with pytest.raises(AgentMemoryError, match=reason):
        client.ingest(said(f"too-large-{size}", BEGIN_MS, "x" * size))

    assert client.ingest(said(f"after-{size}", BEGIN_MS)).created


@pytest.mark.parametrize("token", ["nonsense", "²", "wrI6eA==", "====", "\0"])
def test_a_token_of_somebody_elses_is_refused_by_name(client: Client, token: str) -> None:
    """Cursor and continuation token are opaque, and only ours are taken."""
    with pytest.raises(UsageError, match="cursor"):
        client.events(pb.GetEventsRequest(cursor=token))


@pytest.mark.parametrize("parent", ["9999", "9999-12", "9999-W52", "0000", "2026-13", "2026-W54", "2026-02-30", "٢٠٢٦"])
def test_dates_beyond_the_calendar_are_unknown(client: Client, parent: str) -> None:
    """No such period is no error, at both ends of time."""
    assert not client.browse(parent).children
    assert not client.node(parent).HasField("node")


def test_a_folder_that_cannot_be_made_is_named(stack: Stack) -> None:
    """`start` says which folder and what to do, ends with an error, and leaves nothing behind."""
    failed = stack.run("start", "--db-path", "/proc/no/store", check=False)

    assert failed.returncode != 0
    assert "/proc" in failed.stderr
    assert "--db-path" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert stack.run("status", "--db-path", "/proc/no/store", check=False).returncode == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write_is_named(stack: Stack) -> None:
    """The folder and the remedy."""
    stack.folder.joinpath("closed").mkdir(mode=0o500)

    failed = stack.run("start", "--db-path", stack.folder / "closed" / "db", check=False)

    assert failed.returncode != 0
    assert f"{stack.folder / 'closed'}" in failed.stderr


def test_a_missing_folder_is_made(stack: Stack) -> None:
    """A store may be asked for anywhere, however deep; it is this user's alone."""
    deep = stack.folder / "a" / "b" / "c"

    stack.start("--db-path", deep)
    try:
        assert deep.stat().st_mode & 0o777 == 0o700
    finally:
        stack.run("stop", "--db-path", deep)


def make_newer(stack: Stack) -> None:
    """Let the store say that a newer version has written it."""
    stack.db_path.parent.mkdir(parents=True)
    store = Writer(stack.db_path)
    group = Group(store)
    newer = codec.StoreInfo(schema.SCHEMA_VERSION + 1, "UTC", 0)
    group.put(schema.CHECKPOINTS, keys.STORE, codec.to_json(newer))
    store.commit(group)
    store.close()


def test_a_store_of_a_newer_version_is_left_as_it_is(stack: Stack) -> None:
    """`start` says that it is newer and that agent-memory must be upgraded."""
    make_newer(stack)

    failed = stack.run("start", check=False)

    assert failed.returncode == 1
    assert "newer version" in failed.stderr
    assert "upgrade" in failed.stderr
    assert stack.run("status", check=False).returncode == 3


def test_a_newer_store_is_read_by_no_command_either(stack: Stack) -> None:
    """What is asked of a store at rest ends with 4, as its name in the table of exit codes is."""
    make_newer(stack)

    for asked in (("stats",), ("verify",), ("rebuild-toc", "--dry-run")):
        refused = stack.run("admin", *asked, check=False)
        assert refused.returncode == 4, asked
        assert "newer version" in refused.stderr


def test_a_copy_with_a_file_missing_is_not_called_sound(stack: Stack) -> None:
    """`admin` says which file, and ends with 4; what the daemon serves it goes on answering."""
    stack.start()
    with stack.client() as client:
        client.ingest_many(said(f"e{number}", BEGIN_MS + number) for number in range(100))
        client.compact("events")
    stack.stop()
    copy = shutil.copytree(stack.db_path, stack.folder / "copy")
    broken = max(copy.glob("*.sst"), key=lambda path: path.stat().st_size)
    os.truncate(broken, 10)
    stack.start()

    for asked in ("stats", "verify"):
        refused = stack.run("admin", asked, "--db-path", copy, check=False)
        assert refused.returncode == 4, refused.stdout
        assert broken.name in refused.stderr
        assert "Traceback" not in refused.stderr
        stack.run("admin", asked)


def test_a_repair_is_offered_for_the_store_that_was_looked_at(stack: Stack) -> None:
    """The line to type names it again, where it is not the default one."""
    other = stack.folder / "other db"
    store = Writer(other, "UTC")
    group = Group(store)
    group.put(schema.TOC_LATEST, keys.latest("toc:year:2025"), bytes(4))
    store.commit(group)
    store.close()

    found = stack.run("admin", "verify", "--db-path", other, check=False)

    assert found.returncode == 1
    assert f"memory-daemon admin verify --repair --db-path '{other}'" in found.stdout


@pytest.mark.parametrize(
    ("holds", "reason"), [("envelope.txt", "holds other things"), ("000012.sst", "CURRENT is missing")]
)
def test_start_leaves_a_folder_that_is_no_place_for_a_store_alone(stack: Stack, holds: str, reason: str) -> None:
    """Refused before anything is made: with 4, its mode as it was, and nothing beside it."""
    folder = stack.folder / "mine"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    (folder / holds).touch()
    before = {path.name for path in stack.folder.iterdir()}

    refused = stack.run("start", "--db-path", folder, check=False)

    assert refused.returncode == 4
    assert reason in refused.stderr
    assert folder.stat().st_mode & 0o777 == 0o755
    assert [path.name for path in folder.iterdir()] == [holds]
    assert {path.name for path in stack.folder.iterdir()} == before


def test_a_damaged_log_is_refused_and_left_as_it_is(stack: Stack) -> None:
    """A byte flipped among acknowledged events: no start that would silently forget them, and nothing changed."""
    stack.start()
    with stack.client() as client:
        for number in range(50):
            client.ingest_many(said(f"e{number}-{k}", BEGIN_MS + number, session_id=f"s{k}") for k in range(20))
    # Flushed by an orderly stop, the log would be empty.
    pids = [stack.pid("supervisor"), stack.pid("ingest")]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(map(is_alive, pids)))
    log = max(stack.db_path.glob("*.log"), key=lambda path: path.stat().st_size)
    damage(log)
    before = digest(log)

    failed = stack.run("start", check=False)

    assert failed.returncode == 1
    assert "can't be opened" in failed.stderr
    assert "backup" in failed.stderr
    assert digest(log) == before


def test_a_damaged_table_is_told_to_those_who_read_it_and_to_no_other(stack: Stack) -> None:
    """What can't be read says so; what can be is read on, and new events are taken."""
    stack.start()
    with stack.client() as client:
        for number in range(20):
            client.ingest_many(
                said(f"e{number}-{k}", BEGIN_MS + number * 1000 + k, os.urandom(400).hex(), session_id=f"s{number}")
                for k in range(100)
            )
        stack.wait_until(lambda: client.stats().outbox == 0)
        client.compact("events")
    stack.stop()
    damage(max(stack.db_path.glob("*.sst"), key=lambda path: path.stat().st_size))
    stack.start()

    with stack.client() as client:
        with pytest.raises(AgentMemoryError, match=r"is damaged.*backup"):
            read_everything(client)
        assert client.root().nodes
        assert client.ingest(said("new", BEGIN_MS)).created
        assert client.health() == "SERVING"


def read_everything(client: Client) -> None:
    request = pb.GetEventsRequest(limit=1000)
    while (page := client.events(request)).has_more:
        request.cursor = page.cursor


def damage(path: Path) -> None:
    """Flip a byte in the middle of the file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
