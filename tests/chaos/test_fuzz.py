"""Whatever a parser is given, it reads it or says so in its documented errors, soon and in bounded memory."""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Final

import pytest

from chaos.databases import databases
from chaos.fuzzing import Parser, fuzz
from chaos.parsers import parsers
from chaos.requests import calls, filled
from support.writer import WriterProcess

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
    _run(chain(parsers(tmp_path), databases(tmp_path)))


@pytest.mark.drill
@pytest.mark.timeout(86_400)
def test_no_request_breaks_a_call(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """As above, for each call that only reads, over a real store with a tree and an index."""
    # A socket's path has 107 bytes at most.
    home = tmp_path_factory.mktemp("w")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
    writer = WriterProcess(home)
    try:
        writer.start()
        _run(calls(filled(writer)))
    finally:
        writer.close()


def _run(chosen: Iterable[Parser]) -> None:
    failures = []
    for parser in chosen:
        if ONLY not in parser.name:
            continue
        found = fuzz(parser, SEED, INPUTS, SECONDS)
        rate = found.inputs / max(found.seconds, 1e-9)
        print(
            f"{parser.name:32} {found.inputs:>9} inputs {rate:>7.0f}/s slowest {found.slowest_s * 1000:>6.1f} ms",
            flush=True,
        )
        here = [f"{parser.name}: {what}\n    " + "\n    ".join(shown) for what, shown in found.failures.items()]
        # At once: a long run may be ended before its end.
        print("".join(f"FAILED {each}\n" for each in here), end="", flush=True)
        failures += here

    assert not failures, "\n".join(["", *failures])
