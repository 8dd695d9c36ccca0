"""Prometheus' text format, read by its own client library, and as strictly as a scraper reads it."""

from __future__ import annotations

from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

_NO_SAMPLES = ("_bucket", "_count", "_sum")


@dataclass(slots=True)
class Read:
    """A family as it was read: its samples by the values of their labels; those of a histogram by name, too."""

    kind: str
    help: str
    samples: dict[tuple[tuple[str, str], ...], float] = field(default_factory=dict)


def parse(page: str) -> dict[str, Read]:
    """The page's families by name; raises ValueError where a scraper would refuse it."""
    if not page.endswith("\n"):
        raise ValueError("the last line must end")
    read: dict[str, Read] = {}
    for family in text_string_to_metric_families(page):
        # The library names a counter without what its samples end in.
        name = f"{family.name}_total" if family.type == "counter" else family.name
        if name in read or family.type == "unknown":
            raise ValueError(f"a second {name}, or one without a type")
        read[name] = Read(family.type, family.documentation)
        for sample in family.samples:
            part = sample.name.removeprefix(name)
            labels = (*sample.labels.items(), *([("part", part)] if part in _NO_SAMPLES else ()))
            if (part and part not in _NO_SAMPLES) or labels in read[name].samples:
                raise ValueError(f"a sample of another family, or a second one: {sample}")
            read[name].samples[labels] = sample.value
    return read
