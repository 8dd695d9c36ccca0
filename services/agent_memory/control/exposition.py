"""Figures in Prometheus' text format, version 0.0.4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["gauge", "counter"]

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its values by the value of its only label, or under None where it has none.

    A family without values is still named, with its help and its type.
    """

    name: str
    kind: Kind
    help: str
    values: Mapping[str | None, float] = field(default_factory=dict)
    # The label that tells its values apart.
    label: str = ""


def text(families: Iterable[Family]) -> str:
    """The page that a scraper reads."""
    lines = []
    for family in families:
        lines += [f"# HELP {family.name} {family.help}", f"# TYPE {family.name} {family.kind}"]
        lines += [
            f"{_series(family, value)} {_number(figure)}" for value, figure in sorted(family.values.items(), key=str)
        ]
    return "".join(f"{line}\n" for line in lines)


def _series(family: Family, value: str | None) -> str:
    return family.name if value is None else f'{family.name}{{{family.label}="{value.translate(_ESCAPES)}"}}'


def _number(figure: float) -> str:
    # Not 1.7959e+09: a count stays readable, and exact.
    return str(int(figure)) if float(figure).is_integer() else repr(float(figure))
