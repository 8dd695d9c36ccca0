"""The end of a JSON value, found in pieces."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.hook.json_end import JsonEnd

texts = st.text() | st.text(alphabet='\\"{}[] a')
values = st.recursive(
    texts | st.integers() | st.none() | st.booleans(),
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=12,
)
containers = st.lists(values) | st.dictionaries(texts, values)


@given(containers, st.sampled_from(["", " \r\n\t", "\ufeff"]), st.binary(max_size=8), st.data(), st.booleans())
def test_a_value_ends_at_its_last_bracket_however_it_is_cut(
    value: object, before: str, behind: bytes, data: st.DataObject, is_ascii: bool
) -> None:
    """Cut anywhere, also within an escape; whatever follows is no part of it."""
    said = (before + json.dumps(value, ensure_ascii=is_ascii)).encode("utf-8", "surrogatepass")
    whole = said + behind
    ends = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    chunks = [whole[start:end] for start, end in zip([0, *ends], [*ends, len(whole)], strict=True)]

    end, given_chunks = JsonEnd(), []
    for chunk in chunks:
        given_chunks.append(chunk)
        if end.cut(given_chunks):
            break

    assert b"".join(given_chunks) == said


@given(containers, st.data())
def test_a_value_that_goes_on_has_no_end(value: object, data: st.DataObject) -> None:
    said = json.dumps(value).encode()
    head = said[: data.draw(st.integers(0, len(said) - 1))]

    chunks = [head]

    assert not JsonEnd().cut(chunks)
    assert chunks == [head]


@pytest.mark.parametrize("said", [b"not json {}", b"12", b'"{}"', b"", b" \n", b"}"])
def test_what_is_no_object_and_no_list_has_no_end_of_its_own(said: bytes) -> None:
    end = JsonEnd()

    assert not end.cut([said])
    assert not end.cut([said, b"{}"]) or not said.strip()
