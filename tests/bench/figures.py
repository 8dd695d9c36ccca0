"""The figures of a run of all benchmarks, kept by machine and commit, and compared with an earlier run's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

# From this on, a change is more than the noise of a run.
NOTABLE: Final = 0.10
# The head of the table, which has 80 columns.
HEAD: Final = f"{'':<36}{'value':>10} {'':<5}{'of floor':>9}{'before':>10}{'change':>9}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value, and what the machine itself can do at best, measured in the same run."""

    name: str
    value: float
    unit: str
    # 0: there is nothing to compare it with.
    floor: float = 0.0
    is_rate: bool = False

    @property
    def ratio(self) -> float:
        """How many times the floor it is; of a rate, what share of it."""
        return self.value / self.floor if self.floor else 0.0

    def change_since(self, earlier: Figure) -> float:
        """By what share it has become worse, or better (below 0).

        Measured against the floors where there are any: a busy machine raises both.
        """
        before, now = (earlier.ratio, self.ratio) if self.floor and earlier.floor else (earlier.value, self.value)
        if not before or not now:
            return 0.0
        return before / now - 1 if self.is_rate else now / before - 1


@dataclass(frozen=True, slots=True)
class Run:
    """All figures of one run."""

    commit: str
    at_ms: int
    figures: Sequence[Figure]


def keep(folder: Path, run: Run) -> None:
    """Write the run down, in place of an earlier one of the same commit."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{run.commit}.json").write_text(json.dumps(asdict(run), indent=1))


def kept(folder: Path) -> list[Run]:
    """The runs that were kept, the oldest first."""
    runs = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    found = [Run(run["commit"], run["at_ms"], [Figure(**figure) for figure in run["figures"]]) for run in runs]
    return sorted(found, key=lambda run: run.at_ms)


def worse(figures: Iterable[Figure], earlier: Run | None) -> list[Figure]:
    """The figures that have become notably worse."""
    before = {figure.name: figure for figure in earlier.figures} if earlier else {}
    return [each for each in figures if each.name in before and each.change_since(before[each.name]) >= NOTABLE]


def line(figure: Figure, earlier: Run | None) -> str:
    """The figure's line of the table, beside the earlier run's."""
    ratio = f"{figure.ratio:.2f}x" if figure.floor else ""
    text = f"{figure.name:<36}{_shown(figure.value):>10} {figure.unit:<5}{ratio:>9}"
    before = next((each for each in earlier.figures if each.name == figure.name), None) if earlier else None
    if before is None:
        return text.rstrip()
    change = figure.change_since(before)
    mark = "" if abs(change) < NOTABLE else f"{change:+.0%}{'!' if change > 0 else ' '}"
    return f"{text}{_shown(before.value):>10}{mark:>9}".rstrip()


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
