"""`search --blame`: git's answer joined with the session that made the change."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from agent_memory.control.blame import place_of
from agent_memory.model import Event, EventRole, EventType
from support.stack import Stack, wait_until

COMMITTED_MS = 1_790_000_000_000
MINUTE_MS = 60_000


def git(folder: Path, *arguments: str, at_ms: int = COMMITTED_MS) -> str:
    environment = {
        "PATH": "/usr/bin:/bin:/usr/local/bin",
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_DATE": f"{at_ms // 1000} +0000",
        "GIT_COMMITTER_DATE": f"{at_ms // 1000} +0000",
    }
    named = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    done = subprocess.run(["git", *named, *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def checkout(shared_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two commits of ledger.py: one that a session's tool named, and one that only touched the file."""
    folder = tmp_path_factory.mktemp("checkout")
    git(folder, "init", "-q")
    (folder / "ledger.py").write_text("first = 1\n")
    git(folder, "add", ".")
    said = git(folder, "commit", "-m", "Round half up in the ledger")
    (folder / "ledger.py").write_text("first = 1\nsecond = 2\n")
    git(folder, "commit", "-qam", "Count twice", at_ms=COMMITTED_MS + 600 * MINUTE_MS)
    (folder / "ledger.py").write_text("first = 1\nsecond = 2\nthird = 3\n")
    events = [
        of("blame-1", 1, -5, "Round half up, as the auditors decided.", EventRole.USER),
        of("blame-1", 2, 0, f"git commit\n{said}", EventRole.TOOL),
        of("blame-1", 3, 900, f"Later somebody spoke of {said[:80]}", EventRole.USER),
        of("blame-2", 1, 590, "Edit: ledger.py", EventRole.TOOL, files="/home/dev/shop/ledger.py"),
    ]
    with shared_stack.client() as client:
        assert all(result.created for result in client.ingest_many(events))
        wait_until(lambda: not client.index_status().behind)
    return folder


def of(session: str, number: int, minute: int, text: str, role: EventRole, **metadata: str) -> Event:
    kind = EventType.TOOL_RESULT if role == EventRole.TOOL else EventType.USER_MESSAGE
    at_ms = COMMITTED_MS + minute * MINUTE_MS
    return Event(f"{session}-{number}", session, at_ms, kind, role, text, metadata, "claude-code")


def test_a_commit_leads_to_the_session_whose_tool_named_it(shared_stack: Stack, checkout: Path) -> None:
    """To the first turn that names it, not to those that speak of it later."""
    (found,) = asked(shared_stack, f"{checkout / 'ledger.py'}:1")

    assert (found["sessionId"], found["eventId"], found["namesCommit"]) == ("blame-1", "blame-1-2", True)
    assert (found["subject"], found["author"], found["lines"]) == ("Round half up in the ledger", "Ada", [1])


def test_a_commit_that_nobody_named_leads_to_who_touched_the_file_before(shared_stack: Stack, checkout: Path) -> None:
    """The last one within the hours before the author's time."""
    (found,) = asked(shared_stack, f"{checkout / 'ledger.py'}:2")

    assert (found["sessionId"], found["eventId"], found["namesCommit"]) == ("blame-2", "blame-2-1", False)


def test_a_whole_file_names_each_commit_once(shared_stack: Stack, checkout: Path) -> None:
    """And what is not committed yet, which has no id."""
    found = asked(shared_stack, str(checkout / "ledger.py"))

    assert {each["subject"] for each in found if each["commitId"]} == {"Round half up in the ledger", "Count twice"}
    assert [each["lines"] for each in found if not each["commitId"]] == [[3]]
    page = shared_stack.run("search", "--blame", checkout / "ledger.py").stdout
    assert "names this commit" in page
    assert "not committed" in page
    assert "No session is known for it." in page


@pytest.mark.parametrize(
    ("wanted", "said"), [("none.py", "There is no file"), ("ledger.py:99", "git says"), ("loose.py", "git says")]
)
def test_what_git_does_not_know_is_named(shared_stack: Stack, checkout: Path, wanted: str, said: str) -> None:
    """A file that is not there, a line that it has not, a file that was never added."""
    (checkout / "loose.py").write_text("x\n")

    done = shared_stack.run("search", "--blame", checkout / wanted, check=False)

    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.parametrize(
    ("wanted", "place"),
    [("a.py", ("a.py", None)), ("a.py:3", ("a.py", 3)), ("C:\\a.py", ("C:\\a.py", None)), (":3", (":3", None))],
)
def test_a_line_stands_behind_the_last_colon(wanted: str, place: tuple[str, int | None]) -> None:
    """Where a number does; anything else is part of the name."""
    assert place_of(wanted) == place


def asked(stack: Stack, wanted: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(stack.run("search", "--blame", wanted, "--json").stdout)["commits"]
    return found
