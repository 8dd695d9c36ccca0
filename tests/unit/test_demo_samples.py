"""The sample sessions: in the recorded form, on days that make last week worth asking about."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agent_memory.capture import wire
from agent_memory.demo import samples

BERLIN = ZoneInfo("Europe/Berlin")
# A Sunday, a Monday's first minute, a day after the clocks changed, New Year.
MOMENTS = [
    datetime(2026, 11, 22, 17, 0, tzinfo=BERLIN),
    datetime(2026, 11, 23, 0, 1, tzinfo=BERLIN),
    datetime(2026, 3, 30, 9, 0, tzinfo=BERLIN),
    datetime(2027, 1, 1, 12, 0, tzinfo=BERLIN),
]


@pytest.mark.parametrize("now", MOMENTS, ids=str)
def test_last_week_has_a_session_on_every_working_day(now: datetime) -> None:
    """Whatever today is; and all samples lie in the past."""
    days_and_times = [
        datetime.fromtimestamp(json.loads(sample.stdin)["timestamp"] / 1000, BERLIN) for sample in samples.samples(now)
    ]
    monday = now.date() - timedelta(days=now.weekday() + 7)

    days = {time.date() for time in days_and_times}

    assert {monday + timedelta(days=day) for day in range(5)} <= days
    assert max(days_and_times) < now
    assert min(days) < monday - timedelta(days=28)


def test_samples_are_what_a_hook_gets() -> None:
    """Every one is a call of Claude Code's, in the project its session began in; some tell nothing worth keeping."""
    found = samples.samples(MOMENTS[0])
    calls = [wire.parse(sample.stdin, project=sample.project) for sample in found]

    assert {call.agent for call in calls} == {"claude-code"}
    assert {call.project for call in calls} == {"/home/dev/project", "/home/dev/website"}
    assert len({call.session_id for call in calls}) == 8
    assert 0 < samples.stored_events(found) < len(found)
