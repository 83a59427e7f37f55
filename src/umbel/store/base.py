"""The contract that every store keeps; `tests/contract/` holds each adapter to it.

A store is opened either to write (one process, one thread calls `apply`, `report`,
`keep_metric_counts` and `trim`) or to read (any number of processes; every reading method may be
called from any thread, at the same time). Methods block; callers on an event loop use threads.
What cannot be done raises a `StoreError` that says what to do next, and leaves the store as it
was. A damaged part of a store stops neither writing nor reading of the others: answers are
given without it, and `status` tells what is missing.

Change numbers. Each change of a task has a number, and `seq` is a *watermark*: everything at or
below it is visible and stays so. Numbers grow, with gaps; tasks that were changed together may
share one; and the watermark may lag behind `apply`. For example, of two writers the first draws
number 7 and commits late, the second draws 8 and commits at once: the watermark stays at 6 until
the first has committed, and then is 8. So whoever asks `follow(seq)`, again and again with the
number that the last answer gave, misses no change, however late a writer commits.

Rules that every store follows:

- *Arrival* is the order in which the store first saw tasks. It orders `seen`, and breaks every
  tie, newest first. Tasks that came in one `apply`, or from two writers at about the same time,
  may stand in either order, but in every answer in the same. Text is ordered by code point,
  missing values come last.
- *Series.* Buckets begin at multiples of `bucket_s`, which is a whole number of minutes;
  every bucket that overlaps [start, end) is given whole. `count` gives how many tasks were
  first `seen` in the bucket (None when the query asks about states, or groups by them,
  because a task has its state only later), and how many of those that are SUCCESS, FAILURE or
  REVOKED have `finished` in it. `runtime` looks at tasks whose `finished`, `wait` at tasks
  whose `started` lies in the bucket, and gives `n`, `mean`, and the nearest-rank `p50`, `p95`,
  `p99`; those three may be off by a tenth. Grouped, each task stands in the group of the value
  that it has now. Groups are ranked over the whole span: counts by tasks that were seen, then by
  those that ended, durations by their mean, both the highest first, and equal ones by value.
- *Suggestions* that begin with the prefix stand before those that contain it, whatever the
  case; the more frequent first, then by value.
- *Trim* takes away the oldest tasks, in portions as the store has them (a file, a day).
  Afterwards no more is left than `max_tasks` and `max_bytes` allow, and no task that was first
  seen more than twice `max_age_s` ago; but the newest portion always stays, and tasks that have
  not ended may. None goes for its age that was seen within `max_age_s`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import msgspec

from umbel.clock import SinceBoot
from umbel.cluster.events import Event
from umbel.cluster.gaps import Gap
from umbel.cluster.losses import Loss, Losses, ProcessCount
from umbel.cluster.task import Task, TaskSummary
from umbel.cluster.task_log import LogPart, LogRun
from umbel.cluster.worker import SignOfLife, Worker
from umbel.query.ast import Node
from umbel.store.capabilities import Grouping, Measure, StoreCapabilities
from umbel.store.series import Series
from umbel.store.workflows import TASKS_MAX, WorkflowPage, WorkflowTasks

#: Reports of collectors beyond these are forgotten by `trim`, those silent longest first.
COLLECTORS_MAX = 20

Row = TypeVar("Row", bound=TaskSummary)


class KeptGap(Gap, frozen=True, kw_only=True):
    """A gap of one collector."""

    collector: str


class Change(msgspec.Struct, frozen=True):
    """Task `task`, as it is now, last changed at number `seq`, which other tasks may share. `was`
    is the state that it had at the number asked with, None if it was not known then."""

    seq: int
    task: Task
    was: str | None = None


class Changes(msgspec.Struct, frozen=True):
    """What changed after the number that was asked for: each changed task once, as it is
    now, oldest change first. `seq` is the watermark, to ask with next. `skipped` counts
    changed tasks that were left out because of `limit`, or is None if unknown because the
    number asked with is older than what the store remembers."""

    items: tuple[Change, ...]
    seq: int
    skipped: int | None = 0


class Order(msgspec.Struct, frozen=True):
    """By which field tasks are sorted, one of `query.orders.ORDERS`. `seen` is the order in which
    the store first saw them, `changed` that in which it took in the last of each: both are the
    store's own, and no clock of another machine has a say in them. Missing values come last in
    both directions; ties go by `seen`, newest first."""

    field: str = "seen"
    descending: bool = True


NEWEST_FIRST = Order()


class Page(msgspec.Struct, frozen=True):
    """Tasks in the order asked for. `cursor` gives the next page, None after the last one.

    `complete` is False when time ran out before the page was full; `reached` is then the
    `seen` time down to which everything was looked at, and the cursor goes on from there.
    Tasks of a page carry everything but `traceback`, `attempts` and `notes`.
    """

    items: tuple[Task, ...]
    cursor: str | None
    complete: bool = True
    reached: float | None = None


class Count(msgspec.Struct, frozen=True):
    """How many tasks match. `capped`: there are more than `total`. `complete` is False
    when time ran out first: then there are at least `total`, of which 0 says nothing. `groups`:
    the most frequent values of `by`, with counts. With `groups_complete` these are all there
    are, of all tasks that match, however many; without, of those that were counted."""

    total: int
    capped: bool = False
    complete: bool = True
    groups: dict[str, int] = {}
    groups_complete: bool = False


class Suggestion(msgspec.Struct, frozen=True):
    """A value seen in a field, with about how many tasks have it."""

    value: str
    count: int


class Workflow(msgspec.Struct, Generic[Row], frozen=True):
    """All tasks that share a root, oldest first; `complete` is False past the limit. A store gives
    tasks, the HTTP API rows for them."""

    root_id: str
    tasks: tuple[Row, ...]
    complete: bool = True


class Retention(msgspec.Struct, frozen=True):
    """What may stay: None is without bound. The newest tasks always stay (see the module)."""

    max_age_s: float | None = None
    max_bytes: int | None = None
    max_tasks: int | None = None


class HealingStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What is done about events that are missing. Counts are since the collector's start: tasks of
    which somebody who was asked knew more (`healed`), of which nobody knew the end (`unknown`), and
    look-ups of results and tasks at workers. `rate` is look-ups a second over the last ten;
    `waiting` are tasks that are suspected now. `searching`: results are listed for tasks of which
    nothing was heard, so far `listed` of them. `trouble` says why somebody could not be asked."""

    healed: int = 0
    unknown: int = 0
    lookups: int = 0
    rate: float = 0.0
    waiting: int = 0
    questions: int = 0
    searching: bool = False
    listed: int = 0
    trouble: str | None = None


class StreamStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The stream of events (`umbel.worker:StreamEvents`) that a collector on Redis reads: its key,
    the id up to which the store has all of it (empty while nothing is known), and how many
    messages of it are still to be read. `is_whole`: of late nothing came that it has not."""

    key: str
    position: str = ""
    behind: int = 0
    is_whole: bool = False


class CollectorStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What one collector says of itself, at least once a second. Counts are since its
    start; times are Unix seconds; `rate` is events a second over the last ten. `broker` is
    `connected`, `connecting` or `refused`, and `trouble` the sentence that says why not
    connected, or why what comes cannot be stored. `lost` is the estimate from the
    workers' own counts (`heartbeat.processed`), of all collectors of this store so far, since
    `lost_since`.

    `lag_s` is how far the history is behind: the time that the oldest message not yet stored
    has waited here, and while a backlog is read, the age of what was stored last, by its
    newest event's stamp, but no more than the time since the broker was last seen to keep
    nothing. So a slow clock of another machine makes nothing late, and `lag_s` is 0 when
    nothing waits, here or in the broker.

    `cut_off_since` is when the broker was last heard, while it is not connected; `heard_at` when
    the last event came. `mute` has workers (50 at most) that count tasks and tell of none, and
    since when. What is `recent` is of the last minute; `faulty_since`: when the first of these
    faults came; `foreign_consumers`: how many others read from the same queue.

    `queue` is the event queue that it shares with the other collectors of the store; empty where
    each has one of its own, and hears everything. `ended` is when it ended: by its own last
    report, or, killed in a store that takes one writer at a time, when it had last reported. None
    while nothing is known of its end. `healing` is None where nobody is asked for what is
    missing, `stream` where the broker keeps no stream.

    `shed` counts messages that were left out because more came than could be stored, and
    `shed_kinds` by what they told: `logs` (nothing but log lines), `begun` (nothing but sendings,
    receipts and starts), `succeeded` (successes too), `other`. What matters least is left out
    first, in this order.

    `since_boot` is how long its machine had run at `at`, None where that cannot be known: it tells
    how long ago that was, however the clock was set meanwhile.

    `is_copied`: this is a copy of the report (or the one after it, until the broker is heard), and
    what came later was for the collector that made it."""

    collector: str
    pid: int
    started: float
    at: float
    broker: str
    broker_url: str
    transport: str
    connected_since: float | None = None
    trouble: str | None = None
    events: int = 0
    messages: int = 0
    rate: float = 0.0
    lag_s: float = 0.0
    malformed: int = 0
    shed: int = 0
    lost: int = 0
    lost_since: float | None = None
    reconnections: int = 0
    gaps: tuple[tuple[float, float], ...] = ()
    faults: dict[str, int] = {}
    samples: tuple[tuple[str, str, str], ...] = ()
    event_kinds: dict[str, int] = {}
    cut_off_since: float | None = None
    heard_at: float | None = None
    mute: dict[str, float] = {}
    recent_faults: dict[str, int] = {}
    recent_events: int = 0
    recent_shed: int = 0
    faulty_since: float | None = None
    foreign_consumers: int = 0
    queue: str = ""
    ended: float | None = None
    healing: HealingStatus | None = None
    stream: StreamStatus | None = None
    shed_kinds: dict[str, int] = {}
    recent_shed_kinds: dict[str, int] = {}
    since_boot: SinceBoot | None = None
    is_copied: bool = False


class Applied(msgspec.Struct, frozen=True):
    """What became of events that were given to `Store.apply`. It is false if the store is sure that
    all of it was known before (`changed`). `repeated` are the events, of those given, that their
    tasks had already: delivered again, or heard by another collector too. An event that was left
    out because its task has too many of its kind (`cluster/facts.py`) counts as new."""

    changed: bool
    repeated: Sequence[Event] = ()

    def __bool__(self) -> bool:
        return self.changed


class TaskExample(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A task that fell into a bucket: how many seconds it took or waited, `at` which Unix time."""

    uuid: str
    seconds: float
    at: float


class TaskCounts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one worker (or a client that sends tasks) said of the tasks of one name in one queue
    (empty where no sender told the queue).

    Counted from `since` (Unix seconds): events by type, and runtimes in seconds, by bucket
    (one more than there are bounds, none if nothing was measured) and summed. `waited_s` is
    how long the task that began last had waited at the worker, 0 once one has ended, None
    before any began; `is_due`: one without an ETA was received. `waits` and `wait_s` are of
    the seconds from being sent, or from a later ETA, to a start; `failures` of ends in failure by
    class of the exception. The examples are the last task of each bucket, by its index."""

    worker: str
    task: str
    since: float
    events: dict[str, int]
    runtimes: tuple[int, ...] = ()
    runtime_s: float = 0.0
    waited_s: float | None = None
    is_due: bool = False
    queue: str = ""
    waits: tuple[int, ...] = ()
    wait_s: float = 0.0
    failures: dict[str, int] = {}
    runtime_examples: dict[int, TaskExample] = {}
    wait_examples: dict[int, TaskExample] = {}


class MetricCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What a collector that started at `started` (Unix seconds) has counted since, and those before
    it whose counts it goes on with. `bounds` and `wait_bounds` are the upper ends of the buckets of
    runtimes and waits, in seconds. `totals` are counts that are of no task, by their names."""

    collector: str
    started: float
    bounds: tuple[float, ...]
    items: tuple[TaskCounts, ...] = ()
    wait_bounds: tuple[float, ...] = ()
    totals: dict[str, int] = {}


class DamagedPart(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the store that cannot be read, while everything else goes on: what is missing
    without it, what to do, and since when (Unix seconds).

    `name` is the file's in the data directory and `path` where it is now: with `is_aside` it
    was moved out of the way, else it is asked again each time. `reason` is what was found,
    `tasks` how many it has (0 if none is missing), and `oldest` and `newest` when the first
    and the last of them were first seen; None where unknown."""

    name: str
    sentence: str
    remedy: str = ""
    since: float | None = None
    path: str = ""
    reason: str = ""
    is_aside: bool = False
    tasks: int | None = None
    oldest: float | None = None
    newest: float | None = None


class Copied(msgspec.Struct, frozen=True):
    """A file of a copy of the store and its size, with the damage that was copied along; or the
    file of which there is none, and the damage that is why."""

    path: Path
    size_bytes: int = 0
    damage: str = ""


class StoreStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The store's own measures. `unindexed` counts tasks that text search still scans;
    `partitions` is how many files of tasks there are;
    `damaged` are the parts that cannot be read or were set aside."""

    kind: str
    location: str
    tasks: int
    size_bytes: int
    seq: int
    oldest: float | None = None
    newest: float | None = None
    unindexed: int = 0
    partitions: int = 1
    damaged: tuple[DamagedPart, ...] = ()


class LogPage(msgspec.Struct, frozen=True):
    """Pieces of a task's log in the order in which the store took them in, and all of its runs.
    `cursor` gives what comes after these, also what is not there yet: empty while there is nothing.
    `complete`: there is no more now."""

    parts: tuple[LogPart, ...] = ()
    runs: tuple[LogRun, ...] = ()
    cursor: str = ""
    complete: bool = True


class Store(Protocol):
    """Where sets of events meet. See the module's docstring for threads and errors."""

    @property
    def id(self) -> str:
        """Which store this is: random hex digits, made with it and kept as long as it is
        there, by which what is kept for it elsewhere is found. Empty only for one opened to
        read that no writer has given one yet."""

    @property
    def capabilities(self) -> StoreCapabilities:
        """What it can sort, group and chart by. Asked for anything else, `search`, `count` and
        `series` raise `CapabilityMissing`."""

    @property
    def has_one_writer(self) -> bool:
        """Whether nobody else can write while this one is open to write. Then whatever one writer
        alone may do needs no lease."""

    # -- writing: one thread -------------------------------------------------------------

    def apply(
        self,
        events: Sequence[Event],
        losses: Losses | None = None,
        signs: Iterable[SignOfLife] = (),
    ) -> Applied:
        """Join `events` with what is known. All of it is durable (kill -9) when this
        returns, none of it visible when it raises. Of several writers that are given one event,
        exactly one is not told that it is `repeated`. What the workers' counts say up to these
        events (`losses`) is kept with them; if a crash falls between the two, it is there, and
        the events are not. `signs` say of workers' lives when they were heard; a worker's event
        without a sign of that worker is dated by its stamp. What is told of a task's log
        (`log-lines`) is kept beside the task, and is a change of it."""

    def keep_gaps(self, gaps: Sequence[KeptGap]) -> None:
        """Keep spans in which events may have passed unseen. Those of one collector and cause
        that overlap become one; `trim` bounds their number and age."""

    def report(self, status: CollectorStatus) -> None:
        """Keep what a collector says of itself, replacing what it said before. `trim` bounds the
        number of collectors (`COLLECTORS_MAX`): each start may bring a new name."""

    def keep_metric_counts(
        self, metric_counts: MetricCounts, instead_of: Iterable[str] = ()
    ) -> None:
        """Keep what a collector has counted, replacing what it had counted before; and in the same
        step remove the counts of these collectors, which it goes on with."""

    def trim(self, retention: Retention, now: float) -> int:
        """Remove the oldest tasks beyond `retention`. About how many were removed; 0 if none. Of
        several writers one does it at a time; two do no harm."""

    def is_looked_at(self) -> bool:
        """Whether somebody looked at tasks within the last few seconds (`note_look`), in any
        process. For the one who writes, who may store what comes at leisure else. Cheap."""

    # -- reading: any thread -------------------------------------------------------------

    def note_look(self) -> None:
        """Somebody looks at tasks now, and wants to see at once what comes. Cheap, never raises."""

    def task(self, uuid: str) -> Task | None:
        """Everything known about one task."""

    def tasks(self, uuids: Iterable[str]) -> Mapping[str, Task]:
        """Everything known about each of these tasks, by id; unknown ids are left out."""

    def task_log(self, uuid: str, after: str = "", limit: int = 1_000) -> LogPage:
        """What workers told of the log of a task, after the cursor `after` of an earlier page,
        until there are `limit` lines: pieces are given whole. Empty if nothing was told. Raises
        `CursorError`."""

    def has_logs(self) -> bool:
        """Whether workers have told of the log of any task of late: cheap, and about."""

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
        """One page of the tasks that match at `now`. Raises `CursorError`."""

    def count(
        self,
        query: Node,
        *,
        now: float,
        by: Grouping | None = None,
        cap: int = 10_000,
        budget_s: float = 2.0,
    ) -> Count:
        """How many match, up to `cap`; `by` is one of `state`, `name`, `worker`, `queue`,
        `error`."""

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
        """A measure of the tasks that match, by time; with `by` also of the `top` groups of
        tasks, and of all others together. `count` gives a `CountSeries`, the other measures a
        `DurationSeries`."""

    def suggest(self, field: str, prefix: str, limit: int = 10) -> tuple[Suggestion, ...]:
        """Values of `name`, `state`, `worker`, `queue`, `error` or `key` (keys of keyword
        arguments) that begin with, or else contain, `prefix`, most frequent first."""

    def workflow(self, root_id: str, limit: int = 1_000) -> Workflow[Task]:
        """All tasks of one workflow, the root included."""

    def workflow_tasks(
        self, workflow_id: str, *, limit: int = TASKS_MAX, budget_s: float = 2.0
    ) -> WorkflowTasks:
        """What a workflow shows of its tasks, those of its groups and chords included where
        workers told of these. The id is that of the root, of a group, or of a member of a group
        that has no common root. Cheap for thousands."""

    def workflows(
        self, *, cursor: str | None = None, limit: int = 50, budget_s: float = 1.0
    ) -> WorkflowPage:
        """The workflows that began last, by the arrival of the first task that another sent, or of
        the first member of a group without a common root. Cheap however many tasks are stored.
        Raises `CursorError`."""

    def workers(self) -> tuple[Worker, ...]:
        """Every worker known, by name."""

    def worker(self, hostname: str) -> Worker | None:
        """The worker of this node name (`celery@eu-1`), None if it is unknown."""

    def seq(self) -> int:
        """The watermark of changes (see the module): where `follow` begins for whoever reads
        now and wants to know what changes later. Cheap enough to ask with each search."""

    def follow(self, after: int, limit: int = 1_000) -> Changes:
        """What changed after number `after`, up to the watermark; the newest `limit` of it.
        Never waits. Asked with a number that was never given, it gives nothing and
        `skipped=None`: the asker must begin anew."""

    def processes(self) -> tuple[ProcessCount, ...]:
        """How far the count of each worker process was followed, by worker and pid."""

    def losses(self, start: float | None = None, end: float | None = None) -> tuple[Loss, ...]:
        """What workers began and nobody heard of, as far as a part of it lies in [start, end]
        (Unix seconds; None is without bound), by worker, pid and time."""

    def gaps(self, start: float | None = None, end: float | None = None) -> tuple[KeptGap, ...]:
        """The gaps of which a part lies in [start, end], by their start."""

    def collectors(self) -> tuple[CollectorStatus, ...]:
        """What each collector said last."""

    def metric_counts(self) -> tuple[MetricCounts, ...]:
        """What each collector had counted last."""

    def status(self) -> StoreStatus:
        """The store's own measures; cheap enough to ask every second."""

    def close(self) -> None:
        """Release files and locks; what was applied stays. May be called twice."""
