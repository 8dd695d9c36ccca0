"""`search --blame`: the commits of a file's lines, each with the session that made it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from agent_memory.cli import render
from agent_memory.cli.caller import not_served
from agent_memory.cli.options import current, invocation
from agent_memory.cli.times import zone
from agent_memory.control.blame import Commit, Origin, blamed, origin, place_of
from agent_memory.control.connection import connect
from agent_memory.present.lines import Line, flow, line, pieces
from agent_memory.present.view import View
from agent_memory.present.width import one_line

COMMITS_MAX = 10
_TEXT_CELLS = 400


def show(context: click.Context, wanted: str, *, as_json: bool) -> None:
    """Print what git blames for FILE[:LINE], and which sessions made it; raises UsageError."""
    not_served("git may ask many files")
    name, number = place_of(wanted)
    path = Path(name).expanduser()
    commits = blamed(path, number)[:COMMITS_MAX]
    with connect(current(context)) as client:
        found = [(commit, origin(client, commit, name)) for commit in commits]
    if as_json:
        click.echo(json.dumps({"commits": [_fields(*each) for each in found]}, ensure_ascii=False, indent=2))
        return
    console = render.console()
    view = View(0, zone(), " ".join(invocation(context)), render.width(console))
    render.draw(console, list(_page(view, found)))


def _fields(commit: Commit, found: Origin | None) -> dict[str, object]:
    return {
        "commitId": commit.commit_id if commit.is_committed else "",
        "timeMs": str(commit.time_ms),
        "author": commit.author,
        "subject": commit.subject,
        "lines": commit.lines,
        "sessionId": found.hit.session_id if found else "",
        "nodeId": found.hit.node_id if found else "",
        "eventId": found.hit.event_id if found else "",
        "agent": found.hit.agent if found else "",
        "title": found.hit.title if found else "",
        "snippet": found.hit.snippet if found else "",
        "namesCommit": bool(found and found.names_commit),
    }


def _page(view: View, found: Sequence[tuple[Commit, Origin | None]]) -> Iterator[Line]:
    for commit, by in found:
        lines = f"line {commit.lines[0]}" if len(commit.lines) == 1 else f"{len(commit.lines)} lines"
        name = commit.commit_id[:10] if commit.is_committed else "not committed"
        at = view.local(commit.time_ms)
        head = f"{name}  {at:%a} {at.day} {at:%b %Y %H:%M}  {lines}"
        yield line(head, "bold")
        if commit.is_committed:
            yield line(f"  {one_line(commit.subject, view.room(2))}", "bold")
        if by is None:
            yield line("  No session is known for it.", "yellow")
            continue
        why = "names this commit" if by.names_commit else "worked on it last"
        yield line(f"  {one_line(by.hit.title, view.room(2)) or '(untitled)'}", "")
        yield line(f"  {one_line(by.hit.session_id, 40)}  {by.hit.agent}  {why}", "dim")
        clock = f"  {view.local(by.hit.timestamp_ms):%H:%M}  "
        yield flow(clock, " " * len(clock), one_line(by.hit.snippet, _TEXT_CELLS), "")
    first = next((by for _, by in found if by), None)
    if first is not None:
        yield line()
        yield pieces(("Next: ", "dim"), (f"{view.program} query node {first.hit.node_id}", "bold cyan"))
