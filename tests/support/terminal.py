"""The browser driven by keys, without a terminal: what stands on its screen, as text."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from unittest.mock import patch

from textual.pilot import Pilot

from agent_memory import settings
from agent_memory.browse.app import Browser
from support.stack import Stack

SNAPSHOTS: Final = Path(__file__).resolve().parents[1] / "data" / "browse"
# Set, the snapshots are written instead of compared.
WRITE: Final = "WRITE_SNAPSHOTS"
_WAIT_S: Final = 20.0
_LOOK_S: Final = 0.02

Drive = Callable[["Screen"], Awaitable[None]]


class Screen:
    """A browser that runs, and its keys."""

    def __init__(self, browser: Browser, pilot: Pilot[str]) -> None:
        self.browser = browser
        self._pilot = pilot

    @property
    def lines(self) -> list[str]:
        """What is on the screen, line by line."""
        screen = self.browser.screen
        strips = screen._compositor.render_strips(screen.size)
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    async def press(self, *keys: str) -> None:
        await self._pilot.press(*keys)

    async def type(self, text: str) -> None:
        """Type the characters, one after another."""
        await self._pilot.press(*("space" if character == " " else character for character in text))

    async def resize(self, width: int, height: int) -> None:
        await self._pilot.resize_terminal(width, height)

    async def until(self, *shown: str, without: str = "") -> None:
        """Wait until all of these stand on the screen, and the other does not; raises TimeoutError."""
        try:
            async with asyncio.timeout(_WAIT_S):
                while not all(each in self.text for each in shown) or (without and without in self.text):
                    await asyncio.sleep(_LOOK_S)
        except TimeoutError:
            raise TimeoutError(f"{shown} did not appear, or {without!r} stayed:\n{self.text}") from None


def drive(stack: Stack, steps: Drive, *, size: tuple[int, int] = (80, 24), now_ms: int = 0, **env: str) -> Browser:
    """Run the browser of a stack's store and do `steps`, at the time `now_ms` if it is given."""

    async def run() -> Browser:
        found = settings.load()
        browser = Browser(found, now_ms=lambda: now_ms) if now_ms else Browser(found)
        async with browser.run_test(size=size) as pilot:
            await steps(Screen(browser, pilot))
        return browser

    with environment(stack, **env):
        return asyncio.run(run())


@contextmanager
def environment(stack: Stack, **more: str) -> Iterator[None]:
    """This process as one of the stack's user."""
    with patch.dict(os.environ, {**stack.env, "TZ": "UTC", **more}, clear=True):
        yield


def check_snapshot(name: str, shown: str) -> None:
    """The screen is as it was when somebody looked at it; with WRITE_SNAPSHOTS=1 it becomes what is compared with."""
    path = SNAPSHOTS / f"{name}.txt"
    if os.environ.get(WRITE):
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{shown}\n", encoding="utf-8")
    assert f"{shown}\n" == path.read_text(encoding="utf-8")
