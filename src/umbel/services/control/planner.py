"""Making a plan: asking what must be known, then `plan`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import msgspec

from umbel.broker.base import Ability
from umbel.errors import BrokerError, ResultsUnavailable
from umbel.services.control.consumer_declaration import consumer_declaration
from umbel.services.control.context import ActionContext
from umbel.services.control.pause_planner import PausePlanner
from umbel.services.control.plan import plan_purge, plan_tasks, plan_workers
from umbel.services.control.plan_inputs import ClusterFacts, PlanHeader
from umbel.services.control.request_checks import TASK_ACTIONS
from umbel.services.control.target_summarizer import TargetSummarizer
from umbel.services.control.targets import TargetSelection
from umbel.services.control.task_actions import ANSWER_S
from umbel.services.control.types import ActionPlan, ActionRequest
from umbel.services.control.unknown_queue import unknown_queue
from umbel.services.control.worker_facts import (
    consumed_by,
    consumption,
    depths_of,
    destinations,
    not_consuming,
    pool_processes,
    registered_names,
    unconsumed,
)
from umbel.services.pauses.paused_queues import paused_queues
from umbel.services.pauses.words import not_consumed_again

#: Actions after which a worker no longer consumes queues.
_LEAVING: Final = frozenset({"shutdown", "cancel_consumer"})
#: So many queues are looked at for those who consume them.
_QUEUES_MAX: Final = 20
_ABILITIES: Final[Mapping[str, Ability]] = {"retry": "send", "purge": "purge"}
NOBODY_HEARS: Final = (
    "No worker answers and none sends heartbeats, so nobody would hear this. Check that workers "
    "run and that they reach the same broker."
)


class Planner:
    """Any thread. What cannot be asked of the broker stands in the plan as why it is
    impossible."""

    def __init__(self, context: ActionContext) -> None:
        self._store = context.store
        self._search = context.search
        self._cluster = context.cluster
        self._results = context.results
        self._workers = context.workers
        self._ledger = context.ledger
        self._summarizer = TargetSummarizer(context)
        self._pauses = PausePlanner(context)

    def plan(self, header: PlanHeader) -> ActionPlan:
        """What would happen. Raises `QueryError` and `StoreError`."""
        request = header.request
        if request.action in TASK_ACTIONS:
            query = chosen_by = None
            if request.q is not None:
                query = self._search.parse(request.q, request.tz)
                chosen_by = self._search.read(request.q, request.tz).sentence
            bounds = () if header.bounds is None else (header.bounds,)
            selection = TargetSelection(request, query, header.made, bounds)
            if request.action == "retry":
                return self._retry(header, selection, chosen_by)
            return plan_tasks(
                header, self._summarizer.summarize(selection, chosen_by), self._facts(request)
            )
        if request.action == "purge":
            return plan_purge(header, *self._waiting(request.queue or ""))
        if request.action in {"pause", "resume"}:
            return self._pauses.plan(header, self._missing(request))
        facts = self._facts(request)
        if facts.impossible is None and request.action == "add_consumer":
            facts = self._declared(request, facts)
        if facts.impossible is None and request.action == "pool_shrink":
            found = pool_processes(self._workers, request.workers)
            facts = msgspec.structs.replace(facts, processes=found)
        if facts.impossible is None and request.action in _LEAVING:
            facts = self._leaving(request, facts)
        return plan_workers(header, facts)

    def _retry(
        self, header: PlanHeader, selection: TargetSelection, chosen_by: str | None
    ) -> ActionPlan:
        """Sending again: who knows the names, and who consumes the queues."""
        facts = self._facts(header.request)
        if facts.impossible is not None:
            return plan_tasks(header, self._summarizer.summarize(selection, chosen_by), facts)
        with ThreadPoolExecutor(1, thread_name_prefix="umbel-consumers") as beside:
            future = beside.submit(consumption, self._workers)
            names = registered_names(self._workers)
            found = self._summarizer.summarize(selection, chosen_by, names)
            consumed = future.result()
        to = destinations(sorted(found.queueless)[:_QUEUES_MAX], self._cluster)
        queues = sorted({*found.queues, *to})[:_QUEUES_MAX]
        pauses = paused_queues(self._ledger)
        open_ = [name for name in queues if name not in pauses]
        facts = msgspec.structs.replace(
            facts,
            names=names,
            unconsumed=unconsumed(open_, consumed, depths_of(open_, self._cluster)),
            paused=tuple(pauses[name] for name in queues if name in pauses),
            destinations=to,
        )
        return plan_tasks(header, found, facts)

    def _declared(self, request: ActionRequest, facts: ClusterFacts) -> ClusterFacts:
        """How the queue is there that workers are to consume."""
        pause = paused_queues(self._ledger).get(request.queue or "")
        if pause is not None:
            return msgspec.structs.replace(facts, impossible=not_consumed_again(pause))
        try:
            found = consumer_declaration(request.queue or "", request.workers, self._cluster)
        except BrokerError as error:
            return msgspec.structs.replace(facts, impossible=str(error))
        return msgspec.structs.replace(facts, declaration=found, impossible=found.impossible)

    def _leaving(self, request: ActionRequest, facts: ClusterFacts) -> ClusterFacts:
        """With the queues that nobody would consume any more, and the workers that do not consume
        the queue that they are to leave."""
        consumed = consumption(self._workers)
        leaving = request.workers or list({*facts.live, *(consumed.silent if consumed else ())})
        idle: tuple[str, ...] = ()
        if request.action == "cancel_consumer":
            queues: Sequence[str] = [request.queue or ""]
            idle = not_consuming(queues[0], leaving, consumed)
            if {*idle} >= {*leaving}:
                queues = ()
        else:
            queues = consumed_by(leaving, consumed)[:_QUEUES_MAX] if consumed is not None else ()
        left = unconsumed(queues, consumed, depths_of(queues, self._cluster), leaving)
        return msgspec.structs.replace(facts, unconsumed=left, not_consuming=idle)

    def _facts(self, request: ActionRequest) -> ClusterFacts:
        impossible = self._missing(request)
        if impossible is not None or request.action in {"retry", "abort"}:
            return ClusterFacts(impossible=impossible)
        live, silent = self._workers.live(), self._workers.silent()
        if live:
            return ClusterFacts(live=live, silent=silent)
        # They may send no heartbeats, or no collector may run.
        try:
            replies = self._cluster.ask("ping", timeout_s=ANSWER_S)
        except BrokerError as error:
            return ClusterFacts(impossible=str(error))
        if replies or request.workers or silent:
            live = tuple(sorted({r.worker for r in replies if r.worker}))
            return ClusterFacts(live=live, silent=tuple(w for w in silent if w not in live))
        return ClusterFacts(impossible=NOBODY_HEARS)

    def _missing(self, request: ActionRequest) -> str | None:
        if request.action == "abort":
            return self._without_results(request)
        ability = _ABILITIES.get(request.action, "control")
        return self._cluster.capabilities().missing.get(ability)

    def _without_results(self, request: ActionRequest) -> str | None:
        """Why the result backend cannot be used; a look at any task tells."""
        try:
            self._results.get((request.ids or ["umbel"])[0])
        except ResultsUnavailable as error:
            return str(error)
        return None

    def _waiting(self, queue: str) -> tuple[int | None, str | None]:
        """How many messages wait, and why the queue cannot be emptied."""
        missing = self._cluster.capabilities().missing
        if "purge" in missing:
            return None, missing["purge"]
        if "depth" in missing:
            return None, None
        try:
            depth = self._cluster.depths([queue])[0]
        except BrokerError as error:
            return None, str(error)
        if depth.trouble is None and not depth.ready:
            return depth.ready, unknown_queue(queue, self._store, self._cluster, self._workers)
        return depth.ready, depth.trouble
