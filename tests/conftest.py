"""What tests of every kind share."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from stack import Stack

# How long an example takes says more about what else the machine does than about what is tried.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A scratch home in which a real stack can be started; everything in it is stopped afterwards."""
    # Not below tmp_path: the name of a Unix socket must stay below 104 bytes.
    with tempfile.TemporaryDirectory(prefix="am-") as runtime:
        scratch = Stack(tmp_path / "scratch", Path(runtime))
        try:
            yield scratch
        finally:
            scratch.close()


@pytest.fixture(scope="module")
def shared_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running stack, its days cut in UTC, that the tests of a module share."""
    with tempfile.TemporaryDirectory(prefix="am-") as runtime:
        scratch = Stack(tmp_path_factory.mktemp("shared") / "scratch", Path(runtime))
        scratch.env["MEMORY_TIMEZONE"] = "UTC"
        try:
            scratch.start()
            yield scratch
        finally:
            scratch.close()
