"""What counts as the same output: documents are compared with the program by shape."""

from __future__ import annotations

import pytest

from support.walkthrough import Ids, Mismatch, Step, compare, steps

GRIP = "grip:1794822240549:01M7HVVY955V093KK8VSCTX7YJ"
OTHER = "grip:1794822240999:01M7HVVY955V093KK8VSCTX000"


def test_the_commands_of_a_block_have_their_output_below_them() -> None:
    """Blocks that say why they are not run, and blocks of other languages, are passed over."""
    text = (
        "```console\n$ one \\\n>   more\n  printed\n\nmore\n\n$ two\n```\n"
        "```console not run: needs a network\n$ three\n```\n"
        "```text\n$ four\n```\n"
        "   ```console\n   $ five\n     printed\n   ```\n"
    )

    assert list(steps(text)) == [
        Step("one \\\n  more", ["  printed", "", "more"]),
        Step("two", []),
        Step("five", ["  printed"]),
    ]


@pytest.mark.parametrize(
    ("expected", "printed"),
    [
        ("Monday, 16 November 2026  5 days ago", "Friday, 1 May 2027  an hour ago"),
        ("├── toc:day:2026-11-16", "└── toc:day:2027-01-01"),
        ("Disk Usage: 0.40 MB", "Disk Usage: 12 kB"),
        ("ingest   running   18593     39 MB  4 s", "ingest  running  7  139 MB  1 min 2 s"),
        (f"    {GRIP}", f"    {OTHER}"),
        ("Next: memory-daemon query ... --limit 2", "Next: memory-daemon query events --from 17 --limit 2"),
    ],
)
def test_figures_ids_and_dates_may_differ(expected: str, printed: str) -> None:
    compare([expected], [printed], Ids())


@pytest.mark.parametrize(
    ("expected", "printed"),
    [
        (["Events: 80"], ["Event: 80"]),
        (["one"], ["one", "two"]),
        (["one", "two"], ["one"]),
        (["one", "...", "three"], ["one", "two", "three", "four"]),
        (["two", "..."], ["one", "two"]),
        (["one", "..."], []),
        (["...", GRIP, "..."], ["toc:segment:2026-11-16:01M7HVMKJMH4VQV4Q47G0X6AD8"]),
        (["toc:day:2026-11-16"], ["toc:week:2026:W47"]),
    ],
)
def test_words_and_lines_may_not(expected: list[str], printed: list[str]) -> None:
    with pytest.raises(Mismatch):
        compare(expected, printed, Ids())


@pytest.mark.parametrize("between", [[], ["two"], ["two", "three"]])
def test_dots_stand_for_any_number_of_lines(between: list[str]) -> None:
    compare(["one", "...", "four"], ["one", *between, "four"], Ids())


def test_an_id_in_a_command_is_the_one_that_was_printed() -> None:
    """The document keeps the ids of the run it was written from."""
    ids = Ids()

    compare([f"  {GRIP}"], [f"  {OTHER}"], ids)

    assert ids.in_command(f"query expand {GRIP}") == f"query expand {OTHER}"


def test_an_id_that_nothing_printed_is_refused() -> None:
    with pytest.raises(Mismatch, match="no command above"):
        Ids().in_command(f"query expand {GRIP}")


def test_an_id_means_one_thing() -> None:
    ids = Ids()
    compare([GRIP], [OTHER], ids)

    with pytest.raises(Mismatch, match="means"):
        compare([GRIP], [GRIP], ids)
