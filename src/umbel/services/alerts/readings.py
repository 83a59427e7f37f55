"""What rules are judged by, read of store, samples, workers, errors and health.

Each condition asks one bounded question. What cannot be asked is said so in the evidence; only a
store that cannot be read at all raises.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from umbel.clock import Clock
from umbel.cluster.worker import ONLINE, SILENT, Worker
from umbel.errors import CapabilityMissing
from umbel.query.globbing import glob
from umbel.services.alerts.condition import (
    Absence,
    Condition,
    CountThreshold,
    DailyDeadline,
    DurationThreshold,
    ErrorAppears,
    FindingAppears,
    MatchThreshold,
    OnlineThreshold,
    QueueThreshold,
    WorkerSilence,
)
from umbel.services.alerts.history_state import HistoryState, history_state
from umbel.services.alerts.judge import AlertEvidence, AlertReading, crosses
from umbel.services.alerts.links import link_of_error, link_of_overview, link_of_worker
from umbel.services.alerts.queue_reading import queue_reading
from umbel.services.alerts.task_readings import QUESTION_S, TaskReadings
from umbel.services.alerts.unlived_time import UnlivedTime
from umbel.services.cluster.listed_workers import ListedWorkers
from umbel.services.errors.errors import Errors
from umbel.services.errors.group_list import GROUPS_MAX
from umbel.services.errors.groups import ErrorGroup
from umbel.services.health.assessment import NEED_NO_RECORD
from umbel.services.health.findings import STARTING
from umbel.services.health.health import Health
from umbel.services.health.health_finding import WEIGHTS
from umbel.services.health.health_findings import HealthFindings
from umbel.services.health.worker_status import UNKNOWN, WorkerStatus
from umbel.services.phrases import number
from umbel.services.samples.sample_lines import sampled_lines
from umbel.services.samples.sampling import Sampling
from umbel.services.search.outside_terms import OutsideTerms
from umbel.store.base import Store
from umbel.store.ledger import Ledger
from umbel.store.samples import LEVELS, SAMPLED_MAX, Samples

#: How long an error counts as new, or reopened, seconds.
ERROR_FOR_S: Final = 3_600.0
#: A sample so many periods old is no longer of now.
FRESH_PERIODS: Final = 3.5
#: Findings that are made of how live the history is, and of nothing that must be gathered.
_OF_LIVENESS: Final = ("not-recording", "collector-behind")
_NO_FINDING: Final = "There is no such finding."
#: The column of each measure in a sample of queues (`store.samples.MEASURES`).
QUEUE_COLUMNS: Final = {"depth": 0, "unacknowledged": 2, "consumers": 3, "oldest message": 4}


class AlertSources(msgspec.Struct, frozen=True, kw_only=True):
    """Where is read. `sample_every_s`: how often this server samples, None for never;
    `cluster_names`: what the cluster is called."""

    store: Store
    ledger: Ledger
    samples: Samples
    workers: ListedWorkers
    health: Health
    findings: HealthFindings
    errors: Errors
    clock: Clock
    sample_every_s: float | None = None
    cluster_names: tuple[str, ...] = ()


class AlertReader:
    """One thread at a time; raises `StoreError`."""

    def __init__(self, sources: AlertSources) -> None:
        self._sources = sources
        self._tasks = TaskReadings(
            sources.store, OutsideTerms(sources.ledger, sources.cluster_names)
        )
        self._unlived = UnlivedTime(sources.clock)

    def state(self) -> HistoryState:
        """What the history can tell now: once for all rules of a turn."""
        given = self._sources
        status = given.health.status()
        return history_state(given.store, status.live, status.now, self._unlived)

    def evidence(self, condition: Condition, state: HistoryState) -> AlertEvidence:
        """What a rule is judged by."""
        try:
            return self._evidence(condition, state)
        except CapabilityMissing as error:
            return AlertEvidence(unread=str(error))

    def _evidence(self, condition: Condition, state: HistoryState) -> AlertEvidence:
        if isinstance(condition, CountThreshold):
            return self._tasks.count(condition, state)
        if isinstance(condition, DurationThreshold):
            return self._tasks.duration(condition, state)
        if isinstance(condition, MatchThreshold):
            return self._tasks.matches(condition, state)
        if isinstance(condition, Absence):
            return self._tasks.absence(condition, state)
        if isinstance(condition, DailyDeadline):
            return self._tasks.deadline(condition, state)
        if isinstance(condition, QueueThreshold):
            return self._queues(condition, state)
        if isinstance(condition, WorkerSilence):
            return self._silence(condition, state)
        if isinstance(condition, OnlineThreshold):
            return self._online(condition, state)
        if isinstance(condition, ErrorAppears):
            return self._errors(condition, state)
        return self._findings(condition, state)

    # -- queues -------------------------------------------------------------------------------

    def _queues(self, condition: QueueThreshold, state: HistoryState) -> AlertEvidence:
        given, now = self._sources, state.now
        period_s = given.sample_every_s
        if period_s is None:
            return AlertEvidence(unread="Queues are not sampled here (samples.period = none).")
        fresh_s = FRESH_PERIODS * period_s + LEVELS[0].step_s
        last = given.samples.size().last
        if last is None or not now - fresh_s <= last <= now + fresh_s:
            return AlertEvidence(unread=_not_sampled(given.health.status().samples))
        window_s = max(condition.window_s, fresh_s)
        is_pattern = bool({"*", "?"} & set(condition.queue))
        found = sampled_lines(
            given.samples,
            "queue",
            since=now - window_s,
            until=now + 1,
            now=now,
            bucket_s=10.0 if window_s <= LEVELS[0].keep_s else 60.0,  # type: ignore[operator]
            names=None if is_pattern else [condition.queue],
            limit=SAMPLED_MAX["queue"],
        )
        fits, column = glob(condition.queue), QUEUE_COLUMNS[condition.measure]
        step_s, readings = float(found.bucket_s), []
        for line in found.items:
            if is_pattern and not fits(line.name):
                continue
            sampled = {
                at + step_s: values[column]
                for at, values in line.points
                if at + step_s >= now - window_s
            }
            readings.append(queue_reading(condition, line.name, sampled, now, fresh_s, step_s))
        return AlertEvidence(
            readings=tuple(readings), gone=not readings and self._samples_queues(now - fresh_s, now)
        )

    def _samples_queues(self, since: float, now: float) -> bool:
        """Whether any queue was sampled since."""
        found = sampled_lines(
            self._sources.samples, "queue", since=since, until=now + 1, now=now, bucket_s=10.0,
            limit=1,
        )  # fmt: skip
        return bool(found.items)

    # -- workers ------------------------------------------------------------------------------

    def _silence(self, condition: WorkerSilence, state: HistoryState) -> AlertEvidence:
        if state.blind:
            return AlertEvidence(blind=state.blind)
        fits, readings = glob(condition.worker), []
        for worker, found in self._workers(state):
            if not fits(worker.hostname):
                continue
            link = link_of_worker(worker.hostname)
            if found.status == UNKNOWN:
                why = f"Whether {worker.hostname} lives is not known: recording has only begun."
                reading = AlertReading(subject=worker.hostname, why=why, a_while=True, link=link)
            else:
                heard_s = state.now - worker.last_heard if found.status == SILENT else 0.0
                reading = AlertReading(subject=worker.hostname, value=heard_s, link=link)
            readings.append(reading)
        return AlertEvidence(readings=tuple(readings), behind=state.behind)

    def _workers(self, state: HistoryState) -> Sequence[tuple[Worker, WorkerStatus]]:
        return state.once("workers", lambda: self._sources.workers.with_status(state.now))

    def _online(self, condition: OnlineThreshold, state: HistoryState) -> AlertEvidence:
        if state.blind:
            return AlertEvidence(blind=state.blind)
        fits = glob(condition.worker)
        statuses = [found.status for worker, found in self._workers(state) if fits(worker.hostname)]
        online, unknown = statuses.count(ONLINE), statuses.count(UNKNOWN)
        reading = AlertReading(value=float(online), link="/workers")
        if crosses(condition, online) != crosses(condition, online + unknown):
            why = f"Of {number(unknown, 'worker')} it is not known yet whether they live."
            reading = AlertReading(why=why, a_while=True, link="/workers")
        return AlertEvidence(readings=(reading,), behind=state.behind)

    # -- errors and findings ------------------------------------------------------------------

    def _errors(self, condition: ErrorAppears, state: HistoryState) -> AlertEvidence:
        now = state.now
        found = state.once(
            ("errors", condition.text),
            lambda: self._sources.errors.groups_of(
                condition.query, since=now - ERROR_FOR_S, until=now, state=None,
                limit=GROUPS_MAX, budget_s=QUESTION_S, matrix=False,
            ),
        )  # fmt: skip
        readings = tuple(
            AlertReading(subject=group.id, value=1.0, text=text, link=link_of_error(group.id))
            for group in found.items
            if (text := error_text(condition, group, now)) is not None
        )
        unread = "" if found.complete else "Time ran out before all errors were read."
        evidence = state.evidence(readings, ERROR_FOR_S, self._sources.store)
        return msgspec.structs.replace(evidence, unread=unread, young="")

    def _findings(self, condition: FindingAppears, state: HistoryState) -> AlertEvidence:
        answer = state.once("findings", lambda: self._sources.findings.last_known(state.live))
        grave = WEIGHTS[: WEIGHTS.index(condition.severity) + 1]
        readings, link = [], link_of_overview(state.now)
        is_starting = state.live.sentence == STARTING
        for each in answer.findings:
            if condition.rule not in {"", each.rule}:
                continue
            if is_starting and each.rule == "not-recording":
                # Every start begins so, and nobody is to be woken for it.
                reading = AlertReading(subject=each.id, why=STARTING, a_while=True, link=link)
            else:
                counts = each.muted is None and each.severity in grave
                text = each.sentence if counts else _NO_FINDING
                reading = AlertReading(subject=each.id, value=float(counts), text=text, link=link)
            readings.append(reading)
        unread = next(iter(answer.unknown), "")
        if condition.rule not in NEED_NO_RECORD:
            # What the overview cannot find just now may go on all the same.
            unread = state.blind or state.behind or unread
        if unread:
            # Whatever else cannot be found: whether anything is recorded is known.
            there = {each.subject for each in readings}
            readings += [
                AlertReading(subject=rule, value=0.0, text=_NO_FINDING, link=link)
                for rule in _OF_LIVENESS
                if condition.rule in {"", rule} and rule not in there
            ]
        return AlertEvidence(readings=tuple(readings), unread=unread)


def error_text(condition: ErrorAppears, group: ErrorGroup, now: float) -> str | None:
    """What is new of an error, as a sentence; None if nothing is."""
    state = group.state
    title = f"{group.type}: {group.message}" if group.message else group.type
    since = now - ERROR_FOR_S
    if condition.reopened and state.reopened is not None and state.reopened >= since:
        return f"{title} failed again. {state.because or ''}".strip()
    is_new = group.first is not None and group.first >= since and state.by is None
    if condition.new and is_new and state.state == "open":
        return f"{title} is new: {number(group.count, 'failure')} of {', '.join(group.names[:3])}."
    return None


def _not_sampled(sampling: Sampling | None) -> str:
    trouble = None if sampling is None else sampling.trouble
    return trouble or "Queues were not sampled of late; the sampler may only be starting."
