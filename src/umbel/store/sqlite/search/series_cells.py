"""What is asked of a series, and the cells that are filled for it, from roll-ups or tasks."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from umbel.cluster.task import ENDED
from umbel.query.ast import Node
from umbel.store.capabilities import Grouping, Measure
from umbel.store.series import Series
from umbel.store.series_lines import Cells, CountCell, count_series, duration_series
from umbel.store.series_of_tasks import counts_seen
from umbel.store.sqlite.search.duration_histogram import DurationHistogram


class SeriesRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The buckets of `bucket_s` seconds from `first` to before `last` (Unix seconds, both at
    the beginning of a bucket)."""

    query: Node
    now: float
    measure: Measure
    first: int
    last: int
    bucket_s: int
    by: Grouping | None
    top: int

    @property
    def with_seen(self) -> bool:
        """Whether tasks are counted by when they were first seen, too."""
        return counts_seen(self.query, self.by)

    @property
    def times(self) -> tuple[str, ...]:
        """The times of a task that say into which bucket it falls."""
        match self.measure:
            case "count":
                return ("seen", "finished") if self.with_seen else ("finished",)
            case "runtime":
                return ("finished",)
            case "wait":
                return ("started",)


class SeriesCells:
    """The cells of one series; partitions are added one after the other."""

    def __init__(self, request: SeriesRequest) -> None:
        self._request = request
        self._counts = Cells(CountCell)
        self._durations = Cells(DurationHistogram)

    def count(self, time: str, start: float, value: str | None, state: str, n: int) -> None:
        """So many more tasks of this state whose `time` lies in the bucket."""
        if time == "seen":
            self._counts.cell(value, start).seen += n
        elif state in ENDED:
            self._counts.cell(value, start).add_ended(state, n)

    def measure(
        self, start: float, value: str | None, counts: Mapping[int, int], total_s: float
    ) -> None:
        """These durations more in the bucket; there is at least one."""
        self._durations.cell(value, start).take(counts, total_s)

    def add(self, start: float, value: str | None, histogram: DurationHistogram) -> None:
        """The same from a histogram that was summed up already."""
        self._durations.cell(value, start).add(histogram)

    def series(self, *, complete: bool) -> Series:
        """The series of everything that was added."""
        asks = self._request
        if asks.measure == "count":
            return count_series(
                self._counts, asks.bucket_s, by=asks.by, top=asks.top,
                with_seen=asks.with_seen, complete=complete,
            )  # fmt: skip
        return duration_series(
            self._durations, asks.bucket_s, by=asks.by, top=asks.top, complete=complete
        )
