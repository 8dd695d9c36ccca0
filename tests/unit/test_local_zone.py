"""The time zone of this machine: what `TZ` may hold, and the name it comes to."""

from __future__ import annotations

import time
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.errors import SettingsError
from agent_memory.local_zone import local_zone, zone_of


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("posix/Asia/Tokyo", "Asia/Tokyo"),
        ("right/Asia/Tokyo", "Asia/Tokyo"),
        ("/usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo"),
        ("EST5EDT", "EST5EDT"),
        ("JST-9", "Asia/Tokyo"),
        ("CET-1CEST", "Europe/Amsterdam"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "Europe/Amsterdam"),
        ("UTC0", "Etc/UTC"),
        ("XYZ-5", "Etc/GMT-5"),
        ("XYZ03:00", "Etc/GMT+3"),
    ],
)
def test_a_zone_is_known_by_each_form_of_tz(text: str, name: str) -> None:
    """Names, paths and POSIX rules; a rule leads to a zone that keeps it."""
    assert zone_of(text) == name


@pytest.mark.parametrize("text", ["JST-9", "EST5EDT", "CET-1CEST", "IST-5:30", "<-03>3", "XYZ11"])
def test_a_rules_zone_has_the_clock_of_the_c_library(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Summer and winter, as the machine itself reads the rule."""
    zone = ZoneInfo(zone_of(text))
    with monkeypatch.context() as patch:
        patch.setenv("TZ", text)
        time.tzset()
        wanted = [time.localtime(at).tm_gmtoff for at in (1_768_000_000, 1_784_000_000)]
    time.tzset()

    offsets = [datetime.fromtimestamp(at, zone).utcoffset() for at in (1_768_000_000, 1_784_000_000)]
    assert [offset.total_seconds() for offset in offsets if offset is not None] == wanted


@pytest.mark.parametrize("text", ["Mars/Olympus", "CEST", "XYZ-5:45", "AAA3BBB", "../../etc/passwd", "a\0b"])
def test_what_means_no_zone_is_refused(text: str) -> None:
    """Never UTC in silence: days would be cut wrong for the store's whole life."""
    with pytest.raises(SettingsError, match="names no time zone"):
        zone_of(text)


def test_a_colon_before_the_name_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """POSIX gives the form `:characters` to the implementation; it means a name everywhere."""
    monkeypatch.setenv("TZ", ":Asia/Tokyo")

    assert local_zone() == "Asia/Tokyo"


@given(st.text())
def test_any_text_is_a_zone_or_refused(text: str) -> None:
    """No other error, and a name that exists."""
    try:
        name = zone_of(text)
    except SettingsError:
        return
    assert ZoneInfo(name)
