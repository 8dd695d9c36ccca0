"""Files of our own: whole or not at all, and private."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from agent_memory.files import atomic_write, make_private_dir


def test_a_reader_never_finds_half_a_file(tmp_path: Path) -> None:
    """While one thread replaces the file again and again, every read finds one of the contents whole."""
    path = tmp_path / "file"
    contents = [bytes([byte]) * 100_000 for byte in b"ab"]
    atomic_write(path, contents[0])
    ended = threading.Event()

    def keep_writing() -> None:
        for number in range(50):
            atomic_write(path, contents[number % 2])
        ended.set()

    thread = threading.Thread(target=keep_writing)
    thread.start()
    while not ended.is_set():
        assert path.read_bytes() in contents
    thread.join()
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_modes_do_not_depend_on_the_umask(tmp_path: Path) -> None:
    """0600 for a file and 0700 for a folder, or what was asked for; a folder that was open to others is closed."""
    before = os.umask(0o000)
    try:
        atomic_write(tmp_path / "private", b"")
        atomic_write(tmp_path / "shared", b"", 0o644)
        (tmp_path / "open").mkdir(mode=0o755)
        make_private_dir(tmp_path / "open")
        make_private_dir(tmp_path / "a" / "b")
    finally:
        os.umask(before)

    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {"private": 0o600, "shared": 0o644, "open": 0o700, "a": modes["a"]}
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """The name is taken by a folder: OSError, and no unfinished file beside it."""
    (tmp_path / "taken").mkdir()

    with pytest.raises(OSError, match="directory"):
        atomic_write(tmp_path / "taken", b"content")

    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
