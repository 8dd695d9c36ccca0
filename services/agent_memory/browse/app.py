"""The browser's program."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.message import Message

from agent_memory.browse.daemon import Daemon
from agent_memory.browse.pulse import EVERY_S, Pulse
from agent_memory.browse.screens.base_screen import BaseScreen
from agent_memory.browse.screens.help_screen import HelpScreen
from agent_memory.browse.screens.main_screen import MainScreen
from agent_memory.settings import Settings


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class Browser(App[str]):
    """Shows the memory of the daemon that the settings lead to; returns the store that is to be shown next, if any."""

    TITLE = "agent-memory"
    CSS_PATH = "browse.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", show=False),
        Binding("ctrl+c,ctrl+q", "quit", show=False, priority=True),
    ]

    class Arrived(Message):
        """Something from a lane, for the screens' thread."""

        def __init__(self, deliver: Callable[[], None]) -> None:
            super().__init__()
            self.deliver = deliver

    def __init__(self, settings: Settings, hook_store: str = "", now_ms: Callable[[], int] = _now_ms) -> None:
        # The terminal's own colours, whatever they are; NO_COLOR leaves none.
        super().__init__(ansi_color=True)
        self._hook_store = hook_store
        self.daemon = Daemon(settings, self._deliver, self._on_pulse, now_ms)

    def on_mount(self) -> None:
        self.theme = "ansi-dark"
        self.push_screen(MainScreen(self.daemon, self._hook_store))
        self.daemon.beat()
        self.set_interval(EVERY_S, self.daemon.beat)

    def on_unmount(self) -> None:
        self.daemon.close()

    def on_browser_arrived(self, message: Arrived) -> None:
        message.deliver()

    def action_help(self) -> None:
        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.daemon))

    def _deliver(self, deliver: Callable[[], None]) -> None:
        self.post_message(self.Arrived(deliver))

    def _on_pulse(self, before: Pulse, is_new: bool) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, BaseScreen):
                screen.show_pulse()
                if is_new:
                    screen.refresh_content(has_recovered=not before.is_up)


def run(settings: Settings, hook_store: str, settings_of: Callable[[str], Settings]) -> int:
    """Show the memory until the user quits; the exit code. `hook_store` is the store that hooks are to be given.

    `settings_of` has the settings of the daemon's stores by their names.
    """
    # What was loaded stays: a collection that went through all of it would hold up a key for 60 ms.
    gc.freeze()
    while True:
        browser = Browser(settings, hook_store)
        store = browser.run()
        if store is None:
            return browser.return_code or 0
        settings = settings_of(store)
