"""The state of a worker, joined from its heartbeats, task events and answers.

Theory of operation. Whether a worker lives is judged by when its messages arrived, by our clock,
and never by its own timestamps: its clock may be hours off. Every message is a sign of life:
heartbeats, task events, and answers to commands.

Like a task, a worker is a join (a CRDT): each field is a last-writer-wins register, which keeps
the value that was heard last, so order and repetition do not matter. A message without a field
never overwrites a value (a remote `heartbeat` brings freq=5 and no counts).
Source: celery/worker/heartbeat.py, celery/events/state.py (`Worker`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Final, TypeVar

import msgspec

from umbel.clock import AHEAD_S
from umbel.cluster.events import WORKER_KINDS, Event

#: A worker is silent when nothing came for this many of its own heartbeat periods.
SILENT_AFTER_BEATS: Final = 2.0
#: The period that Celery uses when a worker never told its own, seconds.
DEFAULT_FREQ_S: Final = 2.0
#: A longer period is a mistake or a lie: no worker is believed to live for years.
FREQ_MAX_S: Final = 600.0
#: A worker that sends no heartbeats is not expected to say anything for this long, seconds.
QUIET_S: Final = 60.0
#: From this skew on, a clock is reported as wrong, seconds: delays on the way are shorter.
SKEW_SHOWN_S: Final = 3.0
#: How many measurements of the clock, and how many heartbeats, are kept.
_SKEWS_MAX: Final = 8
_BEATS_MAX: Final = 8

_Measured = TypeVar("_Measured", bound=tuple[float, ...])

ONLINE, SILENT, OFFLINE = "online", "silent", "offline"


class SignOfLife(msgspec.Struct, frozen=True, kw_only=True):
    """A sign of life: the worker lived at `heard` (Unix seconds, our clock). `takes`: it took a
    task then, so a goodbye before that is over. `skew_s` is by how much its clock was ahead of
    ours, at least, where that could be measured. `noted` is when it came: what lies ahead of that
    was heard before our clock was set back. None where nothing is known of that."""

    hostname: str
    heard: float
    takes: bool = False
    skew_s: float | None = None
    noted: float | None = None


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """A worker node. Times are Unix seconds of our clock: `heard` is the last sign of life of
    any kind, `heartbeat`, `online` and `offline` when the last event of its kind came, `took`
    when it last took a task. `freq` is seconds between heartbeats, `processed` counts what this
    process (`pid`) has started, `active` what it runs now.

    `skews` are the last measurements of its clock as (heard, seconds ahead of ours), `beats`
    the last heartbeats as (heard, stamp, pid, processed), and `registers` has, by field, when
    its value was heard and stamped."""

    hostname: str
    heard: float | None = None
    heartbeat: float | None = None
    online: float | None = None
    offline: float | None = None
    took: float | None = None
    pid: int | None = None
    freq: float | None = None
    active: int | None = None
    processed: int | None = None
    loadavg: tuple[float, ...] | None = None
    sw_ident: str | None = None
    sw_ver: str | None = None
    sw_sys: str | None = None
    skews: tuple[tuple[float, float], ...] = ()
    beats: tuple[tuple[float, float, int, int], ...] = ()
    # Named `said` in stored catalogs.
    registers: dict[str, tuple[float, float]] = msgspec.field(default_factory=dict, name="said")

    @property
    def last_heard(self) -> float:
        """When anything came from it last, its goodbye included; 0 when never."""
        return max(self.heard or 0.0, self._working, self.offline or 0.0)

    @property
    def sends_heartbeats(self) -> bool:
        """Whether it ever did; with `--without-heartbeat` a worker says nothing while idle."""
        return self.heartbeat is not None or self.online is not None

    @property
    def allowed_s(self) -> float:
        """For how many seconds it may say nothing."""
        if not self.sends_heartbeats:
            return QUIET_S
        return SILENT_AFTER_BEATS * min(max(self.freq or 0.0, DEFAULT_FREQ_S), FREQ_MAX_S)

    @property
    def skew_s(self) -> float | None:
        """By how many seconds its clock is ahead of ours (behind: negative); None if unknown.

        What is on its way only makes a clock look later, so the largest is nearest."""
        return max((skew for _, skew in self.skews), default=None)

    @property
    def is_shared(self) -> bool:
        """Whether more than one worker speaks under this name: heartbeats of one process, then
        of another, then of the first again; or counts that went back more than once."""
        pids = [pid for _, _, pid, _ in self.beats]
        turns = [pid for pid, after in pairwise(pids) if pid != after] + pids[-1:]
        backward = sum(
            pid == next_pid and next_count < count
            for (_, _, pid, count), (_, _, next_pid, next_count) in pairwise(self.beats)
        )
        return len(turns) > len(set(turns)) or backward > 1

    @property
    def _working(self) -> float:
        return max(self.heartbeat or 0.0, self.online or 0.0, self.took or 0.0)

    def status(self, now: float) -> str:
        """`online`, `silent` (nothing came in time) or `offline` (it said goodbye)."""
        if self.offline is not None and self.offline >= self._working:
            return OFFLINE
        heard = max(self.heard or 0.0, self._working)
        # What was heard ahead of now was so before our clock was set back, who knows when.
        return ONLINE if heard - AHEAD_S <= now <= heard + self.allowed_s else SILENT


_TIME_OF: Final = {
    "worker-online": "online",
    "worker-heartbeat": "heartbeat",
    "worker-offline": "offline",
}
_REGISTERS: Final = (
    "pid",
    "freq",
    "active",
    "processed",
    "loadavg",
    "sw_ident",
    "sw_ver",
    "sw_sys",
)


def observe(worker: Worker | None, event: Event, heard: float | None = None) -> Worker:
    """The worker after `event` (a worker event of the same hostname), which came at `heard`
    (its own stamp, where nobody knows better), is known as well.

    Returns the same object when the event says nothing new.
    """
    if event.type not in WORKER_KINDS:
        raise ValueError(f"{event.type} is not a worker event")
    worker = worker or Worker(hostname=event.hostname)
    heard = event.timestamp if heard is None else heard
    changed: dict[str, object] = {}
    registers = dict(worker.registers)
    time_field = _TIME_OF[event.type]
    for field in (time_field, "heard"):
        if heard > (getattr(worker, field) or 0.0):
            changed[field] = heard
    for field in _REGISTERS:
        value = getattr(event, field)
        if value is None:
            continue
        held = *registers.get(field, (0.0, 0.0)), _comparable(getattr(worker, field))
        if (heard, event.timestamp, _comparable(value)) > held:
            changed[field], registers[field] = value, (heard, event.timestamp)
    if time_field == "heartbeat" and event.pid is not None and event.processed is not None:
        beat = (heard, event.timestamp, event.pid, event.processed)
        beats = _newest((*worker.beats, beat), _BEATS_MAX)
        if beats != worker.beats:
            changed["beats"] = beats
    if not changed:
        return worker
    return msgspec.structs.replace(worker, registers=registers, **changed)


def witness(worker: Worker | None, sign: SignOfLife) -> Worker:
    """The worker after a sign of life of it is known as well; the same object if that says
    nothing new."""
    worker = worker or Worker(hostname=sign.hostname)
    if sign.noted is not None:
        worker = _not_ahead(worker, sign.noted)
    changed: dict[str, object] = {}
    for field in ("heard", "took") if sign.takes else ("heard",):
        if sign.heard > (getattr(worker, field) or 0.0):
            changed[field] = sign.heard
    if sign.skew_s is not None:
        skews = _newest((*worker.skews, (sign.heard, sign.skew_s)), _SKEWS_MAX)
        if skews != worker.skews:
            changed["skews"] = skews
    return msgspec.structs.replace(worker, **changed) if changed else worker


def _not_ahead(worker: Worker, now: float) -> Worker:
    """The worker without times that lie ahead of `now`, by which nothing that comes now would be
    later: our clock was set back since."""
    latest = now + AHEAD_S
    if worker.last_heard <= latest:
        return worker
    registers = worker.registers.items()
    return msgspec.structs.replace(
        worker,
        heard=_at_most(worker.heard, now),
        heartbeat=_at_most(worker.heartbeat, now),
        took=_at_most(worker.took, now),
        online=worker.online if (worker.online or 0.0) <= latest else None,
        offline=worker.offline if (worker.offline or 0.0) <= latest else None,
        skews=tuple(each for each in worker.skews if each[0] <= latest),
        beats=tuple(each for each in worker.beats if each[0] <= latest),
        registers={field: (min(at, now), stamp) for field, (at, stamp) in registers},
    )


def _at_most(at: float | None, now: float) -> float | None:
    return None if at is None else min(at, now)


def with_answers(workers: Iterable[Worker], answered: Mapping[str, float]) -> tuple[Worker, ...]:
    """The workers by name, when these have also answered at these times (Unix seconds)."""
    found = {worker.hostname: worker for worker in workers}
    for name, heard in answered.items():
        found[name] = witness(found.get(name), SignOfLife(hostname=name, heard=heard, takes=True))
    return tuple(found[name] for name in sorted(found))


def _newest(measured: tuple[_Measured, ...], most: int) -> tuple[_Measured, ...]:
    """The latest of a set. That depends only on the latest of its parts, so keeping few early
    or late, once or often, gives the same."""
    return tuple(sorted(set(measured))[-most:])


def _comparable(value: object) -> str:
    return "" if value is None else repr(value)
