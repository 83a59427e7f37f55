"""What happened since something was decided about an error, found in the store.

Lists have counted the failures of all errors anyway (`Counted`): where those counts already say
that a decision holds, or that it does not, the store is not asked once more for each error.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from umbel.services.errors.failures import FIRST_FAILED, all_of, ended_during, failures_of
from umbel.services.errors.group_state import NEVER_SINCE, RATE_SPAN_S, Recurrence, State
from umbel.services.errors.time_budget import TimeBudget
from umbel.services.errors.trend import TimeSpan, counts_over_time
from umbel.store.base import Store
from umbel.store.ledger import ErrorDecision
from umbel.store.series import CountBucket

MINUTE_S = 60.0
#: The span is divided into about so many buckets, to find when the last of `total` failed.
_BUCKETS = 500


class Counted(NamedTuple):
    """All failures of one error from `since` (Unix seconds) until now, in buckets of `bucket_s`
    seconds, the oldest first; empty ones may be missing."""

    buckets: Sequence[CountBucket]
    bucket_s: float
    since: float

    def overlapping(self, start: float) -> list[CountBucket]:
        """Those that have failures and end after `start`, of which the first may begin before."""
        return [each for each in self.buckets if each.failed and each.start + self.bucket_s > start]


def surely(decision: ErrorDecision, counted: Counted, now: float) -> State | None:
    """The state that holds at `now`, if the counts alone say it."""
    if decision.state == "open":
        return "open"
    later = counted.overlapping(decision.at)
    is_whole = decision.at >= counted.since
    if decision.state != "ignored":
        if any(each.start > decision.at for each in later):
            return "open"
        return None if later or not is_whole else "resolved"
    if decision.until is not None and now >= decision.until:
        return "open"
    if decision.total is not None and not (
        is_whole and sum(each.failed for each in later) < decision.total
    ):
        return None
    if decision.rate is not None:
        start = max(decision.at, now - RATE_SPAN_S)
        fastest = max((each.failed for each in counted.overlapping(start)), default=0)
        if start < counted.since or fastest >= decision.rate:
            return None
    return "ignored"


def recurrence(
    store: Store,
    decision: ErrorDecision,
    now: float,
    budget: TimeBudget,
    counted: Counted | None = None,
) -> Recurrence:
    """What is needed to say whether the decision still holds at `now`. Raises `StoreError`."""
    if decision.state == "open":
        return NEVER_SINCE
    if counted is not None and surely(decision, counted, now) == decision.state:
        return NEVER_SINCE
    if decision.state != "ignored":
        until = None if counted is None else _first_bucket_end(decision, counted)
        return Recurrence(first=_first_after(store, decision, now, budget, until))
    count, total_at = _counted(store, decision, now, budget)
    fastest = _fastest(store, decision, now, budget)
    return Recurrence(
        count=count,
        total_at=total_at,
        fastest=0 if fastest is None else fastest.failed,
        fastest_at=None if fastest is None else fastest.start,
    )


def _since(decision: ErrorDecision) -> float:
    # What failed in the very moment of the decision was seen by who decided.
    return decision.at + 1e-3


def _first_bucket_end(decision: ErrorDecision, counted: Counted) -> float | None:
    """Before then it failed again; None where the counts do not say when."""
    if decision.at < counted.since:
        return None
    later = (each for each in counted.overlapping(decision.at) if each.start > decision.at)
    return next((each.start + counted.bucket_s for each in later), None)


def _first_after(
    store: Store, decision: ErrorDecision, now: float, budget: TimeBudget, until: float | None
) -> float | None:
    later = all_of(failures_of(decision.error), ended_during(_since(decision), until))
    page = store.search(later, now=now, order=FIRST_FAILED, limit=1, budget_s=budget.left_s)
    return page.items[0].finished if page.items else None


def _counted(
    store: Store, decision: ErrorDecision, now: float, budget: TimeBudget
) -> tuple[int, float | None]:
    """How often it failed since, up to `total`, and when the last of these did."""
    if decision.total is None:
        return 0, None
    later = all_of(failures_of(decision.error), ended_during(_since(decision)))
    cap = decision.total
    count = store.count(later, now=now, cap=cap, budget_s=budget.left_s).total
    if count < decision.total:
        return count, None
    seen = 0
    for bucket in _buckets(store, decision, decision.at, now, budget):
        seen += bucket.failed
        if seen >= decision.total:
            return count, max(bucket.start, decision.at)
    return count, None


def _fastest(
    store: Store, decision: ErrorDecision, now: float, budget: TimeBudget
) -> CountBucket | None:
    if decision.rate is None:
        return None
    start = max(decision.at, now - RATE_SPAN_S)
    minutes = _buckets(store, decision, start, now, budget, bucket_s=MINUTE_S)
    # The minute of the decision has failures from before it.
    later = (each for each in minutes if each.start >= start)
    return max(later, key=lambda each: (each.failed, -each.start), default=None)


def _buckets(
    store: Store,
    decision: ErrorDecision,
    start: float,
    end: float,
    budget: TimeBudget,
    *,
    bucket_s: float | None = None,
) -> tuple[CountBucket, ...]:
    """Of its failures; the first bucket may begin before `start`."""
    span = TimeSpan(start, end + MINUTE_S)  # clocks of workers may be a little ahead
    bucket_s = bucket_s or max(MINUTE_S, (end - start) / _BUCKETS)
    query = failures_of(decision.error)
    return counts_over_time(store, query, span, bucket_s, now=end, budget_s=budget.left_s).buckets
