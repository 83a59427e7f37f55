"""All rules of health, by the name that is also the anchor of their section in docs/health.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from umbel.services.health.facts import HealthFacts
from umbel.services.health.health_finding import HealthFinding
from umbel.services.health.rules import (
    deliveries,
    queues,
    rates,
    recording,
    retries,
    schedule,
    workers,
)

#: A pure function of the facts.
HealthRule = Callable[[HealthFacts], Iterable[HealthFinding]]

#: Of equally grave findings those of the earlier rule come first.
HEALTH_RULES: Final[Mapping[str, HealthRule]] = {
    "not-recording": recording.not_recording,
    "collector-behind": recording.collector_behind,
    "broker-takes-nothing": queues.broker_takes_nothing,
    "queue-without-consumer": queues.queue_without_consumer,
    "beat-silent": schedule.beat_silent,
    "no-worker": workers.no_worker,
    "worker-wedged": workers.worker_wedged,
    "failures-risen": rates.failures_risen,
    "task-comes-again": deliveries.task_comes_again,
    "tasks-retrying": retries.tasks_retrying,
    "worker-silent": workers.worker_silent,
    "wait-risen": rates.wait_risen,
    "queue-older-than-usual": queues.queue_older_than_usual,
    "queue-growing": queues.queue_growing,
    "queue-paused": queues.queue_paused,
    "task-overdue": deliveries.task_overdue,
    "entry-missed": schedule.entry_missed,
    "runtime-risen": rates.runtime_risen,
    "duplicate-deliveries": deliveries.duplicate_deliveries,
    "visibility-timeout": deliveries.visibility_timeout,
    "events-off": recording.events_off,
    "events-missed": recording.events_missed,
    "store-damaged": recording.store_damaged,
    "worker-name-shared": workers.worker_name_shared,
    "store-near-its-bound": recording.store_near_its_bound,
    "clock-skew": workers.clock_skew,
    "history-gap": recording.history_gap,
}
