"""How many of the secrets in a labelled corpus are found, and how many of its clean texts are left alone.

    python tests/bench/recall.py [--misses] FILE...

A file has a JSON object on each line: {"id": ..., "kind": ..., "text": ..., "secrets": [...]}; a text without secrets
is clean. A secret is found if what is stored of the text has no part of it that is longer than half of it and than five
characters. By kind of text: its secrets and the share of them that is found, its clean texts and the share of them that
stays as it is. `--misses` prints each secret that stays, and each clean text that does not.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from agent_memory.redaction.event_redactor import COMMAND_HEAD, EventRedactor
from agent_memory.redaction.finders.environment import is_environment_file

PART_MIN: Final = 6


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text of a corpus, and the secrets in it."""

    id: str
    kind: str
    text: str
    secrets: tuple[str, ...]


@dataclass(slots=True)
class Score:
    """What was found of what there is, in the texts of one kind."""

    secrets: int = 0
    found: int = 0
    clean: int = 0
    untouched: int = 0
    misses: list[str] = field(default_factory=list)

    def add(self, labelled: Labelled, public: str) -> None:
        """`public` is what is stored of the text."""
        for secret in labelled.secrets:
            is_found = not survives(secret, public)
            self.secrets += 1
            self.found += is_found
            if not is_found:
                self.misses.append(f"missed  {labelled.id} {secret!r} in {labelled.text!r}")
        if not labelled.secrets:
            self.clean += 1
            self.untouched += public == labelled.text
            if public != labelled.text:
                self.misses.append(f"WRONG   {labelled.id} {public!r} from {labelled.text!r}")

    def line(self, kind: str) -> str:
        recall = f"{self.found / self.secrets:8.3f}" if self.secrets else f"{'':8}"
        precision = f"{self.untouched / self.clean:10.3f}" if self.clean else f"{'':10}"
        return f"{kind:28} {self.secrets:8} {recall} {self.clean:8} {precision}"


def main(paths: Iterable[Path], *, misses: bool) -> None:
    redactor = EventRedactor(b"bench", redaction=True, payment_data=False)
    scores: dict[str, Score] = defaultdict(Score)
    everything = Score()
    for labelled in corpus(paths):
        is_environment = is_environment_file(labelled.text[:COMMAND_HEAD])
        public = redactor.public(labelled.text, Counter(), is_environment=is_environment)
        for score in (scores[labelled.kind], everything):
            score.add(labelled, public)
    print(f"{'kind of text':28} {'secrets':>8} {'recall':>8} {'clean':>8} {'precision':>10}")
    for kind, score in sorted(scores.items()):
        print(score.line(kind))
    print(everything.line("all"))
    if misses:
        print(*(miss for _, score in sorted(scores.items()) for miss in score.misses), sep="\n")


def corpus(paths: Iterable[Path]) -> Iterator[Labelled]:
    for path in paths:
        for line in path.read_text("utf-8").splitlines():
            record = json.loads(line)
            yield Labelled(record["id"], record["kind"], record["text"], tuple(record["secrets"]))


def survives(secret: str, public: str) -> bool:
    """Whether so much of the secret is in the text that it gives it away."""
    length = min(len(secret), max(PART_MIN, len(secret) // 2 + 1))
    return any(secret[place : place + length] in public for place in range(len(secret) - length + 1))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    main(arguments.files, misses=arguments.misses)
