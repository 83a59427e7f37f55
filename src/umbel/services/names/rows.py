"""Names of tasks as they are answered: the list, one of them, and where it is registered."""

from __future__ import annotations

from typing import Final, Literal, get_args

import msgspec

from umbel.services.search.incomplete import Incomplete
from umbel.store.series import Durations

#: By what the list is sorted: tasks, p95 of the runtime, p95 of the wait, failures, the change
#: against the time before, the name itself.
NameOrder = Literal["busiest", "slowest", "waiting", "failing", "changed", "name"]
NAME_ORDERS: Final[tuple[NameOrder, ...]] = get_args(NameOrder)
#: With which time names are compared: as long a time before, the same time a day or a week earlier,
#: as long a time before the last deploy.
Against = Literal["before", "yesterday", "last-week", "last-deploy"]
AGAINST: Final[tuple[Against, ...]] = get_args(Against)
#: What of a name changed.
Changed = Literal["count", "failures", "runtime", "wait"]


class NameNumbers(msgspec.Struct, frozen=True, kw_only=True):
    """What the tasks of one name were like in a span: `count` were first seen in it; of those that
    ended in it, so many `succeeded`, `failed` and were `revoked`. `failure_rate` is the part of
    successes and failures that failed (0 to 1), null without any. `runtime` is of those that ended,
    `wait` of those that were started; null where nothing was measured."""

    count: int = 0
    succeeded: int = 0
    failed: int = 0
    revoked: int = 0
    failure_rate: float | None = None
    runtime: Durations | None = None
    wait: Durations | None = None


class NameRow(NameNumbers, frozen=True, kw_only=True):
    """One name in a span. `trend` is how many of its tasks were first seen in each bucket, the
    oldest first, `failures` how many failed. `before` has the same numbers of the time before,
    null if that was not compared; `changed` is what of them changed most, null if nothing did, and
    `change` how much: the binary logarithm of the ratio (2: four times as much), and for failures
    5 of a hundred count as 1."""

    name: str
    trend: tuple[int, ...]
    failures: tuple[int, ...]
    before: NameNumbers | None = None
    changed: Changed | None = None
    change: float = 0.0


class DeployBefore(msgspec.Struct, frozen=True, kw_only=True):
    """The deploy before which names are compared with: its `id`, when it began (`at`, Unix
    seconds), its `title`, and its `version` if that was announced."""

    id: str
    at: float
    title: str
    version: str | None


class EarlierTime(msgspec.Struct, frozen=True, kw_only=True):
    """The time that is compared with, from `since` to `until` (Unix seconds): before `deploy`,
    null where another time was asked for. `incomplete` is what is missing in the history of that
    time, null if nothing is."""

    since: float
    until: float
    deploy: DeployBefore | None = None
    incomplete: Incomplete | None = None


class NameList(msgspec.Struct, frozen=True, kw_only=True):
    """Names of tasks from `since` to `until` (Unix seconds), sorted as asked for. `names` is how
    many fit, of which `items` are the first. The first bucket of each `trend` begins at `start` and
    lasts `bucket_s` seconds. `compared`: whether the time that was asked for (`against`) is in the
    history, to compare with: `earlier` is that time, null if not, and then `uncompared` says why
    in a sentence. Before a deploy that is within the time asked for, `since` is when it began.
    `complete` is false when time ran out: then numbers may be too low; and when there are more
    names than are looked at (`bounded`), of which these have the most tasks.
    `incomplete` is what is missing in the history of that time, null if nothing is."""

    items: tuple[NameRow, ...]
    names: int
    since: float
    until: float
    start: float
    bucket_s: float
    compared: bool
    complete: bool
    bounded: bool = False
    incomplete: Incomplete | None = None
    against: Against = "before"
    earlier: EarlierTime | None = None
    uncompared: str = ""


class HistogramBin(msgspec.Struct, frozen=True, kw_only=True):
    """So many durations from `low` to below `high` (seconds)."""

    low: float
    high: float
    n: int


class LastTask(msgspec.Struct, frozen=True, kw_only=True):
    """The newest task of a name: with its arguments it can be sent again."""

    id: str
    state: str
    at: float


class NameDetail(NameRow, frozen=True, kw_only=True):
    """One name from `since` to `until`. `runtimes` and `waits` are histograms of the newest
    `sampled` tasks of that time that ended, the shortest first, without empty bins at the ends.
    `by_worker` and `by_queue` are how many tasks of that time have each, the most frequent first;
    with `counted` false these are only of some. `last` is null if no task of the name is
    stored. What it is compared with is told as in a list (`against`, `earlier`, `uncompared`), and
    a deploy divides that time as it does there."""

    since: float
    until: float
    start: float
    bucket_s: float
    compared: bool
    runtimes: tuple[HistogramBin, ...]
    waits: tuple[HistogramBin, ...]
    sampled: int
    by_worker: dict[str, int]
    by_queue: dict[str, int]
    counted: bool
    last: LastTask | None
    complete: bool
    incomplete: Incomplete | None = None
    against: Against = "before"
    earlier: EarlierTime | None = None
    uncompared: str = ""


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """Where a name is registered: at `workers`; `without` answered and do not have it, and of those
    that are `missing` nothing is known. `signature` and `doc` are of the application where it is
    loaded, else `doc` is as a worker tells it; null where nobody does. `options` are the
    settings of the task that a worker told (`rate_limit`, `time_limit`, `soft_time_limit`,
    `max_retries`, `acks_late`, `queue`), as texts; `rate_limits` are those of each worker that has
    one, which may have been changed there. `trouble` says why no worker could be asked."""

    name: str
    workers: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    signature: str | None = None
    doc: str | None = None
    options: dict[str, str] = {}
    rate_limits: dict[str, str] = {}
    trouble: str | None = None
