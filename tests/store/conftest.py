"""Fixtures of the store's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.writer import WriterProcess


@pytest.fixture
def writer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WriterProcess]:
    """A running writer process over an empty store."""
    # Not tmp_path: it is named after the test, and a socket's path has 107 bytes.
    home: Path = tmp_path_factory.mktemp("w")
    process = WriterProcess(home)
    try:
        process.start()
        yield process
    finally:
        process.close()
