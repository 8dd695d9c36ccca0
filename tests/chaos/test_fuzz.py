"""Whatever a parser is given, it reads it or says so in its documented errors, soon and in bounded memory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

from chaos.fuzzing import fuzz
from chaos.parsers import parsers

# Inputs for each parser, and how long each may go on; and only those parsers that have it in their names.
INPUTS: Final = int(os.environ.get("FUZZ_INPUTS", "2000"))
FEW: Final = 25
SECONDS: Final = float(os.environ.get("FUZZ_SECONDS", "86400"))
SEED: Final = int(os.environ.get("FUZZ_SEED", "1"))
ONLY: Final = os.environ.get("FUZZ_ONLY", "")


def test_a_few_inputs_break_no_parser(tmp_path: Path) -> None:
    """The first of a seed, for each parser: the long run has the others."""
    failures = [
        f"{parser.name}: {what}\n    {shown[0]}"
        for parser in parsers(tmp_path)
        for what, shown in fuzz(parser, SEED, FEW, SECONDS).failures.items()
    ]

    assert not failures, "\n".join(["", *failures])


@pytest.mark.drill
@pytest.mark.timeout(86_400)
def test_no_input_breaks_a_parser(tmp_path: Path) -> None:
    """FUZZ_INPUTS each, made of FUZZ_SEED: only documented errors, no second of waiting, no flood of memory."""
    failures = []
    for parser in parsers(tmp_path):
        if ONLY not in parser.name:
            continue
        found = fuzz(parser, SEED, INPUTS, SECONDS)
        rate = found.inputs / max(found.seconds, 1e-9)
        print(
            f"{parser.name:32} {found.inputs:>9} inputs {rate:>7.0f}/s slowest {found.slowest_s * 1000:>6.1f} ms",
            flush=True,
        )
        failures += [f"{parser.name}: {what}\n    " + "\n    ".join(shown) for what, shown in found.failures.items()]

    assert not failures, "\n".join(["", *failures])
