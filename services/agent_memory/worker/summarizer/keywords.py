"""Keywords: what one would search for to find a segment. Identifiers, names, phrases and words, the best first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from heapq import nsmallest
from itertools import chain, pairwise
from math import log1p

from agent_memory.worker.summarizer.chores import CHORES
from agent_memory.worker.summarizer.cues import ASKING, DOING_ELSEWHERE, REPORTING
from agent_memory.worker.summarizer.segment_text import SegmentText
from agent_memory.worker.summarizer.sentences import Sentence
from agent_memory.worker.summarizer.summary import KEYWORD_MAX, KEYWORDS_MAX
from agent_memory.worker.summarizer.text import is_unspaced, term
from agent_memory.worker.summarizer.traces import files_in

KEYWORDS_MIN = 3
POOL = 48  # terms that are looked at closely
# How much more, or less, these say than a plain word.
IDENTIFIER = 1.5
NAME = 1.25
ASKED = 1.4
PHRASE = 1.5
DOING = 0.3
NUMBER = 0.4  # short ones count things; longer ones may name one, such as an issue
FILE = 1.0
NAMING_DIGITS = 4
WORD_OF_GOOD_LENGTH = 8  # characters; longer words are more particular ones
# Words of scripts without spaces, roughly: runs of ideographs, of katakana or of Thai, not too long.
_UNSPACED_WORD = re.compile("[\u3005\u3400-\u9fff\uf900-\ufaff]{2,8}|[\u30a1-\u30ff]{2,16}|[\u0e00-\u0eff]{3,16}")
# Chinese words that hold sentences together: where these stand, other words begin and end.
_PARTICLES = re.compile(
    "(?:一共|全部|通过|添加|提交|修改|检查|更新|创建|返回|一下|一个)|[个加改跑的了是在我你您他她它们和与把被将并且都已经请也就而后给让要会能可以很这那没有不因为所]+"
)
_IDENTIFIER = re.compile(r"[^\W_]+(?:[._/]\w|\+\+|#)|[a-z0-9]+[A-Z]|[A-Za-z]+\d")
_DOING = frozenset(map(term, ASKING | REPORTING | DOING_ELSEWHERE)) | CHORES - {"test", "build", "lint", "branch"}


def keywords(text: SegmentText) -> tuple[str, ...]:
    """Three to seven, fewer only where there are no more; none twice, no stop words."""
    said = text.sentences
    asked = set(chain.from_iterable(sentence.terms for sentence in said if sentence.by_user))
    # As plain pairs, of which the least is the best: this looks at every term of the segment.
    ranked = ((-score * ASKED if key in asked else -score, key) for key, score in text.salience.items())
    plain = (pair for pair in ranked if pair[1].isascii() or not is_unspaced(pair[1]))
    pool = {key: -score for score, key in nsmallest(POOL, plain)}
    forms, pairs = _occurrences(said, pool)
    shown = {key: _form(forms[key]) for key in pool}
    candidates = [(score * _looks(shown[key]), shown[key], frozenset((key,))) for key, score in pool.items()]
    candidates += _phrases(pairs, pool)
    files = files_in(text.events)
    candidates += [(FILE * min(count, 3), name, frozenset((term(name),))) for name, count in files.items()]
    candidates += _unspaced(said)
    found = list(_distinct(candidates))
    named = [word for word in found if term(word) not in _DOING]
    # What somebody does names nothing; it is better than nothing.
    return tuple((named if len(named) >= KEYWORDS_MIN else found)[:KEYWORDS_MAX])


def _occurrences(
    said: Sequence[Sentence], pool: Mapping[str, float]
) -> tuple[dict[str, Counter[str]], Counter[tuple[str, str]]]:
    """How the terms are written inside of sentences, where capitals mean something, and which words come in pairs."""
    forms: dict[str, Counter[str]] = {key: Counter() for key in pool}
    pairs: Counter[tuple[str, str]] = Counter()
    every = set(chain.from_iterable(sentence.words for sentence in said))
    keys = {word: key for word in every if (key := term(word)) in pool}
    for sentence in said:
        found = sentence.words
        hits = [place for place, word in enumerate(found) if word in keys]
        for place in hits:
            word = found[place]
            if word[0].isupper() and (place == 0 or _begins(word, sentence.text)):
                # That capital means nothing; the form counts only where there is no other.
                forms[keys[word]][word.lower()] += 0
            else:
                forms[keys[word]][word] += 1
        for first, second in pairwise(hits):
            if second == first + 1 and f"{found[first]} {found[second]}" in sentence.text:
                pairs[found[first], found[second]] += 1
    return forms, pairs


def _begins(word: str, text: str) -> bool:
    return any(f"{end} {word}" in text for end in ".!?")


def _form(forms: Counter[str]) -> str:
    """The way the term is mostly written."""
    return min(forms, key=lambda form: (-forms[form], form))


def _looks(word: str) -> float:
    """What a word's looks add to what it says, as a factor."""
    factor = 0.5 + min(len(word), WORD_OF_GOOD_LENGTH) / WORD_OF_GOOD_LENGTH / 2
    if word.isdecimal() and len(word) < NAMING_DIGITS:
        return factor * NUMBER
    if _IDENTIFIER.match(word):
        return factor * IDENTIFIER
    if term(word) in _DOING:
        return factor * DOING
    return factor * NAME if word[0].isupper() else factor


_Candidate = tuple[float, str, frozenset[str]]


def _phrases(pairs: Mapping[tuple[str, str], int], pool: Mapping[str, float]) -> Iterator[_Candidate]:
    """Pairs of words that come together more than once, and names of two words."""
    for (one, other), count in pairs.items():
        named = one[0].isupper() and other[0].isupper()
        if (count > 1 or named) and not {term(one), term(other)} & _DOING:
            keys = frozenset((term(one), term(other)))
            score = PHRASE * sum(pool[key] for key in keys) / 2
            yield score * (_looks(one) + _looks(other)) / 2 * (1.0 if count > 1 else 0.8), f"{one} {other}", keys


def _unspaced(said: Sequence[Sentence]) -> Iterator[_Candidate]:
    """Words of scripts without spaces, by how many sentences hold them."""
    counts = Counter(
        run
        for sentence in said
        if not sentence.text.isascii()
        for run in {
            run
            for word in sentence.words
            if is_unspaced(word)
            for run in _UNSPACED_WORD.findall(_PARTICLES.sub(" ", word))
        }
    )
    return ((NAME * log1p(count), run, frozenset((run,))) for run, count in counts.items())


def _distinct(candidates: Sequence[_Candidate]) -> Iterator[str]:
    """The best first, leaving out what shares a word with a better one."""
    taken: set[str] = set()
    for _, shown, keys in sorted(candidates, key=lambda candidate: (-candidate[0], candidate[1])):
        if len(shown) <= KEYWORD_MAX and taken.isdisjoint(keys):
            taken |= keys
            yield shown
