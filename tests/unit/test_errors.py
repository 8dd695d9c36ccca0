"""Errors: what they say to people and to programs, also on the far side of the wire."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.errors import BY_REASON, AgentMemoryError, UsageError, WriterBusy
from agent_memory.messages import error_from_bytes, error_to_bytes

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@pytest.mark.parametrize(
    ("message", "remedy", "said"),
    [
        ("The port is taken.", "Choose another.", "The port is taken. Choose another."),
        ("event is missing", "Send one.", "event is missing. Send one."),
        ("event is missing", "", "event is missing"),
        ("", "Send one.", "Send one."),
    ],
)
def test_an_error_says_what_happened_and_then_what_to_do(message: str, remedy: str, said: str) -> None:
    assert str(AgentMemoryError(message, remedy)) == said


def test_every_reason_names_one_class() -> None:
    """Else a client would raise another error than the daemon did."""
    kinds = [kind for kind in AgentMemoryError.__subclasses__() if kind.__module__ == AgentMemoryError.__module__]
    kinds += [each for kind in kinds for each in kind.__subclasses__() if each.__module__ == kind.__module__]

    assert set(BY_REASON.values()) == set(kinds)
    assert len(BY_REASON) == len(kinds)


@given(st.sampled_from([*BY_REASON.values()]), TEXT, TEXT)
def test_an_error_survives_the_wire(kind: type[AgentMemoryError], message: str, remedy: str) -> None:
    """Its class, its text and its remedy are the same on the other side."""
    sent = kind(message, remedy)

    received = error_from_bytes(error_to_bytes(sent, 3), AgentMemoryError)

    assert type(received) is kind
    assert (str(received).rstrip(), received.remedy, received.exit_code) == (
        str(sent).rstrip(),
        remedy,
        kind.exit_code,
    )


def test_a_reason_without_a_class_keeps_its_name() -> None:
    """A newer daemon may have reasons that this client does not know."""
    content = error_to_bytes(UsageError("It can mean two days.", reason="AMBIGUOUS"), 3)

    received = error_from_bytes(content, UsageError)

    assert isinstance(received, UsageError)
    assert received.reason == "AMBIGUOUS"


@pytest.mark.parametrize("content", [b"", b"\xff", b"\x08\x03"])
def test_what_others_send_is_no_error_of_ours(content: bytes) -> None:
    assert error_from_bytes(content, WriterBusy) is None
