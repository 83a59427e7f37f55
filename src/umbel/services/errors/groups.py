"""Groups of failures as they are answered: the list, and one of them."""

from __future__ import annotations

import msgspec

from umbel.services.errors.group_state import GroupState
from umbel.services.search.incomplete import Incomplete


class Matrix(msgspec.Struct, frozen=True, kw_only=True):
    """How often it failed in the last hour, day and week before now, in whole minutes, in whole
    ten minutes and in whole hours. Null where time ran out."""

    h1: int | None = None
    h24: int | None = None
    d7: int | None = None


class ErrorGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Failures that are the same error: `type` is the exception's class, `message` what is the same
    in each of them. `count` is how many of the tasks that match failed so in the time that was
    asked for, and `trend` in each bucket of it, the oldest first. `names` and `workers` are those
    of the newest of them (up to 20), the most frequent first. `first` is when the first that is
    stored failed, in whatever time, and `last` when the newest did (Unix seconds, to a bucket at
    worst); null where time ran out."""

    id: str
    type: str
    message: str
    count: int
    names: tuple[str, ...]
    workers: tuple[str, ...]
    first: float | None
    last: float | None
    trend: tuple[int, ...]
    matrix: Matrix
    state: GroupState


class ErrorGroups(msgspec.Struct, frozen=True, kw_only=True):
    """Groups that failed most from `since` to `until` (Unix seconds), the most frequent first, then
    those that were asked for by their state and did not fail in that time. The first bucket of each
    `trend` begins at `start` and lasts `bucket_s` seconds. `others` failed in that time and are in
    no group that was looked at: of rarer errors, or without an error at all. `complete` is false
    when there are more groups than could be looked at, or time ran out. `counted`: whether time
    sufficed to count all failures; else each count is at least so many, and groups may be missing.
    `incomplete` is what is missing in the history of that time, null if nothing is."""

    items: tuple[ErrorGroup, ...]
    since: float
    until: float
    start: float
    bucket_s: float
    others: int
    complete: bool
    counted: bool = True
    incomplete: Incomplete | None = None


class ErrorSample(msgspec.Struct, frozen=True, kw_only=True):
    """One of its tasks: the newest that failed. `exception` and `traceback` are as its worker told
    them, without what is hidden."""

    id: str
    name: str | None
    worker: str | None
    queue: str | None
    at: float | None
    args: str | None
    kwargs: str | None
    exception: str | None
    traceback: str | None


class SinceDeploy(msgspec.Struct, frozen=True, kw_only=True):
    """The last deploy before an error was first seen, `after_s` seconds before: its `id`, when it
    began (`at`), its `title`, the same as words of a sentence (`phrase`: "the deploy of 5.7"), and
    its `version` if that was announced."""

    id: str
    at: float
    title: str
    phrase: str
    version: str | None
    after_s: float


class ErrorDetail(ErrorGroup, frozen=True, kw_only=True):
    """One error in the time from `since` to `until`. `by_name`, `by_worker` and `by_queue` are how
    many of its failures have each, the most frequent first; with `counted` false these are only of
    some. `repeated` of them were sent again since, and `not_repeated` were not; null where that was
    not counted in time. `search` finds its failures of that time, `search_left` those that were not
    sent again. `sample` is null if none is stored any more. `since_deploy` is the deploy since
    which alone it is seen: of the day before it was first seen, null if there was none."""

    since: float
    until: float
    start: float
    bucket_s: float
    by_name: dict[str, int]
    by_worker: dict[str, int]
    by_queue: dict[str, int]
    counted: bool
    repeated: int | None
    not_repeated: int | None
    search: str
    search_left: str
    sample: ErrorSample | None
    since_deploy: SinceDeploy | None
    complete: bool
    incomplete: Incomplete | None = None


class SharedTrait(msgspec.Struct, frozen=True, kw_only=True):
    """What failures have more often than successes: in `field` (`worker`, `queue`, `name`, `hour`
    or an argument such as `kwargs.currency` and `args.0`) the `value`. `failed` of `failures` have
    it, and `succeeded` of `successes`. An hour is told by its beginning (ISO 8601, UTC). `search`
    finds the failures that have it."""

    field: str
    value: str
    failed: int
    failures: int
    succeeded: int
    successes: int
    search: str


class SharedTraits(msgspec.Struct, frozen=True, kw_only=True):
    """What its failures share, the surest first. `failures` and `successes` of the same names were
    compared, samples from the time between `since` and `until`; hours by the counts of all. `why`
    says why nothing could be compared, null if something was. `complete` is false when time ran
    out first."""

    items: tuple[SharedTrait, ...]
    failures: int
    successes: int
    names: tuple[str, ...]
    since: float
    until: float
    complete: bool
    why: str | None = None
