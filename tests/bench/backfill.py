"""How many events a second a history is taken in, what that costs each process, and the memory the command needs.

    python tests/bench/backfill.py [--lines 20000 200000]

One transcript of Claude Code's of so many lines, four a turn, of which three are events. The first time all of it is
new, the second time none. A million lines in bounded memory is `--lines 200000 1000000`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import rig
from support import transcripts
from support.stack import Stack

LINES_A_TURN = 4


def main(sizes: Sequence[int]) -> None:
    rig.print_machine("backfill")
    with rig.scratch_stack() as stack, tempfile.TemporaryDirectory() as folder:
        rig.table(
            [
                "lines",
                "events",
                "new",
                "wall s",
                "events/s",
                "command CPU s",
                "front CPU s",
                "writer CPU s",
                "peak MiB",
            ],
            _taken_in(stack, Path(folder), sizes),
        )


def _taken_in(stack: Stack, folder: Path, sizes: Sequence[int]) -> Iterator[Sequence[object]]:
    processes = {name: rig.processes(stack)[name] for name in ("query", "ingest")}
    for lines in sizes:
        path = folder / f"{lines}.jsonl"
        transcripts.long_history(path, lines // LINES_A_TURN, session_id=str(lines))
        for _ in ("new", "known"):
            with rig.cpu_used(processes) as used:
                command = subprocess.Popen(
                    stack.command("backfill", path, "--json"), env=stack.env, stdout=subprocess.PIPE
                )
                assert command.stdout
                report = json.loads(command.stdout.read())
                _, command.returncode, usage = os.wait4(command.pid, 0)
            tally = report["agents"]["claude-code"]
            rate = tally["events"] / report["took_s"]
            cpu_s = usage.ru_utime + usage.ru_stime
            spent = [cpu_s, used["query"], used["ingest"]]
            yield [lines, tally["events"], tally["stored"], report["took_s"], rate, *spent, usage.ru_maxrss / 1024]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, nargs="+", default=[20_000, 200_000], help="lines of the transcripts")
    main(parser.parse_args().lines)
