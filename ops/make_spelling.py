"""Make the table of which letters follow one another in words, from texts and sources that are at hand.

    python ops/make_spelling.py FOLDER [FOLDER ...]

Each file of the folders gives the parts of its names and words once; what stands in one file only is left out, and each
counts with the logarithm of how many files have it. Catalogues of translated messages (`*.mo`) give theirs without
accents. Writes shared/agent_memory/redaction/looks/spelling.txt: for the word's begin or end and each letter a row, in
it for each next letter and the one behind it how many half bits that one costs, in base 36. The table in the repository
is made of the sources of Python, Go, Node and Perl, their documents, manual pages, and the German, French, Spanish,
Italian, Portuguese and Dutch messages of a Debian system.
"""

from __future__ import annotations

import gettext
import gzip
import math
import random
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

FILES_MAX: Final = 1500
BYTES_MAX: Final = 60_000
LETTERS: Final = "_abcdefghijklmnopqrstuvwxyz"
DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
HALF_BITS_MAX: Final = 31
TABLE: Final = Path(__file__).resolve().parents[1] / "shared/agent_memory/redaction/looks/spelling.txt"
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,}")
_PIECE: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[A-Z]")
_WORD: Final = re.compile(r"[^\W\d_]{2,20}")


def main() -> None:
    files: Counter[str] = Counter()
    for folder in map(Path, sys.argv[1:]):
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        random.Random(1).shuffle(paths)
        for path in paths[:FILES_MAX]:
            files.update(set(_pieces(path)))
    TABLE.write_text("\n".join(_rows(files)) + "\n", encoding="ascii")
    print(f"{TABLE}: {sum(count > 1 for count in files.values()):,} words")


def _pieces(path: Path) -> Iterator[str]:
    try:
        if path.suffix == ".mo":
            with path.open("rb") as catalogue:
                messages = gettext.GNUTranslations(catalogue)._catalog.values()  # type: ignore[attr-defined]
            for word in _WORD.findall(" ".join(messages).lower()):
                plain = "".join(each for each in unicodedata.normalize("NFKD", word) if each.isascii())
                if plain.isalpha():
                    yield plain
            return
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.suffix == ".gz" else content)[:BYTES_MAX].decode("utf-8", "ignore")
    except (OSError, ValueError, EOFError):
        return
    for name in _NAME.findall(text):
        yield from (piece.lower() for piece in _PIECE.findall(name) if len(piece) <= 20)


def _rows(files: Counter[str]) -> Iterator[str]:
    three: Counter[str] = Counter()
    for piece, count in files.items():
        if count > 1:
            word = f"__{piece}_"
            for place in range(len(word) - 2):
                three[word[place : place + 3]] += math.log2(count)  # type: ignore[assignment]
    two, last, middle, first_two = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for triple, weight in three.items():
        two[triple[1:]] += weight
        last[triple[2]] += weight
        middle[triple[1]] += weight
        first_two[triple[:2]] += weight
    for first in LETTERS:
        row = ""
        for second in LETTERS:
            for third in LETTERS:
                # What was never seen is as likely as the letter is behind the last one, or anywhere.
                anywhere = (last[third] + 1) / (last.total() + len(LETTERS))
                behind = (two[second + third] + 20 * anywhere) / (middle[second] + 20)
                likely = (three[first + second + third] + 10 * behind) / (first_two[first + second] + 10)
                row += DIGITS[min(HALF_BITS_MAX, round(-2 * math.log2(likely)))]
        yield row


if __name__ == "__main__":
    main()
