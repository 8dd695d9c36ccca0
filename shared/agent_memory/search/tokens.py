"""Search tokens: what a text is found by, in any language.

A word is folded (case, accents) and lightly stemmed. An identifier is a token as a whole, and so are its parts:
`getUserName`, `http_server`, `E501`. Runs of Chinese, Japanese, Korean and Thai, which are written without blanks,
become pairs of characters. Words that say nothing are left out. The index and the questions to it are cut by the same
function; whoever changes what it gives raises VERSION, and the index is made again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import Final

VERSION: Final = 1
# A longer run is data, such as a hash or base64: nobody searches for it by its first characters.
TOKEN_MAX: Final = 64

_COMMONEST: Final = (
    "a about again all also am an and any are as at be been but by can could did do does done down for from had "
    "has have he her here him his how i if in into is it its just me my no not of off on or our out over she "
    "should so than that the their them then there these they this those to under up us very was we were what "
    "when where which who whom why will with would you your"
)
STOPWORDS: Final = frozenset(_COMMONEST.split())

_UNSPACED: Final = (
    "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0002ffff"
)
_RUN: Final = re.compile(rf"[^\W{_UNSPACED}]+|[{_UNSPACED}]+")
# Makes a blank of every ASCII character that parts runs.
_BREAKS: Final = bytes(byte if byte > 127 or chr(byte).isalnum() or byte == ord("_") else 32 for byte in range(256))
_FIRST_UNSPACED: Final = re.compile(rf"[{_UNSPACED}]")
_PART: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SUFFIXES: Final = ("ingly", "edly", "ing", "ied", "ies", "ed", "es", "ly", "s")
_STEM_MIN: Final = 3
_OTHERS_MAX: Final = 50_000


def tokens(text: str) -> list[str]:
    """The tokens of a text, in its order, repeated as they are repeated."""
    found: list[str] = []
    for run in _runs(text):
        found += _tokens_of(run)
    return found


def runs(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Each run of letters or digits: where it begins, and its tokens."""
    for run in _RUN.finditer(text):
        yield run.start(), _tokens_of(run[0])


def written(token: str, texts: Iterable[str]) -> str:
    """The first word in the texts that is found by the token; the token itself where none is."""
    for text in texts:
        for run in _runs(text):
            if token in _tokens_of(run):
                return run.lower() if run.istitle() else run
    return token


class TokenCounter:
    """Counts certain tokens in one text after another, each different word of which is cut into tokens once.

    A word is, in bytes, what stands between blanks and ASCII punctuation; with other characters it may be several runs.
    """

    def __init__(self, wanted: Collection[str]) -> None:
        self._wanted = frozenset(wanted)
        self._numbers = frozenset(token.encode() for token in wanted if token.isdecimal())
        # Words that give wanted tokens, and words that give none: a text's words are mostly known by their absence.
        self._giving: dict[bytes, list[str]] = {}
        self._others: set[bytes] = set()

    def counts(self, text: str) -> dict[str, int]:
        """How often the text holds each of the wanted tokens that it holds."""
        said = text.encode("utf-8", "surrogatepass").translate(_BREAKS).split()
        different = set(said)
        self._look_up(different.difference(self._others, self._giving))
        found: dict[str, int] = {}
        for word in different.intersection(self._giving):
            times = said.count(word)
            for token in self._giving[word]:
                found[token] = found.get(token, 0) + times
        return found

    def _look_up(self, words: Iterable[bytes]) -> None:
        for word in words:
            # A number is its own token, and there are so many of them.
            if word.isdigit() and word not in self._numbers:
                continue
            found = [token for token in tokens(word.decode("utf-8", "surrogatepass")) if token in self._wanted]
            if found:
                self._giving[word] = found
            elif len(self._others) < _OTHERS_MAX:
                self._others.add(word)


def _runs(text: str) -> list[str]:
    """The runs of letters or digits; a pattern looks at no more than words with other characters than ASCII has.

    That takes a fifth of the time.
    """
    utf8 = text.encode("utf-8", "surrogatepass")
    words = utf8.translate(_BREAKS).decode("utf-8", "surrogatepass").split()
    if len(utf8) == len(text):
        return words
    found: list[str] = []
    for word in words:
        if word.isascii():
            found.append(word)
        else:
            found += _RUN.findall(word)
    return found


@lru_cache(maxsize=20_000)
def _tokens_of(run: str) -> tuple[str, ...]:
    if _FIRST_UNSPACED.match(run):
        return (run,) if len(run) == 1 else tuple(run[place : place + 2] for place in range(len(run) - 1))
    if len(run) > TOKEN_MAX:
        return ()
    if not run.isascii():
        return (_folded(run),)
    word = run.lower()
    if word in STOPWORDS:
        return ()
    parts = _parts(run)
    if len(parts) > 1:
        return tuple(dict.fromkeys([word.strip("_"), *parts]))
    stem = _stem(word).strip("_")
    return (stem or word,)


def _parts(run: str) -> list[str]:
    """The words that an identifier is made of; none where it is a plain word or a number."""
    if "_" not in run and (run.islower() or run.istitle() or run.isupper() or run.isdigit()):
        return []
    words = (part.lower() for part in _PART.findall(run) if len(part) > 1)
    return [_stem(word) for word in words if word not in STOPWORDS]


def _folded(run: str) -> str:
    decomposed = unicodedata.normalize("NFKD", run.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character)) or run


def _stem(word: str) -> str:
    """The word without the commonest English endings: crude, and the same for questions and for what they ask of."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _STEM_MIN:
            return word[: -len(suffix)] + ("y" if suffix in ("ied", "ies") else "")
    return word
