"""During a rebuild readers see all of the old table of contents, and after it all of the new one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from agent_memory.capture import wire
from agent_memory.capture.project.projects import Projects
from agent_memory.model import DEFAULT_STORE
from agent_memory.query.hooks.recall import Recall
from agent_memory.query.inbound.append_batcher import AppendBatcher
from agent_memory.query.inbound.intake import Intake
from agent_memory.query.rebuild_snapshot import LIMIT_S, RebuildSnapshot
from agent_memory.query.store_context import StoreContext
from agent_memory.query.views import events as event_views
from agent_memory.query.views import toc
from agent_memory.rpc import bus_pb2 as bus
from agent_memory.rpc import memory_pb2 as pb
from agent_memory.search.reader import IndexReader
from agent_memory.settings import Settings
from agent_memory.store import codec, records
from agent_memory.store.codec import RebuildState
from agent_memory.store.reader import Reader
from agent_memory.worker.toc import rebuild
from agent_memory.worker.toc.rebuild import Rebuild
from support.conversations import LATER_MS, conversations
from support.keeper import Keeper
from support.writer import WriterProcess, said

EVENTS = conversations(5, sessions=4, events_each=20)
NOW_MS = LATER_MS + 86_400_000
OLD = "As it was written before"


class QueryService:
    """The readers of a query service: one that catches up, and a snapshot during a rebuild."""

    def __init__(self, writer: WriterProcess, scratch: Path) -> None:
        self.live = writer.reader()
        self.now_s = 0.0
        self.snapshot = RebuildSnapshot(self.live, writer.db_path, scratch, lambda: self.now_s)

    def titles(self) -> set[str]:
        """The titles of all segments, as they are reached from the root."""
        reader = self.snapshot.reader()
        waiting = [node.node_id for node in toc.toc_root(reader, pb.GetTocRootRequest()).nodes]
        found = set()
        while waiting:
            node = toc.node(reader, pb.GetNodeRequest(node_id=waiting.pop())).node
            waiting.extend(node.child_node_ids)
            if node.session_id:
                found.add(node.title)
        return found


@pytest.fixture
def keeper(writer: WriterProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keeper]:
    """A worker whose segments all have a title that a rebuild will change; a rebuild takes many steps."""
    monkeypatch.setattr(rebuild, "STEP_EVENTS", 1)
    writer.append(EVENTS)
    keeper = Keeper(writer)
    keeper.drain()
    commit = bus.CommitToc(expected_commit=keeper.toc.state.commit)
    for _, row in segments(keeper.reader):
        node = records.node(keeper.reader, row.node_id)
        assert node is not None
        grips = [grip for bullet in node.bullets for grip in bullet.grip_ids]
        put = commit.nodes.add(node_id=node.node_id, version=node.version)
        put.value = codec.node_to_json(replace(node, title=OLD))
        for grip_id in dict.fromkeys(grips):
            grip = records.grip(keeper.reader, grip_id)
            assert grip is not None
            put.grips.add(grip_id=grip_id, value=codec.grip_to_json(grip))
    keeper.bus.ask(bus.Command(commit_toc=commit))
    keeper.toc.reload()
    yield keeper
    keeper.close()


def segments(reader: Reader) -> list[tuple[records.Position, codec.SegmentRow]]:
    sessions = dict.fromkeys(event.session_id for event in EVENTS)
    return [found for session in sessions for found in records.segments_from(reader, session, (0, ""))]


def begin(keeper: Keeper, service: QueryService) -> Rebuild:
    state = RebuildState(started_ms=NOW_MS, events=len(EVENTS))
    with service.snapshot.begin():
        keeper.bus.ask(bus.Command(begin_rebuild=bus.BeginRebuild(value=codec.to_json(state))))
        keeper.reader.catch_up()
    return Rebuild(keeper.reader, keeper.toc)


def test_all_of_the_old_one_and_then_all_of_the_new_one(writer: WriterProcess, keeper: Keeper, tmp_path: Path) -> None:
    """At every step, although the store holds parts of both; also for a query service that starts in the middle."""
    service = QueryService(writer, tmp_path / "snapshot")
    steps = begin(keeper, service)
    was_mixed = False

    while steps.step(NOW_MS) and records.rebuild_state(keeper.reader).is_running:
        assert service.titles() == {OLD}
        keeper.reader.catch_up()
        found = {node.title for _, row in segments(keeper.reader) if (node := records.node(keeper.reader, row.node_id))}
        was_mixed = was_mixed or (OLD in found and len(found) > 1)

    assert was_mixed
    assert OLD not in service.titles()
    assert service.snapshot.reader() is service.live
    assert not (tmp_path / "snapshot").exists()


def test_a_session_that_begins_meanwhile_reads_the_same(writer: WriterProcess, keeper: Keeper, tmp_path: Path) -> None:
    """All of the old one, and then all of the new one, in the text that a session begins with, too."""
    service = QueryService(writer, tmp_path / "snapshot")
    settings = Settings(db_path=writer.db_path, session_start_tokens=4000)
    store = StoreContext(
        name=DEFAULT_STORE,
        settings=settings,
        writer=keeper.bus,
        batcher=AppendBatcher(keeper.bus),
        intake=Intake(settings, b"key"),
        projects=Projects({}),
        reader=service.live,
        snapshot=service.snapshot,
        index=IndexReader(writer.db_path),
    )
    recall = Recall(store, lambda session_id, text: None)
    start = wire.parse(b'{"hook_event_name":"SessionStart","session_id":"new","cwd":"/home/dev/shop"}')

    def titles() -> set[str]:
        text = json.loads(recall.answer(start))["hookSpecificOutput"]["additionalContext"]
        return set(re.findall(r"^- (?:.* · claude-code  )?(.*)  toc:segment:", text, re.MULTILINE))

    steps = begin(keeper, service)
    while steps.step(NOW_MS) and records.rebuild_state(keeper.reader).is_running:
        assert titles() == {OLD}
        keeper.reader.catch_up()

    assert titles()
    assert OLD not in titles()


def test_without_a_rebuild_there_is_no_snapshot(writer: WriterProcess, keeper: Keeper, tmp_path: Path) -> None:
    """No snapshot is opened, and readers see each change at once; also after a refused rebuild."""
    service = QueryService(writer, tmp_path / "snapshot")
    assert service.snapshot.reader() is service.live
    assert not (tmp_path / "snapshot").exists()

    with suppress(RuntimeError), service.snapshot.begin():
        assert service.snapshot.reader() is not service.live
        raise RuntimeError

    assert service.snapshot.reader() is service.live


def test_events_are_there_at_once_meanwhile(writer: WriterProcess, keeper: Keeper, tmp_path: Path) -> None:
    """The snapshot covers the table of contents only, and ends after a time limit."""
    service = QueryService(writer, tmp_path / "snapshot")
    steps = begin(keeper, service)
    steps.step(NOW_MS)
    writer.append([said("meanwhile", NOW_MS, session_id="meanwhile")])
    keeper.drain()

    service.live.catch_up()
    request = pb.GetEventsRequest(session_id="meanwhile")
    assert [event.event_id for event in event_views.events(service.live, request).events] == ["meanwhile"]
    assert service.titles() == {OLD}

    service.now_s += LIMIT_S + 1
    assert len(service.titles()) > 1
