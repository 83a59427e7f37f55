"""Facts of tasks, for the rules of health: counts and durations of now, and what is usual.

The store is asked for few series, which it has as roll-ups where it can, each with a bounded time:
what it cannot say in time is left out. What was usual at this hour of the days before hardly
changes, so it is asked once in some minutes, for the names that are looked at now alone. Of names
that ran on too few of these days, the hours before are asked about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from umbel.clock import Clock
from umbel.cluster.task import FAILURE, STARTED, Task
from umbel.query.ast import EVERYTHING, And, Between, During, Moment, Node
from umbel.services.cluster.shared_calls import SharedCalls
from umbel.services.health.facts import (
    RECENT_S,
    USUAL_DAYS_MIN,
    CountFact,
    DeliveryFact,
    DurationFact,
    RecurringTask,
    RunningTask,
)
from umbel.services.health.rules.base import where
from umbel.services.health.rules.deliveries import DELIVERED_AGAIN, RECURRING
from umbel.services.health.usual_hours import (
    DAY_S,
    USUAL_STEP_S,
    UsualHours,
    hours_before,
    hours_of_days_before,
)
from umbel.store.base import Order, Store
from umbel.store.series import Counts, CountSeries, Durations, DurationSeries

#: How many task names are looked at: the most failing; the slowest.
NAMES_MAX: Final = 50
#: How long the store may take for one question, seconds.
QUESTION_S: Final = 0.4
#: What is asked of the last day may mean reading tasks, so it is kept so long, seconds.
DAY_EVERY_S: Final = 300.0
#: Steps of the recent time, seconds.
STEP_S: Final = 60.0
#: Running tasks that are looked at, those that began first, and not longer ago than so, seconds.
RUNNING_MAX: Final = 200
RUNNING_FOR_S: Final = 7 * DAY_S
#: So many workers are named in a search.
WORKERS_MAX: Final = 500
#: So many deliveries are counted.
AGAIN_MAX: Final = 1_000
#: So many tasks that came again and have not ended are looked at, the newest deliveries first, and
#: deliveries not longer ago than so, seconds.
RECURRING_MAX: Final = 20
RECURRING_S: Final = 7_200.0

Duration = Literal["runtime", "wait"]


class TaskFacts:
    """Asks the store. One thread at a time; raises `StoreError`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._usual_counts: UsualHours[Counts] = UsualHours(clock, hours_of_days_before)
        self._hourly_counts: UsualHours[Counts] = UsualHours(clock, hours_before)
        self._usual_durations: dict[Duration, UsualHours[Durations]] = {
            "runtime": UsualHours(clock, hours_of_days_before),
            "wait": UsualHours(clock, hours_of_days_before),
        }
        self._day_runtimes: SharedCalls[Mapping[str, Durations]] = SharedCalls(clock, DAY_EVERY_S)
        self._deliveries: SharedCalls[DeliveryFact] = SharedCalls(clock, DAY_EVERY_S)

    # -- now ---------------------------------------------------------------------------------

    def total(self, now: float, oldest: float | None) -> tuple[Counts, Durations | None, float]:
        """Counts and waits of all tasks of late, and of how many seconds that is: less where the
        history (since `oldest`) is younger."""
        start = _recent_start(now)
        counts = self._counts(EVERYTHING, now, start, now, STEP_S)
        waits = self._durations(EVERYTHING, "wait", now, start, now, STEP_S)
        total = counts.total if counts is not None else Counts(seen=0)
        recent_s = max(STEP_S, now - max(start, oldest or start))
        return total, None if waits is None else waits.total, recent_s

    def counts(self, now: float, oldest: float | None) -> tuple[CountFact, ...]:
        """Of the names of which the most failed of late. `oldest`: since when there is a history
        (Unix seconds)."""
        start = _recent_start(now)
        failed = self._counts(where("state", FAILURE), now, start, now, STEP_S, by_name=True)
        names = [each.value for each in failed.groups] if failed is not None else []
        if not names:
            return ()
        found = self._counts(where("name", *names), now, start, now, STEP_S, by_name=True)
        groups = found.groups if found is not None else ()

        def ask(some: Sequence[str], begin: float, end: float) -> Mapping[str, Counts] | None:
            return self._counts_of(some, now, begin, end)

        usual = self._usual_counts.of([each.value for each in groups], now, oldest, ask)
        young = [name for name, days in usual.items() if len(days) < USUAL_DAYS_MIN]
        hours = self._hourly_counts.of(young, now, oldest, ask)
        return tuple(
            CountFact(
                name=each.value,
                recent=each.total,
                steps=tuple((bucket.start, bucket) for bucket in each.buckets),
                usual=usual.get(each.value, ()),
                hours=hours.get(each.value, ()),
            )
            for each in groups
        )

    def durations(
        self, measure: Duration, now: float, oldest: float | None
    ) -> tuple[DurationFact, ...]:
        """Of the names that waited, or ran, longest of late."""
        start = _recent_start(now)
        found = self._durations(EVERYTHING, measure, now, start, now, STEP_S, by_name=True)
        groups = found.groups if found is not None else ()
        usual = self._usual_durations[measure].of(
            [each.value for each in groups],
            now,
            oldest,
            lambda some, begin, end: self._durations_of(some, measure, now, begin, end),
        )
        return tuple(
            DurationFact(
                name=each.value,
                recent=each.total,
                steps=tuple((bucket.start, bucket) for bucket in each.buckets),
                usual=usual.get(each.value, ()),
            )
            for each in groups
            if each.total is not None
        )

    def running(self, now: float, workers: Sequence[str]) -> tuple[RunningTask, ...]:
        """Tasks that run on one of these workers by what was heard, those that began first."""
        if not workers:
            return ()
        # What ran on workers that are gone never ends, and would crowd out the others.
        there = [where("worker", *workers)] if len(workers) <= WORKERS_MAX else []
        page = self._store.search(
            And((where("state", STARTED), *there, _since("started", RUNNING_FOR_S))),
            now=now,
            order=Order("started", descending=False),
            limit=RUNNING_MAX,
            budget_s=QUESTION_S,
        )
        return tuple(
            RunningTask(task.uuid, task.name, task.worker, task.started)
            for task in page.items
            if task.name and task.worker and task.started is not None
        )

    def recurring(self, now: float) -> tuple[RecurringTask, ...]:
        """Tasks that came to workers more than once and have not ended, most deliveries first."""
        page = self._store.search(
            And((*RECURRING, _since("received", RECURRING_S))),
            now=now,
            order=Order("received", descending=True),
            limit=RECURRING_MAX,
            budget_s=QUESTION_S,
        )
        found = self._store.tasks([each.uuid for each in page.items]).values()
        tasks = [_recurring(task) for task in found]
        return tuple(
            sorted((each for each in tasks if each), key=lambda each: (-each.deliveries, each.uuid))
        )

    # -- of the last day ---------------------------------------------------------------------

    def day_runtimes(self, now: float) -> Mapping[str, Durations]:
        """How long tasks of the slowest names took within a day."""

        def find() -> Mapping[str, Durations]:
            found = self._durations(
                EVERYTHING, "runtime", now, now - DAY_S, now, 3_600.0, by_name=True
            )
            groups = found.groups if found is not None else ()
            return {each.value: each.total for each in groups if each.total is not None}

        return self._day_runtimes.ask("day", find)

    def deliveries(self, timeout_s: float | None, now: float, *, late: bool) -> DeliveryFact:
        """What came more than once within a day, and what ran beyond the visibility timeout."""
        return self._deliveries.ask(
            (timeout_s, late), lambda: self._find_deliveries(timeout_s, now, late=late)
        )

    def _find_deliveries(self, timeout_s: float | None, now: float, *, late: bool) -> DeliveryFact:
        again = self._store.count(
            And((*DELIVERED_AGAIN, _since("seen", DAY_S))),
            now=now,
            by="name",
            cap=AGAIN_MAX,
            budget_s=QUESTION_S,
        )
        beyond = 0
        if timeout_s is not None:
            longer = Between("runtime", timeout_s, None, low_open=True)
            beyond = self._store.count(
                And((longer, _since("finished", DAY_S))),
                now=now,
                cap=AGAIN_MAX,
                budget_s=QUESTION_S,
            ).total
        by_count = sorted(again.groups, key=lambda name: (-again.groups[name], name))
        return DeliveryFact(
            again=again.total,
            capped=again.capped,
            names=tuple(by_count),
            visibility_timeout_s=timeout_s,
            beyond_timeout=beyond,
            acks_late=late,
        )

    # -- the store ---------------------------------------------------------------------------

    def _counts_of(
        self, names: Sequence[str], now: float, start: float, end: float
    ) -> Mapping[str, Counts] | None:
        found = self._counts(where("name", *names), now, start, end, USUAL_STEP_S, by_name=True)
        return None if found is None else {each.value: each.total for each in found.groups}

    def _durations_of(
        self, names: Sequence[str], measure: Duration, now: float, start: float, end: float
    ) -> Mapping[str, Durations] | None:
        found = self._durations(
            where("name", *names), measure, now, start, end, USUAL_STEP_S, by_name=True
        )
        if found is None:
            return None
        return {each.value: each.total for each in found.groups if each.total is not None}

    def _counts(
        self, query: Node, now: float, start: float, end: float, bucket_s: float, *,
        by_name: bool = False,
    ) -> CountSeries | None:  # fmt: skip
        """None where time was too short for all of it."""
        found = self._store.series(
            query, now=now, measure="count", start=start, end=end, bucket_s=bucket_s,
            by="name" if by_name else None, top=NAMES_MAX, budget_s=QUESTION_S,
        )  # fmt: skip
        return found if isinstance(found, CountSeries) and found.complete else None

    def _durations(
        self, query: Node, measure: Duration, now: float, start: float, end: float,
        bucket_s: float, *, by_name: bool = False,
    ) -> DurationSeries | None:  # fmt: skip
        found = self._store.series(
            query, now=now, measure=measure, start=start, end=end, bucket_s=bucket_s,
            by="name" if by_name else None, top=NAMES_MAX, budget_s=QUESTION_S,
        )  # fmt: skip
        return found if isinstance(found, DurationSeries) and found.complete else None


def _recurring(task: Task) -> RecurringTask | None:
    """The deliveries of the try that a task is at: what it retried before was asked for."""
    last_try = max((each.number for each in task.attempts), default=0)
    times = [
        each.received
        for each in task.attempts
        if each.number == last_try and each.received is not None
    ]
    if not times or task.name is None:
        return None
    return RecurringTask(
        uuid=task.uuid,
        name=task.name,
        worker=task.worker or "",
        deliveries=len(times),
        or_more="shortened" in task.flags,
        first=min(times),
        last=max(times),
    )


def _recent_start(now: float) -> float:
    """The beginning of the minute a quarter of an hour ago: buckets are given whole."""
    return (now - RECENT_S) // STEP_S * STEP_S


def _since(field: str, ago_s: float) -> Node:
    return During(field, Moment(relative=-ago_s), None)
