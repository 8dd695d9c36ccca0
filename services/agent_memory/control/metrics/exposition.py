"""Figures in Prometheus' text format, version 0.0.4."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Literal

Kind = Literal["gauge", "counter", "histogram"]

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@dataclass(frozen=True, slots=True)
class Buckets:
    """What a histogram holds: how many values exceed the bound before and not this one; the last exceed all bounds."""

    bounds: Sequence[float]
    counts: Sequence[int]
    sum: float


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its values by the value of its only label, or under None where it has none.

    A family without values is still named, with its help and its type.
    """

    name: str
    kind: Kind
    help: str
    values: Mapping[str | None, float | Buckets] = field(default_factory=dict)
    # The label that tells its values apart.
    label: str = ""


def text(families: Iterable[Family]) -> str:
    """The page that a scraper reads."""
    lines = []
    for family in families:
        lines += [f"# HELP {family.name} {family.help}", f"# TYPE {family.name} {family.kind}"]
        for value, figure in sorted(family.values.items(), key=str):
            lines += _samples(family, value, figure)
    return "".join(f"{line}\n" for line in lines)


def _samples(family: Family, value: str | None, figure: float | Buckets) -> Iterator[str]:
    labels = {} if value is None else {family.label: value}
    if not isinstance(figure, Buckets):
        yield f"{_series(family.name, labels)} {_number(figure)}"
        return
    upper = [*map(_number, figure.bounds), "+Inf"]
    for bound, count in zip(upper, accumulate(figure.counts), strict=True):
        yield f"{_series(f'{family.name}_bucket', {**labels, 'le': bound})} {count}"
    yield f"{_series(f'{family.name}_sum', labels)} {_number(figure.sum)}"
    yield f"{_series(f'{family.name}_count', labels)} {sum(figure.counts)}"


def _series(name: str, labels: Mapping[str, str]) -> str:
    pairs = ",".join(f'{label}="{value.translate(_ESCAPES)}"' for label, value in labels.items())
    return f"{name}{{{pairs}}}" if pairs else name


def _number(figure: float) -> str:
    # Not 1.7959e+09: a count stays readable, and exact.
    return str(int(figure)) if float(figure).is_integer() else repr(float(figure))
