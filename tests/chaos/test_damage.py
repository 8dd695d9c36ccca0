"""Damage each file of a store and of all that lies beside it: it is told, or everything is served as it was.

`DAMAGE_TRIES=20 DAMAGE_SEED=3 bin/test -m drill tests/chaos/test_damage.py` tries some; without a number, all.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import pytest

from agent_memory import capture
from agent_memory.capture.spool import Spool
from agent_memory.client import Client
from agent_memory.errors import AgentMemoryError
from agent_memory.hook.command import program
from agent_memory.messages import event_from_bytes
from agent_memory.model import Event
from agent_memory.rpc import memory_pb2 as pb
from chaos.torturer import everything
from support.conversations import conversations
from support.stack import Stack, wait_until

TRIES: Final = int(os.environ.get("DAMAGE_TRIES", "0"))
SEED: Final = int(os.environ.get("DAMAGE_SEED", "1"))
# Only files with this in their paths.
ONLY: Final = os.environ.get("DAMAGE_ONLY", "")
PATIENCE_S: Final = 120.0
FLIPS: Final = 8
SPOOLED: Final = "Said while no daemon ran."
WORD: Final = "kaufmännisch"
# What nobody can miss: each is the only trace of itself, or holds nothing that anybody promised.
UNKNOWABLE: Final = (
    "db-spool/",
    "db-forgotten",
    "db-receipts/",
    "logs/",
    "db-backups",
    "LOCK",
    "LOG",
    "db-checkpoint/",
)


def flipped(path: Path, random: Random) -> None:
    content = bytearray(path.read_bytes())
    for _ in range(min(FLIPS, len(content))):
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    path.write_bytes(content)


def cut(path: Path, random: Random) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: random.randrange(len(content))] if content else content)


def emptied(path: Path, random: Random) -> None:
    path.write_bytes(b"")


def deleted(path: Path, random: Random) -> None:
    path.unlink()


DAMAGES: Final[Sequence[Callable[[Path, Random], None]]] = (flipped, cut, emptied, deleted)


@dataclass(frozen=True, slots=True)
class Kept:
    """What was acknowledged, by store, as it was sent."""

    default: list[Event]
    acme: list[Event]


@pytest.mark.drill
@pytest.mark.timeout(36_000)
def test_damage_is_told_or_costs_nothing(stack: Stack, tmp_path: Path) -> None:
    """Each file, flipped, cut short, emptied and deleted: nothing is dropped or changed in silence."""
    kept = filled(stack)
    data = stack.db_path.parent
    sound = tmp_path / "sound"
    shutil.copytree(data, sound, symlinks=True)
    files = sorted(path.relative_to(sound) for path in sound.rglob("*") if path.is_file() and not path.is_symlink())
    tries = [(file, damage) for file in files if ONLY in str(file) for damage in DAMAGES]
    random = Random(SEED)
    tries = random.sample(tries, min(TRIES, len(tries))) if TRIES else tries
    silent = []
    for file, damage in tries:
        shutil.rmtree(data)
        shutil.copytree(sound, data, symlinks=True)
        damage(data / file, Random(f"{SEED}/{file}/{damage.__name__}"))
        lost, said = outcome(stack, kept)
        print(f"{damage.__name__:8} {file!s:44} {lost or 'whole':30} {said}", flush=True)
        if lost and not said and not str(file).startswith(UNKNOWABLE) and file.name not in UNKNOWABLE:
            silent.append(f"{damage.__name__} {file}: {lost}")
        stop(stack)

    assert not silent, "\n".join(silent)


def filled(stack: Stack) -> Kept:
    """A store, a project store, an index, a spooled envelope, a copy, and a log that holds the last of it."""
    stack.env["MEMORY_TIMEZONE"] = "UTC"
    stack.start()
    stack.run("stores", "create", "acme")
    events = conversations(3, sessions=3, events_each=40)
    with stack.client() as client, client.of_store("acme") as acme:
        kept = Kept(events[:90], events[90:])
        client.ingest_many(kept.default[:80])
        acme.ingest_many(kept.acme)
        wait_until(lambda: client.stats().outbox == 0 and client.index_status().behind == 0, PATIENCE_S)
        stack.run("admin", "backup", stack.folder / "backups")
        client.ingest_many(kept.default[80:])
        wait_until(lambda: client.stats().outbox == 0 and client.index_status().behind == 0, PATIENCE_S)
    stack.kill_all()
    payload = {"session_id": "spooled", "hook_event_name": "UserPromptSubmit", "prompt": SPOOLED}
    hook = subprocess.run(program(), input=json.dumps(payload).encode(), capture_output=True, env=stack.env)
    assert hook.stdout == capture.REPLY
    assert Spool(stack.db_path).waiting()
    return kept


def outcome(stack: Stack, kept: Kept) -> tuple[str, str]:
    """What is not as it was, and what is said of it, by the start, the status or a verification; empty for nothing."""
    started = stack.run("start", check=False)
    if started.returncode:
        return "not started", started.stderr.strip().splitlines()[0]
    lost = ""
    try:
        wait_until(lambda: not (lost_now(stack, kept)), PATIENCE_S / 4)
    except TimeoutError:
        lost = lost_now(stack, kept)
    return lost, problem(stack)


def lost_now(stack: Stack, kept: Kept) -> str:
    try:
        with Client(f"127.0.0.1:{stack.port}") as client:
            stored = {event.event_id: event_from_bytes(event.SerializeToString()) for event in everything(client)}
            if any(stored.get(event.event_id) != event for event in kept.default):
                return "events"
            if SPOOLED not in {event.text for event in stored.values()}:
                return "the spooled event"
            if client.stats().outbox or not client.search(pb.SearchRequest(query=WORD)).hits:
                return "what search finds"
            with client.of_store("acme") as acme:
                theirs = {event.event_id: event_from_bytes(event.SerializeToString()) for event in everything(acme)}
                if any(theirs.get(event.event_id) != event for event in kept.acme):
                    return "a project store's events"
    except AgentMemoryError as error:
        return f"an answer: {error.message}"[:60]
    return ""


def problem(stack: Stack) -> str:
    """What the daemon or a command says is wrong, in one line."""
    status = stack.status()
    errors = [status["store_error"], *status["store_errors"].values(), status["capture_problem"]]
    if found := next(filter(None, errors), ""):
        return f"status: {found}"[:160]
    if status["health"] != "SERVING":
        return f"status: {status['health']}"
    if status["spool"]["rejected"]:
        return "status: an input of a hook was kept aside"
    for store in ((), ("--project-store", "acme")):
        verified = stack.run("admin", "verify", *store, check=False)
        if verified.returncode:
            return f"verify: {(verified.stderr or verified.stdout).strip().splitlines()[0]}"[:160]
    return ""


def stop(stack: Stack) -> None:
    try:
        stack.stop()
    except AgentMemoryError:
        time.sleep(1)
        stack.stop()
