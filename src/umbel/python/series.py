"""Tasks over time: how many, or how long they took."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Literal, get_args, overload

from umbel.python.celery_state import found_in, state_in
from umbel.python.events import EventsLike, source_of
from umbel.python.filters import OneOrMore, filters
from umbel.python.info import task_of
from umbel.python.times import TimeLike, unix_time
from umbel.services.search.search import bucket_length
from umbel.services.search.series_answers import (
    SeriesAnswer,
    SeriesOfCounts,
    SeriesOfRuntimes,
    SeriesOfWaits,
    series_answer,
)
from umbel.store.capabilities import GROUPINGS, TOP_MAX, Grouping, Measure
from umbel.store.series_of_tasks import series_of_tasks

_HOUR_S = 3_600.0


@overload
def task_series(
    events: EventsLike,
    measure: Literal["count"] = "count",
    by: Grouping | None = None,
    top: int = 10,
    start: TimeLike = None,
    end: TimeLike = None,
    bucket: float | None = None,
    type: OneOrMore = None,
    worker: OneOrMore = None,
    state: OneOrMore = None,
    search: str | Mapping[str, Any] | None = None,
) -> SeriesOfCounts: ...
@overload
def task_series(
    events: EventsLike,
    measure: Literal["runtime"],
    by: Grouping | None = None,
    top: int = 10,
    start: TimeLike = None,
    end: TimeLike = None,
    bucket: float | None = None,
    type: OneOrMore = None,
    worker: OneOrMore = None,
    state: OneOrMore = None,
    search: str | Mapping[str, Any] | None = None,
) -> SeriesOfRuntimes: ...
@overload
def task_series(
    events: EventsLike,
    measure: Literal["wait"],
    by: Grouping | None = None,
    top: int = 10,
    start: TimeLike = None,
    end: TimeLike = None,
    bucket: float | None = None,
    type: OneOrMore = None,
    worker: OneOrMore = None,
    state: OneOrMore = None,
    search: str | Mapping[str, Any] | None = None,
) -> SeriesOfWaits: ...
def task_series(
    events: EventsLike,
    measure: Measure = "count",
    by: Grouping | None = None,
    top: int = 10,
    start: TimeLike = None,
    end: TimeLike = None,
    bucket: float | None = None,
    type: OneOrMore = None,  # noqa: A002  the name that people know from Flower
    worker: OneOrMore = None,
    state: OneOrMore = None,
    search: str | Mapping[str, Any] | None = None,
) -> SeriesAnswer:
    """How many tasks there were (`count`), how long they ran (`runtime`) or waited (`wait`), in
    buckets of `bucket` seconds or more, from `start` to `end` (the last hour, unless given).

    `by` is `state`, `name`, `worker` or `queue`: then `groups` has a line for each of the `top`
    values, those with the most tasks or the longest mean, and `other` one for all the rest.
    Filters and times are those of `iter_tasks`.

    Celery's own `State` may be asked as well; it does not know how long tasks waited.

    Raises `ValueError` for a wrong measure, field, number, state, time or search, and what the
    source raises.
    """
    query = filters(type=type, worker=worker, state=state, search=search)
    _one_of("measure", measure, get_args(Measure))
    if by is not None:
        _one_of("by", by, GROUPINGS)
    _number("top", top, 1, TOP_MAX)
    if bucket is not None:
        _number("bucket", bucket, 1, 31_536_000)
    last = unix_time(end, "end")
    last = time.time() if last is None else last
    first = unix_time(start, "start")
    first = last - _HOUR_S if first is None else first
    if first >= last:
        raise ValueError("start must lie before end.")
    celery_state = state_in(events)
    if celery_state is None:
        return source_of(events).series(
            query, measure=measure, start=first, end=last, bucket_s=bucket, by=by, top=top
        )
    series = series_of_tasks(
        [task_of(each) for each in found_in(celery_state, query, None)],
        query,
        measure=measure,
        start=first,
        end=last,
        bucket_s=bucket_length(bucket, last - first, by),
        by=by,
        top=top,
    )
    return series_answer(series, measure)


def _one_of(name: str, value: object, values: tuple[str, ...]) -> None:
    if value not in values:
        raise ValueError(f"{name} is one of {', '.join(values)}, not {value!r}.")


def _number(name: str, value: object, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"{name} takes a number from {least:,} to {most:,}, not {value!r}.")
