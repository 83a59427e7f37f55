"""The SQLite store: one directory, one writer, any number of readers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from umbel.clock import Clock, SystemClock
from umbel.cluster.events import Event
from umbel.cluster.losses import Loss, Losses, ProcessCount
from umbel.cluster.task import Task
from umbel.cluster.worker import SignOfLife, Worker
from umbel.errors import StoreFull
from umbel.query.ast import Node
from umbel.store.base import (
    NEWEST_FIRST,
    Applied,
    Changes,
    CollectorStatus,
    Count,
    KeptGap,
    LogPage,
    MetricCounts,
    Order,
    Page,
    Retention,
    StoreStatus,
    Suggestion,
    Workflow,
)
from umbel.store.capabilities import Grouping, Measure, StoreCapabilities
from umbel.store.series import Series
from umbel.store.sqlite import status
from umbel.store.sqlite.costs import COSTS, Costs
from umbel.store.sqlite.files import catalog, damage, looks, missed, private_files
from umbel.store.sqlite.files.catalog import Catalog
from umbel.store.sqlite.files.data_directory import must_be_readable
from umbel.store.sqlite.files.errors import cut_off, missing, translated
from umbel.store.sqlite.files.lock import WriterLock
from umbel.store.sqlite.files.partition_files import remove_remains
from umbel.store.sqlite.files.paths import is_cut_off, meta_path, numbers_in
from umbel.store.sqlite.files.store_id import read_id
from umbel.store.sqlite.search import (
    changes,
    counting,
    page,
    suggesting,
    task_logs,
    task_lookup,
    workflow_list,
)
from umbel.store.sqlite.search import series as drawing
from umbel.store.sqlite.search.reader import Deadline, Reader
from umbel.store.sqlite.search.workflow_tasks import workflow_tasks
from umbel.store.sqlite.text.indexer import Indexer
from umbel.store.sqlite.write.retention import Trimmer
from umbel.store.sqlite.write.writer import Writer
from umbel.store.sqlite.write.writer_load import WriterLoad
from umbel.store.workflows import TASKS_MAX, WorkflowPage, WorkflowTasks

CAPABILITIES = StoreCapabilities()
#: How many tasks a partition holds.
PARTITION_TASKS = 1_000_000
_WORKFLOW_BUDGET_S = 5.0


class SqliteStore:
    """See `store.base.Store`.

    With `write` the directory is made if it is missing and locked for this process;
    without, it must hold a store. `partition_tasks` is about how many tasks go into a file,
    `index` whether texts are indexed behind the writes, `costs` what searches are planned by.
    Raises `StoreBusy`, `StoreTooNew`, `StoreUnwritable`, `StoreCorrupt`, or `StoreError` if
    there is nothing to read.
    """

    def __init__(
        self,
        directory: Path,
        *,
        write: bool,
        clock: Clock | None = None,
        partition_tasks: int = PARTITION_TASKS,
        index: bool = True,
        costs: Costs = COSTS,
    ) -> None:
        self._directory = directory
        self._costs = costs
        self._clock = clock or SystemClock()
        self._writer_load = WriterLoad(self._clock)
        self._lock: WriterLock | None = None
        self._writer: Writer | None = None
        self._indexer: Indexer | None = None
        self._trimmer: Trimmer | None = None
        self._look_noted = 0.0
        # Who writes reads little: the rest is for others, in processes of their own.
        self._reader = Reader(directory, self._clock, costs, is_small=write)
        if not write:
            must_be_readable(directory)
        with translated(directory):
            if is_cut_off(directory):
                raise cut_off(directory)
        if write:
            self._open_to_write(partition_tasks, index)
        elif not (meta_path(directory).exists() or numbers_in(directory)):
            raise missing(directory)
        else:
            self._must_be_of_today()

    def _must_be_of_today(self) -> None:
        """A newer Umbel that began with the oldest file of tasks may not have come to the newest;
        whoever would read some alone would call that the history."""
        numbers = self._reader.numbers()
        for number in {*numbers[:1], *numbers[-1:]}:
            with self._reader.partition(number):
                pass

    def _open_to_write(self, partition_tasks: int, index: bool) -> None:
        self._lock = WriterLock(self._directory)
        private_files.close_to_others(self._directory, self._directory / damage.FOLDER)
        try:
            remove_remains(self._directory)
            self._writer = Writer(self._directory, partition_tasks, self._lock, self._clock)
            with contextlib.suppress(StoreFull):
                self._writer.write_catalog(Catalog.end_collectors)
            self._trimmer = Trimmer(self._directory, self._writer)
            if index:
                with translated(self._directory):
                    self._indexer = Indexer(
                        self._directory, self._writer, self._writer_load, self._clock, self._costs
                    )
                self._indexer.start()
        except BaseException:
            self.close()
            raise

    @property
    def _writing(self) -> Writer:
        if self._writer is None:
            raise RuntimeError("This store was opened to read.")
        return self._writer

    def _deadline(self, budget_s: float) -> Deadline:
        return Deadline(self._clock, budget_s)

    @property
    def id(self) -> str:
        if self._writer is not None:
            return self._writer.id
        with translated(self._directory):
            return read_id(self._directory)

    @property
    def capabilities(self) -> StoreCapabilities:
        return CAPABILITIES

    @property
    def has_one_writer(self) -> bool:
        return True

    # -- writing ---------------------------------------------------------------------------

    def apply(
        self,
        events: Sequence[Event],
        losses: Losses | None = None,
        signs: Iterable[SignOfLife] = (),
    ) -> Applied:
        with self._writer_load:
            return self._writing.apply(events, losses, signs)

    def keep_gaps(self, gaps: Sequence[KeptGap]) -> None:
        self._writing.write_catalog(lambda meta: meta.put_gaps(gaps))

    def report(self, status: CollectorStatus) -> None:
        self._writing.write_catalog(lambda meta: meta.put_collector(status))

    def keep_metric_counts(
        self, metric_counts: MetricCounts, instead_of: Iterable[str] = ()
    ) -> None:
        gone = tuple(instead_of)
        self._writing.write_catalog(lambda meta: meta.put_metric_counts(metric_counts, gone))

    def trim(self, retention: Retention, now: float) -> int:
        if self._trimmer is None:
            raise RuntimeError("This store was opened to read.")
        # A full disk lets nothing be written before something was removed.
        trimmed = self._trimmer.trim(retention, now)
        age_s = retention.max_age_s
        before = None if age_s is None else now - age_s
        self._writing.write_catalog(lambda meta: meta.forget_missed(before))
        return trimmed

    def is_looked_at(self) -> bool:
        return looks.is_looked_at(self._directory, self._clock.now())

    # -- reading ---------------------------------------------------------------------------

    def note_look(self) -> None:
        now = self._clock.now()
        if not 0 <= now - self._look_noted < looks.NOTED_EVERY_S:
            self._look_noted = now
            looks.note_look(self._directory, now)

    def task(self, uuid: str) -> Task | None:
        return task_lookup.task(self._reader, uuid)

    def tasks(self, uuids: Iterable[str]) -> Mapping[str, Task]:
        return task_lookup.tasks(self._reader, uuids)

    def task_log(self, uuid: str, after: str = "", limit: int = 1_000) -> LogPage:
        return task_logs.task_log(self._reader, uuid, after, limit)

    def has_logs(self) -> bool:
        return task_logs.has_logs(self._reader)

    def search(
        self,
        query: Node,
        *,
        now: float,
        order: Order = NEWEST_FIRST,
        cursor: str | None = None,
        limit: int = 50,
        budget_s: float = 2.0,
    ) -> Page:
        self.capabilities.check_order(order.field)
        return page.search(
            self._reader, query, now=now, order=order, cursor=cursor, limit=limit,
            deadline=self._deadline(budget_s),
        )  # fmt: skip

    def count(
        self,
        query: Node,
        *,
        now: float,
        by: Grouping | None = None,
        cap: int = 10_000,
        budget_s: float = 2.0,
    ) -> Count:
        self.capabilities.check_grouping(by)
        return counting.count(
            self._reader, query, now=now, by=by, cap=cap, deadline=self._deadline(budget_s)
        )

    def series(
        self,
        query: Node,
        *,
        now: float,
        measure: Measure,
        start: float,
        end: float,
        bucket_s: float,
        by: Grouping | None = None,
        top: int = 10,
        budget_s: float = 2.0,
    ) -> Series:
        self.capabilities.check_series(query, measure, by)
        return drawing.series(
            self._reader, query, now=now, measure=measure, start=start, end=end,
            bucket_s=bucket_s, by=by, top=top, deadline=self._deadline(budget_s),
        )  # fmt: skip

    def suggest(self, field: str, prefix: str, limit: int = 10) -> tuple[Suggestion, ...]:
        return suggesting.suggest(self._reader, field, prefix, limit)

    def workflow(self, root_id: str, limit: int = 1_000) -> Workflow[Task]:
        return task_lookup.workflow(
            self._reader, root_id, limit, self._deadline(_WORKFLOW_BUDGET_S)
        )

    def workflow_tasks(
        self, workflow_id: str, *, limit: int = TASKS_MAX, budget_s: float = 2.0
    ) -> WorkflowTasks:
        return workflow_tasks(self._reader, workflow_id, limit, self._deadline(budget_s))

    def workflows(
        self, *, cursor: str | None = None, limit: int = 50, budget_s: float = 1.0
    ) -> WorkflowPage:
        return workflow_list.workflows(self._reader, cursor, limit, self._deadline(budget_s))

    def workers(self) -> tuple[Worker, ...]:
        return self._reader.of_meta(catalog.workers, ())

    def worker(self, hostname: str) -> Worker | None:
        return self._reader.of_meta(lambda meta: catalog.worker(meta, hostname), None)

    def seq(self) -> int:
        return changes.newest_seq(self._reader, self._reader.numbers())

    def follow(self, after: int, limit: int = 1_000) -> Changes:
        return changes.follow(self._reader, after, limit)

    def processes(self) -> tuple[ProcessCount, ...]:
        return self._reader.of_meta(missed.processes, ())

    def losses(self, start: float | None = None, end: float | None = None) -> tuple[Loss, ...]:
        return self._reader.of_meta(lambda held: missed.losses(held, start, end), ())

    def gaps(self, start: float | None = None, end: float | None = None) -> tuple[KeptGap, ...]:
        return self._reader.of_meta(lambda held: missed.gaps(held, start, end), ())

    def collectors(self) -> tuple[CollectorStatus, ...]:
        return self._reader.of_meta(catalog.collectors, ())

    def metric_counts(self) -> tuple[MetricCounts, ...]:
        return self._reader.of_meta(catalog.metric_counts, ())

    def status(self) -> StoreStatus:
        return status.status(self._reader)

    def close(self) -> None:
        self._reader.close()
        if self._indexer is not None:
            self._indexer.stop()
            self._indexer = None
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None
