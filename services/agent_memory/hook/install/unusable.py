"""The error of settings that can't be changed."""

from __future__ import annotations


class Unusable(ValueError):
    """The text can't be changed as it is; `line` is where to look, counted from 1."""

    def __init__(self, problem: str, line: int = 1) -> None:
        super().__init__(problem)
        self.line = line
