"""One name in a span: its row of the list, histograms of a sample, and who ran it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import asdict

from umbel.query.ast import Comparison, Matches, Node
from umbel.services.errors.failures import all_of, ended_during
from umbel.services.errors.time_budget import TimeBudget
from umbel.services.names.duration_histogram import duration_histogram
from umbel.services.names.earlier_time import Compared
from umbel.services.names.name_list import NameSearch, list_names
from umbel.services.names.rows import LastTask, NameDetail, NameRow
from umbel.store.base import Count, Store
from umbel.store.capabilities import Grouping

#: So many tasks a histogram is made of, and so many are counted by worker and queue.
SAMPLED_MAX: Final = 500
COUNTED_MAX: Final = 20_000
#: What is left for the sample, the counts and the last task when the series took long.
_QUESTIONS: Final = 4


def of_name(name: str) -> Node:
    """Tasks of exactly this name."""
    return Matches("name", Comparison.EQUALS, (name,))


def name_detail(
    store: Store, name: str, times: Compared, now: float, budget: TimeBudget
) -> NameDetail:
    """See `NameDetail`; `against` and what is `incomplete` are left to who asks. Raises
    `StoreError`."""
    span, earlier, why_not = times
    search = NameSearch(query=of_name(name), span=span, earlier=earlier, order="changed")
    listed = list_names(store, search, now, budget)
    nothing = NameRow(name=name, trend=(), failures=())
    row = next((each for each in listed.items if each.name == name), nothing)
    ended = all_of(of_name(name), ended_during(*span))
    page = store.search(ended, now=now, limit=SAMPLED_MAX, budget_s=budget.share_s(_QUESTIONS))
    workers = _count(store, ended, "worker", now, budget.share_s(3))
    queues = _count(store, ended, "queue", now, budget.share_s(2))
    return NameDetail(
        **asdict(row),
        since=span.since,
        until=span.until,
        start=listed.start,
        bucket_s=listed.bucket_s,
        compared=listed.compared,
        runtimes=duration_histogram(_measured(each.runtime for each in page.items)),
        waits=duration_histogram(_measured(each.wait for each in page.items)),
        sampled=len(page.items),
        by_worker=workers.groups,
        by_queue=queues.groups,
        counted=_is_whole(workers) and _is_whole(queues),
        last=_last(store, name, now, budget.left_s),
        complete=listed.complete and page.complete,
        earlier=earlier,
        uncompared=why_not,
    )


def _measured(durations_s: Iterable[float | None]) -> list[float]:
    return [each for each in durations_s if each is not None]


def _count(store: Store, query: Node, by: Grouping, now: float, budget_s: float) -> Count:
    return store.count(query, now=now, by=by, cap=COUNTED_MAX, budget_s=budget_s)


def _is_whole(count: Count) -> bool:
    return count.complete and (count.groups_complete or not count.capped)


def _last(store: Store, name: str, now: float, budget_s: float) -> LastTask | None:
    page = store.search(of_name(name), now=now, limit=1, budget_s=budget_s)
    for found in page.items:
        return LastTask(id=found.uuid, state=found.state, at=found.seen)
    return None
