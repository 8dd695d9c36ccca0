"""Text in any script: its sentences, its words as they are compared, and cuts that never break a character."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, pairwise

from agent_memory.text.graphemes import boundary
from agent_memory.worker.summarizer.stopwords import STOP_WORDS

# What is looked at of one message: a pasted log says what it says at its head and its end, and time stays bounded.
HEAD_CHARS = 12_000
TAIL_CHARS = 4_000
ELLIPSIS = "…"
SAYING_MIN = 3  # terms; a sentence with fewer says little by itself


def ends(text: str) -> Iterator[tuple[int, int]]:
    """The spans of a text that are worth looking at: all of it, or its head and its tail."""
    if len(text) <= HEAD_CHARS + TAIL_CHARS:
        yield 0, len(text)
    else:
        yield 0, HEAD_CHARS
        yield len(text) - TAIL_CHARS, len(text)


# --- sentences

_SENTENCE_END = re.compile(r"((?:[.!?…]+[\"'”’»)\]*_]*(?=\s))|[。！？｡؟۔।॥]+[”’」』）》]*|(?=\n))\s*")
_BEFORE_DOTS = """
e.g i.e etc vs cf mr mrs ms dr prof st no nr fig approx ca bzw z.b d.h u.a usw evtl ggf inkl max min abs art p.ex ex
p.ej sr sra ud uds т.е т.д т.п напр resp incl dept inc ltd jr al
"""
_ABBREVIATIONS = frozenset(_BEFORE_DOTS.split())


def sentences(text: str, start: int = 0, end: int = sys.maxsize) -> Iterator[tuple[int, int]]:
    """The spans of the sentences in `text[start:end]`, without the white space around them; a line's end ends one."""
    begin, last = _without_space(text, start, min(end, len(text)))
    for match in _SENTENCE_END.finditer(text, begin, last):
        stop = match.end(1)
        if text[match.start()] == "." and not _ends_sentence(text, begin, match.start(), stop):
            continue
        if match.start() == stop:
            stop = _without_space(text, begin, stop)[1]
        if begin < stop:
            yield begin, stop
        begin = match.end()
    if begin < last:
        yield begin, last


def _ends_sentence(text: str, begin: int, dot: int, after: int) -> bool:
    """Whether the full stop at `dot` is one: not after "e.g", an initial or a German date, not before small letters."""
    following = text[after : after + 2].lstrip()[:1]
    if following.islower():
        return False
    tail = text[max(begin, dot - 12) : dot].rsplit(None, 1)
    word = tail[-1].lstrip("(\"'").lower() if tail else ""
    return (
        word not in _ABBREVIATIONS
        and not (len(word) == 1 and word.isalpha())
        and not (word.isdigit() and len(word) < 3)
    )


def _without_space(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


# --- words

# Scripts that leave no space between words are compared by pairs of characters.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f"
_UNSPACED += "\U00020000-\U0003ffff"
# The vowel signs and accents that `\w` leaves out; without them words of Hindi or vocalised Arabic fall to pieces.
_MARKS = "".join(chr(code) for code in range(0x300, 0xFFFF) if unicodedata.category(chr(code)) in ("Mn", "Mc"))
# Words end after so many letters and parts: encoded data would fill the memory that `term` keeps.
_ASCII_WORD = re.compile(r"\w{1,48}(?:[.'/-]\w{1,48}){0,8}(?:\+\+|#)?", re.ASCII)
_LETTERS = rf"[^\W{_UNSPACED}](?:[^\W{_UNSPACED}]|[{_MARKS}]){{0,47}}"
_ANY_WORD = re.compile(rf"[{_UNSPACED}]+|{_LETTERS}(?:[.'’/-]{_LETTERS}){{0,8}}(?:\+\+|\#)?")
_UNSPACED_FIRST = re.compile(rf"[{_UNSPACED}]")
_HIRAGANA_ONLY = re.compile("[\u3040-\u309f]+")


def words(text: str) -> list[str]:
    """The words as written, names of files and identifiers whole: `src/app.py`, `don't`, `C++`."""
    return _ASCII_WORD.findall(text) if text.isascii() else _ANY_WORD.findall(text)


def terms(text: str) -> set[str]:
    """What the text is about: its words as they are compared, without those that say nothing."""
    return terms_of(words(text))


def terms_of(found: Sequence[str]) -> set[str]:
    """`terms` of words already found."""
    # This runs for every word that is ever stored, so the plain case takes no line of Python per word.
    if _UNSPACED_FIRST.search("".join(found)) is None:
        result = set(map(term, found))
    else:
        result = set(chain.from_iterable(_pairs(word) if is_unspaced(word) else (term(word),) for word in found))
    result.discard("")
    return result


def is_unspaced(word: str) -> bool:
    """Whether the word is a run of a script that leaves no space between words."""
    return _UNSPACED_FIRST.match(word) is not None


# The words of a conversation come again and again; eight times as many took 8 MB and were no quicker.
@lru_cache(maxsize=1 << 12)
def term(word: str) -> str:
    """The word as it is compared: small letters, English endings off; empty when it says nothing."""
    small = word.lower().replace("’", "'").removesuffix("'s")
    if len(small) < 2 or small in STOP_WORDS or word.lower() in STOP_WORDS:
        return ""
    return _stem(small) if small.isascii() and small.isalpha() else small


def _stem(word: str) -> str:
    """A rough stem: enough that "fixed" meets "fixing" and "tests" meets "test"."""
    if len(word) < 4:
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            word = word.removesuffix(ending)
            if word[-1] == word[-2] and word[-1] not in "ls":
                word = word[:-1]
            break
    return word.removesuffix("e") if len(word) > 4 else word


def _pairs(run: str) -> Iterator[str]:
    pairs = [first + second for first, second in pairwise(run)] or [run]
    # In Japanese, pairs of hiragana are mostly grammar.
    return (pair for pair in pairs if not _HIRAGANA_ONLY.fullmatch(pair))


# --- cutting


def shorten(text: str, limit: int) -> str:
    """The text in at most `limit` characters: whole, or cut after a clause or a word, with an ellipsis."""
    if len(text) <= limit:
        return text
    return text[: _clause_end(text, cut(text, limit - 1))].rstrip(" \t\n,;:–—-(") + ELLIPSIS


def brief(text: str, limit: int, *, saying_min: int = SAYING_MIN, only_first: bool = False) -> str:
    """The text in at most `limit` characters: its first sentences that say something, as many as fit, or a cut one.

    `only_first`: no more of them than it takes to say something.
    """
    if len(text) <= limit and not only_first:
        return text
    spans = list(sentences(text))
    # "Agreed. The decision is ...": but whoever is named with a colon at the beginning belongs to all of it.
    while len(spans) > 1 and len(terms(said := text[slice(*spans[0])])) < saying_min and ": " not in said:
        spans.pop(0)
    begin = spans[0][0] if spans else 0
    fitting = [end for _, end in spans if end - begin <= limit]
    saying = [end for end in fitting if end - begin > limit / 3]
    if only_first and fitting:
        return text[begin : (saying or fitting[-1:])[0]]
    return text[begin : saying[-1]] if saying else shorten(text[begin:], limit)


def cut(text: str, limit: int) -> int:
    """Where to cut so that at most `limit` characters stay: after a word if one ends near, never inside a character."""
    if len(text) <= limit:
        return len(text)
    space = max(text.rfind(" ", 0, limit + 1), text.rfind("\n", 0, limit + 1))
    return space if space > limit * 0.7 else boundary(text, limit)


_CLAUSE_END = re.compile(r"[,;:](?=\s)|\s[–—-](?=\s)|[，、；：،؛]|\)(?=\s)")


def _clause_end(text: str, end: int) -> int:
    """The end of the last clause in `text[:end]`, unless that leaves too little."""
    places = [match.end() for match in _CLAUSE_END.finditer(text, end * 2 // 3, end)]
    return places[-1] if places else end
