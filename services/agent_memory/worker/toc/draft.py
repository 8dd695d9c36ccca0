"""A draft: what a commit will write and remove, laid over what is stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import tzinfo

from agent_memory.model import Grip, TocLevel, TocNode
from agent_memory.periods import Period
from agent_memory.rpc import bus_pb2 as pb
from agent_memory.store import codec, keys, ledger, records, schema
from agent_memory.store.codec import ProjectRow, SegmentRow
from agent_memory.store.reader import Reader
from agent_memory.store.records import Position
from agent_memory.worker.toc import rollups, versions
from agent_memory.worker.toc.segments import Segment


class Draft:
    """A commit of the table of contents while it is gathered, and the nodes as they will be after it.

    Days are cut in the `zone`. For one thread at a time.
    """

    def __init__(self, reader: Reader, zone: tzinfo) -> None:
        self._reader = reader
        self.zone = zone
        self.clear()

    def clear(self) -> None:
        """Begin again with nothing."""
        self.message = pb.CommitToc()
        # Periods that are to be rolled up again before the commit.
        self._touched = dict[Period, None]()
        # The nodes as they will be, by id. None: removed.
        self._nodes = dict[str, TocNode | None]()

    @property
    def changed_nodes(self) -> int:
        """How many nodes it writes or removes."""
        return len(self.message.nodes) + len(self.message.removed_node_ids)

    def touch(self, period: Period) -> None:
        """Have the period rolled up again before the commit."""
        self._touched[period] = None

    def take_touched(self) -> list[Period]:
        """The periods that are to be rolled up again, in the order they were touched; they are touched no more."""
        touched, self._touched = list(self._touched), {}
        return touched

    def node(self, node_id: str) -> TocNode | None:
        """The node as it will be."""
        return self._nodes[node_id] if node_id in self._nodes else records.node(self._reader, node_id)

    def children(self, period: Period) -> list[TocNode]:
        """The children that the period is rolled up from, in order, as they will be."""
        if period.level == TocLevel.DAY:
            prefix = records.segment_prefix(period)
            ids = {*records.child_ids(self._reader, period), *(each for each in self._nodes if each.startswith(prefix))}
        else:
            ids = {child.node_id for child in period.children()}
        there = rollups.sample([each for each in ids if self._nodes.get(each, each) is not None])
        drafted = [node for each in there if (node := self._nodes.get(each)) is not None]
        stored = records.nodes(self._reader, [each for each in there if each not in self._nodes])
        return sorted([*drafted, *stored], key=lambda node: (node.start_ms, node.node_id))

    def put_node(self, node: TocNode, gripped: Sequence[Grip], now_ms: int) -> bool:
        """Write the node, as a new version where its summary changes for good; False when nothing changes."""
        was = self.node(node.node_id)
        # A latest version that can't be read is written again, in its place.
        version = was.version if was else max(1, records.latest_version(self._reader, node.node_id))
        dropped: list[int] = []
        if was and not was.is_open and _summary(was) != _summary(node):
            version += 1
            dropped = versions.dropped(records.versions(self._reader, node.node_id), now_ms, self.zone)
        node = replace(node, version=version, written_ms=was.written_ms if was else now_ms)
        # Of one that is dropped first, no older version stays that would need its proof.
        if self._nodes.get(node.node_id, node) is not None:
            gripped = [*gripped, *self._older_grips(node, gripped, dropped)]
        if node == was and self._are_stored(node.node_id, gripped):
            return False
        node = replace(node, written_ms=now_ms)
        self._nodes[node.node_id] = node
        self.message.nodes.add(
            node_id=node.node_id,
            version=version,
            value=codec.node_to_json(node),
            grips=[pb.GripPut(grip_id=grip.grip_id, value=codec.grip_to_json(grip)) for grip in gripped],
            dropped_versions=dropped,
        )
        return True

    def remove_node(self, node_id: str) -> bool:
        """Remove the node; False when it is not there."""
        if self.node(node_id) is None:
            return False
        self.drop_node(node_id)
        return True

    def drop_versions(self, latest: TocNode, dropped: Sequence[int]) -> None:
        """Drop these older versions of a period, whose latest version stays as it is."""
        value = codec.node_to_json(latest)
        self.message.nodes.add(node_id=latest.node_id, version=latest.version, value=value, dropped_versions=dropped)

    def keep_summary(self, session_id: str, first: Position, row: SegmentRow) -> None:
        """Keep the segment's node as it is, though its events go, and no older version of it.

        Nothing is cut any more where it was; its grips lose their excerpts.
        """
        self.remove_segment(session_id, first, row)
        node = self.node(row.node_id)
        if node is None:
            return
        named = dict.fromkeys(grip_id for bullet in node.bullets for grip_id in bullet.grip_ids)
        grips = [grip for each in named if (grip := records.grip(self._reader, each)) is not None]
        empty = [replace(grip, excerpt="", evidence_checksum="") for grip in grips]
        kept = self._nodes[node.node_id] = replace(node, events_gone=True)
        self.message.nodes.add(
            node_id=node.node_id,
            version=node.version,
            value=codec.node_to_json(kept),
            grips=[pb.GripPut(grip_id=grip.grip_id, value=codec.grip_to_json(grip)) for grip in empty],
            dropped_versions=[
                version for version, _ in records.versions(self._reader, node.node_id) if version != node.version
            ],
        )

    def drop_node(self, node_id: str) -> None:
        """Remove whatever there is under that id, also what can't be read."""
        self._nodes[node_id] = None
        self.message.removed_node_ids.append(node_id)

    def put_segment(self, segment: Segment, node_id: str, digest: str, open_since_ms: int | None) -> None:
        """Write the row that says where the session was cut, and file the segment under its project."""
        first, last, project = segment.first, segment.last, segment.project
        counts = ledger.counts(segment.events, self.zone)
        row = SegmentRow(node_id, last.timestamp_ms, last.event_id, digest, segment.is_open, project, counts)
        stored = records.segment_at(self._reader, first.session_id, first.position)
        if stored is not None and stored.project != project:
            self.unfile(stored.project, first.position)
        self.message.segments.add(
            key=_segment_key(first.session_id, first.position),
            value=codec.to_json(row),
            open_since_ms=open_since_ms,
            project=project,
            filed=codec.to_json(ProjectRow(project, first.session_id, node_id)) if project else b"",
        )

    def remove_segment(self, session_id: str, first: Position, row: SegmentRow) -> None:
        """Remove what `put_segment` wrote."""
        self.message.removed_segments.append(_segment_key(session_id, first))
        self.unfile(row.project, first)

    def unfile(self, project: str, first: Position) -> None:
        """Take the segment from among the project's."""
        if project:
            self.message.unfiled.add(project=project, first_ms=first[0], first_event_id=first[1])

    def remove_grips(self, owned_grips: Iterable[tuple[str, str]]) -> None:
        """Remove these grips, each named by the node that owns it and by its own id."""
        self.message.removed_grips.extend(pb.GripKey(node_id=node, grip_id=grip) for node, grip in owned_grips)

    def correct_counters(self, *, events: int, toc_nodes: int, grips: int) -> None:
        """Add these differences to the counters."""
        self.message.counter_changes.CopyFrom(pb.CounterChanges(events=events, toc_nodes=toc_nodes, grips=grips))

    def correct_ledger(self, entry: str, *, stored: int, reached: int) -> None:
        """Add these differences to an entry of the ledger."""
        self.message.ledger_changes.add(entry=entry, stored=stored, reached=reached)

    def _older_grips(self, node: TocNode, gripped: Sequence[Grip], dropped: Sequence[int]) -> list[Grip]:
        """The grips of a segment's older versions that stay: what was known then keeps its proof."""
        if node.level != TocLevel.SEGMENT or node.version == 1:
            return []
        older = (each for each in records.node_versions(self._reader, node.node_id) if each.version < node.version)
        kept = (each for each in older if each.version not in dropped)
        named = {grip_id for each in kept for bullet in each.bullets for grip_id in bullet.grip_ids}
        left = sorted(named.difference(grip.grip_id for grip in gripped))
        return [grip for each in left if (grip := records.grip(self._reader, each)) is not None]

    def _are_stored(self, node_id: str, gripped: Sequence[Grip]) -> bool:
        """Whether the node owns these grips, as they are, and no others."""
        prefix = keys.node_grips(node_id)
        owned = {key for key, _ in self._reader.scan(schema.GRIPS, prefix, keys.after(prefix))}
        if owned != {keys.node_grip(node_id, grip.grip_id) for grip in gripped}:
            return False
        values = self._reader.get_many(schema.GRIPS, [keys.grip(grip.grip_id) for grip in gripped])
        return values == [codec.grip_to_json(grip) for grip in gripped]


def _summary(node: TocNode) -> tuple[object, ...]:
    return (node.title, [bullet.text for bullet in node.bullets], node.keywords)


def _segment_key(session_id: str, first: Position) -> pb.SegmentKey:
    return pb.SegmentKey(session_id=session_id, first_ms=first[0], first_event_id=first[1])
