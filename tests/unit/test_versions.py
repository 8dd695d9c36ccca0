"""Which versions are kept: what was known at the end of a day or month stays, and growth is linear."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from agent_memory.worker.toc.versions import DAILY_MS, LAST_KEPT, Version, dropped

BERLIN = ZoneInfo("Europe/Berlin")
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
# 2026-01-01 00:00 in Berlin.
NEW_YEAR_MS = 1_767_222_000_000


def kept(versions: list[Version], now_ms: int) -> list[int]:
    gone = dropped(versions, now_ms, BERLIN)
    return [number for number, _ in versions if number not in gone]


def test_a_few_versions_are_all_kept() -> None:
    """As many as the last ones that are kept: none goes."""
    versions = [(number, NEW_YEAR_MS + number) for number in range(1, LAST_KEPT + 1)]

    assert dropped(versions, NEW_YEAR_MS + DAY_MS, BERLIN) == []


def test_of_earlier_days_the_last_version_of_each_is_kept() -> None:
    """Three versions a day for ten days, in the store's zone: of days long past the last, of the newest days all."""
    versions = [(3 * day + k + 1, NEW_YEAR_MS + day * DAY_MS + k * 8 * HOUR_MS) for day in range(10) for k in range(3)]

    found = kept(versions, versions[-1][1])

    assert found == [*range(3, 22, 3), *range(23, 31)]


def test_of_earlier_months_the_last_version_of_each_is_kept() -> None:
    """A version a day for a year: the months before the last thirty days keep one each."""
    versions = [(day + 1, NEW_YEAR_MS + day * DAY_MS) for day in range(365)]

    found = kept(versions, versions[-1][1])

    # December is told by the day, but for its first, which is more than thirty days ago.
    assert len(found) == 11 + 1 + 30
    assert found[:3] == [31, 59, 90]


@pytest.mark.parametrize("days", [100, 400])
def test_what_is_kept_does_not_grow_with_how_often_a_node_changes(days: int) -> None:
    """Thinned with every new version, as the worker does it: a hundred a day come to one a day, and one a month."""
    versions: list[Version] = []
    for number in range(1, days * 20):
        now_ms = NEW_YEAR_MS + number * DAY_MS // 20
        gone = dropped(versions, now_ms, BERLIN)
        versions = [each for each in versions if each[0] not in gone] + [(number, now_ms)]

    assert len(versions) <= LAST_KEPT + DAILY_MS // DAY_MS + days // 30 + 3
