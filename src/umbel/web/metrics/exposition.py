"""Metrics as text: Prometheus' format, and OpenMetrics for scrapers that ask for it.

Both are written as Prometheus' client library for Python writes them: counters end in `_total`,
and the time of creation is a metric of its own, which in OpenMetrics belongs to the counter or
histogram. OpenMetrics alone has examples: with each bucket, the id of the last task in it.

https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4;
https://prometheus.io/docs/specs/om/open_metrics_spec/, version 1.0.0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate, islice
from typing import Final, Literal

import msgspec

from umbel.store.base import TaskExample

PROMETHEUS: Final = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"

#: So many samples are put together at a time.
_PIECE: Final = 2_000

Kind = Literal["counter", "gauge"]
#: What tells samples of one metric apart, in the order in which it is written.
Labels = Sequence[tuple[str, str]]


class Sample(msgspec.Struct, frozen=True, gc=False):
    """A value; `labels` is `label_text`; `created`: since when it is counted, Unix seconds."""

    labels: str
    value: float
    created: float | None = None


class HistogramSample(msgspec.Struct, frozen=True, gc=False):
    """How many fell into each bucket (one more than there are `bounds`), and their sum; examples
    are by the index of the bucket."""

    labels: str
    bounds: tuple[float, ...]
    counts: Sequence[int]
    total: float
    created: float | None = None
    examples: Mapping[int, TaskExample] = {}


class Metric(msgspec.Struct, frozen=True):
    """One metric. `name` is without the `_total` of a counter; `summary` is a sentence."""

    name: str
    kind: Kind
    summary: str
    samples: Sequence[Sample]


class Histogram(msgspec.Struct, frozen=True):
    """A metric that has buckets."""

    name: str
    summary: str
    samples: Sequence[HistogramSample]


Family = Metric | Histogram


def label_text(labels: Labels) -> str:
    """The labels as they stand between the braces: `task="shop.send",worker="w@h"`."""
    return ",".join(f'{name}="{_escaped(text)}"' for name, text in labels)


def together(several: Sequence[Sequence[Family]]) -> list[Family]:
    """The metrics of several clusters, those of one name as one."""
    found: dict[str, Family] = {}
    for families in several:
        for each in families:
            earlier = found.get(each.name)
            samples = (*earlier.samples, *each.samples) if earlier else each.samples
            found[each.name] = msgspec.structs.replace(each, samples=samples)
    return list(found.values())


def exposition(families: Iterable[Family], *, openmetrics: bool = False) -> memoryview:
    """The whole answer. It can be many megabytes, so it is not copied once more into bytes."""
    text = bytearray()
    for each in families:
        if isinstance(each, Histogram):
            lines = _histogram(each, openmetrics)
        else:
            lines = _metric(each, openmetrics)
        while piece := "".join(islice(lines, _PIECE)):
            text += piece.encode("utf-8", "replace")
    if openmetrics:
        text += b"# EOF\n"
    return memoryview(text).toreadonly()


def _metric(metric: Metric, openmetrics: bool) -> Iterator[str]:
    name = f"{metric.name}_total" if metric.kind == "counter" else metric.name
    yield _head(metric.name if openmetrics else name, metric.kind, metric.summary)
    for sample in metric.samples:
        braced = f"{{{sample.labels}}}" if sample.labels else ""
        yield f"{name}{braced} {number(sample.value)}\n"
        if openmetrics and sample.created is not None and metric.kind == "counter":
            yield f"{metric.name}_created{braced} {number(sample.created)}\n"
    if not openmetrics and metric.kind == "counter":
        yield from _created(metric.name, metric.samples)


def _histogram(histogram: Histogram, openmetrics: bool) -> Iterator[str]:
    name = histogram.name
    yield _head(name, "histogram", histogram.summary)
    for each in histogram.samples:
        counts = list(accumulate(each.counts))
        begin = f"{each.labels}," if each.labels else ""
        braced = f"{{{each.labels}}}" if each.labels else ""
        ends = [""] * len(counts)
        if openmetrics:
            for index, example in each.examples.items():
                ends[index] = _example(example)
        values: list[object] = []
        for count, end in zip(counts, ends, strict=True):
            values += (begin, count, end)
        yield _lines(name, each.bounds) % (
            *values, braced, counts[-1], braced, number(each.total)
        )  # fmt: skip
        if openmetrics and each.created is not None:
            yield f"{name}_created{braced} {number(each.created)}\n"
    if not openmetrics:
        yield from _created(name, histogram.samples)


@lru_cache(maxsize=64)
def _lines(name: str, bounds: tuple[float, ...]) -> str:
    """The lines of one histogram, to be filled: as one text, since there are very many."""
    ends = [number(each) for each in (*bounds, math.inf)]
    buckets = "".join(f'{name}_bucket{{%sle="{end}"}} %d%s\n' for end in ends)
    return f"{buckets}{name}_count%s %d\n{name}_sum%s %s\n"


def _example(example: TaskExample) -> str:
    task_id = _escaped(example.uuid)
    if len(task_id) > _EXAMPLE_MAX:
        return ""
    return f' # {{task_id="{task_id}"}} {number(example.seconds)} {example.at:.3f}'


#: OpenMetrics allows 128 characters for the labels of an example.
_EXAMPLE_MAX: Final = 120


def _created(name: str, samples: Sequence[Sample | HistogramSample]) -> Iterator[str]:
    created = [each for each in samples if each.created is not None]
    if not created:
        return
    yield _head(f"{name}_created", "gauge", "When counting began, Unix seconds.")
    for each in created:
        braced = f"{{{each.labels}}}" if each.labels else ""
        yield f"{name}_created{braced} {number(each.created or 0.0)}\n"


@lru_cache(maxsize=8_192)
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


def _head(name: str, kind: str, summary: str) -> str:
    return f"# HELP {name} {summary}\n# TYPE {name} {kind}\n"


def _escaped(text: str) -> str:
    if "\\" not in text and '"' not in text and "\n" not in text:
        return text
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
