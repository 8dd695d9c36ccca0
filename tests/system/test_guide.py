"""README and the guides are run: every command in them works as printed, in order, and prints what they say it does."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest

from agent_memory import settings
from agent_memory.demo import samples
from support.stack import CHECKOUT, Stack, free_port, scratch, wait_until
from support.transcripts import long_history
from support.walkthrough import Ids, Mismatch, compare, steps

# Whether the daemon runs already where the document begins.
DOCUMENTS = {
    "README.md": False,
    "docs/guide.md": True,
    "docs/agents.md": True,
    "docs/privacy.md": True,
    "docs/operations.md": True,
    "docs/recovery.md": True,
}
# By the questions of docs/comparison.md, what the commands beside them print to show the answer.
SHOWN = {
    "Is it remembered without anybody asking?": r"^claude-code +2\.1\.0 ",
    "And what was before?": r"^claude-code +[1-9]",
    "Is one memory shared by several agents?": r"^claude-code(.*\n)+codex|^codex(.*\n)+claude-code",
    "Can a summary be proved?": r"^The evidence$",
    "Can a time be asked for?": r"Wed",
    "Can it be searched?": r"▸ .*Postgres",
    "Does it need a language model or a key?": r'^summarizer_provider += "local"',
    "Does anything leave the machine?": r'^grpc_host += "127\.0\.0\.1"',
    "Are secrets kept out?": r"^redaction += true ",
    "Can it forget?": r"--dry-run",
    "Do agents get tools?": r"tools: map, search, open, expand, events, projects$",
    "Does it store its own answers again?": r"^codex .*up to date",
    "Can it be taken out?": r"Removes the tools and the hooks",
}
# Those whose commands want a person: tests/process/test_browse_terminal.py and test_web_page.py run them.
FOR_PEOPLE = {"Can people look?"}
# What the documents call the home of whoever reads them, and the folder of the sockets.
HOME = "/home/dev"
RUNTIME = "/run/user/1000"
TIMEOUT_S = 60

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the documents print Linux's paths"),
    pytest.mark.timeout(240),
]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_works_as_printed(document: str, tmp_path: Path) -> None:
    with scratch(tmp_path / "scratch") as stack, closing(Reader(stack)) as reader:
        if DOCUMENTS[document]:
            reader.run("memory-daemon start")
        ids = Ids()

        for step in steps((CHECKOUT / document).read_text(encoding="utf-8")):
            try:
                printed = reader.run(ids.in_command(step.command))
                if step.expected:
                    compare(step.expected, printed, ids)
            except Mismatch as mismatch:
                pytest.fail(f"{document}: $ {step.command}\n  {mismatch}")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_command_escapes(document: str) -> None:
    """A reader copies from blocks of every kind: in these documents, only those that are run hold commands."""
    blocks = re.findall(r"^ *```(\w*)", (CHECKOUT / document).read_text(encoding="utf-8"), re.MULTILINE)

    assert set(blocks) & {"sh", "bash", "shell", "zsh"} == set()


def test_no_document_escapes() -> None:
    """Every page with commands that can be run is among those that are."""
    pages = [CHECKOUT / "README.md", *(CHECKOUT / "docs").glob("**/*.md")]
    with_commands = {page for page in pages if any(steps(page.read_text(encoding="utf-8")))}

    assert with_commands == {CHECKOUT / document for document in DOCUMENTS}


def test_the_comparison_shows_what_it_says(tmp_path: Path) -> None:
    """Every command in its table of ours prints the answer that stands beside it."""
    page = (CHECKOUT / "docs" / "comparison.md").read_text(encoding="utf-8")
    rows = {cells[1].strip(): cells[3] for line in page.splitlines() if len(cells := line.split("|")) == 5}
    asked = {question: re.findall(r"`(memory-daemon [^`]+)`", cell) for question, cell in rows.items()}
    asked = {question: commands for question, commands in asked.items() if commands}
    assert asked.keys() == SHOWN.keys() | FOR_PEOPLE

    with scratch(tmp_path / "scratch") as stack, closing(Reader(stack)) as reader:
        reader.run("memory-daemon start")
        reader.run("memory-daemon mcp install codex")
        asks = '{"hook_event_name": "UserPromptSubmit", "session_id": "c", "prompt": "Why is the build red?"}'
        reader.run(f"echo {shlex.quote(asks)} | memory-ingest --agent codex")
        for question, pattern in SHOWN.items():
            printed = ""
            for command in asked[question]:
                grip = re.search(r"grip:\S+", printed)
                printed = "\n".join(reader.run(command.replace("GRIP_ID", grip[0] if grip else "")))
            assert re.search(pattern, printed, re.MULTILINE), f"{question}\n{asked[question]}\n{printed}"


class Reader:
    """Somebody who types what a document says: in a project's folder, with two agents on PATH and a past to remember.

    The agents have been talked with by the time that the daemon has first been started.
    """

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._env = stack.env
        for name in [name for name in self._env if name.startswith("XDG_") and name != "XDG_RUNTIME_DIR"]:
            del self._env[name]
        # Where it is about noon: no midnight comes while the document is run, and two hours ago was today.
        self._env["MEMORY_TIMEZONE"] = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
        self._env["MEMORY_HOOK_DEADLINE_MS"] = "20000"
        self._home = Path(self._env["HOME"])
        self._env["PATH"] = f"{self._programs()}:{self._env['PATH']}"
        self._project = self._home / "shop"
        self._settle()
        self._has_talked = False
        self._ports = {"50052": str(free_port())}

    def run(self, command: str) -> list[str]:
        """The lines that the command prints; fails the test when it fails."""
        for written, free in self._ports.items():
            command = command.replace(f"--port {written}", f"--port {free}")
        done = subprocess.run(
            ["bash", "-c", command], env=self._env, cwd=self._project, capture_output=True, text=True, timeout=TIMEOUT_S
        )
        assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
        if not self._has_talked and self._stack.status()["running"]:
            self._talk()
        printed = done.stdout.replace(str(self._home), HOME).replace(self._env["XDG_RUNTIME_DIR"], RUNTIME)
        return printed.strip("\n").splitlines()

    def close(self) -> None:
        """Stop daemons of other stores, which a document that failed half-way has left running."""
        for store in self._home.glob("agent-memory-*"):
            subprocess.run(
                self._stack.command("stop", "--db-path", store), env=self._env, check=False, capture_output=True
            )

    def _programs(self) -> Path:
        """A folder for PATH, as an installation makes it, with agents that can do nothing but say their versions."""
        folder = self._home / ".local" / "bin"
        folder.mkdir(parents=True)
        modules = {"memory-daemon": "agent_memory.cli.main", "memory-ingest": "agent_memory.hook"}
        for name, module in modules.items():
            script(folder / name, f'exec {shlex.quote(sys.executable)} -m {module} "$@"')
        for name, version in {"claude": "2.1.0 (Claude Code)", "codex": "codex-cli 0.140.0"}.items():
            script(folder / name, f"echo {shlex.quote(version)}")
        return folder

    def _settle(self) -> None:
        """The project's folder, from which a checkout's programs can be run, too; and what an agent kept there."""
        (self._project / "bin").mkdir(parents=True)
        (self._project / "bin" / "memory-daemon").symlink_to(self._home / ".local" / "bin" / "memory-daemon")
        (self._project / "ops").symlink_to(CHECKOUT / "ops")
        for command in ("git init --quiet -b main .", "git remote add origin git@github.com:acme/shop.git"):
            subprocess.run(command.split(), cwd=self._project, env=self._env, check=True, capture_output=True)
        kept = self._home / ".claude" / "projects" / "-home-dev-shop" / "long.jsonl"
        kept.parent.mkdir(parents=True)
        long_history(kept, 3)

    def _talk(self) -> None:
        """Play the sample conversations through the hook, and wait until all are in the table of contents."""
        self._has_talked = True
        with patch.dict(os.environ, self._env, clear=True):
            found = settings.load()
            calls = list(self._calls(ZoneInfo(found.timezone)))
            for _ in samples.play(calls, found):
                pass
        with self._stack.client() as client:
            wait_until(lambda: client.stats().events and not client.stats().outbox)

    def _calls(self, zone: ZoneInfo) -> Iterator[samples.Sample]:
        for call in samples.samples(datetime.now(zone)):
            here = str(self._project)
            yield replace(call, stdin=call.stdin.replace(call.project.encode(), here.encode()), project=here)


def script(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    path.chmod(0o755)
