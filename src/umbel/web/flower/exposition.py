"""Prometheus' text format, as its client library for Python writes it: labels by name, and
counters and histograms with the time of their creation.

https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import accumulate
from typing import Final

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

Labels = Mapping[str, str]
Sample = tuple[Labels, float]


def family(name: str, kind: str, help_: str, samples: Iterable[Sample]) -> Iterator[str]:
    """The lines of one metric; `kind` is `counter` or `gauge`."""
    yield _head(name, kind, help_)
    for labels, value in samples:
        yield _line(name, labels, value)


def histogram(
    name: str,
    help_: str,
    groups: Iterable[tuple[Sequence[float], Iterable[tuple[Labels, Sequence[int], float]]]],
) -> Iterator[str]:
    """The lines of a histogram: groups of samples by their bounds, and for labels, how many
    fell into each bucket (one more than there are bounds), and their sum."""
    yield _head(name, "histogram", help_)
    for bounds, samples in groups:
        ends = [number(each) for each in (*bounds, math.inf)]
        for labels, buckets, total in samples:
            for end, count in zip(ends, accumulate(buckets), strict=True):
                yield _line(f"{name}_bucket", {"le": end, **labels}, count)
            yield _line(f"{name}_count", labels, sum(buckets))
            yield _line(f"{name}_sum", labels, total)


def number(value: float) -> str:
    """As Go writes it, since the ends of buckets are labels that must be alike: `0.5`, `1.0`,
    `1e+06`, `+Inf`."""
    value = float(value)
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value < 1e6:
        return repr(value)
    _, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    first, *rest = map(str, digits)
    point = "." if rest else ""
    return f"{first}{point}{''.join(rest)}e+{int(exponent) + len(rest):02d}"


def _head(name: str, kind: str, help_: str) -> str:
    return f"# HELP {name} {help_}\n# TYPE {name} {kind}\n"


def _line(name: str, labels: Labels, value: float) -> str:
    answered = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{answered}}} {number(value)}\n"


def _escaped(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return escaped.encode("utf-8", "replace").decode()
