"""Near words: the table that ships, its file, and what it does to the ranking."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.search import near_words, ranking
from agent_memory.search.near_words import NEAR, NearWords, packed
from agent_memory.search.ranking import Candidate, Document, Statistics
from agent_memory.search.tokens import VERSION, tokens


def test_the_table_says_what_it_was_made_from() -> None:
    """The model, its digest, and the tokens of this program; its licence lies beside it."""
    table = near_words.table()

    assert table is not None
    assert table.made_from["tokens"] == VERSION
    assert table.made_from["model"] == "all-MiniLM-L6-v2"
    assert len(table.made_from["weights_sha256"]) == 64
    beside = [near_words.FILE.with_suffix(suffix).read_text(encoding="utf-8") for suffix in (".LICENSE", ".NOTICE")]
    assert "Apache License" in beside[0]
    assert str(table.made_from["model"]) in beside[1]


@pytest.mark.parametrize(
    ("word", "meant"), [("restart", "relaunch"), ("kids", "children"), ("bug", "defect"), ("deciding", "choice")]
)
def test_words_that_mean_nearly_the_same_are_near(word: str, meant: str) -> None:
    """As search sees them: by their tokens."""
    table = near_words.table()
    assert table is not None
    (token,), (other,) = tokens(word), tokens(meant)

    found = table.near(token)

    assert len(found) == NEAR
    assert token not in found
    assert 0 < found[other] < 1


@pytest.mark.parametrize("word", ["", "zzzz", "\n", "getusername", "東京", "übersetzung"])
def test_what_it_does_not_know_has_nothing_near(word: str) -> None:
    """Names, identifiers, and every language but English."""
    table = near_words.table()
    assert table is not None

    assert table.near(word) == {}


def test_a_table_for_other_tokens_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its words would be none of the index's; search goes on without it."""
    made = packed(["a"], [[(0, 0.5)] * NEAR], "some model", "0" * 64)
    file = tmp_path / "near_words.bin"
    file.write_bytes(made.replace(b'"tokens": %d' % VERSION, b'"tokens": %d' % (VERSION + 1), 1))
    monkeypatch.setattr(near_words, "FILE", file)

    assert near_words.table.__wrapped__() is None


@given(st.data(), st.lists(st.text("abcxyz0", min_size=1, max_size=8), min_size=1, max_size=20, unique=True))
def test_a_table_gives_back_what_was_packed(data: st.DataObject, words: list[str]) -> None:
    """Every word's nearest, to a 255th."""
    words.sort()
    nearest = [
        [(data.draw(st.integers(0, len(words) - 1)), data.draw(st.floats(0, 0.99))) for _ in range(NEAR)] for _ in words
    ]

    table = NearWords(packed(words, nearest, "some model", "0" * 64))

    for word, near in zip(words, nearest, strict=True):
        assert table.near(word) == pytest.approx({words[of]: like for of, like in near}, abs=0.5 / 255)


def test_an_event_that_means_the_question_comes_before_one_that_does_not() -> None:
    """Though neither holds its word; and one that holds it comes before both."""
    near = {"restart": {"relaunch": 0.6}}
    texts = ("lunch at noon", "we relaunch it", "all quiet", "nothing", "and then restart it")
    documents = [Document.of(tokens(text), len(text)) for text in texts]

    (found,) = ranking.rank(["restart"], [Candidate(1.0, documents)], Statistics(9, {"restart": 1}), near)

    assert found.meaning[4] > found.meaning[1] > found.meaning[0] == 0
    assert max(range(5), key=found.scores.__getitem__) == 4
