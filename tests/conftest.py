"""What tests of every kind share."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from support.stack import Stack, scratch

# How long an example takes says more about what else the machine does than about what is tried.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

# A shell without job control has what it starts in the background ignore Ctrl-C, and so would what the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A scratch home in which a real stack can be started; everything in it is stopped afterwards."""
    with scratch(tmp_path / "scratch") as found:
        yield found


@pytest.fixture(scope="module")
def shared_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running stack, its days cut in UTC, that the tests of a module share."""
    with scratch(tmp_path_factory.mktemp("shared") / "scratch") as found:
        found.env["MEMORY_TIMEZONE"] = "UTC"
        found.start()
        yield found
