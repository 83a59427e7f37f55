"""A store in memory: the oracle that the others are held to.

It keeps every task's events in a dictionary and answers every question by looking at all
of them, so that each answer can be seen to be right. It is a full `Store` (thread-safe,
paged, followed, trimmed), for tests and for clusters so small that a restart may forget
them. Nothing survives the process. The rules that it follows stand in `umbel.store.base`.
"""

from __future__ import annotations

import math
import secrets
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from umbel.clock import Clock, SystemClock
from umbel.cluster.events import WORKER_KINDS, Event
from umbel.cluster.facts import join, repeated
from umbel.cluster.losses import Loss, Losses, ProcessCount
from umbel.cluster.task import Task, project
from umbel.cluster.worker import SignOfLife, Worker, observe, witness
from umbel.query.arguments import keys
from umbel.query.ast import EVERYTHING, Comparison, Matches, Node, Or
from umbel.query.folding import fold
from umbel.query.match import compile_query
from umbel.store.base import (
    COLLECTORS_MAX,
    NEWEST_FIRST,
    Applied,
    Change,
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
from umbel.store.capabilities import GROUPINGS, Grouping, Measure, StoreCapabilities
from umbel.store.cursors import read_cursor, write_cursor
from umbel.store.memory_logs import LogsInMemory
from umbel.store.memory_missed import MissedInMemory
from umbel.store.memory_rows import (
    MemoryRow,
    arrival_of,
    comes_after,
    packed_size,
    position_of,
    seq_of,
    sorted_rows,
    without_body,
)
from umbel.store.memory_workflows import MemoryLookup, workflow_page
from umbel.store.missed import merged, overlaps
from umbel.store.series import Series
from umbel.store.series_of_tasks import series_of_tasks
from umbel.store.stamps import Stamps
from umbel.store.workflows import TASKS_MAX, WorkflowPage, WorkflowTasks, gather, in_order

CAPABILITIES = StoreCapabilities()
#: How many groups `count` gives.
GROUPS_MAX = 50
#: How many tasks a partition holds.
PARTITION_TASKS = 100_000
#: For how long somebody who looked is taken to look, seconds.
LOOK_S = 5.0
#: Changes of which it is known what they changed.
CHANGES_MAX = 100_000


class MemoryStore:
    """See the module and `store.base.Store`. Every method may be called from any thread. With
    `shares_numbers` all tasks that one `apply` changes have one change number."""

    def __init__(
        self,
        *,
        partition_tasks: int = PARTITION_TASKS,
        clock: Clock | None = None,
        capabilities: StoreCapabilities = CAPABILITIES,
        shares_numbers: bool = False,
    ) -> None:
        self._shares_numbers = shares_numbers
        self._capabilities = capabilities
        self._lock = threading.RLock()
        self._partition_tasks = partition_tasks
        self._rows: dict[str, MemoryRow] = {}
        self._workers: dict[str, Worker] = {}
        self._collectors: dict[str, CollectorStatus] = {}
        self._metric_counts: dict[str, MetricCounts] = {}
        self._missed = MissedInMemory()
        self._logs = LogsInMemory()
        self._arrivals = 0
        self._id = secrets.token_hex(8)
        #: The last change number that was drawn, and those whose changes are not seen yet.
        self._drawn = 0
        self._open: list[int] = []
        self._clock = clock or SystemClock()
        self._stamps = Stamps(self._clock)
        self._looked_at = -math.inf
        #: Each change: its number, its task, and the state before.
        self._log: deque[tuple[int, str, str | None]] = deque(maxlen=CHANGES_MAX)

    @property
    def id(self) -> str:
        return self._id

    @property
    def capabilities(self) -> StoreCapabilities:
        return self._capabilities

    @property
    def has_one_writer(self) -> bool:
        return False

    # -- writing ---------------------------------------------------------------------------

    def apply(
        self,
        events: Sequence[Event],
        losses: Losses | None = None,
        signs: Iterable[SignOfLife] = (),
    ) -> Applied:
        return self.begin(events, losses, signs)()

    def begin(
        self,
        events: Sequence[Event],
        losses: Losses | None = None,
        signs: Iterable[SignOfLife] = (),
    ) -> Callable[[], Applied]:
        """`apply` in two steps, as a database has it: change numbers are drawn now, and what
        changes is seen once the function is called that this gives."""
        with self._lock:
            first = self._drawn + 1
            about = (each.uuid for each in events if each.is_task or each.log_lines is not None)
            tasks = len({uuid for uuid in about if uuid})
            self._drawn += min(tasks, 1) if self._shares_numbers else tasks
            self._open.append(first)

        def commit() -> Applied:
            with self._lock:
                try:
                    return self._committed(first, events, losses, signs)
                finally:
                    self._open.remove(first)

        return commit

    def _committed(
        self,
        first: int,
        events: Sequence[Event],
        losses: Losses | None,
        signs: Iterable[SignOfLife],
    ) -> Applied:
        self._stamps.begin()
        rows, again = self._joined(events, first)
        workers = self._observed(events, signs)
        new = sum(uuid not in self._rows for uuid in rows)
        self._note(rows, first)
        self._rows.update(rows)
        self._workers.update(workers)
        if losses is not None:
            self._missed.put(losses)
        self._arrivals += new
        grown, logged_again = self._logs.add(events, self._arrivals)
        self._note_grown([uuid for uuid in grown if uuid not in rows], first, len(rows))
        return Applied(bool(rows or workers or grown), [*again, *logged_again])

    def _note_grown(self, uuids: Iterable[str], first: int, noted: int) -> None:
        """The logs of these tasks grew, and nothing else of them changed; so many others did."""
        known = [self._rows[uuid] for uuid in uuids if uuid in self._rows]
        for index, row in enumerate(known, noted):
            seq = self._number(first, index)
            self._log.append((seq, row.task.uuid, row.task.state))
            self._rows[row.task.uuid] = msgspec.structs.replace(row, seq=max(seq, row.seq))

    def _joined(
        self, events: Iterable[Event], first: int
    ) -> tuple[dict[str, MemoryRow], list[Event]]:
        """The rows that `events` change, as they will be, numbered from `first` on; and the events
        that were known."""
        by_task: dict[str, list[Event]] = {}
        for event in events:
            if event.is_task and event.uuid:
                by_task.setdefault(event.uuid, []).append(event)
        changed: dict[str, MemoryRow] = {}
        again: list[Event] = []
        arrival = self._arrivals
        for uuid, new_events in by_task.items():
            row = self._rows.get(uuid)
            stored = row.facts if row is not None else ()
            again += repeated(stored, new_events)
            facts = join(stored, new_events)
            if facts is stored:
                continue
            seq = self._number(first, len(changed))
            if row is None:
                arrival += 1
            changed[uuid] = MemoryRow(
                row.arrival if row is not None else arrival,
                seq if row is None else max(seq, row.seq),
                facts,
                project(uuid, facts, self._stamps.next()),
            )
        return changed, again

    def _number(self, first: int, index: int) -> int:
        """The number of a change of those whose numbers were drawn from `first` on."""
        return first if self._shares_numbers else first + index

    def _note(self, rows: dict[str, MemoryRow], first: int) -> None:
        for index, uuid in enumerate(rows):
            before = self._rows.get(uuid)
            seq = self._number(first, index)
            self._log.append((seq, uuid, None if before is None else before.task.state))

    def _observed(self, events: Iterable[Event], signs: Iterable[SignOfLife]) -> dict[str, Worker]:
        changed: dict[str, Worker] = {}
        given = {sign.hostname: sign for sign in signs}
        for event in events:
            if event.type not in WORKER_KINDS:
                continue
            before = changed.get(event.hostname) or self._workers.get(event.hostname)
            sign = given.get(event.hostname)
            after = observe(before, event, sign.heard if sign else None)
            if after is not before:
                changed[event.hostname] = after
        for name, sign in given.items():
            earlier = changed.get(name) or self._workers.get(name)
            after = witness(earlier, sign)
            if after is not earlier:
                changed[name] = after
        return changed

    def report(self, status: CollectorStatus) -> None:
        with self._lock:
            self._collectors[status.collector] = status

    def is_looked_at(self) -> bool:
        return abs(self._clock.now() - self._looked_at) < LOOK_S

    def note_look(self) -> None:
        self._looked_at = self._clock.now()

    def keep_metric_counts(
        self, metric_counts: MetricCounts, instead_of: Iterable[str] = ()
    ) -> None:
        with self._lock:
            for name in instead_of:
                self._metric_counts.pop(name, None)
            self._metric_counts[metric_counts.collector] = metric_counts

    def keep_gaps(self, gaps: Sequence[KeptGap]) -> None:
        with self._lock:
            self._missed.gaps = merged([*self._missed.gaps, *gaps])

    def trim(self, retention: Retention, now: float) -> int:
        with self._lock:
            self._missed.forget(None if retention.max_age_s is None else now - retention.max_age_s)
            self._forget_collectors()
            partitions = self._partitions()
            removed: list[MemoryRow] = []
            for partition in partitions[:-1]:
                if not self._is_beyond(retention, partition, now):
                    break
                removed += partition
                for row in partition:
                    del self._rows[row.task.uuid]
                self._logs.forget(partition[-1].arrival, self._rows)
            return len(removed)

    def _forget_collectors(self) -> None:
        newest = sorted(self._collectors.values(), key=lambda each: -each.at)
        for each in newest[COLLECTORS_MAX:]:
            del self._collectors[each.collector]
            self._metric_counts.pop(each.collector, None)

    def _partitions(self) -> list[list[MemoryRow]]:
        partitions: dict[int, list[MemoryRow]] = {}
        for row in sorted(self._rows.values(), key=arrival_of):
            partitions.setdefault((row.arrival - 1) // self._partition_tasks, []).append(row)
        return list(partitions.values())

    def _is_beyond(self, retention: Retention, oldest: list[MemoryRow], now: float) -> bool:
        """Whether `oldest` must go, with the rows that are there now."""
        age, size, tasks = retention.max_age_s, retention.max_bytes, retention.max_tasks
        if age is not None and max(row.task.timestamp for row in oldest) < now - age:
            return True
        if tasks is not None and len(self._rows) > tasks:
            return True
        return size is not None and packed_size(self._rows.values()) > size

    # -- reading ---------------------------------------------------------------------------

    def _all(self) -> list[MemoryRow]:
        with self._lock:
            return list(self._rows.values())

    def _matching(self, query: Node, now: float) -> list[MemoryRow]:
        matches = compile_query(query, now)
        return [row for row in self._all() if matches(row.task)]

    def task(self, uuid: str) -> Task | None:
        with self._lock:
            row = self._rows.get(uuid)
            return row.task if row is not None else None

    def tasks(self, uuids: Iterable[str]) -> Mapping[str, Task]:
        with self._lock:
            return {each: self._rows[each].task for each in uuids if each in self._rows}

    def task_log(self, uuid: str, after: str = "", limit: int = 1_000) -> LogPage:
        with self._lock:
            return self._logs.page(uuid, after, limit)

    def has_logs(self) -> bool:
        with self._lock:
            return bool(self._logs)

    def search(
        self,
        query: Node,
        *,
        now: float,
        order: Order = NEWEST_FIRST,
        cursor: str | None = None,
        limit: int = 50,
        budget_s: float = 2.0,  # noqa: ARG002  nothing here takes long enough
    ) -> Page:
        self._capabilities.check_order(order.field)
        after = read_cursor(cursor, order) if cursor is not None else None
        if limit < 1:
            raise ValueError(f"a page holds at least one task, not {limit}")
        rows = sorted_rows(self._matching(query, now), order)
        if after is not None:
            rows = [row for row in rows if comes_after(position_of(row, order), after, order)]
        page = rows[:limit]
        following = write_cursor(position_of(page[-1], order), order) if len(rows) > limit else None
        return Page(items=tuple(without_body(row.task) for row in page), cursor=following)

    def count(
        self,
        query: Node,
        *,
        now: float,
        by: Grouping | None = None,
        cap: int = 10_000,
        budget_s: float = 2.0,  # noqa: ARG002  nothing here takes long enough
    ) -> Count:
        self._capabilities.check_grouping(by)
        rows = self._matching(query, now)
        groups = _frequencies(getattr(row.task, by) for row in rows) if by else []
        return Count(
            total=min(len(rows), cap),
            capped=len(rows) > cap,
            groups=dict(groups[:GROUPS_MAX]),
            groups_complete=by is not None and len(groups) <= GROUPS_MAX,
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
        budget_s: float = 2.0,  # noqa: ARG002  nothing here takes long enough
    ) -> Series:
        self._capabilities.check_series(query, measure, by)
        tasks = [row.task for row in self._matching(query, now)]
        return series_of_tasks(
            tasks, query, measure=measure, start=start, end=end, bucket_s=bucket_s, by=by, top=top
        )

    def suggest(self, field: str, prefix: str, limit: int = 10) -> tuple[Suggestion, ...]:
        values = _SUGGESTED.get(field)
        if values is None:
            raise ValueError(f"values of {field} are not suggested")
        wanted = fold(prefix)
        found = [
            (value, count)
            for value, count in _frequencies(v for row in self._all() for v in values(row.task))
            if wanted in fold(value)
        ]
        found.sort(key=lambda pair: not fold(pair[0]).startswith(wanted))
        return tuple(Suggestion(value, count) for value, count in found[:limit])

    def workflow(self, root_id: str, limit: int = 1_000) -> Workflow[Task]:
        ids = (root_id,)
        query = Or(
            (Matches("root", Comparison.EQUALS, ids), Matches("uuid", Comparison.EQUALS, ids))
        )
        rows = self._matching(query, now=0.0)
        rows.sort(key=lambda row: (row.task.seen, row.arrival))
        tasks = tuple(without_body(row.task) for row in rows[:limit])
        return Workflow(root_id=root_id, tasks=tasks, complete=len(rows) <= limit)

    def workflow_tasks(
        self,
        workflow_id: str,
        *,
        limit: int = TASKS_MAX,
        budget_s: float = 2.0,  # noqa: ARG002  nothing here takes long enough
    ) -> WorkflowTasks:
        lookup = MemoryLookup([row.task for row in self._all()])
        return in_order(gather(lookup, workflow_id, limit), limit)

    def workflows(
        self,
        *,
        cursor: str | None = None,
        limit: int = 50,
        budget_s: float = 1.0,  # noqa: ARG002  nothing here takes long enough
    ) -> WorkflowPage:
        return workflow_page([(row.task, row.arrival) for row in self._all()], cursor, limit)

    def workers(self) -> tuple[Worker, ...]:
        with self._lock:
            return tuple(self._workers[name] for name in sorted(self._workers))

    def worker(self, hostname: str) -> Worker | None:
        with self._lock:
            return self._workers.get(hostname)

    def seq(self) -> int:
        with self._lock:
            return min(self._open, default=self._drawn + 1) - 1

    def follow(self, after: int, limit: int = 1_000) -> Changes:
        with self._lock:
            watermark = self.seq()
            if not 0 <= after <= watermark:
                return Changes(items=(), seq=watermark, skipped=None)
            was: dict[str, str | None] = {}
            for seq, uuid, state in self._log:
                if after < seq <= watermark:
                    was.setdefault(uuid, state)
            changed = sorted(
                (
                    row
                    for row in self._all()
                    if after < row.seq <= watermark or row.task.uuid in was
                ),
                key=seq_of,
            )
            newest = changed[max(0, len(changed) - limit) :]
            return Changes(
                items=tuple(
                    Change(row.seq, row.task, was.get(row.task.uuid, row.task.state))
                    for row in newest
                ),
                seq=watermark,
                skipped=len(changed) - len(newest),
            )

    def processes(self) -> tuple[ProcessCount, ...]:
        with self._lock:
            return tuple(each for _, each in sorted(self._missed.processes.items()))

    def losses(self, start: float | None = None, end: float | None = None) -> tuple[Loss, ...]:
        with self._lock:
            found = [each for _, each in sorted(self._missed.losses.items())]
            return tuple(each for each in found if overlaps(each, start, end))

    def gaps(self, start: float | None = None, end: float | None = None) -> tuple[KeptGap, ...]:
        with self._lock:
            return tuple(each for each in self._missed.gaps if overlaps(each, start, end))

    def collectors(self) -> tuple[CollectorStatus, ...]:
        with self._lock:
            return tuple(self._collectors[name] for name in sorted(self._collectors))

    def metric_counts(self) -> tuple[MetricCounts, ...]:
        with self._lock:
            return tuple(self._metric_counts[name] for name in sorted(self._metric_counts))

    def status(self) -> StoreStatus:
        with self._lock:
            rows = sorted(self._matching(EVERYTHING, now=0.0), key=arrival_of)
            return StoreStatus(
                kind="memory",
                location="this process",
                tasks=len(rows),
                size_bytes=packed_size(rows),
                seq=self.seq(),
                oldest=min((row.task.seen for row in rows), default=None),
                newest=max((row.task.seen for row in rows), default=None),
            )

    def close(self) -> None:
        """Nothing to release."""


def _frequencies(values: Iterable[str | None]) -> list[tuple[str, int]]:
    """Each value and how often it comes, most frequent first, then by value."""
    counted = Counter(value for value in values if value is not None)
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))


def _one(name: str) -> Callable[[Task], list[str]]:
    def values(task: Task) -> list[str]:
        value = getattr(task, name)
        return [] if value is None else [value]

    return values


_SUGGESTED: dict[str, Callable[[Task], list[str]]] = {
    **{name: _one(name) for name in GROUPINGS},
    "key": lambda task: keys(task.kwargs),
}
