"""Tasks of which nothing was heard, as they came and went in a gap: looked for once after it.

Theory of operation. Workers list what they run and hold (three questions). Then the result backend
is asked, if it can list what it keeps: bit by bit, within the rate of look-ups that is set, so that
it is no burden however many results there are. Of what it lists, only tasks that ended in the gap
are taken: results of before Umbel was there are no news. One gap is searched at a time; those that
come meanwhile wait, and those that touch become one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from umbel.clock import Clock
from umbel.cluster.events import Event
from umbel.cluster.task import ENDED
from umbel.errors import UmbelError
from umbel.results.base import Result, ResultBackend, ResultListing
from umbel.services.healing.answers import fact_of_result, facts_of_request
from umbel.services.healing.clock_skews import ClockSkews, clock_skews
from umbel.services.healing.lookup_rate import LookupRate
from umbel.services.healing.worker_questions import WorkerQuestions
from umbel.store.base import Store

#: Workers' clocks, and what is on its way when a gap begins or ends, seconds.
MARGIN_S: Final = 10.0
#: So many bits of a listing are read for one gap: 20 million keys on Redis.
BITS_MAX: Final = 20_000
#: So many bits are read in a second.
BITS_PER_S: Final = 20.0
#: Results that are asked for at once.
AT_ONCE: Final = 500

#: How much longer each time until what failed is tried again, seconds, and how often it is.
FAILED_S: Final = 5.0
FAILURES_MAX: Final = 10

_LISTS: Final = ("active", "reserved", "scheduled")


class GapSearch:
    """One thread. `lists_results`: whether the backend may be asked what it keeps."""

    def __init__(
        self,
        store: Store,
        results: ResultBackend,
        questions: WorkerQuestions,
        rate: LookupRate,
        clock: Clock,
        *,
        lists_results: bool = True,
    ) -> None:
        self._store = store
        self._results = results
        self._questions = questions
        self._rate = rate
        self._clock = clock
        self._lists_results = lists_results
        self._waiting: tuple[float, float] | None = None
        self._searched: tuple[float, float] | None = None
        self._lists: list[str] = []
        self._cursor: str | None = None
        self._bits = 0
        self._bit_at = 0.0
        self._unread: list[str] = []
        self._failures = 0
        self._again_at = 0.0
        self.listed = 0

    @property
    def is_on(self) -> bool:
        """Whether a gap is searched, or waits to be."""
        return self._searched is not None or self._waiting is not None

    @property
    def has_failed(self) -> bool:
        """Whether what is tried next has failed before."""
        return self._failures > 0

    def add(self, start: float, end: float) -> None:
        """Search from `start` to `end` (Unix seconds) as well."""
        if self._waiting is not None:
            start, end = min(start, self._waiting[0]), max(end, self._waiting[1])
        self._waiting = (start, end)

    def step(self) -> Iterator[Event]:
        """Go on for a moment. Raises `BrokerError` and `ResultsUnavailable`; what failed is tried
        again by later calls, and given up when it fails for long."""
        now = self._clock.monotonic()
        if now < self._again_at:
            return
        try:
            yield from self._step()
        except UmbelError:
            self._failures += 1
            self._again_at = now + FAILED_S * self._failures
            if self._failures >= FAILURES_MAX:
                self._give_up()
            raise
        self._failures = 0

    def _give_up(self) -> None:
        """Who does not answer is passed over; a backend that cannot be asked knows nothing."""
        self._failures = 0
        if self._lists:
            self._lists.pop()
        else:
            self._cursor, self._unread = None, []

    def _step(self) -> Iterator[Event]:
        if self._searched is None:
            self._begin()
        if self._lists:
            if self._questions.may_ask:
                yield from self._of_workers(self._lists[-1])
        elif self._unread:
            yield from self._of_results()
        elif self._cursor is not None:
            self._list()
        else:
            self._searched = None

    def _begin(self) -> None:
        if self._waiting is None:
            return
        self._searched, self._waiting = self._waiting, None
        self._lists = list(reversed(_LISTS))
        self._cursor = "" if self._lists_results else None
        self._bits = 0

    def _of_workers(self, what: str) -> Iterator[Event]:
        held = self._questions.listed(what)
        self._lists.pop()
        at = self._clock.now()
        stored = self._store.tasks([str(each.request.get("id")) for each in held])
        for each in held:
            task = stored.get(str(each.request.get("id")))
            yield from facts_of_request(each.worker, each.held, each.request, task, at)

    def _list(self) -> None:
        """One more bit of the listing."""
        now = self._clock.monotonic()
        if self._cursor is None or self._searched is None or now < self._bit_at:
            return
        self._bit_at = now + 1 / BITS_PER_S
        found = (
            self._results.list_ids(
                self._cursor, self._searched[0] + self._skews().behind_s - MARGIN_S
            )
            if isinstance(self._results, ResultListing)
            else None
        )
        if found is None:
            self._cursor = None
            return
        self.listed += len(found.ids)
        self._bits += 1
        self._unread = self._unended(found.ids)
        is_over = found.are_older or self._bits >= BITS_MAX
        self._cursor = None if is_over else found.cursor

    def _unended(self, ids: Sequence[str]) -> list[str]:
        """Those of which no end was heard; of one that nobody knew, it may have come since."""
        stored = self._store.tasks(ids)
        ended = {uuid for uuid, task in stored.items() if task.state in ENDED}
        return [each for each in dict.fromkeys(ids) if each not in ended]

    def _of_results(self) -> Iterator[Event]:
        count = min(AT_ONCE, len(self._unread), self._rate.left())
        if count <= 0:
            return
        ids = self._unread[:count]
        self._rate.take(count)
        at = self._clock.now()
        stored = self._store.tasks(ids)
        skews = self._skews()
        found = [
            fact_of_result(result, stored.get(result.task_id), at, skews.apart_s)
            for result in self._results.get_many(ids)
            if self._is_in_gap(result, skews)
        ]
        self._unread = self._unread[count:]
        yield from filter(None, found)

    def _skews(self) -> ClockSkews:
        """Ours may have been set, too."""
        return clock_skews(self._store.workers())

    def _is_in_gap(self, result: Result, skews: ClockSkews) -> bool:
        if self._searched is None or result.date_done is None:
            return False
        start, end = self._searched
        behind, ahead = skews
        return start + behind - MARGIN_S <= result.date_done <= end + ahead + MARGIN_S
