"""The retry policy, by a clock that the test turns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from agent_memory.errors import AgentMemoryError
from agent_memory.worker.llm.providers import (
    AnswerUnusable,
    ProviderRefused,
    ProviderUnavailable,
    QuestionRefused,
    failure,
)
from agent_memory.worker.llm.retries import ATTEMPTS, DEADLINE_S, REQUEST_TIMEOUT_S, Retries


class Clock:
    """Time goes on by what is waited, and by what an attempt takes."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.waits: list[float] = []
        self.stops = False

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now_s += seconds
        return self.stops

    def run(self, *errors: AgentMemoryError, takes_s: float = 0.0) -> str:
        """The policy over an attempt that fails with these, then succeeds."""
        remaining = list(errors)

        def attempt(timeout_s: float) -> str:
            assert 0 < timeout_s <= REQUEST_TIMEOUT_S
            self.now_s += takes_s
            if remaining:
                raise remaining.pop(0)
            return "answered"

        return Retries(self.wait, lambda: self.now_s, lambda: 0.0).run(attempt)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_what_passes_is_tried_again_after_a_growing_wait(clock: Clock) -> None:
    assert clock.run(ProviderUnavailable("500"), ProviderUnavailable("500")) == "answered"
    assert clock.waits == [1.0, 4.0]


def test_the_provider_s_own_wait_is_honoured(clock: Clock) -> None:
    assert clock.run(ProviderUnavailable("429", retry_after_s=17.5)) == "answered"
    assert clock.waits == [17.5]


def test_a_wait_beyond_the_deadline_is_not_begun(clock: Clock) -> None:
    """Whoever asked falls back, and keeps away for as long as the provider said."""
    with pytest.raises(ProviderUnavailable) as raised:
        clock.run(ProviderUnavailable("429", retry_after_s=DEADLINE_S))

    assert clock.waits == []
    assert raised.value.retry_after_s == DEADLINE_S


def test_it_ends_after_so_many_attempts(clock: Clock) -> None:
    with pytest.raises(ProviderUnavailable):
        clock.run(*[ProviderUnavailable("500")] * ATTEMPTS)

    assert len(clock.waits) == ATTEMPTS - 1


def test_it_ends_at_the_deadline_however_slow_the_attempts_are(clock: Clock) -> None:
    with pytest.raises(ProviderUnavailable):
        clock.run(*[ProviderUnavailable("timeout")] * 2, takes_s=DEADLINE_S / 2)

    assert clock.now_s <= DEADLINE_S + 1


@pytest.mark.parametrize("error", [ProviderRefused("401"), QuestionRefused("400")])
def test_what_will_not_pass_is_given_up_at_once(clock: Clock, error: AgentMemoryError) -> None:
    with pytest.raises(type(error)):
        clock.run(error)

    assert clock.waits == []


def test_an_unusable_answer_is_asked_for_again_at_once(clock: Clock) -> None:
    assert clock.run(AnswerUnusable("no JSON")) == "answered"
    assert clock.waits == []


def test_a_stop_ends_the_waiting(clock: Clock) -> None:
    clock.stops = True

    with pytest.raises(ProviderUnavailable):
        clock.run(ProviderUnavailable("500"))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, ProviderRefused),
        (400, QuestionRefused),
        (401, ProviderRefused),
        (403, ProviderRefused),
        (404, ProviderRefused),
        (413, QuestionRefused),
        (429, ProviderUnavailable),
        (500, ProviderUnavailable),
        (529, ProviderUnavailable),
    ],
)
def test_every_status_has_its_meaning(status: int, kind: type[AgentMemoryError]) -> None:
    assert type(failure("p", "", status, "", "3")) is kind


@pytest.mark.parametrize(
    ("header", "least_s", "most_s"),
    [
        ("17", 17, 17),
        ("0.5", 0.5, 0.5),
        ("-3", 0, 0),
        (timedelta(hours=1), 3500, 3600),
        (timedelta(days=-2000), 0, 0),
    ],
)
def test_retry_after_is_a_wait_or_a_date(header: str | timedelta, least_s: float, most_s: float) -> None:
    """Both forms of the header; a date that has passed asks for no wait."""
    if isinstance(header, timedelta):
        header = format_datetime(datetime.now(UTC) + header, usegmt=True)

    error = failure("p", "", 429, "", header)

    assert isinstance(error, ProviderUnavailable)
    assert error.retry_after_s is not None
    assert least_s <= error.retry_after_s <= most_s


@pytest.mark.parametrize("header", [None, "", "soon"])
def test_without_a_wait_of_the_provider_s_ours_is_taken(header: str | None) -> None:
    error = failure("p", "", 429, "", header)

    assert isinstance(error, ProviderUnavailable)
    assert error.retry_after_s is None


def test_a_failure_repeats_no_key() -> None:
    """Some providers quote the key that they refuse."""
    key = "hardly-" + "known-as-a-key"

    assert key not in str(failure("p", key, 401, f"Incorrect API key provided: {key}", None))
