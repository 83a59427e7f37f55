"""Queues that nobody consumes, that grow, or whose oldest message is older than usual; and those
that somebody paused, of which nothing else is said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Final

from umbel.cluster.worker import ONLINE, SILENT
from umbel.services.cluster.inspection import MAYBE_BUSY_S
from umbel.services.control.types import ActionRequest
from umbel.services.health.facts import HealthFacts, Point, QueueFact, QueueReading, WorkerFact
from umbel.services.health.health_finding import (
    FindingAction,
    FindingEvidence,
    HealthFinding,
    thinned,
)
from umbel.services.health.rules.base import (
    cut,
    few,
    finding,
    link,
    listed,
    plan,
    queue_page,
    threshold,
)
from umbel.services.pauses.words import paused_by
from umbel.services.phrases import number, span
from umbel.store.queue_pauses import QueuePause

#: A queue is without consumer when it was so in all readings of so long, seconds: a worker that
#: restarts is no finding. Where nothing was read before, what is now counts.
UNCONSUMED_FOR_S: Final = 30.0
#: A queue grows when it did so in every part of this time, seconds, read so often at least,
GROWING_FOR_S: Final = 300.0
READINGS_MIN: Final = 6
#: to so many messages at least, and to so many times what it had.
GROWN_MIN: Final = 100
GROWN_TIMES: Final = 1.5
#: It grows no more once it has less than this part of what it had of late.
OVER_PART: Final = 0.9
#: The oldest message is older than usual at so many times the age of the days before, of which
#: there must be so many, and at so many seconds at least.
OLDER_TIMES: Final = 3.0
OLDER_DAYS_MIN: Final = 3
OLDER_MIN_S: Final = 60.0
#: Who paused a queue may have forgotten it after so long, seconds.
PAUSED_FOR_S: Final = 86_400.0


def broker_takes_nothing(facts: HealthFacts) -> Iterable[HealthFinding]:
    """The broker answers, and refuses whatever anybody writes."""
    if facts.refusal:
        yield finding(
            "broker-takes-nothing",
            "",
            "critical",
            facts.refusal,
            why="No task can be sent, by beat neither, and workers can neither keep results nor "
            "tell what they do; what they run may be lost or done twice.",
            action=link("Look at the queues", "queues"),
        )


def queue_without_consumer(facts: HealthFacts) -> Iterable[HealthFinding]:
    """Messages wait, and nobody takes them."""
    unconsumed = [each for each in facts.queues or () if _is_unconsumed(each)]
    unconsumed.sort(key=lambda each: -each.now.ready)
    online = {each.name for each in facts.workers if each.status == ONLINE}
    silent = [
        each
        for each in facts.workers
        if each.status == SILENT and facts.now - each.heard <= MAYBE_BUSY_S
    ]
    found = [_without_consumer(each, online, _may_go_on(each, silent)) for each in unconsumed]

    return few(
        found,
        lambda count, who: (
            f"Nobody consumes {number(count, 'more queue')} in which messages wait: {who}."
        ),
        link("Look at the queues", "queues"),
    )


_WHY_UNCONSUMED: Final = (
    "What is sent there is not run, and nothing else says so: the sender sees no error."
)
_WHY_MAYBE_BUSY: Final = (
    "Dead or busy: a worker with a solo pool says nothing while it runs a task, and goes on with "
    "its queues afterwards. Until then what is sent there waits, and the sender sees no error."
)


def _may_go_on(queue: QueueFact, silent: Sequence[WorkerFact]) -> list[str]:
    """Those that fell silent of late and consumed the queue before; any of them where nobody
    is known to have."""
    return [each.name for each in silent if each.name in queue.were or not queue.were]


def _is_unconsumed(queue: QueueFact) -> bool:
    if queue.pause is not None:
        return False
    late = [each for each in queue.readings if each.at >= queue.now.at - UNCONSUMED_FOR_S]
    # What a sample does not know of consumers (while no worker is heard) says nothing against it.
    return queue.now.consumers == 0 and all(e.ready > 0 and not e.consumers for e in late)


def _without_consumer(queue: QueueFact, online: set[str], silent: list[str]) -> HealthFinding:
    waiting = queue.now.ready
    there = f"where {number(waiting, 'message')} {'waits' if waiting == 1 else 'wait'}"
    which = "which did" if queue.were else "which may"
    return finding(
        "queue-without-consumer",
        queue.name,
        "critical",
        f"No worker that answers consumes {cut(queue.name)}, {there}; nothing is heard of "
        f"{listed(silent)}, {which}."
        if silent
        else f"Nobody consumes {cut(queue.name)}, {there}.",
        why=_WHY_MAYBE_BUSY if silent else _WHY_UNCONSUMED,
        since=_since(queue),
        evidence=_depth(queue),
        action=_add_consumer(queue, online),
    )


def _since(queue: QueueFact) -> float | None:
    """Since when nobody consumes it; None where nobody saw anybody do so."""
    since = None
    for each in reversed((*queue.earlier, *queue.readings)):
        if each.consumers:
            return since
        since = each.at
    return None


def _add_consumer(queue: QueueFact, online: set[str]) -> FindingAction:
    """To those who consumed it, as far as they live; else to whomever the plan names."""
    if not online:
        return link("Look at the queue", queue_page(queue.name))
    workers = [each for each in queue.were if each in online]
    request = ActionRequest(action="add_consumer", queue=queue.name, workers=workers)
    return plan("Let workers consume it", request)


def queue_growing(facts: HealthFacts) -> Iterable[HealthFinding]:
    """More comes than is taken, for minutes."""
    found = []
    for queue in facts.queues or ():
        if queue.pause is not None:
            continue
        readings = [each for each in queue.readings if each.at >= facts.now - 2 * GROWING_FOR_S]
        if not _is_unconsumed(queue) and _grows(facts, queue.name, readings):
            found.append(_growing(queue, readings))
    found.sort(key=lambda each: -each.evidence.points[-1].value if each.evidence else 0.0)

    return few(
        found,
        lambda count, who: f"{number(count, 'more queue')} grow: {who}.",
        link("Look at the queues", "queues"),
    )


_WHY_GROWING: Final = (
    "Workers take less than is sent, so everything waits longer and longer until they catch up or "
    "the broker is full."
)


def _grows(facts: HealthFacts, name: str, readings: Sequence[QueueReading]) -> bool:
    if len(readings) < READINGS_MIN or readings[-1].at - readings[0].at < GROWING_FOR_S:
        return False
    third = len(readings) // 3
    first, middle, last = (
        fmean(each.ready for each in part)
        for part in (readings[:third], readings[third:-third], readings[-third:])
    )
    least = threshold(facts, "queue-growing", name, GROWN_MIN)
    times = threshold(facts, "queue-growing", name, GROWN_TIMES)
    is_over = readings[-1].ready < OVER_PART * last
    return (
        readings[-1].ready >= least
        and not is_over
        and first < middle < last
        and last >= times * first
    )


def _growing(queue: QueueFact, readings: Sequence[QueueReading]) -> HealthFinding:
    first, last = readings[0], readings[-1]
    rate = (last.ready - first.ready) / (last.at - first.at) * 60
    return finding(
        "queue-growing",
        queue.name,
        "warning",
        f"{cut(queue.name)} has grown to {number(last.ready, 'message')}, by about "
        f"{rate:,.0f} a minute for {span(last.at - first.at)}.",
        why=_WHY_GROWING,
        since=first.at,
        evidence=_depth(queue),
        action=link("Look at the queue", queue_page(queue.name)),
    )


def queue_older_than_usual(facts: HealthFacts) -> Iterable[HealthFinding]:
    """The oldest message waits much longer than at this hour of the days before."""
    found = [each for queue in facts.queues or () if (each := _older(facts, queue))]
    found.sort(key=lambda each: each.since or 0.0)

    return few(
        found,
        lambda count, who: (
            f"Messages wait far longer than usual in {number(count, 'more queue')}: {who}."
        ),
        link("Look at the queues", "queues"),
    )


_WHY_OLDER: Final = "Everything behind it waits at least as long."


def _older(facts: HealthFacts, queue: QueueFact) -> HealthFinding | None:
    rule, oldest_s, usual = "queue-older-than-usual", queue.now.oldest_s, queue.usual_oldest_s
    if queue.pause is not None:
        return None
    if oldest_s is None or len(usual) < OLDER_DAYS_MIN or _is_unconsumed(queue):
        return None
    most_s = max(usual)
    if oldest_s < threshold(facts, rule, queue.name, max(OLDER_MIN_S, OLDER_TIMES * most_s)):
        return None
    points = [Point(e.at, e.oldest_s) for e in queue.readings if e.oldest_s is not None]
    return finding(
        rule,
        queue.name,
        "warning",
        f"The oldest message in {cut(queue.name)} has waited {span(oldest_s)}; at this hour of "
        f"the days before it was {span(most_s)} at most.",
        why=_WHY_OLDER,
        since=facts.now - oldest_s,
        evidence=FindingEvidence(
            kind="queue", unit="seconds", name=queue.name, points=thinned(points), usual=most_s
        ),
        action=link("Look at the queue", queue_page(queue.name)),
    )


def queue_paused(facts: HealthFacts) -> Iterable[HealthFinding]:
    """Somebody wants nobody to consume it."""
    paused = [(each, each.pause) for each in facts.queues or () if each.pause is not None]
    paused.sort(key=lambda each: each[1].at)
    found = [_paused(queue, pause, facts.now) for queue, pause in paused]

    return few(
        found,
        lambda count, who: (
            f"{number(count, 'more queue')} {'is' if count == 1 else 'are'} paused: {who}."
        ),
        link("Look at the queues", "queues"),
    )


_WHY_PAUSED: Final = (
    "Workers were told not to consume it until somebody resumes it. Nothing is lost: what is sent "
    "there waits."
)


def _paused(queue: QueueFact, pause: QueuePause, now: float) -> HealthFinding:
    waiting = queue.now.ready
    is_old = now - pause.at >= PAUSED_FOR_S
    return finding(
        "queue-paused",
        queue.name,
        "warning" if is_old else "notice",
        f"{cut(queue.name)} is {paused_by(pause)}; {number(waiting, 'message')} "
        f"{'waits' if waiting == 1 else 'wait'}.",
        why=_WHY_PAUSED + (" It has been so for more than a day." if is_old else ""),
        evidence=_depth(queue),
        action=plan("Resume it", ActionRequest(action="resume", queue=queue.name)),
    )


def _depth(queue: QueueFact) -> FindingEvidence:
    points = [Point(each.at, float(each.ready)) for each in queue.readings]
    return FindingEvidence(kind="queue", unit="messages", name=queue.name, points=thinned(points))
