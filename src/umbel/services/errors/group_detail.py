"""One error: its counts, its trend and a sample of it, within a time budget."""

from __future__ import annotations

import logging

import msgspec

from umbel.cluster.task import Task
from umbel.errors import ErrorUnknown, StoreError
from umbel.query.ast import Has, Node, Not
from umbel.query.canonical import canonical
from umbel.redact.rules import Redactor
from umbel.services.deploys.marks import in_a_sentence
from umbel.services.errors.failures import all_of, ended_during, failures_of, of_error, split_label
from umbel.services.errors.group_list import GroupLists, GroupSearch, without_failures
from umbel.services.errors.groups import ErrorDetail, ErrorGroup, ErrorSample, SinceDeploy
from umbel.services.errors.states import DecidedStates
from umbel.services.errors.time_budget import TimeBudget
from umbel.services.errors.trend import TimeSpan, buckets_of, fitting_bucket_s
from umbel.services.search.outside_terms import OutsideTerms
from umbel.store.base import Count, Store
from umbel.store.capabilities import Grouping
from umbel.store.ledger import Ledger

log = logging.getLogger("umbel.ledger")

#: So many of its failures are counted by name, worker and queue.
COUNTED_MAX = 100_000
#: Among so many, the first that the store has at hand, the newest is sought.
_NEWEST = 20
#: An error that is first seen so long after a deploy has nothing to do with it, seconds.
DEPLOY_S = 86_400.0
_REPEATED = Has("repeated")


def error_label(
    store: Store, error_id: str, states: DecidedStates, now: float, budget_s: float
) -> str:
    """Id and title of an error by one task that has it, or by what was decided about it. Raises
    `ErrorUnknown` and `StoreError`."""
    page = store.search(of_error(error_id), now=now, limit=1, budget_s=budget_s)
    if page.items and page.items[0].error is not None:
        return page.items[0].error
    decision = states.decisions.get(error_id)
    if decision is not None:
        return f"{error_id} {decision.title}"
    if not page.complete:
        raise ErrorUnknown(
            f"No task with the error {error_id} was found in time.",
            remedy="Ask again.",
        )
    raise ErrorUnknown(
        f"No task with the error {error_id} is stored.",
        remedy="It may be older than what is kept; GET /api/v1/errors lists what there is.",
    )


class GroupReader:
    """Reads one error out of the store and the ledger."""

    def __init__(self, lists: GroupLists, ledger: Ledger, redactor: Redactor) -> None:
        self._lists = lists
        self._store = lists.store
        self._ledger = ledger
        self._redactor = redactor

    def detail(self, error_id: str, span: TimeSpan, now: float, budget: TimeBudget) -> ErrorDetail:
        """See `ErrorDetail`. Raises `ErrorUnknown` and `StoreError`."""
        states = DecidedStates(self._store, self._ledger)
        label = error_label(self._store, error_id, states, now, budget.share_s(3))
        search = GroupSearch(query=of_error(error_id), span=span, limit=1)
        listed = self._lists.list(states, search, now, budget)
        group = next((each for each in listed.items if each.id == error_id), None)
        if group is None:
            group = self._absent(label, span, states, now, budget)
        query = all_of(failures_of(error_id), ended_during(*span))
        counts = [self._count(query, by, now, budget) for by in ("name", "worker", "queue")]
        repeated = self._repeated(query, now, budget)
        newest = self._newest(error_id, now, budget)
        by_name, by_worker, by_queue = (each.groups for each in counts)
        total = counts[0].total
        return ErrorDetail(
            **msgspec.structs.asdict(group),
            since=span.since,
            until=span.until,
            start=listed.start,
            bucket_s=listed.bucket_s,
            by_name=by_name,
            by_worker=by_worker,
            by_queue=by_queue,
            counted=all(each.complete and not each.capped for each in counts),
            repeated=repeated,
            not_repeated=None if repeated is None else max(0, total - repeated),
            search=canonical(query),
            search_left=canonical(all_of(query, Not(_REPEATED))),
            sample=None if newest is None else self._sample(newest),
            since_deploy=self._since_deploy(group.first, states),
            complete=listed.complete and states.all_judged and not budget.is_over,
        )

    def _absent(
        self, label: str, span: TimeSpan, states: DecidedStates, now: float, budget: TimeBudget
    ) -> ErrorGroup:
        """The group where nothing failed in that time."""
        error_id, _, _ = split_label(label)
        newest = self._newest(error_id, now, budget)
        return without_failures(
            label,
            states.of(error_id, now, budget),
            buckets_of(span, fitting_bucket_s(span)),
            last=None if newest is None else newest.finished,
        )

    def _count(self, query: Node, by: Grouping | None, now: float, budget: TimeBudget) -> Count:
        return self._store.count(query, now=now, by=by, cap=COUNTED_MAX, budget_s=budget.share_s(3))

    def _repeated(self, query: Node, now: float, budget: TimeBudget) -> int | None:
        """How many of these were sent again."""
        try:
            again = OutsideTerms(self._ledger).resolved(all_of(query, _REPEATED))
        except StoreError as error:
            log.warning("Which tasks were sent again is not shown. %s", error)
            return None
        count = self._count(again, None, now, budget)
        return count.total if count.complete and not count.capped else None

    def _newest(self, error_id: str, now: float, budget: TimeBudget) -> Task | None:
        for query in (failures_of(error_id), of_error(error_id)):
            page = self._store.search(query, now=now, limit=_NEWEST, budget_s=budget.left_s)
            if page.items:
                newest = max(page.items, key=lambda task: task.finished or task.timestamp)
                return self._store.task(newest.uuid)
        return None

    def _since_deploy(self, first: float | None, states: DecidedStates) -> SinceDeploy | None:
        """Where the history begins after the deploy, nobody knows what was before it."""
        before = [each for each in states.deploys() if first is not None and each.at <= first]
        if first is None or not before or first - before[-1].at > DEPLOY_S:
            return None
        deploy, oldest = before[-1], self._store.status().oldest
        if oldest is None or oldest >= deploy.at:
            return None
        return SinceDeploy(
            id=deploy.id,
            at=deploy.at,
            title=deploy.title,
            phrase=in_a_sentence(deploy.title),
            version=deploy.version,
            after_s=first - deploy.at,
        )

    def _sample(self, task: Task) -> ErrorSample:
        return error_sample(task, self._redactor)


def error_sample(task: Task, redactor: Redactor) -> ErrorSample:
    """The task without what is not to be seen: it may have been stored before it was hidden."""

    def shown(field: str, text: str | None) -> str | None:
        return None if text is None else redactor.text(task.names, field, text)

    return ErrorSample(
        id=task.uuid,
        name=task.name,
        worker=task.worker,
        queue=task.queue,
        at=task.finished or task.timestamp,
        args=shown("args", task.args),
        kwargs=shown("kwargs", task.kwargs),
        exception=shown("exception", task.exception),
        traceback=shown("traceback", task.traceback),
    )
