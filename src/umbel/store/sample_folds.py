"""Rolling samples up: pure functions on values, for every place that keeps or reads them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from umbel.store.samples import LEVELS, MEASURES, NAME_MAX, RANKED, SAMPLED_MAX, Fold, Kind, Values

#: One measure of many subjects.
Column = Sequence[float]
#: The most buckets by which it is decided of which lines there was most.
RANKING_MAX: Final = 16


def bucket_of(at: float, step_s: int) -> int:
    """The beginning of the bucket of this moment."""
    return int(at // step_s) * step_s


def folded(kind: Kind, several: Sequence[Values]) -> Values:
    """One for several, the first one first. What is None in some counts for nothing."""
    if len(several) == 1:
        return several[0]
    return tuple(
        _fold(measure.fold, [values[index] for values in several])
        for index, measure in enumerate(MEASURES[kind])
    )


def _fold(fold: Fold, values: Iterable[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    if not found:
        return None
    if fold == "mean":
        return sum(found) / len(found)
    if fold == "max":
        return max(found)
    return sum(found) if fold == "sum" else found[-1]


def folded_columns(kind: Kind, several: Sequence[Sequence[Column]]) -> list[Column]:
    """The same for many subjects at once: in each of `several` a column for each measure, with NaN
    where nothing is known. All have the same subjects in the same order."""
    return [
        _fold_column(measure.fold, [columns[index] for columns in several])
        for index, measure in enumerate(MEASURES[kind])
    ]


def _fold_column(fold: Fold, columns: Sequence[Column]) -> Column:
    if len(columns) == 1:
        return columns[0]
    rows = zip(*columns, strict=True)
    sums = [sum(row) for row in rows]
    if any(math.isnan(each) for each in sums):
        folded_rows = (
            _fold(fold, [each for each in row if not math.isnan(each)])
            for row in zip(*columns, strict=True)
        )
        return [math.nan if each is None else each for each in folded_rows]
    if fold == "mean":
        return [each / len(columns) for each in sums]
    if fold == "max":
        return [*map(max, zip(*columns, strict=True))]
    return sums if fold == "sum" else columns[-1]


def joined(kind: Kind, earlier: Values, later: Values) -> Values:
    """Two samples of one bucket of the finest level."""
    return tuple(
        new if measure.fold == "mean" and new is not None else _fold(measure.fold, (old, new))
        for measure, old, new in zip(MEASURES[kind], earlier, later, strict=True)
    )


def widened(
    kind: Kind, points: Iterable[tuple[int, Values]], step_s: int
) -> tuple[tuple[int, Values], ...]:
    """Points in the order of time, in wider buckets."""
    buckets: dict[int, list[Values]] = {}
    for at, values in points:
        buckets.setdefault(bucket_of(at, step_s), []).append(values)
    return tuple((at, folded(kind, several)) for at, several in buckets.items())


def bounded(kind: Kind, seen: Mapping[str, Values]) -> dict[str, Values]:
    """What of a sample is kept: where there is too much, the most."""
    found = {name: values for name, values in seen.items() if name and len(name) <= NAME_MAX}
    if len(found) <= SAMPLED_MAX[kind]:
        return found
    most = sorted(found, key=lambda name: rank(kind, found[name]), reverse=True)
    return {name: found[name] for name in most[: SAMPLED_MAX[kind]]}


def rank(kind: Kind, values: Values) -> float:
    """By which lines are chosen."""
    return values[RANKED[kind]] or 0.0


def most(kind: Kind, found: Mapping[str, Sequence[Values]], limit: int) -> list[str]:
    """The names of which there was most, the first one first."""
    largest = {name: max(rank(kind, each) for each in values) for name, values in found.items()}
    return sorted(largest, key=lambda name: (-largest[name], name))[:limit]


def ranking_buckets(buckets: Sequence[int]) -> list[int]:
    """Some of these, spread evenly, with the last one."""
    if len(buckets) <= RANKING_MAX:
        return [*buckets]
    step = (len(buckets) - 1) / (RANKING_MAX - 1)
    return [buckets[round(index * step)] for index in range(RANKING_MAX)]


def level_of(step_s: float, since: float, now: float) -> int:
    """The widest level whose buckets are no wider than `step_s`; a wider one where no finer one
    reaches back to `since`."""
    fitting = sum(level.step_s <= step_s for level in LEVELS[1:])
    reaching = next(
        index
        for index, level in enumerate(LEVELS)
        if level.keep_s is None or since >= now - level.keep_s
    )
    return max(fitting, reaching)
