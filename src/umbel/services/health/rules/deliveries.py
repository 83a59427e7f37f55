"""Tasks that were delivered more than once, or come again and again, a visibility timeout that is
too short, and tasks that run far longer than others of their name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from umbel.cluster.task import RECEIVED, REJECTED, STARTED
from umbel.query.ast import Between, Has, Not
from umbel.services.control.types import ActionRequest
from umbel.services.health.facts import HealthFacts, Point, RecurringTask, RunningTask
from umbel.services.health.health_finding import FindingEvidence, HealthFinding, thinned
from umbel.services.health.rules.base import (
    OVER_BELOW,
    cut,
    during,
    few,
    finding,
    listed,
    plan,
    tasks,
    threshold,
    where,
)
from umbel.services.phrases import number, span
from umbel.store.series import Durations

#: Tasks that the broker delivered more than once of itself: where a worker gave the message back
#: (`Reject(requeue=True)`, `task_reject_on_worker_lost`), that was wanted.
DELIVERED_AGAIN: Final = (Has("redelivered"), Not(Has("rejected")))
#: So many tasks that were delivered again within a day are more than an accident.
AGAIN_MIN: Final = 3
DAY_S: Final = 86_400.0
#: These came more than once, and have not ended.
RECURRING: Final = (Has("redelivered"), where("state", RECEIVED, STARTED, REJECTED))
#: A task that came so many times and has not ended comes again and again; so many, and it takes
#: its workers down or keeps them busy.
RECURRING_MIN: Final = 3
RECURRING_CRITICAL: Final = 10
#: A task runs too long at so many times what 99 in 100 of its name took within a day, of at least
#: so many, and at so many seconds at least.
OVERDUE_TIMES: Final = 3.0
OVERDUE_TASKS_MIN: Final = 50
OVERDUE_MIN_S: Final = 60.0


def duplicate_deliveries(facts: HealthFacts) -> Iterable[HealthFinding]:
    """Tasks came to workers more than once."""
    rule, found = "duplicate-deliveries", facts.deliveries
    if found.again < threshold(facts, rule, "", AGAIN_MIN):
        return
    some = f"{found.again:,} or more tasks" if found.capped else number(found.again, "task")
    which = f": {listed(found.names)}" if found.names else ""
    yield finding(
        rule,
        "",
        "warning",
        f"{some} of the last day were delivered more than once{which}.",
        why="They may have run twice. The usual causes are a visibility timeout shorter than the "
        "task or its ETA, and workers that were killed while they acknowledge late.",
        action=tasks("See these tasks", *DELIVERED_AGAIN, during("seen", DAY_S)),
    )


def task_comes_again(facts: HealthFacts) -> Iterable[HealthFinding]:
    """A task never ends: each time that it comes to a worker, something ends it."""
    rule = "task-comes-again"
    found = [
        _recurring(rule, each)
        for each in facts.recurring
        if each.deliveries >= threshold(facts, rule, each.uuid, RECURRING_MIN)
    ]
    return few(
        found,
        lambda count, _: f"{number(count, 'more task')} came to workers again and again.",
        tasks("See these tasks", *RECURRING),
        is_dated=True,
    )


def _recurring(rule: str, task: RecurringTask) -> HealthFinding:
    times = f"{task.deliveries:,}{' times or more' if task.or_more else ' times'}"
    return finding(
        rule,
        task.uuid,
        "critical" if task.deliveries >= RECURRING_CRITICAL else "warning",
        f"Task {cut(task.name)} ({task.uuid}) came to workers {times} in "
        f"{span(task.last - task.first)} and has not ended.",
        why="It may kill whatever runs it (a crash, or the kernel for its memory), ask to be given "
        "back, or run for longer than the visibility timeout. Nothing ends that by itself: a "
        "revoked task is thrown away when it comes next; send it again when its cause is mended.",
        since=task.first,
        action=plan("Revoke it", ActionRequest(action="revoke", ids=[task.uuid])),
    )


def visibility_timeout(facts: HealthFacts) -> Iterable[HealthFinding]:
    """Tasks run for longer than the broker leaves them to one worker."""
    found = facts.deliveries
    timeout_s = found.visibility_timeout_s
    if timeout_s is None or not found.beyond_timeout or not (found.acks_late or found.again):
        return
    yield finding(
        "visibility-timeout",
        "",
        "warning" if found.again else "notice",
        f"{number(found.beyond_timeout, 'task')} of the last day ran longer than the visibility "
        f"timeout of {span(timeout_s)}.",
        why="After that time the broker takes a task that is not acknowledged for lost and gives "
        "it to another worker too, while the first still runs it.",
        action=tasks(
            "See these tasks", Between("runtime", timeout_s, None, low_open=True),
            during("finished", DAY_S),
        ),
    )  # fmt: skip


def task_overdue(facts: HealthFacts) -> Iterable[HealthFinding]:
    """Tasks run many times as long as nearly all others of their name did."""
    of_name: defaultdict[str, list[RunningTask]] = defaultdict(list)
    for each in facts.running:
        usual = facts.day_runtimes.get(each.name)
        if usual is None or usual.n < OVERDUE_TASKS_MIN:
            continue
        if facts.now - each.started >= _limit_s(facts, each.name, usual):
            of_name[each.name].append(each)
    found = [_overdue(facts, name, of_name[name]) for name in of_name]

    return few(
        found,
        lambda count, who: (
            f"Tasks of {number(count, 'more name')} run far longer than usual: {who}."
        ),
        tasks("See what runs", where("state", "STARTED")),
    )


def seems_overdue(task: RunningTask, usual: Durations | None, now: float) -> bool:
    """Whether the rule speaks of a task, or goes on to, if it runs."""
    if usual is None or usual.n < OVERDUE_TASKS_MIN:
        return False
    limit_s = max(OVERDUE_MIN_S, OVERDUE_TIMES * usual.p99)
    return now - task.started >= limit_s * OVER_BELOW


_WHY_OVERDUE: Final = (
    "It holds a place in its worker's pool. It may wait for something that never answers; a time "
    "limit would end it."
)


def _limit_s(facts: HealthFacts, name: str, usual: Durations) -> float:
    return threshold(facts, "task-overdue", name, max(OVERDUE_MIN_S, OVERDUE_TIMES * usual.p99))


def _overdue(facts: HealthFacts, name: str, overdue: Sequence[RunningTask]) -> HealthFinding:
    usual = facts.day_runtimes[name]
    oldest = min(each.started for each in overdue)
    count = len(overdue)
    points = [Point(each.started, facts.now - each.started) for each in overdue]
    return finding(
        "task-overdue",
        name,
        "warning",
        f"{number(count, 'task')} {cut(name)} "
        f"{'have run for far too long, the longest for' if count > 1 else 'has run for'} "
        f"{span(facts.now - oldest)}; 99 in 100 end within {span(usual.p99)}.",
        why=_WHY_OVERDUE,
        since=oldest,
        evidence=FindingEvidence(
            kind="series", unit="seconds", name=name, usual=usual.p99,
            points=thinned(sorted(points, key=lambda each: each.at)),
        ),
        action=tasks(
            "See what runs",
            where("state", "STARTED"),
            where("name", name),
            during("started", None, _limit_s(facts, name, usual)),
        ),
    )  # fmt: skip
