"""Workers that fell silent, start nothing, tell nothing, or whose clock is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Final

from umbel.cluster.worker import ONLINE, SILENT
from umbel.services.control.types import ActionRequest
from umbel.services.health.facts import HealthFacts, Point, QueueFact, WorkerFact, WorkerReading
from umbel.services.health.health_finding import FindingEvidence, HealthFinding, Weight, thinned
from umbel.services.health.rules.base import (
    cut,
    few,
    finding,
    link,
    listed,
    plan,
    queue_page,
    threshold,
    worker_page,
)
from umbel.services.phrases import number, span

#: A worker is missed after so long without a sign of life, seconds,
SILENT_AFTER_S: Final = 30.0
#: and no longer than so long, seconds: by then it is not coming back.
SILENT_FOR_S: Final = 86_400.0
#: A worker that starts nothing for so long while its queue grows is wedged, seconds; one that is
#: busy with what it has, after
WEDGED_AFTER_S: Final = 180.0
BUSY_WEDGED_AFTER_S: Final = 1_800.0
#: A clock that is so far off makes times wrong, seconds; so far, orders as well.
SKEW_S: Final = 5.0
SKEW_GRAVE_S: Final = 60.0
#: So many measurements of a clock are believed.
SKEWS_MIN: Final = 3

_WHY_SILENT: Final = (
    "It is gone, cut off, or busy: with the solo pool a worker says nothing while it runs a task. "
    "If it is gone, what it ran ended with it. On RabbitMQ its tasks come again at once where they "
    "are acknowledged late, on Redis after the visibility timeout, else never."
)


def worker_silent(facts: HealthFacts) -> Iterable[HealthFinding]:
    """No sign of life came in time, and no goodbye."""
    silent = [each for each in facts.workers if _is_silent(facts, each)]
    silent.sort(key=lambda each: -each.heard)
    is_last = bool(silent) and not any(each.status == ONLINE for each in facts.workers)
    found = [_silent(each, facts.now, is_last=is_last) for each in silent]
    return few(
        found,
        lambda count, who: f"{number(count, 'more worker')} fell silent: {who}.",
        link("Look at the workers", "workers"),
        is_dated=True,
    )


def _is_silent(facts: HealthFacts, worker: WorkerFact) -> bool:
    return worker.status == SILENT and SILENT_AFTER_S <= facts.now - worker.heard <= SILENT_FOR_S


def _silent(worker: WorkerFact, now: float, *, is_last: bool) -> HealthFinding:
    ran = f" while it ran {number(worker.active, 'task')}" if worker.active else ""
    alone = ", and no other worker is online" if is_last else ""
    return finding(
        "worker-silent",
        worker.name,
        "critical" if worker.active or is_last else "warning",
        f"{cut(worker.name)} has said nothing for {span(now - worker.heard)}{ran}{alone}.",
        why=_WHY_SILENT,
        since=worker.heard,
        evidence=_minutes(worker),
        action=link("Look at the worker", worker_page(worker.name)),
    )


def no_worker(facts: HealthFacts) -> Iterable[HealthFinding]:
    """There were workers, all have said goodbye, and none is online."""
    if not facts.workers or any(each.status != "offline" for each in facts.workers):
        return
    last = max(each.heard for each in facts.workers)
    if facts.now - last > SILENT_FOR_S:
        return
    waiting = sum(each.now.ready for each in facts.queues or ())
    waits = f"{number(waiting, 'message')} {'waits' if waiting == 1 else 'wait'}"
    there = f"; {waits}" if waiting else ""
    yield finding(
        "no-worker",
        "",
        "critical" if waiting else "warning",
        f"No worker is online: the last one stopped {span(facts.now - last)} ago{there}.",
        why="Nothing runs until a worker starts; what is sent meanwhile waits in its queue.",
        since=last,
        action=link("Look at the workers", "workers"),
    )


def worker_wedged(facts: HealthFacts) -> Iterable[HealthFinding]:
    """Heartbeats come, nothing is started, and a queue that it consumes grows."""
    found = list(_all_wedged(facts))

    return few(
        found,
        lambda count, who: (
            f"{number(count, 'more worker')} send heartbeats and start nothing, while their "
            f"queues grow: {who}."
        ),
        link("Look at the workers", "workers"),
    )


_WHY_WEDGED: Final = (
    "It looks alive and takes no work, so nothing else takes what it was given; only a restart has "
    "been known to help."
)


def _all_wedged(facts: HealthFacts) -> Iterable[HealthFinding]:
    queues = {each.name: each for each in facts.queues or ()}
    for worker in facts.workers:
        stuck = _stuck(worker)
        if worker.status != ONLINE or stuck is None:
            continue
        growing = [
            queues[name]
            for name in worker.queues or ()
            if name in queues and _grew(queues[name], stuck[0].at)
        ]
        if growing:
            yield _wedged(facts, worker, stuck, growing)


def _stuck(worker: WorkerFact) -> Sequence[WorkerReading] | None:
    """The readings since when it has started nothing, if that is long enough."""
    # Of two under one name nobody knows what each of them began.
    if not worker.readings or worker.shares_its_name:
        return None
    # What another process counted under this name says nothing of this one.
    since = worker.began or 0.0
    same = list(takewhile(lambda e: not e.begun and e.at >= since, reversed(worker.readings)))
    same.reverse()
    after_s = BUSY_WEDGED_AFTER_S if worker.readings[-1].active else WEDGED_AFTER_S
    is_known = any(each.begun == 0 for each in same)
    return same if is_known and same[-1].at - same[0].at >= after_s else None


def _grew(queue: QueueFact, since: float) -> bool:
    readings = [each for each in queue.readings if each.at >= since]
    return (
        len(readings) > 1
        and all(each.ready > 0 for each in readings)
        and readings[-1].ready > readings[0].ready
    )


def _wedged(
    facts: HealthFacts,
    worker: WorkerFact,
    stuck: Sequence[WorkerReading],
    growing: Sequence[QueueFact],
) -> HealthFinding:
    idle = not stuck[-1].active
    doing = "runs nothing" if idle else f"runs the same {number(stuck[-1].active or 0, 'task')}"
    waiting = sum(each.now.ready for each in growing)
    return finding(
        "worker-wedged",
        worker.name,
        "critical" if idle else "warning",
        f"{cut(worker.name)} sends heartbeats, {doing} and has started nothing for "
        f"{span(facts.now - stuck[0].at)}, while {number(waiting, 'message')} wait in "
        f"{listed([each.name for each in growing])}.",
        why=_WHY_WEDGED,
        since=stuck[0].at,
        evidence=FindingEvidence(
            kind="queue",
            unit="messages",
            name=growing[0].name,
            points=thinned([Point(each.at, float(each.ready)) for each in growing[0].readings]),
        ),
        action=plan("Restart its pool", ActionRequest(action="pool_restart", workers=[worker.name]))
        if idle
        else link("Look at the queue", queue_page(growing[0].name)),
    )


def clock_skew(facts: HealthFacts) -> Iterable[HealthFinding]:
    """The clock of a worker differs from ours."""
    found = [each for worker in facts.workers if (each := _skewed(facts, worker))]

    return few(
        found,
        lambda count, who: f"The clocks of {number(count, 'more worker')} are wrong: {who}.",
        link("Look at the workers", "workers"),
    )


_WHY_SKEW: Final = (
    "Times of what it runs, waits and ETAs are off by as much, and tasks with an ETA or a time of "
    "expiry start early, late or never."
)


def _skewed(facts: HealthFacts, worker: WorkerFact) -> HealthFinding | None:
    if worker.status != ONLINE or len(worker.skews) < SKEWS_MIN:
        return None
    # What is on its way only makes a clock look later, so the largest is nearest.
    skew_s = max(skew for _, skew in worker.skews)
    if abs(skew_s) < threshold(facts, "clock-skew", worker.name, SKEW_S):
        return None
    severity: Weight = "warning" if abs(skew_s) >= SKEW_GRAVE_S else "notice"
    return finding(
        "clock-skew",
        worker.name,
        severity,
        f"The clock of {cut(worker.name)} is {span(abs(skew_s))} "
        f"{'ahead' if skew_s > 0 else 'behind'}.",
        why=_WHY_SKEW,
        evidence=FindingEvidence(
            kind="worker",
            unit="seconds",
            name=worker.name,
            points=thinned([Point(at, skew) for at, skew in worker.skews]),
            usual=0.0,
        ),
        action=link("Look at the worker", worker_page(worker.name)),
    )


def worker_name_shared(facts: HealthFacts) -> Iterable[HealthFinding]:
    """More than one worker speaks under one name."""
    shared = sorted(each.name for each in facts.workers if each.shares_its_name)
    if shared:
        yield finding(
            "worker-name-shared",
            "",
            "warning",
            f"More than one worker speaks as {listed(shared)}.",
            why="Commands to that name reach all of them, their answers are taken for one, and "
            "what they run cannot be told apart.",
            action=link("Look at the worker", worker_page(shared[0]))
            if len(shared) == 1
            else link("Look at the workers", "workers"),
        )


def _minutes(worker: WorkerFact) -> FindingEvidence | None:
    """How many tasks it began in each minute of the last hour."""
    points = [
        Point(each.at, float(each.begun)) for each in worker.minutes if each.begun is not None
    ]
    if not points:
        return None
    return FindingEvidence(kind="worker", unit="tasks", name=worker.name, points=thinned(points))
