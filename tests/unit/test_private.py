"""Private spans leave, and nothing else: in texts and in JSON that nobody has read yet."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.capture import PRIVATE_MARKS
from agent_memory.capture.privacy.private import without, without_in_json
from agent_memory.redaction.prefilter import may_contain_secret

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
    "a <private>b<private>c</private>d</private> e": "a [private] e",
    "a <private><PRIVATE>b</private>c": "a [private]",
    "a <pRiVaTe>b</pRIVATE> c": "a [private] c",
    "a <private >b</private > c": "a [private] c",
    "a < private>b</ private> c": "a [private] c",
    'a <private reason="mine">b</private> c': "a [private] c",
    "a <private reason='mine' until=friday>b</private> c": "a [private] c",
    "a <private\nreason='mine'>b</private> c": "a [private] c",
    "a &#60;private&#62;b&#x3c;/private&#x3E; c": "a [private] c",
    "a &amp;lt;private&amp;gt;b&amp;lt;/private&amp;gt; c": "a [private] c",
    "a %3Cprivate%3Eb%3C/private%3E c": "a [private] c",
    "a \uff1cprivate\uff1eb\uff1c/private\uff1e c": "a [private] c",
    "a <private>b&lt;/private&gt; c": "a [private] c",
    "a <private>b<\\/private> c": "a [private] c",
    "paste your <private key> here, <private> there": "paste your <private key> here, [private]",
    "List<private int> of <privates>": "List<private int> of <privates>",
}
# The texts of one payload, in their order, and what is left of them.
ACROSS = {
    ("a <private>b", "c</private> d"): ["a [private]", "[private] d"],
    ("a <private>b", "between", "c</private> d"): ["a [private]", "[private]", "[private] d"],
    ("a <private>b<private>", "c</private> d", "e</private> f"): ["a [private]", "[private]", "[private] f"],
    ("a <private>b", "c</private> d <private>e", "f</private> g"): [
        "a [private]",
        "[private] d [private]",
        "[private] g",
    ],
    ("a <private>b", "stays", "<private>c</private> d"): ["a [private]", "stays", "[private] d"],
    ("a</private>", "b <private>c</private>", "d"): ["a</private>", "b [private]", "d"],
    ("a <private>b", "", "c</private>"): ["a [private]", "", "[private]"],
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


@pytest.mark.parametrize("texts", ACROSS)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_span_may_end_in_a_text_that_follows(texts: tuple[str, ...], ascii_only: bool) -> None:
    """All between goes, but for what the payload is known by."""
    blocks = [{"type": "text", "text": text} for text in texts]
    payload = {"session_id": "s1", "prompt": blocks, "cwd": "/home/dev"}

    found = json.loads(without_in_json(json.dumps(payload, ensure_ascii=ascii_only).encode()))

    assert [block["text"] for block in found["prompt"]] == ACROSS[texts]
    assert {block["type"] for block in found["prompt"]} == {"text"}
    assert (found["session_id"], found["cwd"]) == ("s1", "/home/dev")


def test_the_fields_of_a_payload_follow_one_another() -> None:
    """A span that begins in a tool's input and ends in what it returned."""
    payload = {
        "tool_name": "Bash",
        "tool_input": {"command": "cat <private>a.txt", "description": "b", "file_path": "/x/y"},
        "tool_use_id": "toolu_1",
        "tool_response": {"stdout": "c</private> d", "interrupted": False},
    }

    found = json.loads(without_in_json(json.dumps(payload).encode()))

    assert found == {
        "tool_name": "Bash",
        "tool_input": {"command": "cat [private]", "description": "[private]", "file_path": "/x/y"},
        "tool_use_id": "toolu_1",
        "tool_response": {"stdout": "[private] d", "interrupted": False},
    }


@given(st.sampled_from([text for text in SPANS if "[private]" in SPANS[text]]), st.text(), st.text(), st.booleans())
def test_the_cheap_look_sees_every_mark(text: str, before: str, after: str, ascii_only: bool) -> None:
    """What the hook and the prefilter pass over holds nothing private, however the payload is written."""
    payload = json.dumps({"prompt": f"{before}{text}{after}"}, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")

    assert any(mark in payload.lower() for mark in PRIVATE_MARKS)
    assert may_contain_secret(payload)
    assert may_contain_secret(f"{before}{text}{after}".encode("utf-8", "surrogatepass"))


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
