"""Threads without which their process is of no use: where one ends by an error, so does the process.

The supervisor starts it again. A process that lives on without its thread fails every request until somebody looks.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from typing import Final

# EX_SOFTWARE of <sysexits.h>
EXIT_CODE: Final = 70

log = logging.getLogger(__name__)


def vital_thread(work: Callable[[], None], name: str) -> threading.Thread:
    """A daemon thread, not yet started, that does `work`; an error in it ends the process at once."""

    def guarded() -> None:
        try:
            work()
        except BaseException:  # a panic in a binding is no Exception
            try:
                log.critical("a thread that this process needs has failed: %s", name, exc_info=True)
            finally:
                os._exit(EXIT_CODE)

    return threading.Thread(target=guarded, name=name, daemon=True)
