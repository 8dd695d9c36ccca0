"""How well secrets are found and what looking for them costs.

    python tests/bench/redaction.py [--show] [--maintained]

Precision and recall on the labelled texts of tests/support/secret_samples.py, by group, for those that rules were tuned
on and those that were held out; `--show` prints each miss and each mistake. `--maintained` lets the rules of a kept
scanner (`pip install kingfisher-secret-scanner`) look at the same texts, and looks at secrets made from its patterns.
Processor time a text, also for one that repeats what looks like the beginning of a secret, and what of storing an
event, by the query service and the writer, goes into it.
"""

from __future__ import annotations

import argparse
import re
import string
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent_memory import messages
from agent_memory.redaction.finders.environment import is_environment_file
from agent_memory.redaction.prefilter import candidates, may_contain_secret
from agent_memory.redaction.redactor import Redactor
from bench import rig
from support.secret_samples import Sample, samples

EVENTS: Final = 4000
SINGLE_EVENTS: Final = 500
# Each repeated makes a text that takes long to look through: words for secrets in six languages, quotes, headers.
REPEATED: Final = (
    *(
        "password",
        "password ",
        "password: ",
        'pass="',
        'clave="',
        "senha ",
        "\u5bc6\u7801",
        "\u043f\u0430\u0440\u043e\u043b\u044c: ",
    ),
    *(
        "Passwort is ",
        "x Passwort as ",
        "login with a / b ",
        'jwt="',
        '\\"token\\":',
        "(cookie: a=b",
        "\x1b[1mpassword",
    ),
)
REPEATED_BYTES: Final = 30_000

Taken = list[tuple[str, str]]


class Recording(Redactor):
    """A redactor that tells what it takes out."""

    def __init__(self) -> None:
        super().__init__(b"bench")
        self.taken: Taken = []

    def _marker(self, kind: str, secret: str) -> str:
        self.taken.append((kind, secret))
        return super()._marker(kind, secret)


@dataclass
class Score:
    """What was found of what there is."""

    secrets: int = 0
    found: int = 0
    right: int = 0
    wrong: int = 0
    misses: list[str] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.found / self.secrets if self.secrets else 1.0


def ours(text: str) -> Taken:
    """What the redactor takes out, as the query service would have it done."""
    recording = Recording()
    recording.redact(text, is_environment=is_environment_file(text[:400]))
    return recording.taken


def scores(found: Iterable[Sample], finder: Callable[[str], Taken]) -> dict[str, Score]:
    """A score for each group and for all together."""
    scored: dict[str, Score] = defaultdict(Score)
    for sample in found:
        taken = finder(sample.text)
        for score in (scored[sample.group], scored["all"]):
            _count(score, sample, taken)
    return scored


def _count(score: Score, sample: Sample, taken: Taken) -> None:
    everything = "\0".join(secret for _, secret in taken)
    for secret in sample.secrets:
        score.secrets += 1
        # Nothing of it may stay but a beginning that only tells whose it is.
        if secret in everything or any(len(part) > len(secret) * 0.7 and part in secret for _, part in taken):
            score.found += 1
        else:
            score.misses.append(f"{sample.name}: {sample.text[:200]!r}")
    for kind, part in taken:
        if any(part in secret or secret in part for secret in sample.secrets):
            score.right += 1
        else:
            score.wrong += 1
            score.mistakes.append(f"{sample.name}: {kind} {part[:60]!r} in {sample.text[:200]!r}")


def main(*, show: bool, maintained: bool) -> None:
    everything = list(samples())
    print_scores("tuned on", scores((each for each in everything if not each.is_held_out), ours), show=show)
    print_scores("held out", scores((each for each in everything if each.is_held_out), ours), show=show)
    if maintained:
        print_scores("kingfisher, the same texts", scores(everything, _kingfisher()), show=False)
        print_covered(show=show)
    print_costs()
    print_hostile()
    print_share()


def print_scores(title: str, scored: dict[str, Score], *, show: bool) -> None:
    print(f"\n{title:28} {'secrets':>8} {'recall':>8} {'taken':>8} {'precision':>10}")
    for group, score in scored.items():
        taken = score.right + score.wrong
        print(f"{group:28} {score.secrets:8} {score.recall:8.3f} {taken:8} {score.precision:10.3f}")
    if show:
        for text in [
            *("missed  " + each for each in scored["all"].misses),
            *("WRONG  " + e for e in scored["all"].mistakes),
        ]:
            print(text)


def _kingfisher() -> Callable[[str], Taken]:
    from kingfisher_sdk import Scanner  # type: ignore[import-not-found]

    scanner = Scanner()
    return lambda text: [(found.rule_id, found.secret) for found in scanner.scan(text)]


def print_covered(*, show: bool) -> None:
    """How many of the patterns of the kept rules make secrets that we take out, too.

    What they make for a vendor's name and any sign behind it, with line ends between, is no text that anybody writes;
    what is one word has the shape that a service gives its tokens, or is an id or an address and no secret.
    """
    from kingfisher_sdk import Rules

    rules = Rules()
    covered: Counter[bool] = Counter()
    for rule in rules.metadata():
        made = _made_from(rules._native.detail(rule["id"])["pattern"])
        if made is None or re.search(r"\s", made):
            continue
        is_covered = bool(ours(f"use {made} now"))
        covered[is_covered] += 1
        if show and not is_covered:
            print(f"not covered  {rule['id']}: {made[:120]!r}", flush=True)
    print(f"\npatterns of kingfisher for one word, whose words we take out: {covered[True]} of {covered.total()}")


def _made_from(pattern: str) -> str | None:
    """A text that the pattern matches, as varied as chance would have it; None where Python can't read the pattern."""
    from hypothesis import HealthCheck, Phase, given, settings, strategies

    made: list[str] = []
    try:
        # Patterns for any case would make names that nobody writes.
        cased = re.compile(pattern.replace("(?i)", "").replace("(?i:", "(?:"), re.ASCII)
        texts = strategies.from_regex(cased, fullmatch=True, alphabet=string.printable)

        @settings(
            max_examples=15,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(texts)
        def gather(text: str) -> None:
            made.append(text)

        gather()
    except Exception:
        return None
    best = max(made, key=lambda text: len(set(text)))
    return best if len(set(best)) > 10 else None


def print_costs() -> None:
    redactor = Redactor(b"bench")
    code = Path(argparse.__file__).read_text()
    texts = {
        "prose, 1 kB": ("We decided to use Postgres because the queue needs transactions. " * 16)[:1000],
        "code, 1 kB": code[30_000:31_000],
        "code, 16 kB": code[:16_000],
        "a secret, 1 kB": f"{code[30_000:30_900]} TOKEN={'ghp_'}a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    }
    print(f"\n{'processor time a text':28} {'us':>8}")
    for name, text in texts.items():
        print(f"{name:28} {_cpu_us(lambda text=text: redactor.redact(text)):8.0f}")  # type: ignore[misc]


def print_hostile() -> None:
    redactor = Redactor(b"bench")
    print(f"\n{'repeated to 30 kB':28} {'s a MB':>8}")
    for part in REPEATED:
        text = part * (REPEATED_BYTES // len(part.encode()))
        started = time.process_time()
        redactor.redact(text)
        print(f"{part!r:28} {(time.process_time() - started) / len(text.encode()) * 1e6:8.2f}")


def print_share() -> None:
    events = list(rig.conversations(EVENTS))
    redactor = Redactor(b"bench")
    # But for the ids, which come first, as the query service looks at them.
    contents = [event.SerializeToString()[len(event.event_id) + len(event.session_id) :] for event in events]
    started = time.process_time()
    for event, content in zip(events, contents, strict=True):
        if may_contain_secret(content):
            redactor.redact("\n".join([event.text, *(f"{name}={value}" for name, value in event.metadata.items())]))
    alone_us = (time.process_time() - started) / EVENTS * 1e6
    started = time.process_time()
    for place in candidates(contents):
        redactor.redact(events[place].text)
    looking_us = (time.process_time() - started) / EVENTS * 1e6
    with rig.scratch_stack() as stack:
        with rig.cpu_used(rig.processes(stack)) as used:
            rig.load(stack, iter(events))
        bulk_us = (used["query"] + used["ingest"]) / EVENTS * 1e6
        with stack.client() as client, rig.cpu_used(rig.processes(stack)) as used:
            for number, event in enumerate(events[:SINGLE_EVENTS]):
                client.ingest(
                    replace(messages.event_from_bytes(event.SerializeToString()), event_id=f"single-{number}")
                )
        single_us = (used["query"] + used["ingest"]) / SINGLE_EVENTS * 1e6
    size = sum(len(event.text) for event in events) // EVENTS
    print(f"\nlooking for secrets in an event of {size} characters: {alone_us:.0f} us, {looking_us:.0f} us in a batch")
    print(f"storing one in a batch: {bulk_us:.0f} us, of which that is {looking_us / bulk_us:.0%}")
    print(f"storing one alone: {single_us:.0f} us, of which that is {alone_us / single_us:.0%}")


def _cpu_us(call: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(5):
        started = time.process_time()
        for _ in range(100):
            call()
        best = min(best, time.process_time() - started)
    return best * 10_000


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--maintained", action="store_true")
    arguments = parser.parse_args()
    main(show=arguments.show, maintained=arguments.maintained)
