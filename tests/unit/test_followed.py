"""Transcripts that are followed: what is written to them is told once, however it is read and whoever reads it."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_memory.agents import jsonl
from agent_memory.agents.registry import AGENTS
from agent_memory.agents.replayed_call import ReplayedCall
from agent_memory.capture import wire
from agent_memory.capture.followed import FollowedTranscripts
from agent_memory.capture.wire import HookCall
from support import transcripts

FOLLOWED = [name for name in transcripts.AGENTS if AGENTS[name].transcripts.reader is not None]


def recorded(agent: str) -> Path:
    """The longest of the agent's recorded transcripts."""
    return max((transcripts.RECORDINGS / agent / "home").rglob("*.jsonl"), key=lambda path: path.stat().st_size)


def call(agent: str, path: Path) -> HookCall:
    payload = {"hook_event_name": "PostToolUse", "session_id": "s", "transcript_path": str(path)}
    return wire.call_of(payload, agent=agent, event="", project="")


def words_in(calls: list[ReplayedCall]) -> list[tuple[object, int]]:
    return [(each.payload.get("last_assistant_message") or each.payload.get("response"), each.at_ms) for each in calls]


def unhooked(agent: str, path: Path) -> list[tuple[object, int]]:
    """What all of the transcript tells that no hook does."""
    replay = AGENTS[agent].transcripts.replay(path, lambda broken: None, lambda size: None)
    return words_in([each for _, each in replay if each.is_unhooked])


@settings(max_examples=25, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("agent", FOLLOWED)
def test_however_it_is_cut_all_that_was_written_is_told_once(agent: str, data: st.DataObject) -> None:
    """A transcript grows by any number of bytes between two looks, of which each reads no more than so many."""
    whole = recorded(agent).read_bytes()
    followed = FollowedTranscripts()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / recorded(agent).name
        path.touch()
        calls: list[ReplayedCall] = []
        sizes = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=12)))
        for start, end in zip([0, *sizes], [*sizes, len(whole)], strict=True):
            with path.open("ab") as file:
                file.write(whole[start:end])
            (followed_path,) = followed.paths(call(agent, path))[:1]
            more = True
            while more:
                written, more = followed.read(followed_path, data.draw(st.integers(200, 9000)))
                calls += [each.call for each in written]
            assert followed.unread([followed_path]) < len(whole)

        assert words_in(calls) == unhooked(agent, path) != []


def test_what_could_not_be_stored_is_told_again(tmp_path: Path) -> None:
    """From the beginning: whoever stores it knows it by its ids."""
    path = tmp_path / "s.jsonl"
    path.write_bytes(recorded("claude-code").read_bytes())
    followed = FollowedTranscripts()
    paths = followed.paths(call("claude-code", path))

    first, _ = followed.read(paths[0], 1 << 20)
    nothing, _ = followed.read(paths[0], 1 << 20)
    followed.forget(paths)
    again, _ = followed.read(paths[0], 1 << 20)

    assert ([each.call for each in again], nothing) == ([each.call for each in first], [])
    assert first


def test_a_transcript_that_was_written_again_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(recorded("claude-code").read_bytes())
    followed = FollowedTranscripts()
    (name, *_) = followed.paths(call("claude-code", path))
    first, _ = followed.read(name, 1 << 20)

    again = tmp_path / "again"
    again.write_bytes(recorded("claude-code").read_bytes())
    again.replace(path)

    assert [each.call for each in followed.read(name, 1 << 20)[0]] == [each.call for each in first] != []


def test_a_transcript_that_was_written_again_in_its_place_is_too(tmp_path: Path) -> None:
    """Longer than it was, and under the same number of the file."""
    path, whole = tmp_path / "s.jsonl", recorded("claude-code").read_bytes()
    lines = whole.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[: len(lines) // 2]))
    followed = FollowedTranscripts()
    (name, *_) = followed.paths(call("claude-code", path))
    followed.read(name, 1 << 20)

    path.write_bytes(b'{"type": "summary"}\n' + whole)

    assert words_in([each.call for each in followed.read(name, 1 << 20)[0]]) == unhooked("claude-code", path) != []


@pytest.mark.parametrize("path", ["", "relative.jsonl", "/dev/zero", "/nowhere/s.jsonl", "/tmp", "/a\0b"])
def test_what_is_no_transcript_tells_nothing(path: str) -> None:
    """Whatever a payload names: a device, a folder, nothing at all."""
    followed = FollowedTranscripts()
    found = followed.paths(call("claude-code", Path("/")).__class__(**fields(call("claude-code", Path("/")), path)))

    assert [followed.read(each, 1 << 20) for each in found] in ([], [([], False)])


def fields(called: HookCall, path: str) -> dict[str, Any]:
    return {name: getattr(called, name) for name in HookCall.__slots__} | {"transcript_path": path}


@pytest.mark.parametrize(
    ("line", "found", "is_broken"),
    [
        (b'{"a": 1}\n', [{"a": 1}], False),
        # Two programs wrote at once.
        (b'{"a": 1}{"b": 2}\n', [{"a": 1}, {"b": 2}], False),
        (b'{"a": 1} {"b": {"c": "}{"}}\n', [{"a": 1}, {"b": {"c": "}{"}}], False),
        # One was killed, and another went on in its line.
        (b'{"a": "x{"b": 2}\n', [{"b": 2}], True),
        # A disk was full, or the machine went down.
        (b'\0\0\0\0{"b": 2}\n', [{"b": 2}], True),
        (b'{"a": 1} lost {"b": 2}\0\0{"c": {"d": 3}}\n', [{"a": 1}, {"b": 2}, {"c": {"d": 3}}], True),
        (b'{"a": [{"inner": 1}, {"inner": 2}], "c": "x{"b": 2}\n', [{"b": 2}], True),
        (b'{"a": {"inner": [' + b'{"a": {"b": 1}}, ' * 5000 + b'{"b": 2}\n', [{"b": 2}], True),
        (b'{"a": 1},\n', [{"a": 1}], True),
        (b'{"a": "\\ud800"}{"b": 2}\n', [{"a": "\ufffd"}, {"b": 2}], False),
        (b"\xff\xfe\x00garbage\n", [], True),
        (b"[1, 2]\n", [], True),
        (b'{"a": "x\n', [], True),
    ],
)
def test_what_can_be_read_of_a_line_is_read(line: bytes, found: list[dict[str, Any]], is_broken: bool) -> None:
    """And whether something can't be is told."""
    records, problem = jsonl.objects(line)

    assert (records, bool(problem)) == (found, is_broken)


def test_a_line_of_nothing_but_openings_takes_no_time() -> None:
    """However many there are."""
    records, problem = jsonl.objects(b'{"' * 100_000 + json.dumps({"a": 1}).encode() + b"\n")

    assert (records, bool(problem)) == ([], True)
