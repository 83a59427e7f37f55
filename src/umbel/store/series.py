"""Series: a measure of tasks over time, in buckets of equal length, and by group.

A line is one curve of a chart: what each bucket has, oldest first, with empty buckets left out,
and `total`, what the whole span has. A series is the line of all tasks and, grouped by a field,
one line for each of the top values and one for everything else (`other`), so that counts of the
groups and of `other` add up to those of the series.
"""

from __future__ import annotations

import msgspec

from umbel.store.capabilities import Grouping


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many tasks were first `seen` in a span, and how many ended in it, by how. `seen` is
    None where states are asked about or grouped by: a task has its state only later."""

    seen: int | None
    succeeded: int = 0
    failed: int = 0
    revoked: int = 0


class CountBucket(Counts, frozen=True, kw_only=True):
    """The counts of the bucket that begins at `start` (Unix seconds)."""

    start: float


class Durations(msgspec.Struct, frozen=True, kw_only=True):
    """What `n` durations are like, in seconds; `p50` is the one that half of them do not
    exceed."""

    n: int
    mean: float
    p50: float
    p95: float
    p99: float


class DurationBucket(Durations, frozen=True, kw_only=True):
    """The durations of the bucket that begins at `start` (Unix seconds)."""

    start: float


class CountLine(msgspec.Struct, frozen=True, kw_only=True):
    """Counts over time."""

    total: Counts
    buckets: tuple[CountBucket, ...]


class CountGroup(CountLine, frozen=True, kw_only=True):
    """Counts over time of the tasks that have one value of the field they are grouped by."""

    value: str


class CountSeries(CountLine, frozen=True, kw_only=True):
    """Counts over time of all tasks that match. `bucket_s` (seconds) may be longer than asked
    for. `groups` are those with the most tasks, the largest first; `other` is all the rest,
    tasks that lack the field among them, None if there is no rest. `complete` is False when time
    ran out, or when tasks of some group were kept without it: then there are at least so many."""

    bucket_s: float
    by: Grouping | None = None
    groups: tuple[CountGroup, ...] = ()
    other: CountLine | None = None
    complete: bool = True


class DurationLine(msgspec.Struct, frozen=True, kw_only=True):
    """Durations over time; `total` is None where nothing was measured."""

    total: Durations | None
    buckets: tuple[DurationBucket, ...]


class DurationGroup(DurationLine, frozen=True, kw_only=True):
    """Durations over time of the tasks that have one value of the field they are grouped by."""

    value: str


class DurationSeries(DurationLine, frozen=True, kw_only=True):
    """Durations over time of all tasks that match; see `CountSeries`. `groups` are those with
    the longest mean, the longest first. `complete` is False when time ran out: then some of the
    tasks were not looked at."""

    bucket_s: float
    by: Grouping | None = None
    groups: tuple[DurationGroup, ...] = ()
    other: DurationLine | None = None
    complete: bool = True


Series = CountSeries | DurationSeries
