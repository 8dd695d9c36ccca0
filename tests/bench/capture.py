"""How much of what agents said in their transcripts is captured, live and by backfill, and whether anything is doubled.

Usage: python tests/bench/capture.py FOLDER...

What was said is counted from the raw records, by a few lines for each agent that share nothing with the readers.
"Live" is what the hooks bring and what is read on in a transcript that grows by some kilobytes at a time; after that, a
backfill of the same transcripts must bring nothing new.
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent_memory.agents.registry import AGENTS
from agent_memory.backfill import transcript_paths
from agent_memory.backfill.reading import events_of
from agent_memory.backfill.transcript_paths import Transcript
from agent_memory.capture import wire
from agent_memory.capture.followed import FollowedTranscripts
from agent_memory.capture.pipeline import Pipeline
from agent_memory.capture.project.projects import Projects
from agent_memory.model import Event, EventRole

GROWTH_BYTES = 16 << 10
SEEN: set[object] = set()
Record = dict[str, Any]


def records(path: Path) -> Iterator[Record]:
    for line in path.read_bytes().split(b"\n"):
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict):
            yield record


def claude_code(path: Path) -> Iterator[str]:
    for record in records(path):
        message = record.get("message")
        # Of a record that several transcripts have, one counts.
        if record.get("uuid") in SEEN:
            continue
        SEEN.add(record.get("uuid"))
        if record.get("type") == "assistant" and isinstance(message, dict) and message.get("model") != "<synthetic>":
            yield from (part["text"] for part in message.get("content", ()) if part.get("type") == "text")


def codex(path: Path) -> Iterator[str]:
    found = list(records(path))
    items = [each["payload"].get("item", {}) for each in found if each.get("type") == "event_msg"]
    said = ["\n".join(part["text"] for part in item["content"]) for item in items if item.get("type") == "AgentMessage"]
    older = (each["payload"] for each in found if each.get("type") == "event_msg")
    yield from said or (each["message"] for each in older if each.get("type") == "agent_message")


def copilot_cli(path: Path) -> Iterator[str]:
    yield from (each["data"].get("content", "") for each in records(path) if each.get("type") == "assistant.message")


def gemini_cli(path: Path) -> Iterator[str]:
    messages = {each["id"]: each for each in records(path) if each.get("type") == "gemini"}
    yield from (each["content"] for each in messages.values() if isinstance(each.get("content"), str))


def qwen_code(path: Path) -> Iterator[str]:
    for record in records(path):
        if record.get("type") == "assistant":
            parts = record["message"]["parts"]
            yield "".join(part.get("text", "") for part in parts if not part.get("thought"))


def opencode(path: Path) -> Iterator[str]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT m.data, p.data FROM message m JOIN part p ON p.message_id = m.id").fetchall()
    for message, part in rows:
        if json.loads(message).get("role") == "assistant" and json.loads(part).get("type") == "text":
            yield json.loads(part)["text"]


RAW: dict[str, Callable[[Path], Iterator[str]]] = {
    "claude-code": claude_code,
    "codex": codex,
    "copilot-cli": copilot_cli,
    "gemini-cli": gemini_cli,
    "opencode": opencode,
    "qwen-code": qwen_code,
}


@dataclass
class Figures:
    files: int = 0
    texts: int = 0
    characters: int = 0
    live: int = 0
    live_characters: int = 0
    backfilled: int = 0
    backfilled_characters: int = 0
    doubled: int = 0
    new_after_live: int = 0
    broken: list[str] = field(default_factory=list)


def spoken(events: list[Event]) -> Counter[str]:
    """The assistant's texts, by how often they were said."""
    answers = {each.event_id: each.text.strip() for each in events if each.role == EventRole.ASSISTANT}
    errors = {each.event_id: each.text.strip() for each in events if each.metadata.get("error")}
    return Counter((answers | errors).values())


def share(said: Counter[str], kept: Counter[str]) -> tuple[int, int]:
    both = said & kept
    return both.total(), sum(len(text) * count for text, count in both.items())


def live(transcript: Transcript, replayed: list[Event], pipeline: Pipeline) -> list[Event]:
    """What the hooks bring, and what is read on as the transcript grows."""
    agent = AGENTS[transcript.agent]
    calls = [call for _, call in agent.transcripts.replay(transcript.path, lambda broken: None, lambda size: None)]
    hooked = [pipeline.event_of_replayed(agent.name, each, n) for n, each in enumerate(calls) if not each.is_unhooked]
    if agent.transcripts.reader is None:
        return replayed
    followed, written = FollowedTranscripts(), []
    chance, data = random.Random(1), transcript.path.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        # A subagent's folder may be named after its session.
        path = Path(folder) / transcript.path.parent.name / transcript.path.name
        path.parent.mkdir()
        path.touch()
        payload = {"hook_event_name": "PostToolUse", "session_id": "s", "transcript_path": str(path)}
        call = wire.call_of(payload, agent=agent.name, event="", project="")
        end = 0
        while end < len(data):
            start, end = end, min(len(data), end + chance.randint(1, GROWTH_BYTES))
            with path.open("ab") as file:
                file.write(data[start:end])
            more = True
            while more:
                found, more = followed.read(followed.paths(call)[0], 1 << 20)
                written += found
    return [each for each in [*hooked, *map(pipeline.event_of_written, written)] if each is not None]


def measure(folders: list[Path]) -> dict[str, Figures]:
    figures: dict[str, Figures] = {}
    projects = Projects({})
    for folder in folders:
        for transcript in transcript_paths.named(folder):
            each = figures.setdefault(transcript.agent, Figures())
            broken: list[Any] = []
            replayed = list(events_of(transcript, projects, broken.append, lambda size: None))
            alive = live(transcript, replayed, Pipeline(projects.with_project))
            said = Counter(text.strip() for text in RAW[transcript.agent](transcript.path) if text.strip())
            kept = spoken(replayed)
            each.files += 1
            each.texts += said.total()
            each.characters += sum(len(text) * count for text, count in said.items())
            texts, characters = share(said, kept)
            each.backfilled, each.backfilled_characters = (
                each.backfilled + texts,
                each.backfilled_characters + characters,
            )
            texts, characters = share(said, spoken(alive))
            each.live, each.live_characters = each.live + texts, each.live_characters + characters
            each.doubled += sum(max(0, count - said[text]) for text, count in kept.items() if text in said)
            ids = {event.event_id for event in alive}
            each.new_after_live += len({event.event_id for event in replayed} - ids)
            each.broken += [f"{one.path}:{one.line} {one.reason}" for one in broken]
    return figures


def main() -> None:
    figures = measure([Path(each) for each in sys.argv[1:]])
    print("agent        files   texts     live backfill  characters live / backfill  doubled  new")
    for agent, each in sorted(figures.items()):
        texts, characters = max(each.texts, 1), max(each.characters, 1)
        print(
            f"{agent:<12} {each.files:>5} {each.texts:>7} {each.live / texts:>8.1%} {each.backfilled / texts:>8.1%} "
            f"{each.live_characters / characters:>15.1%} / {each.backfilled_characters / characters:.1%} "
            f"{each.doubled:>10} {each.new_after_live:>4}"
        )
    for agent, each in sorted(figures.items()):
        for line in each.broken[:10]:
            print(f"{agent}: {line}")


if __name__ == "__main__":
    main()
