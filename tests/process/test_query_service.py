"""The query service over gRPC: every RPC and its behaviour, as a client that knows nothing but the wire sees it."""

from __future__ import annotations

import base64
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

import grpc
import pytest
from google.protobuf import descriptor_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2

from agent_memory.client import Client
from agent_memory.errors import UnknownStore
from agent_memory.periods import day_of
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.rpc.memory_pb2_grpc import MemoryServiceStub
from support.stack import Stack, wait_until

SERVICE = "memory.MemoryService"
HEALTH = "grpc.health.v1.Health"
REFLECTION = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")
DAY_MS = 86_400_000
MINUTE_MS = 60_000
_days = count(1_700_006_400_000, DAY_MS)  # from 2023-11-15 00:00 UTC on, a day for each test

Stub = Any  # the generated one is typed with what it takes and gives; these tests also send what it does not take


@pytest.fixture
def address(shared_stack: Stack) -> str:
    return f"127.0.0.1:{shared_stack.port}"


@pytest.fixture
def channel(address: str) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(address) as channel:
        yield channel


@pytest.fixture
def memory(channel: grpc.Channel) -> Stub:
    return MemoryServiceStub(channel)


@pytest.fixture
def day_ms() -> int:
    """Midnight, in UTC, of a day that no other test writes to."""
    return next(_days)


def event(event_id: str, timestamp_ms: int, text: str = "We decided to use Postgres.", **fields: Any) -> pb.Event:
    return pb.Event(**{"event_id": event_id, "session_id": "s1", "timestamp_ms": timestamp_ms, "text": text, **fields})


def talk(session_id: str, begin_ms: int, messages: int = 8, text: str = "Step {} is done now.") -> list[pb.Event]:
    """A conversation with an end, a message a minute."""
    kinds = [*["EVENT_TYPE_USER_MESSAGE"] * messages, "EVENT_TYPE_SESSION_END"]
    return [
        event(f"{session_id}-{n:03}", begin_ms + n * MINUTE_MS, text.format(n), session_id=session_id, event_type=kind)
        for n, kind in enumerate(kinds)
    ]


def store(memory: Stub, events: Iterable[pb.Event]) -> None:
    """Store the events, and wait until they are in the table of contents."""
    results = memory.IngestEvents(pb.IngestEventsRequest(events=events)).results
    assert all(result.created for result in results), results
    wait_until(lambda: memory.GetStats(pb.GetStatsRequest()).outbox == 0)


def refusal(call: Any, request: Any) -> tuple[grpc.StatusCode, str]:
    """The code and the message of a call that must fail."""
    with pytest.raises(grpc.RpcError) as refused:
        call(request)
    return refused.value.code(), refused.value.details() or ""


def ids(events: Iterable[pb.Event]) -> list[str]:
    return [event.event_id for event in events]


# Who is there


@pytest.mark.parametrize("reflection", REFLECTION)
def test_reflection_lists_every_service_and_describes_it(channel: grpc.Channel, reflection: str) -> None:
    """v1 and v1alpha alike, the health service included: a client needs no proto file."""
    ask = channel.stream_stream(
        f"/{reflection}/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    questions = [
        reflection_pb2.ServerReflectionRequest(list_services=""),
        *(reflection_pb2.ServerReflectionRequest(file_containing_symbol=name) for name in (SERVICE, HEALTH)),
    ]

    listed, *files = ask(iter(questions), timeout=10)

    assert {found.name for found in listed.list_services_response.service} == {SERVICE, HEALTH, *REFLECTION}
    for answer, name in zip(files, ("MemoryService", "Health"), strict=True):
        contents = answer.file_descriptor_response.file_descriptor_proto
        described = [descriptor_pb2.FileDescriptorProto.FromString(content) for content in contents]
        assert name in {service.name for file in described for service in file.service}


@pytest.mark.parametrize("service", ["", SERVICE])
def test_health_is_checked_and_watched(channel: grpc.Channel, service: str) -> None:
    """SERVING for the whole and for the service; a service that is not there is NOT_FOUND."""
    health = health_pb2_grpc.HealthStub(channel)
    request = health_pb2.HealthCheckRequest(service=service)

    assert health.Check(request).status == health_pb2.HealthCheckResponse.SERVING
    assert next(health.Watch(request)).status == health_pb2.HealthCheckResponse.SERVING
    assert refusal(health.Check, health_pb2.HealthCheckRequest(service="other"))[0] == grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(
    "line",
    [
        "grpcurl -plaintext {address} list",
        "grpcurl -plaintext {address} grpc.health.v1.Health/Check",
        "grpcurl -plaintext {address} memory.MemoryService/GetSchedulerStatus",
        "grpc-health-probe -addr={address}",
    ],
)
def test_the_documented_lines_run_as_printed(address: str, line: str) -> None:
    """With the programs that people have, and no proto file at hand."""
    program, *arguments = line.format(address=address).split()
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")

    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=30, check=False)

    assert done.returncode == 0, done.stderr


def test_the_unix_socket_serves_the_same(shared_stack: Stack, memory: Stub, day_ms: int) -> None:
    """What came in over TCP is there over the socket, and the other way round."""
    with shared_stack.client() as client:
        memory.IngestEvent(pb.IngestEventRequest(event=event("by-tcp", day_ms)))
        found = client.events(pb.GetEventsRequest(from_timestamp_ms=day_ms, to_timestamp_ms=day_ms))

    assert client.target.startswith("unix:")
    assert ids(found.events) == ["by-tcp"]


# What comes in


def test_what_is_not_said_is_filled_in(memory: Stub, day_ms: int) -> None:
    """Unspecified role and type are a user's message, the agent is lower-cased, any non-empty id will do."""
    name = "not a ULID: ü/1 "
    reply = memory.IngestEvent(pb.IngestEventRequest(event=event(name, day_ms, agent="Claude-Code")))

    assert (reply.event_id, reply.created, reply.deduplicated) == (name, True, False)
    request = pb.GetEventsRequest(from_timestamp_ms=day_ms, to_timestamp_ms=day_ms)
    (found,) = memory.GetEvents(request).events
    assert found == event(
        name, day_ms, agent="claude-code", role=pb.EVENT_ROLE_USER, event_type=pb.EVENT_TYPE_USER_MESSAGE
    )


def test_an_agent_has_one_name(memory: Stub, day_ms: int) -> None:
    """However it is written, and without what nobody can see or type."""
    for number, agent in enumerate(("Codex", " codex ", "co\0dex\n")):
        memory.IngestEvent(pb.IngestEventRequest(event=event(f"{day_ms}-{number}", day_ms, agent=agent)))

    found = memory.GetEvents(pb.GetEventsRequest(from_timestamp_ms=day_ms, to_timestamp_ms=day_ms)).events
    assert [each.agent for each in found] == ["codex"] * 3


def test_the_first_write_of_an_id_wins(memory: Stub, day_ms: int) -> None:
    """The same id again is answered created=false, deduplicated=true, and changes nothing."""
    memory.IngestEvent(pb.IngestEventRequest(event=event("twice", day_ms, "first")))
    again = memory.IngestEvent(pb.IngestEventRequest(event=event("twice", day_ms + 5, "second")))

    assert (again.created, again.deduplicated) == (False, True)
    request = pb.GetEventsRequest(from_timestamp_ms=day_ms, to_timestamp_ms=day_ms + DAY_MS - 1)
    assert [found.text for found in memory.GetEvents(request).events] == ["first"]


def test_of_many_racers_exactly_one_creates(address: str, day_ms: int) -> None:
    """Sixteen clients send one id at the same moment: one gets created=true."""
    together = Barrier(16)

    def send(number: int) -> bool:
        with grpc.insecure_channel(address) as channel:
            memory = MemoryServiceStub(channel)
            memory.GetStats(pb.GetStatsRequest())
            together.wait()
            return memory.IngestEvent(pb.IngestEventRequest(event=event("raced", day_ms + number))).created

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(send, range(16))) == 1


def test_whoever_got_an_acknowledgement_reads_its_write(address: str, day_ms: int) -> None:
    """Always, and with many clients at once: the very next read shows the event."""

    def write_and_read(number: int) -> list[bool]:
        with grpc.insecure_channel(address) as channel:
            memory = MemoryServiceStub(channel)
            seen = []
            for turn in range(20):
                at_ms = day_ms + number * 1000 + turn
                memory.IngestEvent(pb.IngestEventRequest(event=event(f"own-{number}-{turn}", at_ms)))
                request = pb.GetEventsRequest(from_timestamp_ms=at_ms, to_timestamp_ms=at_ms)
                seen.append(ids(memory.GetEvents(request).events) == [f"own-{number}-{turn}"])
            return seen

    with ThreadPoolExecutor(8) as pool:
        assert all(all(seen) for seen in pool.map(write_and_read, range(8)))


def test_a_bad_event_costs_the_others_of_its_batch_nothing(memory: Stub, day_ms: int) -> None:
    """One result an event, in order: the bad ones named with their field, the good ones stored, duplicates marked."""
    batch = [
        event("good-1", day_ms),
        event("", day_ms),
        event("good-1", day_ms),
        event("late", 10**13),
        event("good-2", day_ms, session_id="s2"),
    ]

    results = memory.IngestEvents(pb.IngestEventsRequest(events=batch)).results

    assert [(each.event_id, each.created, each.deduplicated) for each in results] == [
        ("good-1", True, False),
        ("", False, False),
        ("good-1", False, True),
        ("late", False, False),
        ("good-2", True, False),
    ]
    assert [each.error.split()[0] for each in results if each.HasField("error")] == [
        "event.event_id",
        "event.timestamp_ms",
    ]
    request = pb.GetEventsRequest(from_timestamp_ms=day_ms, to_timestamp_ms=day_ms)
    assert ids(memory.GetEvents(request).events) == ["good-1", "good-2"]


def test_a_batch_has_a_limit_and_may_be_empty(memory: Stub, day_ms: int) -> None:
    """501 events are refused whole, naming field and limit; none is nothing to do."""
    many = pb.IngestEventsRequest(events=[event(f"many-{n}", day_ms) for n in range(501)])

    code, details = refusal(memory.IngestEvents, many)

    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert "events" in details
    assert "500" in details
    assert not memory.GetEvents(pb.GetEventsRequest(from_timestamp_ms=day_ms, to_timestamp_ms=day_ms)).events
    assert not memory.IngestEvents(pb.IngestEventsRequest()).results


def test_fields_of_a_later_version_are_no_obstacle(channel: grpc.Channel, day_ms: int) -> None:
    """A client that is newer than the daemon may say more than the daemon understands."""
    known = pb.IngestEventRequest(event=event("newer", day_ms)).SerializeToString()
    unknown = b"\x9a\x3f\x05hello"  # field 1011, a string

    ingest: Any = channel.unary_unary(f"/{SERVICE}/IngestEvent")

    assert pb.IngestEventResponse.FromString(ingest(known + unknown)).created


# Events come back


def test_events_between_two_instants_both_ends_included(memory: Stub, day_ms: int) -> None:
    """Oldest first; one millisecond more or less at either end makes the difference; a `to` of 0 is no end."""
    stamps = [day_ms + 60, day_ms + 20, day_ms + 40]
    memory.IngestEvents(pb.IngestEventsRequest(events=[event(f"at-{stamp}", stamp) for stamp in stamps]))

    def between(first: int, last: int) -> list[int]:
        request = pb.GetEventsRequest(from_timestamp_ms=day_ms + first, to_timestamp_ms=day_ms + last)
        return [found.timestamp_ms - day_ms for found in memory.GetEvents(request).events]

    assert between(20, 60) == [20, 40, 60]
    assert between(21, 59) == [40]
    assert between(40, 40) == [40]
    assert between(60, 20) == []
    assert (
        memory.GetEvents(pb.GetEventsRequest(from_timestamp_ms=day_ms + 60)).events[0].event_id == f"at-{day_ms + 60}"
    )
    assert memory.GetEvents(pb.GetEventsRequest()).events


@pytest.mark.parametrize("newest_first", [False, True])
def test_pages_of_events_are_whole(memory: Stub, day_ms: int, newest_first: bool) -> None:
    """Fifty by default; from cursor to cursor each event comes once, in order, also those of one millisecond."""
    stored = [event(f"{n:03}", day_ms + n // 4) for n in range(120)]
    memory.IngestEvents(
        pb.IngestEventsRequest(events=[event(f"{day_ms}-{e.event_id}", e.timestamp_ms) for e in stored])
    )
    request = pb.GetEventsRequest(
        from_timestamp_ms=day_ms, to_timestamp_ms=day_ms + DAY_MS - 1, newest_first=newest_first
    )

    pages = [memory.GetEvents(request)]
    while pages[-1].has_more:
        request.cursor = pages[-1].cursor
        pages.append(memory.GetEvents(request))

    assert [len(page.events) for page in pages] == [50, 50, 20]
    expected = [f"{day_ms}-{n:03}" for n in range(120)]
    assert [name for page in pages for name in ids(page.events)] == (expected[::-1] if newest_first else expected)


def test_a_page_fits_what_clients_take_by_default(memory: Stub, day_ms: int) -> None:
    """Of large events there are as many on a page as stay below 4 MiB; the cursor leads to the rest."""
    for number in range(5):
        large = event(f"{day_ms}-{number}", day_ms + number, "x" * 1_200_000, session_id=f"{day_ms}")
        memory.IngestEvent(pb.IngestEventRequest(event=large))
    request = pb.GetEventsRequest(from_timestamp_ms=day_ms, to_timestamp_ms=day_ms + 9)

    first = memory.GetEvents(request)
    request.cursor = first.cursor
    rest = memory.GetEvents(request)

    assert first.has_more
    assert not rest.has_more
    assert [each.timestamp_ms - day_ms for each in (*first.events, *rest.events)] == list(range(5))


def test_events_of_one_session_or_one_agent(memory: Stub, day_ms: int) -> None:
    """The filters hold alone and together, and a page is filled with what matches."""
    stored = [
        event(
            f"{day_ms}-{n:02}",
            day_ms + n,
            session_id=f"{day_ms}-{'ab'[n % 2]}",
            agent=("codex", "gemini-cli")[n % 3 == 0],
        )
        for n in range(30)
    ]
    memory.IngestEvents(pb.IngestEventsRequest(events=stored))

    def found(**fields: Any) -> list[int]:
        reply = memory.GetEvents(pb.GetEventsRequest(from_timestamp_ms=day_ms, to_timestamp_ms=day_ms + 29, **fields))
        return [each.timestamp_ms - day_ms for each in reply.events]

    assert found(session_id=f"{day_ms}-b") == list(range(1, 30, 2))
    assert found(agent="Gemini-CLI") == list(range(0, 30, 3))
    assert found(session_id=f"{day_ms}-a", agent="gemini-cli", limit=3) == [0, 6, 12]
    assert found(session_id="nobody") == found(agent="nobody") == []


# The table of contents


def test_the_root_is_the_years_newest_first(memory: Stub, day_ms: int) -> None:
    """Year nodes with their titles, and their months as children."""
    store(memory, [*talk("in-2019", 1_560_000_000_000), *talk("in-2021", 1_623_000_000_000)])

    nodes = memory.GetTocRoot(pb.GetTocRootRequest()).nodes

    years = [node.node_id for node in nodes]
    assert years == sorted(years, reverse=True)
    assert {"toc:year:2019", "toc:year:2021"} <= set(years)
    (found,) = [node for node in nodes if node.node_id == "toc:year:2019"]
    assert (found.title, found.level, list(found.child_node_ids)) == ("2019", pb.TOC_LEVEL_YEAR, ["toc:month:2019:06"])


def test_a_node_leads_to_its_children_and_its_proof(memory: Stub) -> None:
    """From any level: children that are there, bullets with grips, the bullets joined as summary."""
    store(memory, talk("in-2018", 1_528_300_000_000, text="In step {} we decided to move the cache to Redis."))

    level = ["toc:year:2018"]
    for expected in (pb.TOC_LEVEL_YEAR, pb.TOC_LEVEL_MONTH, pb.TOC_LEVEL_WEEK, pb.TOC_LEVEL_DAY, pb.TOC_LEVEL_SEGMENT):
        node = memory.GetNode(pb.GetNodeRequest(node_id=level[0])).node
        assert node.level == expected
        assert node.start_time_ms <= 1_528_300_000_000 < node.end_time_ms
        assert node.summary == " ".join(bullet.text for bullet in node.bullets) != ""
        assert all(bullet.grip_ids for bullet in node.bullets)
        assert not node.is_open
        level = list(node.child_node_ids)
    assert level == []
    assert (node.session_id, node.event_count) == ("in-2018", 9)


def test_a_node_has_other_spellings(memory: Stub) -> None:
    """What people type for a period finds its node."""
    store(memory, talk("in-2017", 1_500_000_000_000))  # Friday, 14 July

    for spelling in ("2017", "2017-07", "2017:07", "toc:month:2017-07", "2017-W28", "toc:week:2017:W28", "2017-07-14"):
        assert memory.GetNode(pb.GetNodeRequest(node_id=spelling)).HasField("node"), spelling
        assert memory.BrowseToc(pb.BrowseTocRequest(parent_id=spelling)).children, spelling


def test_today_and_yesterday_are_ids(memory: Stub) -> None:
    """By the store's calendar, wherever an id is asked for."""
    now_ms = time.time_ns() // 1_000_000
    store(memory, talk("in-yesterday", now_ms - DAY_MS, messages=2))

    node = memory.GetNode(pb.GetNodeRequest(node_id="Yesterday")).node
    assert node.node_id == day_of(now_ms - DAY_MS, ZoneInfo("UTC")).node_id
    assert memory.BrowseToc(pb.BrowseTocRequest(parent_id="yesterday")).children
    assert memory.GetNodeVersions(pb.GetNodeVersionsRequest(node_id="yesterday")).versions


def test_a_time_in_words_names_a_node(memory: Stub) -> None:
    """In every language that is understood, wherever a node is asked for; as it is said at `as_of_ms`."""
    then_ms = 1_465_200_000_000  # Monday, 6 June 2016
    store(memory, talk("in-2016", then_ms, messages=2))
    wednesday_ms = then_ms + 2 * DAY_MS

    for words in ("Monday", "vorgestern", "this week", "6 June 2016"):
        found = memory.GetNode(pb.GetNodeRequest(node_id=words, as_of_ms=wednesday_ms))
        page = memory.BrowseToc(pb.BrowseTocRequest(parent_id=words, as_of_ms=wednesday_ms))
        assert not found.HasField("node"), "nothing had been written by then"
        assert (found.span.text, page.span.text) != ("", "")
        assert found.span.start_time_ms <= then_ms < found.span.end_time_ms
    for words, level in (("6 June 2016", "DAY"), ("Juni 2016", "MONTH"), ("week 23 of 2016", "WEEK")):
        node = memory.GetNode(pb.GetNodeRequest(node_id=words)).node
        assert node.level == pb.TocLevel.Value(f"TOC_LEVEL_{level}"), words
        assert memory.BrowseToc(pb.BrowseTocRequest(parent_id=words)).parent_id == node.node_id
        assert memory.GetNodeVersions(pb.GetNodeVersionsRequest(node_id=words)).versions[0].node_id == node.node_id


def test_a_time_that_may_be_several_nodes_is_asked_back(memory: Stub) -> None:
    """INVALID_ARGUMENT with a reason of its own, and what each reading would be: nobody guesses."""
    store(memory, [*talk("in-2015-a", 1_433_160_000_000), *talk("in-2015-b", 1_433_160_000_000 + DAY_MS)])

    for words, choices in (("1/6/2015", ("6 Jan 2015", "1 Jun 2015")), ("1 to 2 June 2015", ("toc:day:2015-06-02",))):
        with pytest.raises(grpc.RpcError) as refused:
            memory.GetNode(pb.GetNodeRequest(node_id=words))
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert all(choice in (refused.value.details() or "") for choice in choices)
        (content,) = [each.value for each in refused.value.trailing_metadata() or () if isinstance(each.value, bytes)]
        assert b"AMBIGUOUS_TIME" in content


def test_a_page_says_whose_children_it_shows(memory: Stub) -> None:
    """Also without any: a segment is there and has none, what does not exist has no id."""
    store(memory, talk("in-2014", 1_402_000_000_000, messages=2))
    (segment,) = memory.BrowseToc(pb.BrowseTocRequest(parent_id="2014-06-05")).children

    def parent(of: str) -> str:
        found: str = memory.BrowseToc(pb.BrowseTocRequest(parent_id=of)).parent_id
        return found

    assert parent("2014") == "toc:year:2014"
    assert parent(segment.node_id) == segment.node_id
    assert parent("2014-06-04") == parent("2014-06-05 and no day") == ""


def test_a_token_of_another_parent_is_refused(memory: Stub, day_ms: int) -> None:
    """It would begin in the middle of nowhere."""
    store(memory, [e for n in range(2) for e in talk(f"{day_ms}-{n}", day_ms + n * 90 * MINUTE_MS, messages=2)])
    parent = _day_node(memory, day_ms)
    token = memory.BrowseToc(pb.BrowseTocRequest(parent_id=parent, limit=1)).continuation_token

    with pytest.raises(grpc.RpcError) as refused:
        memory.BrowseToc(pb.BrowseTocRequest(parent_id="2018", continuation_token=token))
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_pages_of_children_stay_true_while_children_appear(memory: Stub, day_ms: int) -> None:
    """By time, ascending; what appears before or behind the page neither repeats nor hides another child."""
    hours = [f"{day_ms}-{n:02}" for n in range(0, 12, 2)]
    store(memory, [e for n, name in enumerate(hours) for e in talk(name, day_ms + n * 90 * MINUTE_MS, messages=2)])
    day = memory.GetEvents(pb.GetEventsRequest(from_timestamp_ms=day_ms, limit=1)).events[0]
    assert day.session_id == hours[0]
    parent = _day_node(memory, day_ms)

    first = memory.BrowseToc(pb.BrowseTocRequest(parent_id=parent, limit=3))
    store(memory, talk(f"{day_ms}-between", day_ms + 45 * MINUTE_MS, messages=2))
    store(memory, talk(f"{day_ms}-behind", day_ms + 5 * 90 * MINUTE_MS - 45 * MINUTE_MS, messages=2))
    rest = memory.BrowseToc(
        pb.BrowseTocRequest(parent_id=parent, limit=20, continuation_token=first.continuation_token)
    )

    assert first.has_more
    assert not rest.has_more
    assert not rest.HasField("continuation_token")
    assert [child.session_id for child in first.children] == hours[:3]
    assert [child.session_id for child in rest.children] == [*hours[3:5], f"{day_ms}-behind", hours[5]]


def test_a_page_of_children_has_twenty_unless_said_otherwise(memory: Stub, day_ms: int) -> None:
    """A limit of zero or less is the default."""
    store(memory, [e for n in range(21) for e in talk(f"{day_ms}-{n:02}", day_ms + n * 5 * MINUTE_MS, messages=2)])
    parent = _day_node(memory, day_ms)

    for limit in (0, -1):
        page = memory.BrowseToc(pb.BrowseTocRequest(parent_id=parent, limit=limit))
        assert (len(page.children), page.has_more) == (20, True)


def _day_node(memory: Stub, day_ms: int) -> str:
    """The day that begins there; the shared stack is in UTC."""
    zone = ZoneInfo(memory.GetStats(pb.GetStatsRequest()).timezone)
    return day_of(day_ms, zone).node_id


def test_a_grip_is_expanded_within_its_own_session(memory: Stub, day_ms: int) -> None:
    """Three before and three after by default; never another session's events, however near in time."""
    mine, other = f"{day_ms}-mine", f"{day_ms}-other"
    mine_events = talk(mine, day_ms, messages=20, text="Here is message number {}.")
    mine_events[10].text = "We decided to rewrite the importer in Rust because parsing took four hours."
    store(memory, [*mine_events, *talk(other, day_ms + 30_000, messages=20)])
    grip_id = _grip_that_quotes(memory, _day_node(memory, day_ms), "rewrite the importer in Rust")

    reply = memory.ExpandGrip(pb.ExpandGripRequest(grip_id=grip_id))

    assert reply.grip.grip_id == grip_id
    assert reply.grip.excerpt in mine_events[10].text
    assert (reply.grip.event_id_start, reply.grip.event_id_end) == (mine_events[10].event_id, mine_events[10].event_id)
    assert ids(reply.events_before) == ids(mine_events[7:10])
    assert ids(reply.excerpt_events) == ids(mine_events[10:11])
    assert ids(reply.events_after) == ids(mine_events[11:14])
    asked = memory.ExpandGrip(pb.ExpandGripRequest(grip_id=grip_id, events_before=0, events_after=99))
    assert ids(asked.events_before) == []
    assert ids(asked.events_after) == ids(mine_events[11:])
    assert ids(memory.ExpandGrip(pb.ExpandGripRequest(grip_id=grip_id, events_before=-1)).events_before) == []


def _grip_that_quotes(memory: Stub, day: str, words: str) -> str:
    grip_ids: list[str] = [
        grip_id
        for segment in memory.BrowseToc(pb.BrowseTocRequest(parent_id=day)).children
        for bullet in segment.bullets
        for grip_id in bullet.grip_ids
        if words in memory.ExpandGrip(pb.ExpandGripRequest(grip_id=grip_id)).grip.excerpt
    ]
    return grip_ids[0]


# What is not there


@pytest.mark.parametrize(
    "unknown", ["toc:year:1999", "toc:segment:2026-01-30:NONE", "1999-W05", "no id at all", "\0", "ü" * 999]
)
def test_what_is_unknown_is_absent_and_no_error(memory: Stub, unknown: str) -> None:
    """OK with nothing in it, for nodes, children and grips."""
    assert not memory.GetNode(pb.GetNodeRequest(node_id=unknown)).HasField("node")
    assert memory.BrowseToc(pb.BrowseTocRequest(parent_id=unknown)) == pb.BrowseTocResponse()
    assert memory.ExpandGrip(pb.ExpandGripRequest(grip_id=unknown)) == pb.ExpandGripResponse()


def test_what_is_empty_is_refused_by_name(memory: Stub) -> None:
    """An id that must be given and is not: INVALID_ARGUMENT, naming the field."""
    for call, request, field in (
        (memory.GetNode, pb.GetNodeRequest(), "node_id"),
        (memory.BrowseToc, pb.BrowseTocRequest(), "parent_id"),
        (memory.ExpandGrip, pb.ExpandGripRequest(), "grip_id"),
        (memory.IngestEvent, pb.IngestEventRequest(), "event"),
    ):
        code, details = refusal(call, request)
        assert code == grpc.StatusCode.INVALID_ARGUMENT
        assert details.startswith(field)


def test_an_error_names_its_reason_and_its_remedy_apart(memory: Stub) -> None:
    """In google.rpc.Status and ErrorInfo, which clients of every language read; the text for people has both."""
    token = base64.urlsafe_b64encode(b"toc:year:1999 x").decode()

    with pytest.raises(grpc.RpcError) as refused:
        memory.BrowseToc(pb.BrowseTocRequest(parent_id="2018", continuation_token=token))

    trailing = {each.key: each.value for each in refused.value.trailing_metadata() or ()}
    content = trailing["grpc-status-details-bin"]
    assert isinstance(content, bytes)
    status = pb.ErrorStatus.FromString(content)
    (detail,) = status.details
    info = pb.ErrorInfo.FromString(detail.value)
    assert (status.code, status.message) == (3, refused.value.details())
    assert detail.type_url == "type.googleapis.com/google.rpc.ErrorInfo"
    assert (info.reason, info.domain) == ("INVALID_TOKEN", "agent-memory")
    assert status.message.endswith(info.metadata["remedy"])
    assert token in status.message.removesuffix(info.metadata["remedy"])


def test_a_call_names_its_store(memory: Stub, address: str) -> None:
    """By its metadata: the default store by its name or by none, and NOT_FOUND for one that is not served."""
    request = pb.GetStatsRequest()
    assert memory.GetStats(request, metadata=(("store", "default"),)) == memory.GetStats(request)

    with pytest.raises(grpc.RpcError) as refused:
        memory.GetStats(request, metadata=(("store", "work"),))
    assert refused.value.code() == grpc.StatusCode.NOT_FOUND
    assert "'work'" in (refused.value.details() or "")
    with Client(address, store="work") as client, pytest.raises(UnknownStore, match="there is default"):
        client.stats()


@pytest.mark.parametrize("job", ["toc_rollup_hour", ""])
def test_an_unknown_job_is_an_answer_not_an_error(memory: Stub, job: str) -> None:
    """OK, success=false, and the text says so."""
    for reply in (
        memory.PauseJob(pb.PauseJobRequest(job_name=job)),
        memory.ResumeJob(pb.ResumeJobRequest(job_name=job)),
    ):
        assert not reply.success
        assert repr(job) in reply.error


# What it costs, and whether it is true


def test_counters_tell_what_there_is(memory: Stub, day_ms: int) -> None:
    """Statistics grow by exactly what was stored, and the outbox is empty once all is in the tree."""
    before = memory.GetStats(pb.GetStatsRequest())
    store(memory, talk(f"{day_ms}", day_ms))
    memory.IngestEvent(pb.IngestEventRequest(event=talk(f"{day_ms}", day_ms)[0]))

    after = memory.GetStats(pb.GetStatsRequest())

    assert after.events - before.events == 9
    assert after.toc_nodes > before.toc_nodes
    assert after.grips > before.grips
    assert (after.outbox, after.db_path, after.schema_version) == (0, before.db_path, 2)
    assert after.disk_usage_bytes > 0


def test_compaction_is_served_live(memory: Stub) -> None:
    """One column family by name, or all; a name that there is not is refused with those there are."""
    assert list(memory.Compact(pb.CompactRequest(column_family="grips")).column_families) == ["grips"]
    assert len(memory.Compact(pb.CompactRequest()).column_families) == 6
    code, details = refusal(memory.Compact, pb.CompactRequest(column_family="nonsense"))
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert "outbox" in details


def test_health_tells_of_a_writer_that_hangs(shared_stack: Stack, address: str, memory: Stub, day_ms: int) -> None:
    """NOT_SERVING while it does not answer, reads go on, writes are refused for now; SERVING when it is back."""
    memory.IngestEvent(pb.IngestEventRequest(event=event(f"{day_ms}", day_ms)))
    pid = shared_stack.kill("ingest", signal.SIGSTOP)
    try:
        waiting = memory.IngestEvent.future(pb.IngestEventRequest(event=event(f"{day_ms}-waiting", day_ms)))
        with Client(address) as client:
            wait_until(lambda: client.health() == client.health(SERVICE) == "NOT_SERVING", timeout_s=15)
        assert "memory-daemon logs query" in shared_stack.run("status", check=False).stdout
        read = memory.GetEvents(pb.GetEventsRequest(from_timestamp_ms=day_ms, to_timestamp_ms=day_ms), timeout=5)
        assert ids(read.events) == [f"{day_ms}"]
        wait_until(lambda: _is_refused_for_now(memory, event(f"{day_ms}-refused", day_ms)))
    finally:
        os.kill(pid, signal.SIGCONT)
    with Client(address) as client:
        wait_until(lambda: client.health() == client.health(SERVICE) == "SERVING", timeout_s=15)
    assert waiting.result().created


def _is_refused_for_now(memory: Stub, refused: pb.Event) -> bool:
    """Whether a write is refused at once, and does not wait behind those that wait already."""
    try:
        memory.IngestEvent(pb.IngestEventRequest(event=refused), timeout=1)
    except grpc.RpcError as error:
        return error.code() == grpc.StatusCode.UNAVAILABLE and "again" in (error.details() or "")
    return False


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no program chooses its processors here")
def test_the_threads_of_the_query_service_share_a_processor(shared_stack: Stack, memory: Stub, day_ms: int) -> None:
    """All but the one that the others follow, and also those that begin with the first calls."""
    for number in range(4):
        memory.IngestEvent(pb.IngestEventRequest(event=event(f"affinity-{number}", day_ms + number)))
    service = shared_stack.pid("query")

    def processors() -> Iterator[frozenset[int]]:
        for thread in Path(f"/proc/{service}/task").iterdir():
            if thread.name != f"{service}":
                with suppress(ProcessLookupError):
                    yield frozenset(os.sched_getaffinity(int(thread.name)))

    shared_stack.wait_until(lambda: [len(each) for each in set(processors())] == [1])
    assert os.sched_getaffinity(service) == os.sched_getaffinity(0)
