"""Making a plan: asking what must be known, then `plan`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol

from umbel.broker.base import Ability, Cluster
from umbel.clock import Clock
from umbel.errors import BrokerError, ResultsUnavailable
from umbel.results.base import ResultBackend
from umbel.services.control.checking import TASK_ACTIONS
from umbel.services.control.choosing import Choice
from umbel.services.control.circumstances import Around, Frame
from umbel.services.control.gathering import Gatherer
from umbel.services.control.on_tasks import ANSWER_S
from umbel.services.control.plan import plan_purge, plan_tasks, plan_workers
from umbel.services.control.values import ActionPlan, ActionRequest
from umbel.services.search import Search
from umbel.store.base import Store
from umbel.store.ledger import Ledger

_ABILITIES: Final[Mapping[str, Ability]] = {"retry": "send", "purge": "purge"}
NOBODY_HEARS: Final = (
    "No worker answers and none sends heartbeats, so nobody would hear this. Check that workers "
    "run and that they reach the same broker."
)


class Workers(Protocol):
    """What control asks of the workers (`services.inspection`)."""

    def live(self) -> tuple[str, ...]:
        """The workers whose heartbeats come."""

    def ask(
        self, what: Literal["registered"], workers: Sequence[str] | None = None
    ) -> Mapping[str, object]:
        """What they say, by worker."""

    def forget(self) -> None:
        """Ask anew next time."""


class Planner:
    """Any thread. What cannot be asked of the broker stands in the plan as why it is
    impossible."""

    def __init__(
        self,
        store: Store,
        search: Search,
        ledger: Ledger,
        cluster: Cluster,
        results: ResultBackend,
        workers: Workers,
        clock: Clock,
    ) -> None:
        self._search = search
        self._cluster = cluster
        self._results = results
        self._workers = workers
        self._gatherer = Gatherer(store, ledger, cluster, results, clock)

    def plan(self, frame: Frame) -> ActionPlan:
        """What would happen. Raises `QueryError` and `StoreError`."""
        request = frame.request
        if request.action in TASK_ACTIONS:
            query = chosen_by = None
            if request.q is not None:
                query = self._search.parse(request.q)
                chosen_by = self._search.read(request.q).sentence
            found = self._gatherer.gather(Choice(request, query, frame.made), chosen_by)
            return plan_tasks(frame, found, self._around(request))
        if request.action == "purge":
            return plan_purge(frame, *self._waiting(request.queue or ""))
        return plan_workers(frame, self._around(request))

    def _around(self, request: ActionRequest) -> Around:
        impossible = self._missing(request)
        if impossible is not None or request.action in {"retry", "abort"}:
            return Around(impossible=impossible)
        live = self._workers.live()
        if live:
            return Around(live=live)
        # They may send no heartbeats, or no collector may run.
        try:
            replies = self._cluster.ask("ping", timeout_s=ANSWER_S)
        except BrokerError as error:
            return Around(impossible=str(error))
        if replies or request.workers:
            return Around(live=tuple(sorted(reply.worker for reply in replies)))
        return Around(impossible=NOBODY_HEARS)

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
        return depth.ready, depth.trouble
