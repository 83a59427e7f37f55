"""The facts that the rules of health look at: one frozen value, of one moment.

`fact_gatherer` fills it; the rules (`rules/`) are pure functions of it. What could not be asked is
None or empty, and then a rule says nothing; `unknown` has the sentence that says why, so that
nobody takes silence for health.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from umbel.services.health.liveness import Liveness
from umbel.store.base import KeptGap, Retention
from umbel.store.queue_pauses import QueuePause
from umbel.store.series import Counts, Durations

#: Rates and durations of now are those of the last quarter of an hour, seconds.
RECENT_S: Final = 900.0
#: They are compared with this hour of so many days before.
USUAL_DAYS: Final = 7
#: Fewer of them say nothing of what is usual.
USUAL_DAYS_MIN: Final = 3
#: Where there are fewer, failures are compared with so many hours before, of which so many are
#: enough.
USUAL_HOURS: Final = 6
USUAL_HOURS_MIN: Final = 3
#: Tasks are tried again now if they asked for it no longer ago than this, seconds.
RETRYING_S: Final = 3_600.0


class WorkerReading(msgspec.Struct, frozen=True):
    """How many tasks a worker had begun since the reading before (`begun`, None: unknown), and how
    many it ran (`active`), at a time."""

    at: float
    begun: int | None
    active: int | None


class WorkerFact(msgspec.Struct, frozen=True, kw_only=True):
    """A listed worker. `status` is that of `worker_status`; `heard` is its last sign of life;
    `skews` are the measurements of its clock (heard, seconds ahead of ours); `queues` what it
    consumes, None where it did not say; `readings` what it counted before, oldest first, without
    holes, of workers of which a rule may want to know that: those that may be stuck; `minutes` the
    same of those that fell silent."""

    name: str
    status: str
    heard: float
    began: float | None = None
    active: int | None = None
    skews: tuple[tuple[float, float], ...] = ()
    queues: tuple[str, ...] | None = None
    readings: tuple[WorkerReading, ...] = ()
    minutes: tuple[WorkerReading, ...] = ()
    shares_its_name: bool = False


class QueueReading(msgspec.Struct, frozen=True):
    """How full a queue was at a time: messages that wait, how many consumers it had (None:
    unknown), and the age of its oldest message in seconds (None: unknown)."""

    at: float
    ready: int
    consumers: int | None = None
    oldest_s: float | None = None


class QueueFact(msgspec.Struct, frozen=True, kw_only=True):
    """A queue. `readings` are oldest first, the last is of now; of a queue that may be worth a
    sentence they are of an hour, with `earlier` of the day before that, and else of seconds.
    `usual_oldest_s` is the age that its oldest message had at this hour of the days before, by
    day. `workers` consume it, or did so last (`were`). `pause` is there where somebody paused
    it."""

    name: str
    readings: tuple[QueueReading, ...]
    earlier: tuple[QueueReading, ...] = ()
    workers: tuple[str, ...] | None = None
    were: tuple[str, ...] = ()
    usual_oldest_s: tuple[float, ...] = ()
    pause: QueuePause | None = None

    @property
    def now(self) -> QueueReading:
        return self.readings[-1]


class Point(msgspec.Struct, frozen=True):
    """A value at a time (Unix seconds)."""

    at: float
    value: float


class CountFact(msgspec.Struct, frozen=True, kw_only=True):
    """Tasks of one name that were seen and ended: in the last quarter of an hour, in steps
    within it, and in this hour of each of the days before on which there were any (`usual`). Of a
    name that ran on fewer than `USUAL_DAYS_MIN` of them, `hours` is the same of each of the hours
    before."""

    name: str
    recent: Counts
    steps: tuple[tuple[float, Counts], ...] = ()
    usual: tuple[Counts, ...] = ()
    hours: tuple[Counts, ...] = ()


class DurationFact(msgspec.Struct, frozen=True, kw_only=True):
    """How long tasks of one name waited, or ran: the same."""

    name: str
    recent: Durations
    steps: tuple[tuple[float, Durations], ...] = ()
    usual: tuple[Durations, ...] = ()


class RunningTask(msgspec.Struct, frozen=True):
    """A task that runs on a worker which is online, since `started` (Unix seconds)."""

    uuid: str
    name: str
    worker: str
    started: float


class DeliveryFact(msgspec.Struct, frozen=True, kw_only=True):
    """Deliveries of the last day: how many tasks came more than once (`capped`: or more), the
    names of these, the broker's visibility timeout in seconds where it has one, and how many
    tasks ran for longer."""

    again: int = 0
    capped: bool = False
    names: tuple[str, ...] = ()
    visibility_timeout_s: float | None = None
    beyond_timeout: int = 0
    acks_late: bool = False


class RecurringTask(msgspec.Struct, frozen=True):
    """A task that has not ended though its one try was given to workers again and again, so many
    times (`or_more`: not all of them are on record), the first and the last time (Unix seconds),
    the last time to `worker`."""

    uuid: str
    name: str
    worker: str
    deliveries: int
    or_more: bool
    first: float
    last: float


class RetryingName(msgspec.Struct, frozen=True, kw_only=True):
    """How many tasks of a name asked within `RETRYING_S` to be tried again and have not ended
    (`or_more`: not all were counted), how many ended in that time, and which part of those that
    ended in the day before had needed more than one try (`usual`, None: too few ended)."""

    name: str
    tried_again: int
    or_more: bool = False
    ended: int = 0
    usual: float | None = None


class StorageFact(msgspec.Struct, frozen=True, kw_only=True):
    """The history's size, the bounds that it has, and the room on its disk (None: unknown)."""

    tasks: int = 0
    size_bytes: int = 0
    oldest: float | None = None
    bounds: Retention = Retention()
    free_bytes: int | None = None
    disk_bytes: int | None = None


class DeployFact(msgspec.Struct, frozen=True):
    """A deploy that began at a time (Unix seconds), by its title."""

    at: float
    title: str


class EntryFact(msgspec.Struct, frozen=True):
    """An entry of beat whose last time, `due` (Unix seconds), was missed; or its task `waits` since
    then. `reason` is the sentence that says why, as far as that is known."""

    id: str
    name: str
    due: float
    waits: bool
    reason: str


class BeatFact(msgspec.Struct, frozen=True, kw_only=True):
    """Beat, by its entries (so many that are enabled): since when it is silent (None: it is not)
    with the `sentence` that says so, when it last sent, the entries that `missed` their last time,
    and those of which one of the last times was sent more than once (`doubled`), the newest first.
    `troubles` says why entries cannot be read."""

    silent_since: float | None = None
    sentence: str = ""
    missed: tuple[EntryFact, ...] = ()
    doubled: tuple[EntryFact, ...] = ()
    entries: int = 0
    last_sent: float | None = None
    troubles: tuple[str, ...] = ()


class HealthFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything, at `now` (Unix seconds). `queues` is None where the broker could not be asked.
    `total` are the counts of all tasks of the last quarter of an hour, `total_wait` how long they
    waited; `recent_s` is how long that quarter was in fact. `day_runtimes` are those of the last
    day, by task name. `deploys` are of the last hours, oldest
    first. `beat` is None where there is no entry, and nothing that keeps one from being read.
    `gaps` are those that no other collector saw through. `open` are ids of findings that were true
    before: what is open closes only when it is clearly over. `since`: the past is told from there
    on. `refusal` is the sentence with which the broker refuses whatever anybody writes, empty where
    it does not."""

    now: float
    live: Liveness
    since: float = 0.0
    workers: tuple[WorkerFact, ...] = ()
    queues: tuple[QueueFact, ...] | None = None
    counts: tuple[CountFact, ...] = ()
    waits: tuple[DurationFact, ...] = ()
    runtimes: tuple[DurationFact, ...] = ()
    total: Counts = Counts(seen=0)
    total_wait: Durations | None = None
    recent_s: float = RECENT_S
    running: tuple[RunningTask, ...] = ()
    deliveries: DeliveryFact = DeliveryFact()
    recurring: tuple[RecurringTask, ...] = ()
    retrying: tuple[RetryingName, ...] = ()
    storage: StorageFact = StorageFact()
    gaps: tuple[KeptGap, ...] = ()
    day_runtimes: Mapping[str, Durations] = {}
    deploys: tuple[DeployFact, ...] = ()
    beat: BeatFact | None = None
    unknown: tuple[str, ...] = ()
    refusal: str = ""
    open: frozenset[str] = frozenset()
