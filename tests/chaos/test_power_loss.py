"""Power cuts: whatever the disk may hold then, every acknowledged event is found again, and the store is sound.

`POWER_CUTS=1000 POWER_SEED=7 bin/test -m drill tests/chaos/test_power_loss.py -s` tries so many points of one run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from agent_memory.backup import checking
from agent_memory.errors import AgentMemoryError
from agent_memory.ingest.writer import Writer
from agent_memory.messages import event_from_bytes
from agent_memory.model import Event
from agent_memory.store import keys, schema
from agent_memory.store.maintenance.verify import verify
from agent_memory.store.reader import Reader, open_snapshot
from chaos import power, power_run
from chaos.power import replay

CUTS = int(os.environ.get("POWER_CUTS", "200"))
SEED = int(os.environ.get("POWER_SEED", "1"))
CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class Promised:
    """What was acknowledged up to a point."""

    events: dict[str, Event] = field(default_factory=dict)
    prompts: list[str] = field(default_factory=list)
    # Each with the events that it must hold.
    backups: dict[Path, set[str]] = field(default_factory=dict)
    before_backup: set[str] = field(default_factory=set)
    has_begun: bool = False
    has_ended: bool = False

    def take(self, note: bytes, sent: Mapping[str, Event]) -> None:
        for line in note.decode().splitlines():
            kind, _, name = line.partition("\t")
            match kind:
                case "event":
                    self.events[name] = sent[name]
                case "hook":
                    self.prompts.append(name)
                case "backup begins":
                    self.before_backup = set(self.events)
                case "backup":
                    self.backups[Path(name)] = self.before_backup
                case "begin":
                    self.has_begun = True
                case "end":
                    self.has_ended = True


@pytest.mark.drill
@pytest.mark.timeout(7200)
@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace, which records writes and syncs")
def test_a_power_cut_costs_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """At points drawn from a seed, each with what the disk may hold, in the store, the spool and the backups."""
    root, recording = tmp_path / "run", tmp_path / "recording"
    record(root, recording)
    points = sum(1 for _ in replay(recording, root))
    random = Random(SEED)
    sent = {event.event_id: event for event in power_run.events()}
    promised = Promised()
    begin, end = span(recording, root, sent)
    losses = Counter(random.randrange(begin, end) for _ in range(CUTS))
    tried = 0
    for point, (disk, path, written) in enumerate(replay(recording, root)):
        if path == str(root / power_run.NOTES):
            had_begun = promised.has_begun
            promised.take(written, sent)
            if promised.has_begun and not had_begun:
                # The disk of a machine that has run for a while.
                disk.sync_all()
        for _ in range(losses[point]):
            at = f"POWER_SEED={SEED} POWER_CUTS={CUTS}: cut {tried}, after {point} of {points} calls"
            check(disk.after_a_cut(random), root, promised, at)
            tried += 1
    print(f"seed {SEED}: {tried} cuts, {len(promised.events)} events, {len(promised.prompts)} prompts", flush=True)
    assert tried == CUTS


def record(root: Path, recording: Path) -> None:
    root.mkdir()
    with tempfile.TemporaryDirectory(prefix="am-") as runtime:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(CHECKOUT / each) for each in PARTS)}
        command = [*power.COMMAND, str(recording), sys.executable, "-m", "chaos.power_run", str(root), runtime]
        subprocess.run(command, env=environment, cwd=CHECKOUT, check=True, timeout=900)


PARTS = ("tests", "services", "shared")


def span(recording: Path, root: Path, sent: Mapping[str, Event]) -> tuple[int, int]:
    """The first and the last point that may be cut."""
    promised = Promised()
    begin = 0
    for point, (_, path, written) in enumerate(replay(recording, root)):
        if path == str(root / power_run.NOTES):
            promised.take(written, sent)
            begin = begin or (point if promised.has_begun else 0)
            if promised.has_ended:
                return begin, point
    raise AssertionError("the run was not recorded to its end")


def check(found: Mapping[str, bytes | str | None], root: Path, promised: Promised, at: str) -> None:
    """Put the disk's content in a folder, open the store as the daemon does, and look for what was promised."""
    with tempfile.TemporaryDirectory(prefix="am-cut-") as folder:
        top = Path(folder)
        for path, content in sorted(found.items()):
            target = top / Path(path).relative_to(root)
            if content is None:
                target.mkdir(parents=True, exist_ok=True)
            elif isinstance(content, bytes) and "/agent-memory/logs/" not in path:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
        db_path = top / "home" / "data" / "agent-memory" / "db"
        try:
            db_path.parent.mkdir(parents=True, exist_ok=True)  # as the daemon does
            Writer(db_path).close()
            with open_snapshot(db_path) as reader:
                stored = {event.event_id: event for event in events_in(reader)}
                problems = verify(reader).problems
        except AgentMemoryError as error:
            raise AssertionError(f"{at}: {error}") from error
        lost = [each for each in promised.events.values() if stored.get(each.event_id) != each]
        assert not lost, f"{at}: {len(lost)} acknowledged events are lost or changed, such as {lost[0].event_id}"
        assert not problems, f"{at}: {problems[:3]}"
        spool = db_path.with_name("db-spool")
        waiting = b"".join(each.read_bytes() for each in spool.glob("[!.]*") if each.is_file())
        texts = {event.text for event in stored.values()}
        gone = [prompt for prompt in promised.prompts if prompt not in texts and prompt.encode() not in waiting]
        assert not gone, f"{at}: {len(gone)} prompts are lost, such as {gone[0]}"
        for backup, ids in promised.backups.items():
            copy = top / backup.relative_to(root)
            assert not (damage := checking.problems_of(copy)), f"{at}: {backup.name}: {damage}"
            with open_snapshot(copy) as reader:
                assert ids <= {event.event_id for event in events_in(reader)}, f"{at}: {backup.name}"


def events_in(reader: Reader) -> list[Event]:
    rows = reader.scan(schema.EVENTS, keys.EVENT_PREFIX, keys.after(keys.EVENT_PREFIX))
    return [event_from_bytes(value) for _, value in rows]
