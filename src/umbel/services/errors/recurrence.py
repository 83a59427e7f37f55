"""What happened since something was decided about an error, found in the store."""

from __future__ import annotations

from umbel.services.errors.failures import FIRST_FAILED, all_of, ended_during, failures_of
from umbel.services.errors.group_state import NEVER_SINCE, RATE_SPAN_S, Recurrence
from umbel.services.errors.time_budget import TimeBudget
from umbel.services.errors.trend import TimeSpan, counts_over_time
from umbel.store.base import Store
from umbel.store.ledger import ErrorDecision
from umbel.store.series import CountBucket

MINUTE_S = 60.0
#: The span is divided into about so many buckets, to find when the last of `total` failed.
_BUCKETS = 500


def recurrence(store: Store, decision: ErrorDecision, now: float, budget: TimeBudget) -> Recurrence:
    """What is needed to say whether the decision still holds at `now`. Raises `StoreError`."""
    if decision.state == "open":
        return NEVER_SINCE
    if decision.state != "ignored":
        return Recurrence(first=_first_after(store, decision, now, budget))
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


def _first_after(
    store: Store, decision: ErrorDecision, now: float, budget: TimeBudget
) -> float | None:
    later = all_of(failures_of(decision.error), ended_during(_since(decision)))
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
