"""What the failures of an error share: samples of both sides, taken and compared.

Failures are the newest ones; successes are of the same names, from the same time, taken from equal
parts of it: the newest alone would all be of the last seconds. Hours are compared by the counts of
all tasks, since parts of equal size say nothing of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from umbel.cluster.task import Task
from umbel.query.ast import Comparison, Matches, Node
from umbel.query.canonical import canonical
from umbel.services.errors.failures import SUCCEEDED, all_of, ended_during, failures_of
from umbel.services.errors.group_list import frequent
from umbel.services.errors.groups import SharedTrait, SharedTraits
from umbel.services.errors.over_representation import Finding, Trait, compared, over_represented
from umbel.services.errors.time_budget import TimeBudget
from umbel.services.errors.traits import narrowing, traits
from umbel.services.errors.trend import TimeSpan, counts_over_time
from umbel.store.base import Store
from umbel.store.series import CountBucket

#: The most failures of a sample, and the fewest that are compared.
FAILURES_MAX, FAILURES_MIN = 400, 3
#: Successes: the parts of the time, and how many of each.
PARTS, PART_MAX = 8, 60
#: Successes of at most so many names are looked for.
NAMES_MAX: Final = 5
#: Around a short burst of failures, so much time is looked at for successes, seconds.
WINDOW_MIN_S: Final = 3_600.0
HOUR_S: Final = 3_600.0
_HOUR: Final = "hour"
#: Longer spans are not compared by the hour, seconds.
_HOURS_MAX_S: Final = 86_400.0 * 10


def shared_traits(
    store: Store, error_id: str, span: TimeSpan, now: float, budget: TimeBudget
) -> SharedTraits:
    """What the failures of this error in the span share. Raises `StoreError`."""
    query = all_of(failures_of(error_id), ended_during(*span))
    page = store.search(query, now=now, limit=FAILURES_MAX, budget_s=budget.share_s(3))
    failures = page.items
    window = _window(failures, span)
    names = frequent(task.name for task in failures)[:NAMES_MAX]
    successes, complete = _successes(store, names, window, now, budget)
    findings = over_represented([*map(traits, failures)], [*map(traits, successes)])
    hours: tuple[Finding, ...] | None = ()
    if names and len(failures) >= FAILURES_MIN:
        hours = _hours(store, error_id, names, span, now, budget)
    findings = (*findings, *(hours or ()))
    items = sorted(findings, key=lambda each: -each.lower)
    return SharedTraits(
        items=tuple(_shared(each, query) for each in items),
        failures=len(failures),
        successes=len(successes),
        names=names,
        since=window.since,
        until=window.until,
        complete=page.complete and complete and hours is not None and not budget.is_over,
        why=_why(failures, names, successes),
    )


def _why(failures: Sequence[Task], names: Sequence[str], successes: Sequence[Task]) -> str | None:
    if not failures:
        return "It did not fail in this time."
    if len(failures) < FAILURES_MIN:
        return f"It failed too seldom in this time; {FAILURES_MIN} failures are needed to compare."
    if not names:
        return "The names of these tasks are not known, so there is nothing to compare with."
    if not successes:
        return f"No task {' or '.join(names)} succeeded at about that time to compare with."
    return None


def _window(failures: Sequence[Task], span: TimeSpan) -> TimeSpan:
    """The time of these failures, and around a short one as much as `WINDOW_MIN_S`."""
    ends = [task.finished for task in failures if task.finished is not None]
    if not ends:
        return span
    first, last = min(ends), max(ends)
    wider = max(0.0, WINDOW_MIN_S - (last - first)) / 2
    return TimeSpan(first - wider, last + wider + 1e-3)


def _successes(
    store: Store, names: Sequence[str], window: TimeSpan, now: float, budget: TimeBudget
) -> tuple[list[Task], bool]:
    """Successes of these names, and whether time was enough."""
    found: list[Task] = []
    complete = True
    if not names:
        return found, complete
    length_s = (window.until - window.since) / PARTS
    for part in range(PARTS):
        if budget.is_over:
            return found, False
        start = window.since + part * length_s
        page = store.search(
            all_of(_named(names), SUCCEEDED, ended_during(start, start + length_s)),
            now=now,
            limit=PART_MAX,
            budget_s=budget.share_s(PARTS - part + 1),
        )
        found += page.items
        complete = complete and page.complete
    return found, complete


def _named(names: Sequence[str]) -> Node:
    return Matches("name", Comparison.EQUALS, tuple(names))


# -- hours -------------------------------------------------------------------------------------


def _hours(
    store: Store,
    error_id: str,
    names: Sequence[str],
    span: TimeSpan,
    now: float,
    budget: TimeBudget,
) -> tuple[Finding, ...] | None:
    """The hours in which more of the failures lie than of the successes. None where time ran out:
    an hour whose successes were not counted yet would seem to have failures alone."""
    if not 2 * HOUR_S <= span.until - span.since <= _HOURS_MAX_S:
        return ()

    def counted(query: Node, number: Callable[[CountBucket], int]) -> Counter[Trait] | None:
        series = counts_over_time(store, query, span, HOUR_S, now=now, budget_s=budget.share_s(2))
        if not series.complete:
            return None
        return Counter({_hour(each.start): number(each) for each in series.buckets})

    failed = counted(failures_of(error_id), lambda each: each.failed)
    succeeded = counted(all_of(_named(names), SUCCEEDED), lambda each: each.succeeded)
    if failed is None or succeeded is None:
        return None
    return compared(failed, failed.total(), succeeded, succeeded.total())


def _hour(start: float) -> Trait:
    return Trait(_HOUR, f"{datetime.fromtimestamp(start, UTC):%Y-%m-%dT%H:%MZ}")


def _search(trait: Trait, query: Node) -> Node:
    if trait.field != _HOUR:
        return all_of(query, narrowing(trait))
    start = datetime.fromisoformat(trait.value).timestamp()
    return all_of(query, ended_during(start, start + HOUR_S))


def _shared(finding: Finding, query: Node) -> SharedTrait:
    return SharedTrait(
        field=finding.trait.field,
        value=finding.trait.value,
        failed=finding.failed,
        failures=finding.failures,
        succeeded=finding.succeeded,
        successes=finding.successes,
        search=canonical(_search(finding.trait, query)),
    )
