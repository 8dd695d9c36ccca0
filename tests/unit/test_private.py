"""Private spans leave, and nothing else: in texts and in JSON that nobody has read yet."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.capture.privacy.private import without, without_in_json

SPANS = {
    "a <private>b</private> c": "a [private] c",
    "<private>b</private><private>d</private>": "[private][private]",
    "a <private>b\nc": "a [private]",
    "a &lt;private&gt;b&lt;/private&gt; c": "a [private] c",
    "a \\u003cprivate\\u003eb\\u003c/private\\u003e c": "a [private] c",
    "<Private>b</PRIVATE>!": "[private]!",
    'say <private>"b", he said</private> c': "say [private] c",
    "a <private>b </privat> < & \\ </private> c": "a [private] c",
    "private things: a private> b, <privateer>": "private things: a private> b, <privateer>",
    "</private> is only an end": "</private> is only an end",
}
WORDS = st.lists(
    st.sampled_from(["<private>", "</private>", "a", '"', "\\", "\\u003c", "\n", ", ", "}", ":", "]", "ü", "&lt;"])
).map("".join)


@pytest.mark.parametrize("text", SPANS)
def test_a_private_span_is_taken_out_of_a_text(text: str) -> None:
    assert without(text) == SPANS[text]


@pytest.mark.parametrize("text", SPANS)
@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("indent", [None, 1])
def test_the_same_leaves_the_json_that_it_stands_in(text: str, ascii_only: bool, indent: int | None) -> None:
    """A span that is not closed ends with its text, not with the payload."""
    payload = {"prompt": text, "other": "stays", "inner": {"list": [text, "too"]}}

    found = without_in_json(json.dumps(payload, ensure_ascii=ascii_only, indent=indent).encode())

    assert json.loads(found) == {"prompt": SPANS[text], "other": "stays", "inner": {"list": [SPANS[text], "too"]}}


def test_brackets_may_be_escaped_as_json_escapes_them() -> None:
    """Some languages write a bracket in JSON as its number; JSON in a text of JSON escapes it once more."""
    inner = json.dumps({"said": "a <private>b</private> c"}).replace("<", "\\u003c").replace(">", "\\u003e")

    found = without_in_json(json.dumps({"prompt": "x", "result": inner}).encode())

    assert json.loads(json.loads(found)["result"]) == {"said": "a [private] c"}


@given(WORDS, WORDS)
def test_what_is_no_json_any_more_never_was(text: str, other: str) -> None:
    """Whatever stands in a text, the payload around it stays readable, and the text says what `without` says."""
    found = json.loads(without_in_json(json.dumps({"a": text, "b": other}).encode()))

    assert found.keys() == {"a", "b"}
    assert "<private>" not in found["a"]


@pytest.mark.parametrize("payload", [b'{"prompt": "a <private>b', b"a <private>b 'c' \"d\" e", b"<private>\xff\x00"])
def test_what_is_no_json_or_only_its_beginning_keeps_no_private_word(payload: bytes) -> None:
    assert without_in_json(payload).endswith(b"[private]")


@given(st.text())
def test_a_text_without_a_span_stays_as_it_is(text: str) -> None:
    assert without(text) == text
    assert without(without(f"{text}<private>x")) == f"{text}[private]"


@pytest.mark.parametrize(
    "part", ["<private>", "<private>\\", "</privat", "&lt;", '<private>"', "\\u003c", "<private>\n"]
)
def test_the_time_grows_with_the_length_and_no_faster(part: str) -> None:
    """No text is made so that looking through it takes for ever."""

    def cpu_s(length: int) -> float:
        text = "<private>" + part * (length // len(part))
        started = time.process_time()
        without(text)
        without_in_json(text.encode())
        return time.process_time() - started

    cpu_s(1000)
    assert cpu_s(4_000_000) < 40 * max(cpu_s(400_000), 0.005)
