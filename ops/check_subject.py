#!/usr/bin/env python3
"""Refuse commit subjects that are longer than 72 characters.

    ops/check_subject.py MESSAGE                           the file that git's commit-msg hook names
    git log --format=%s main.. | ops/check_subject.py      one subject a line

Prints each subject that is too long, and then exits 1.
"""

from __future__ import annotations

import sys
from pathlib import Path

LONGEST = 72  # characters: `git log` indents by four, and a terminal has 80 columns
SQUASHED_LATER = ("amend! ", "fixup! ", "squash! ")  # git's own words before another commit's subject


def main() -> None:
    if len(sys.argv) > 1:
        subjects = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()[:1]
    else:
        subjects = sys.stdin.read().splitlines()
    too_long = [each for each in subjects if len(each) > LONGEST and not each.startswith(SQUASHED_LATER)]
    for subject in too_long:
        print(f"{len(subject)} characters, {LONGEST} are allowed: {subject}", file=sys.stderr)
    if too_long:
        sys.exit("Say what and why in a few words; the reasons go into the body.")


if __name__ == "__main__":
    main()
