"""What was rejected is kept until it is too much, and what is deleted then is counted."""

from __future__ import annotations

from pathlib import Path

from agent_memory.capture.rejected import Rejected


def key(number: int) -> str:
    return f"{number:020}-{number:016x}"


def add(rejected: Rejected, number: int, head: bytes = b"head", size: int = 4) -> None:
    rejected.add(key(number), head, size, "no JSON\nat all")


def names(rejected: Rejected) -> list[str]:
    return [path.name for path in rejected.files()]


def test_an_input_is_kept_with_the_reason_and_what_was_left_out(tmp_path: Path) -> None:
    rejected = Rejected(tmp_path / "rejected")
    add(rejected, 1)
    add(rejected, 2, size=9)

    assert [path.read_bytes() for path in rejected.files()] == [
        b"no JSON at all\nhead",
        b"no JSON at all (the first 4 of 9 bytes)\nhead",
    ]
    assert rejected.files()[0].stat().st_mode & 0o777 == 0o600
    assert (rejected.count(), rejected.dropped()) == (2, 0)


def test_the_oldest_make_room_and_are_counted(tmp_path: Path) -> None:
    """A tenth at a time, whoever counts; nothing is forgotten by a process that starts again."""
    for number in range(25):
        rejected = Rejected(tmp_path / "rejected", max_files=10)
        add(rejected, number)
        assert rejected.count() + rejected.dropped() == number + 1
        assert rejected.count() <= 10

    assert names(rejected) == [key(number) for number in range(25 - rejected.count(), 25)]
    assert rejected.count() >= 9


def test_bytes_are_limited_too(tmp_path: Path) -> None:
    rejected = Rejected(tmp_path / "rejected", max_bytes=1000)
    for number in range(50):
        add(rejected, number, b"x" * 85, 85)
        assert rejected.count() + rejected.dropped() == number + 1
        assert sum(path.stat().st_size for path in rejected.files()) <= 1000

    assert rejected.count() >= 9


def test_who_empties_the_folder_starts_the_count_again(tmp_path: Path) -> None:
    rejected = Rejected(tmp_path / "rejected", max_files=2)
    for number in range(5):
        add(rejected, number)
    assert rejected.dropped() > 0

    for path in (tmp_path / "rejected").iterdir():
        path.unlink()
    add(rejected, 9)

    assert (rejected.count(), rejected.dropped()) == (1, 0)
