"""Several stores in one daemon, through the real processes: each event in its store, and nowhere else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import pytest

from agent_memory import capture, project_stores
from agent_memory.capture.spool import Spool
from agent_memory.client import Client
from agent_memory.errors import AgentMemoryError, StoreUnavailable
from agent_memory.hook.command import program
from agent_memory.model import Event, EventRole, EventType
from agent_memory.rpc import memory_pb2 as pb
from support import transcripts
from support.stack import Stack, wait_until

AT_MS = 1_767_225_600_000  # 1 January 2026


def said(event_id: str, text: str, session_id: str = "s1") -> Event:
    return Event(event_id, session_id, AT_MS, EventType.USER_MESSAGE, EventRole.USER, text, {}, "claude-code")


def call_hook(stack: Stack, text: str, session_id: str, **variables: str) -> None:
    stdin = json.dumps({"session_id": session_id, "hook_event_name": "UserPromptSubmit", "prompt": text}).encode()
    environment = {**stack.env, "MEMORY_HOOK_DEADLINE_MS": "10000", **variables}
    hook = subprocess.run([*program()], input=stdin, capture_output=True, env=environment, check=True)
    assert hook.stdout == capture.REPLY


def texts(stack: Stack, store: str = "") -> list[str]:
    with stack.client() as client:
        request = pb.GetEventsRequest(to_timestamp_ms=9_999_999_999_999, limit=1000)
        return [event.text for event in client.of_store(store).events(request).events]


def folder_of(stack: Stack, store: str) -> Path:
    return stack.db_path.parent / "projects" / store


def _is_told(client: Client) -> bool:
    """Whether all that is stored is in the table of contents and in the index."""
    return client.index_status().available and not client.stats().outbox


def _holds(stack: Stack, store: str, wanted: list[str]) -> bool:
    try:
        return sorted(texts(stack, store)) == sorted(wanted)
    except AgentMemoryError:
        return False


def listed(stack: Stack) -> dict[str, dict[str, Any]]:
    found = json.loads(stack.run("stores", "list", "--json").stdout)
    return {store["name"]: store for store in found["stores"]}


@pytest.fixture(scope="module")
def two(shared_stack: Stack) -> Stack:
    """A stack with an event in its default store and one in the store acme, both in the table of contents."""
    shared_stack.run("stores", "create", "acme")
    with shared_stack.client() as client, client.of_store("acme") as acme:
        client.ingest(said("e1", "The default store speaks of penguins"))
        acme.ingest(said("e1", "The project store speaks of bluebirds"))
        for each in (client, acme):
            wait_until(partial(_is_told, each))
    return shared_stack


def test_one_id_is_another_event_in_another_store(two: Stack) -> None:
    """Nothing of one is read in the other: events, search, table of contents, figures."""
    assert texts(two) == ["The default store speaks of penguins"]
    assert texts(two, "acme") == ["The project store speaks of bluebirds"]
    for store, there, elsewhere in (("default", "penguins", "bluebirds"), ("acme", "bluebirds", "penguins")):
        option = ("--project-store", store)
        assert there in two.run("search", there, *option).stdout
        assert "Nothing was found" in two.run("search", elsewhere, *option).stdout
        assert there in two.run("query", "root", *option).stdout
        assert elsewhere not in two.run("query", "map", *option).stdout
        assert json.loads(two.run("admin", "stats", "--json", *option).stdout)["events"] == "1"


def test_the_store_is_named_by_the_environment_too(two: Stack) -> None:
    """MEMORY_PROJECT, for each command that is about a store; the command line has the last word."""
    env = {"MEMORY_PROJECT": "Acme"}
    assert "bluebirds" in two.run("query", "root", env=env).stdout
    assert "penguins" in two.run("query", "root", "--project-store", "default", env=env).stdout
    assert json.loads(two.run("status", "--json", env=env).stdout)["db_path"] == str(two.db_path)
    path = json.loads(two.run("config", "show", "--json", env=env).stdout)["db_path"]["value"]
    assert path == str(folder_of(two, "acme") / "db")


def test_all_stores_answer_only_when_all_are_asked(two: Stack) -> None:
    """Search puts the hits of all together, pages follow each other, and JSON has an object for each store."""
    found = json.loads(two.run("search", "speaks", "--all-stores", "--json").stdout)["hits"]
    assert {(hit["store"], hit["event_id"]) for hit in found} >= {("default", "e1"), ("acme", "e1")}
    page = two.run("search", "bluebirds", "--all-stores").stdout
    assert "store acme" in page
    assert "--project-store acme" in page
    root = two.run("query", "root", "--all-stores").stdout
    assert root.index("Store default") < root.index("penguins") < root.index("Store acme") < root.index("bluebirds")
    agents = json.loads(two.run("agents", "list", "--all-stores", "--json").stdout)["stores"]
    assert agents["acme"]["agents"][0]["event_count"] == "1"
    refused = two.run("query", "root", "--all-stores", "--project-store", "acme", check=False)
    assert (refused.returncode, "exclude each other" in refused.stderr) == (2, True)


def test_a_call_names_its_store_in_its_metadata(two: Stack) -> None:
    """A store that is not there is NOT_FOUND, and what is no name INVALID_ARGUMENT; nothing is made by asking."""
    for name, code in (("nowhere", grpc.StatusCode.NOT_FOUND), ("../db", grpc.StatusCode.INVALID_ARGUMENT)):
        with two.client() as client, client.of_store(name) as other, pytest.raises(AgentMemoryError) as caught:
            other.stats()
        cause = caught.value.__cause__
        assert isinstance(cause, grpc.RpcError)
        assert cause.code() == code
    assert "nowhere" not in listed(two)
    refused = two.run("query", "root", "--project-store", "nowhere", check=False)
    assert (refused.returncode, "there are default, acme" in refused.stderr) == (2, True)


def test_commands_about_the_whole_daemon_take_no_store(two: Stack) -> None:
    for command in ("stop", "status", "doctor"):
        refused = two.run(command, "--project-store", "acme", check=False)
        assert refused.returncode == 2
        assert "about the whole daemon" in refused.stderr
    assert two.status()["health"] == "SERVING"


def test_a_hook_lands_in_the_store_that_its_environment_names(two: Stack) -> None:
    """On disk there when it returns; a store of a new name is made. What names no store waits, in no store."""
    before = texts(two)
    call_hook(two, "Said for a new store", "h1", MEMORY_PROJECT="fresh")
    call_hook(two, "Said for no store", "h2", MEMORY_PROJECT="../fresh")

    assert texts(two, "fresh") == ["Said for a new store"]
    wait_until(lambda: Spool(two.db_path).state().failed == 1)
    assert Spool(two.db_path).state().rejected == 0
    (failure,) = two.status()["spool"]["failures"]
    assert "'../fresh' is no name for a store" in failure["message"]
    assert texts(two) == before
    Path(failure["path"]).unlink()


def test_a_hook_that_calls_a_daemon_by_its_address_names_the_store_too(two: Stack) -> None:
    """The default store gets nothing of it."""
    two.run("stores", "create", "remote")
    before = texts(two)
    call_hook(two, "Said for afar", "r1", MEMORY_PROJECT="remote", MEMORY_DAEMON_ADDR=f"127.0.0.1:{two.port}")

    assert (texts(two, "remote"), texts(two)) == (["Said for afar"], before)


def test_a_pause_of_everything_is_one_of_each_store(two: Stack) -> None:
    """And one of a single store is not one of the others."""
    two.run("pause-capture", "1h", "--project-store", "acme")
    call_hook(two, "Said in acme while it pauses", "p1", MEMORY_PROJECT="acme")
    call_hook(two, "Said elsewhere meanwhile", "p2")
    two.run("resume-capture", "--project-store", "acme")
    two.run("pause-capture", "1h")
    call_hook(two, "Said in acme while all pauses", "p3", MEMORY_PROJECT="acme")
    two.run("resume-capture")

    assert texts(two, "acme") == ["The project store speaks of bluebirds"]
    assert "Said elsewhere meanwhile" in texts(two)


def test_a_monitor_sees_each_store(two: Stack) -> None:
    """All of them by what is told without opening them, one by a page of its own; doctor knows how many there are."""
    page = two.run("metrics").stdout
    assert 'agent_memory_project_store_damaged{store="acme"} 0' in page
    own = two.run("metrics", "--project-store", "acme").stdout
    assert "\nagent_memory_events 1\n" in own
    assert "agent_memory_spool_events" not in own
    assert two.run("metrics", "--project-store", "nowhere", check=False).returncode == 2
    stores = [each for each in json.loads(two.run("doctor", "--json", check=False).stdout)["findings"]
              if each["subject"] == "stores"]  # fmt: skip
    assert (stores[0]["grade"], "project store" in stores[0]["message"]) == ("ok", True)


def test_a_backup_and_an_export_hold_one_store(two: Stack, tmp_path: Path) -> None:
    """The backup of a project store restores into a store of its own."""
    two.run("admin", "backup", tmp_path / "backups", "--project-store", "acme")
    (backup,) = (path for path in (tmp_path / "backups").iterdir() if path.is_dir())
    shown = two.run("admin", "stats", "--db-path", backup, check=False).stdout
    assert "Events: 1" in shown
    with two.client() as client, client.of_store("acme") as acme:
        acme.ingest(said("e2", "Said after the backup"))
    restored = two.run("admin", "restore", tmp_path / "backups", "--replace", "--project-store", "acme").stdout
    assert restored.endswith("The daemon serves it.\n")
    wait_until(partial(_holds, two, "acme", ["The project store speaks of bluebirds"]))
    two.run("admin", "export", "--output", tmp_path / "acme.jsonl", "--project-store", "acme")
    exported = (tmp_path / "acme.jsonl").read_text()
    assert "bluebirds" in exported
    assert "penguins" not in exported


def test_what_is_forgotten_in_one_store_stays_in_the_other(two: Stack) -> None:
    """The proof looks at that store's files, and at the spool that all share."""
    with two.client() as client, client.of_store("forgetful") as forgetful:
        two.run("stores", "create", "forgetful")
        for each in (client, forgetful):
            each.ingest(said("f1", "A sentence about the walrus in both stores", session_id="forget"))

    receipt = json.loads(
        two.run("admin", "forget", "--session", "forget", "--yes", "--json", "--project-store", "forgetful").stdout
    )

    assert (receipt["events"], receipt["proved"]) == ("1", True)
    assert texts(two, "forgetful") == []
    assert "A sentence about the walrus in both stores" in texts(two)


def test_a_store_is_renamed_and_removed_while_the_daemon_runs(two: Stack) -> None:
    """Its events move with it; a removed one is unknown at once, and nothing of it is left."""
    two.run("stores", "create", "short")
    with two.client() as client, client.of_store("short") as short:
        short.ingest(said("e9", "Said in a store with a short life"))
    two.run("stores", "move", "short", "longer")
    assert texts(two, "longer") == ["Said in a store with a short life"]

    unasked = two.run("stores", "remove", "longer", check=False)
    assert (unasked.returncode, "Add --yes" in unasked.stderr, "longer" in listed(two)) == (1, True, True)
    two.run("stores", "remove", "longer", "--yes")

    assert not {"short", "longer"} & listed(two).keys()
    with pytest.raises(AgentMemoryError, match="no store 'longer'"):
        texts(two, "longer")
    assert not folder_of(two, "longer").exists()


def test_damage_in_one_store_leaves_the_others_served(stack: Stack) -> None:
    """The damaged one answers UNAVAILABLE, is named with the reason, and is served again once it is mended."""
    stack.run("stores", "create", "sick")
    stack.run("stores", "create", "well")
    stack.start()
    with stack.client() as client, client.of_store("sick") as sick:
        sick.ingest(said("e1", "Before the damage"))
        client.release_store("sick")
    db_path = folder_of(stack, "sick") / "db"
    current = db_path / "CURRENT"
    good = current.read_bytes()
    current.write_bytes(b"MANIFEST-999999\n")

    call_hook(stack, "While it is damaged", "h1", MEMORY_PROJECT="sick")
    with pytest.raises(StoreUnavailable) as caught:
        texts(stack, "sick")

    cause = caught.value.__cause__
    assert isinstance(cause, grpc.RpcError)
    assert cause.code() == grpc.StatusCode.UNAVAILABLE
    call_hook(stack, "In the well one", "h2", MEMORY_PROJECT="well")
    call_hook(stack, "In the default one", "h3")
    assert (texts(stack, "well"), texts(stack)) == (["In the well one"], ["In the default one"])
    assert stack.status()["health"] == "SERVING"
    assert listed(stack)["sick"]["error"]
    assert "sick" in stack.run("status").stdout
    asked = stack.run("query", "root", "--all-stores", check=False)
    assert (asked.returncode, "Store well" in asked.stdout, "can't be opened" in asked.stderr) == (1, True, True)
    (folder_of(stack, "sick") / "config.toml").write_text("retention_days = 'soon'\n")
    found = stack.run("search", "well", "--all-stores", check=False)
    assert (found.returncode, "In the well one" in found.stdout, "Store sick" in found.stderr) == (1, True, True)
    (folder_of(stack, "sick") / "config.toml").unlink()
    doctor = stack.run("doctor", check=False)
    assert "sick" in doctor.stdout
    # What hooks brought for it waits, and is not lost.
    current.write_bytes(good)
    with stack.client() as client:
        client.release_store("sick")
    wait_until(partial(_holds, stack, "sick", ["Before the damage", "While it is damaged"]))


@pytest.mark.drill
def test_what_waits_in_the_spool_goes_to_its_store_after_crashes(stack: Stack) -> None:
    """Spooled without a daemon, drained while its processes are killed: each event once, in its own store."""
    wanted: dict[str, list[str]] = {"": [], "a": [], "b": []}
    for number in range(24):
        store = ("", "a", "b")[number % 3]
        text = f"word {number}"
        call_hook(stack, text, f"s{store}", **({"MEMORY_PROJECT": store} if store else {}))
        wanted[store].append(text)
    stack.start()
    for process in ("query", "ingest", "worker"):
        stack.kill(process, signal.SIGKILL)

    wait_until(lambda: not Spool(stack.db_path).waiting())
    wait_until(lambda: stack.status()["health"] == "SERVING")

    for store, expected in wanted.items():
        wait_until(partial(_holds, stack, store, expected))
    with stack.client() as client:
        for store, expected in wanted.items():
            with client.of_store(store) as each:
                assert each.stats().events == len(expected)
                wait_until(partial(_is_told, each))


def test_sessions_follow_the_rule_for_their_folder(stack: Stack) -> None:
    """By the hook, and by the transcript: reconcile adds nothing to a store that a session does not belong to."""
    home = Path(stack.env["HOME"])
    transcripts.settle("claude-code", home)
    stack.env["MEMORY_PROJECT_STORES"] = json.dumps({"/": "ruled"})
    stack.start()
    for event, stdin in transcripts.hook_calls("claude-code", home):
        environment = {**stack.env, "MEMORY_HOOK_DEADLINE_MS": "10000"}
        subprocess.run([*program(), "--agent", "claude-code", event], input=stdin, env=environment, check=True,
                       capture_output=True)  # fmt: skip
    wait_until(lambda: not Spool(stack.db_path).waiting())
    captured = texts(stack, "ruled")
    assert captured
    assert texts(stack) == []

    tally = json.loads(stack.run("backfill", "claude-code", "--json").stdout)["agents"]["claude-code"]

    assert (tally["stored"], tally["known"]) == (0, tally["events"])
    assert (texts(stack, "ruled"), texts(stack)) == (captured, [])


@pytest.mark.drill
def test_a_session_named_by_its_environment_is_reconciled_there(stack: Stack) -> None:
    """Its transcript says nothing of the environment; the note of its first call does, also after a restart."""
    home = Path(stack.env["HOME"])
    transcripts.settle("claude-code", home)
    stack.start()
    calls = list(transcripts.hook_calls("claude-code", home))
    environment = {**stack.env, "MEMORY_HOOK_DEADLINE_MS": "10000", "MEMORY_PROJECT": "named"}
    event, stdin = calls[0]
    subprocess.run([*program(), "--agent", "claude-code", event], input=stdin, env=environment, check=True,
                   capture_output=True)  # fmt: skip
    stack.run("restart")

    stack.run("backfill", "claude-code")

    assert texts(stack) == []
    assert len(texts(stack, "named")) > 1


@pytest.mark.drill
def test_idle_stores_are_closed_in_every_process(stack: Stack) -> None:
    """More stores than may be open: the processes hold files of a few of them, and each is still served."""
    names = [f"p{number}" for number in range(project_stores.OPEN_MAX + 6)]
    for name in names:
        folder_of(stack, name).mkdir(mode=0o700, parents=True)
    stack.start()
    with stack.client() as client:
        for name in names:
            with client.of_store(name) as each:
                each.ingest(said("e1", f"Said in {name}"))

    wait_until(lambda: max(len(_open_stores(stack, process)) for process in ("ingest", "query", "worker"))
               <= project_stores.OPEN_MAX)  # fmt: skip

    assert [texts(stack, name) for name in names] == [[f"Said in {name}"] for name in names]


def _open_stores(stack: Stack, process: str) -> set[str]:
    """The project stores of which the process has files open."""
    top = str(folder_of(stack, ""))
    found = set()
    for entry in os.scandir(f"/proc/{stack.pid(process)}/fd"):
        try:
            path = str(Path(entry.path).readlink())
        except OSError:
            continue
        if path.startswith(top):
            found.add(path[len(top) + 1 :].split("/")[0])
    return found
