"""Names whose tasks are tried again and do not end, by the history, with how usual that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from umbel.clock import Clock
from umbel.cluster.task import FAILURE, SUCCESS
from umbel.query.ast import And, Between
from umbel.services.cluster.shared_calls import SharedCalls
from umbel.services.health.facts import RETRYING_S, RetryingName
from umbel.services.health.rules.base import during, where
from umbel.services.health.rules.retries import TRIED_AGAIN
from umbel.services.health.task_facts import QUESTION_S, STEP_S
from umbel.services.health.usual_hours import DAY_S
from umbel.store.base import Store
from umbel.store.series import CountSeries

#: So many tasks that are tried again are counted, and of each name so many that ended in the day
#: before.
RETRYING_MAX: Final = 2_000
BEFORE_MAX: Final = 1_000
#: Of so many names, those of the most tasks, it is told, if so many of theirs are.
NAMES_MAX: Final = 10
TRIED_MIN: Final = 10
#: What was usual is asked for so often, seconds.
USUAL_EVERY_S: Final = 300.0


class RetryFacts:
    """Asks the store. One thread at a time; raises `StoreError`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._usual: SharedCalls[float | None] = SharedCalls(clock, USUAL_EVERY_S)

    def retrying(self, now: float) -> tuple[RetryingName, ...]:
        """Of the names of which the most tasks are tried again, the most first."""
        found = self._store.count(
            And(TRIED_AGAIN), now=now, by="name", cap=RETRYING_MAX, budget_s=QUESTION_S
        )
        many = [name for name, count in found.groups.items() if name and count >= TRIED_MIN]
        many.sort(key=lambda name: (-found.groups[name], name))
        names = many[:NAMES_MAX]
        ended = self._ended(names, now) if names else {}
        return tuple(
            RetryingName(
                name=name,
                tried_again=found.groups[name],
                or_more=found.capped,
                ended=ended.get(name, 0),
                usual=self._usual.ask(name, partial(self._usual_share, name, now)),
            )
            for name in names
        )

    def _ended(self, names: Sequence[str], now: float) -> Mapping[str, int]:
        found = self._store.series(
            where("name", *names), now=now, measure="count", start=now - RETRYING_S, end=now,
            bucket_s=STEP_S, by="name", top=len(names), budget_s=QUESTION_S,
        )  # fmt: skip
        groups = found.groups if isinstance(found, CountSeries) else ()
        return {each.value: each.total.succeeded + each.total.failed for each in groups}

    def _usual_share(self, name: str, now: float) -> float | None:
        """Which part of those that ended in the day before had needed another try; None where too
        few ended."""
        before = (
            where("name", name),
            where("state", SUCCESS, FAILURE),
            during("finished", DAY_S, RETRYING_S),
        )
        all_, again = (
            self._store.count(
                And((*before, *more)), now=now, cap=BEFORE_MAX, budget_s=QUESTION_S
            ).total
            for more in ((), (Between("retries", 1, None),))
        )
        return again / all_ if all_ >= TRIED_MIN else None
