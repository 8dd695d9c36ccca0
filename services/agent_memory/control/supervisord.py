"""The supervisor's process: supervisord, which starts at once and outlives a full disk.

By itself it waits a second for something to happen before it starts its processes.

It has its processes' output in hand and writes it to their logs. Where a line can't be written, supervisord prints the
error to standard error, which is a log as well, and ends by the error of that. What can't be written is left out here.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from supervisor import loggers, supervisord

from agent_memory.process.process_name import set_name


class _Handler(loggers.RotatingFileHandler):  # type: ignore[misc]
    def emit(self, record: Any) -> None:
        with suppress(OSError):  # turning the log over opens a new file
            super().emit(record)

    def handleError(self) -> None:  # noqa: N802, supervisord's name
        """The line is lost; there is nowhere to say so."""


class Supervisor(supervisord.Supervisor):  # type: ignore[misc]
    """Starts its processes before it waits for anything."""

    def runforever(self) -> None:
        for group in sorted(self.process_groups.values()):
            group.transition()
        super().runforever()


def main() -> None:
    """Run supervisord with the arguments of this process."""
    set_name()
    loggers.RotatingFileHandler = _Handler
    supervisord.Supervisor = Supervisor
    supervisord.main()


if __name__ == "__main__":
    main()
