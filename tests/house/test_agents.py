"""One folder an agent: nothing outside of it knows the agent, and what must be quick does not import any."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grimp

from agent_memory.agents.registry import AGENTS, COMMON

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ROOT / "shared" / "agent_memory" / "agents"


# A page of a list has a cursor, too: of such a word, only what is compared with it counts.
WORDS = {"cursor"}


def names_in(path: Path) -> Iterator[str]:
    """Where an agent's name stands as a text of its own in that module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    compared = {
        id(part) for node in ast.walk(tree) if isinstance(node, ast.Compare | ast.MatchValue) for part in ast.walk(node)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or node.value not in AGENTS:
            continue
        if node.value not in WORDS or id(node) in compared:
            yield f"{path.relative_to(ROOT)}:{node.lineno}: {node.value}"


def test_no_module_names_an_agent_outside_of_its_folder() -> None:
    """What differs between agents is asked of their records: no `if agent == ...` anywhere else."""
    outside = [path for root in ("services", "shared") for path in (ROOT / root).rglob("*.py")]
    own = {path for path in outside if path.parent.parent == FOLDERS}

    assert [name for path in outside if path not in own for name in names_in(path)] == []
    for path in own:
        assert all(name.endswith(f" {path.parent.name.replace('_', '-')}") for name in names_in(path))


def test_every_folder_is_an_agent() -> None:
    """Found by itself, under its own name, in the order of the folders."""
    folders = sorted(path.parent.name for path in FOLDERS.glob("*/__init__.py"))

    assert [name.replace("-", "_") for name in AGENTS] == folders
    assert all(agent.name == name for name, agent in AGENTS.items())
    assert COMMON in AGENTS.values()


def test_what_must_start_quickly_imports_no_agent() -> None:
    """The hook's client, while there is no rule to ask; the worker, ever."""
    code = "import sys; sys.path[:0] = sys.argv[1:]; import agent_memory.hook.client; print(*sys.modules)"
    roots = [str(ROOT / "services"), str(ROOT / "shared")]

    command = [sys.executable, "-I", "-S", "-c", code, *roots]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    assert "agent_memory.hook.client" in loaded
    assert "agent_memory.agents" not in loaded
    graph = grimp.build_graph("agent_memory", cache_dir=None)
    assert not graph.chain_exists("agent_memory.worker", "agent_memory.agents", as_packages=True)


def test_who_asks_for_agents_does_not_wait_for_what_reads_their_transcripts() -> None:
    """The registry has every agent's record and payloads; the readers are imported when one is asked for."""
    code = "import sys; from agent_memory.agents.registry import AGENTS; print(len(AGENTS), *sys.modules)"

    command = [sys.executable, "-c", code]
    number, *loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    assert int(number) == len(AGENTS)
    readers = {f"agent_memory.agents.{name.replace('-', '_')}.transcript" for name in AGENTS}
    assert readers.isdisjoint(loaded)
    assert {"sqlite3", "hashlib", "pkgutil", "agent_memory.agents.jsonl"}.isdisjoint(loaded)
