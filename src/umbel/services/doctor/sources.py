"""Gathers the facts for the doctor: what is known anyway, two questions to workers (their
configuration and their registered tasks; of some also their pool), one to the result backend, and
five to the history.

Each part that fails says so in the facts, and takes nothing from the others.
"""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from umbel.broker.base import Cluster
from umbel.clock import Clock
from umbel.errors import ResultsUnavailable, UmbelError
from umbel.query.ast import EVERYTHING, And, Comparison, During, Matches, Moment, Node
from umbel.results.base import ResultBackend
from umbel.services.cluster.inspection import Inspection
from umbel.services.cluster.listed_workers import ListedWorkers
from umbel.services.cluster.registered_tasks import names_of_tasks
from umbel.services.cluster.worker_settings import settings_of
from umbel.services.doctor.facts import (
    BrokerFact,
    Exposure,
    HealthPart,
    Part,
    ResultFact,
    TaskUse,
    WorkerAnswers,
)
from umbel.services.health.assessment import assess
from umbel.services.health.diagnosis import diagnose
from umbel.services.health.fact_gatherer import FactGatherer
from umbel.services.health.health import Health
from umbel.services.health.health_findings import HealthFindings
from umbel.store.base import Order, Store
from umbel.store.series import Counts, CountSeries

DAY_S: Final = 86_400.0
#: How long the facts of health are waited for, seconds.
HEALTH_S: Final = 2.0
#: How long the history may take for one question, seconds.
QUESTION_S: Final = 0.5
#: So many names of tasks are looked at, those with the most tasks.
NAMES_MAX: Final = 1_000
#: So many of the last tasks are looked at for how they were sent.
LOOKED_AT: Final = 200
#: So many tasks are counted.
COUNTED_MAX: Final = 1_000
#: From this Celery on a pool of threads loses no events by itself (celery/events/dispatcher.py).
LOSSLESS: Final = (5, 7)


class DoctorSources(msgspec.Struct, frozen=True, kw_only=True):
    """Where facts are gathered."""

    store: Store
    health: Health
    findings: HealthFindings
    gatherer: FactGatherer
    workers: ListedWorkers
    inspection: Inspection
    cluster: Cluster
    results: ResultBackend
    clock: Clock
    exposure: Exposure | None = None


def _health(given: DoctorSources) -> HealthPart:
    facts, since = given.gatherer.facts(HEALTH_S), given.clock.now() - DAY_S
    # What a slow machine gathers for long is not waited for by what needs none of it.
    quick = given.gatherer.quick() if facts is None else None
    if quick is None:
        findings = given.findings.answer(since).findings
    else:
        findings = assess(msgspec.structs.replace(quick, since=since))
    return HealthPart(
        status=given.health.status(),
        diagnosis=diagnose(given.store, given.health, given.workers, given.clock),
        facts=facts,
        quick=quick,
        findings=findings,
    )


def _broker(given: DoctorSources) -> BrokerFact:
    cluster = given.cluster
    try:
        found = cluster.capabilities()
    except UmbelError as error:
        # What cannot be opened, as an application that fails on import, has no address either.
        reporting = given.health.status().collectors
        first = reporting[0] if reporting else None
        return BrokerFact(
            url="" if first is None else first.broker_url,
            transport="none" if first is None else first.transport,
            missing={"control": str(error)},
        )
    missing = {str(ability): sentence for ability, sentence in found.missing.items()}
    memory = None
    with contextlib.suppress(UmbelError):  # which the check of the broker tells
        memory = cluster.memory()
    return BrokerFact(url=cluster.url, transport=found.transport, missing=missing, memory=memory)


def _workers(given: DoctorSources) -> WorkerAnswers:
    try:
        confs = given.inspection.inspect("conf")
        # However long some took: what the others have registered is not unknown for that.
        registered = given.inspection.inspect("registered", [*confs.values, *confs.refused]).values
        old = [
            each.hostname
            for each in given.workers.all()
            if each.hostname in confs.values and _is_before(LOSSLESS, each.sw_ver)
        ]
        stats = given.inspection.inspect("stats", old).values if old else {}
    except UmbelError as error:
        return WorkerAnswers(trouble=str(error))
    values: dict[str, Mapping[str, Any]] = {
        worker: settings_of(each)
        for worker, each in confs.values.items()
        if isinstance(each, Mapping)
    }
    return WorkerAnswers(
        confs=values,
        registered={worker: names_of_tasks(each) for worker, each in registered.items()},
        pools={worker: found for worker, each in stats.items() if (found := _pool(each))},
        silent=confs.missing,
        unheard=confs.unheard,
        unread=confs.unread,
    )


def _is_before(version: tuple[int, int], of_worker: str | None) -> bool:
    """Whether the version of a worker is earlier; not where it has none."""
    numbers = re.match(r"(\d{1,6})\.(\d{1,6})", of_worker or "")
    return numbers is not None and (int(numbers[1]), int(numbers[2])) < version


def _pool(stats: object) -> str:
    """`celery.concurrency.thread` of `stats`, empty where it does not tell (celery/worker/
    control.py, `stats`)."""
    pool = stats.get("pool") if isinstance(stats, Mapping) else None
    module = pool.get("implementation") if isinstance(pool, Mapping) else None
    return module.partition(":")[0] if isinstance(module, str) else ""


def _results(given: DoctorSources) -> ResultFact:
    """Whether it answers a question about a task that nobody sent."""
    results = given.results
    try:
        results.get(str(uuid.uuid4()))
    except ResultsUnavailable as error:
        return ResultFact(trouble=str(error))
    return ResultFact(url=results.url)


def _tasks(given: DoctorSources) -> TaskUse:
    store, now = given.store, given.clock.now()
    health = given.gatherer.facts(HEALTH_S)
    visibility_timeout_s = None if health is None else health.deliveries.visibility_timeout_s
    found = store.series(
        EVERYTHING, now=now, measure="count", start=now - DAY_S, end=now, bucket_s=3_600.0,
        by="name", top=NAMES_MAX, budget_s=QUESTION_S,
    )  # fmt: skip
    groups = found.groups if isinstance(found, CountSeries) else ()
    last = store.search(
        _since("received"), now=now, order=Order("seen", True), limit=LOOKED_AT,
        budget_s=QUESTION_S,
    )  # fmt: skip
    looked_at = [each for each in last.items if each.received is not None]
    count = _counter(store, now)
    return TaskUse(
        names={each.value: _number(each.total) for each in groups},
        names_complete=found.complete and len(groups) < NAMES_MAX,
        looked_at=len(looked_at),
        sent=sum(1 for each in looked_at if each.sent is not None),
        far_eta=0 if visibility_timeout_s is None else count(_waiting(visibility_timeout_s)),
        lost=count(
            And((
                Matches("error", Comparison.CONTAINS, ("WorkerLostError",)), _since("finished"),
            ))
        ),
    )  # fmt: skip


def _number(counts: Counts) -> int:
    return counts.seen or counts.succeeded + counts.failed + counts.revoked


def _counter(store: Store, now: float) -> Callable[[Node], int]:
    def count(query: Node) -> int:
        return store.count(query, now=now, cap=COUNTED_MAX, budget_s=QUESTION_S).total

    return count


def _since(field: str) -> Node:
    return During(field, low=Moment(relative=-DAY_S))


def _waiting(timeout_s: float) -> Node:
    return And((
        Matches("state", Comparison.EQUALS, ("RECEIVED",)),
        During("eta", low=Moment(relative=timeout_s)),
    ))  # fmt: skip


#: How each part is looked at. Each blocks for some seconds at most, and may raise `StoreError`.
GATHER: Final[Mapping[Part, Callable[[DoctorSources], msgspec.Struct]]] = {
    "health": _health,
    "broker": _broker,
    "workers": _workers,
    "tasks": _tasks,
    "results": _results,
}


def forget(given: DoctorSources, part: Part) -> None:
    """Let the next look at a part be of that moment: what others were answered is not taken."""
    if part == "health":
        given.findings.forget()
    if part in {"health", "workers"}:
        given.inspection.forget()
