"""Whether a machine runs on its battery, by what Linux and macOS say of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_memory.worker.scheduler.power import on_battery, says_battery

BATTERY = {"type": "Battery", "status": "Discharging"}


@pytest.mark.parametrize(
    ("supplies", "expected"),
    [
        ({}, False),
        ({"BAT0": BATTERY, "AC": {"type": "Mains", "online": "0"}}, True),
        ({"BAT0": BATTERY, "AC": {"type": "Mains", "online": "1"}}, False),
        ({"BAT0": {"type": "Battery", "status": "Charging"}}, False),
        ({"BAT0": BATTERY, "ucsi": {"type": "USB", "online": "1"}}, False),
        ({"hid-mouse": {**BATTERY, "scope": "Device"}}, False),
        ({"BAT0": BATTERY, "BAT1": {"type": "Battery", "status": "Unknown"}}, True),
    ],
)
def test_linux_says_it_in_files(tmp_path: Path, supplies: dict[str, dict[str, str]], expected: bool) -> None:
    """A desktop has no battery, a mouse has one that is not the machine's."""
    for name, files in supplies.items():
        (tmp_path / name).mkdir()
        for file, content in files.items():
            (tmp_path / name / file).write_text(f"{content}\n")

    assert on_battery(tmp_path) is expected


def test_a_machine_that_says_nothing_has_mains(tmp_path: Path) -> None:
    assert not on_battery(tmp_path / "missing")


def test_macos_says_it_in_a_line() -> None:
    assert says_battery("Now drawing from 'Battery Power'\n -InternalBattery-0 (id=1)\t87%; discharging\n")
    assert not says_battery("Now drawing from 'AC Power'\n -InternalBattery-0 (id=1)\t87%; charging\n")
