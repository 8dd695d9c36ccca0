"""The browser on a real terminal, tmux's: what it draws, without colours too, and how it leaves the terminal behind."""

from __future__ import annotations

import contextlib
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.stack import Stack, wait_until
from support.writer import said

pytestmark = [
    pytest.mark.drill,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux"),
]

# Sequences that set a colour: 30-37, 90-97, 38;..., and those of the background.
COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;\d+)*m")


class Tmux:
    """A terminal of 80 x 24 with a shell."""

    def __init__(self, socket: Path, env: dict[str, str], folder: Path) -> None:
        self._command = ["tmux", "-S", str(socket), "-f", "/dev/null"]
        self._env = {**env, "TERM": "xterm-256color", "PS1": "$ ", "LANG": "C.UTF-8"}
        self._run("new-session", "-d", "-x", "80", "-y", "24", "-c", str(folder), "sh")

    def type(self, text: str) -> None:
        self._run("send-keys", "-l", text)

    def press(self, *keys: str) -> None:
        """Keys by tmux's names: Enter, Escape, Down, j."""
        self._run("send-keys", *keys)

    def resize(self, width: int, height: int) -> None:
        self._run("resize-window", "-x", str(width), "-y", str(height))

    def screen(self, *, styles: bool = False) -> str:
        return self._run("capture-pane", "-p", *(["-e"] if styles else []))

    def until(self, *shown: str) -> str:
        """The screen, once all of these are on it."""
        try:
            wait_until(lambda: all(each in self.screen() for each in shown), timeout_s=30)
        except TimeoutError:
            raise TimeoutError(f"{shown} did not appear:\n{self.screen()}") from None
        return self.screen()

    def close_window(self) -> None:
        """As a user closes it, with whatever runs in it."""
        self._run("kill-session")

    def close(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):  # it has ended with its last window
            self._run("kill-server")

    def _run(self, *words: str) -> str:
        done = subprocess.run([*self._command, *words], env=self._env, capture_output=True, text=True, check=True)
        return done.stdout


@pytest.fixture
def terminal(stack: Stack, tmp_path: Path) -> Iterator[Tmux]:
    stack.env["MEMORY_TIMEZONE"] = "UTC"
    stack.start()
    with stack.client() as client:
        for number, text in enumerate(
            ["Where does the queue live?", "In Postgres.", "日本語でも動きますか。", "Ja, auch mit ß."]
        ):
            client.ingest(said(f"e{number}", 1_763_000_000_000 + number * 60_000, text))
        stack.wait_until(lambda: client.stats().outbox == 0)
    made = Tmux(Path(stack.env["XDG_RUNTIME_DIR"]) / "tmux", stack.env, tmp_path)
    try:
        yield made
    finally:
        made.close()


def test_it_draws_answers_keys_and_leaves_the_terminal_as_it_was(terminal: Tmux, stack: Stack) -> None:
    command = shlex.join(stack.command("browse"))
    terminal.type(f"stty -a | head -1; echo before; {command}; echo ended with $?")
    terminal.press("Enter")
    terminal.until("4 events · capturing", "▾ 2025", "• ")
    assert COLOUR.search(terminal.screen(styles=True))
    terminal.press("l", "j", "Enter")
    terminal.until("The evidence")
    terminal.type("/queue lih")  # at once: no letter is lost, and none is a key
    terminal.press("BSpace")
    terminal.until("queue li\n", "Where does the queue live?", "ctrl+t any time")
    terminal.resize(120, 40)
    wait_until(lambda: max(map(len, terminal.screen().splitlines())) > 80)
    terminal.resize(40, 12)
    terminal.press("Escape")
    terminal.until("▾ 2025")
    terminal.press("?")
    terminal.until("Move")
    terminal.press("q", "q")

    shown = terminal.until("before", "ended with 0")
    assert "▾" not in shown
    terminal.type("echo $((40 + 2))")
    terminal.press("Enter")
    terminal.until("\n42")


def test_without_colour_it_uses_none_and_still_shows_where_one_is(terminal: Tmux, stack: Stack) -> None:
    """Bold, dim and reversed remain."""
    terminal.type(f"NO_COLOR=1 {shlex.join(stack.command('browse'))}")
    terminal.press("Enter")
    terminal.until("4 events · capturing", "▾ 2025", "• ")

    shown = terminal.screen(styles=True)

    assert not COLOUR.search(shown)
    (here,) = [line for line in shown.splitlines() if re.search(r"\x1b\[(?:\d+;)*7m", line)]
    assert "Where does" in here
    terminal.press("q")


def test_killed_it_says_nothing_and_the_program_is_gone(terminal: Tmux, stack: Stack) -> None:
    """The terminal's window closes: nothing is left running."""
    terminal.type(f"exec {shlex.join(stack.command('browse'))}")
    terminal.press("Enter")
    terminal.until("4 events · capturing")
    (pid,) = browsers(stack)

    terminal.close_window()

    wait_until(lambda: not Path(f"/proc/{pid}").exists())


def browsers(stack: Stack) -> list[int]:
    """The browsers that run for the stack's user."""
    home = f"HOME={stack.env['HOME']}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes().split(b"\0")
            is_ours = words[-2:-1] == [b"browse"] and home in (path / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if is_ours:
            found.append(int(path.name))
    return found
