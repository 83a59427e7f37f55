"""Workers, as their own events tell of them.

Like a task, a worker is a join of what was said: each field is a register that keeps the
value with the latest time, so order and repetition do not matter, and an answer without a
field never overwrites one that has it (a remote `heartbeat` brings freq=5 and no counts).
Source: celery/worker/heartbeat.py, celery/events/state.py (`Worker`).
"""

from __future__ import annotations

import msgspec

from umbel.cluster.events import WORKER_KINDS, Event

#: A worker is silent when nothing came for this many of its own heartbeat periods.
SILENT_AFTER_BEATS = 2.0
#: The period that Celery uses when a worker never told its own, seconds.
DEFAULT_FREQ_S = 2.0

ONLINE, SILENT, OFFLINE = "online", "silent", "offline"


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """A worker node. Times are Unix seconds, `freq` is seconds between heartbeats,
    `processed` counts what this process (`pid`) has started, `active` what it runs now."""

    hostname: str
    heartbeat: float | None = None
    online: float | None = None
    offline: float | None = None
    pid: int | None = None
    freq: float | None = None
    active: int | None = None
    processed: int | None = None
    loadavg: tuple[float, ...] | None = None
    sw_ident: str | None = None
    sw_ver: str | None = None
    sw_sys: str | None = None
    told: dict[str, float] = {}

    def status(self, now: float) -> str:
        """`online`, `silent` (no heartbeat in time) or `offline` (it said goodbye)."""
        seen = max(self.heartbeat or 0.0, self.online or 0.0)
        if self.offline is not None and self.offline >= seen:
            return OFFLINE
        allowed = SILENT_AFTER_BEATS * (self.freq or DEFAULT_FREQ_S)
        return ONLINE if now <= seen + allowed else SILENT


_TIME_OF = {
    "worker-online": "online",
    "worker-heartbeat": "heartbeat",
    "worker-offline": "offline",
}
_REGISTERS = (
    "pid",
    "freq",
    "active",
    "processed",
    "loadavg",
    "sw_ident",
    "sw_ver",
    "sw_sys",
)


def observe(worker: Worker | None, event: Event) -> Worker:
    """The worker after `event` (a worker event of the same hostname) is known as well.

    Returns the same object when the event says nothing new.
    """
    if event.type not in WORKER_KINDS:
        raise ValueError(f"{event.type} is not a worker event")
    worker = worker or Worker(hostname=event.hostname)
    changed: dict[str, object] = {}
    told = dict(worker.told)
    moment = _TIME_OF[event.type]
    if event.timestamp > (getattr(worker, moment) or 0.0):
        changed[moment] = event.timestamp
    for field in _REGISTERS:
        value = getattr(event, field)
        if value is None:
            continue
        held = told.get(field, 0.0), _comparable(getattr(worker, field))
        if (event.timestamp, _comparable(value)) > held:
            changed[field], told[field] = value, event.timestamp
    if not changed:
        return worker
    return msgspec.structs.replace(worker, told=told, **changed)


def _comparable(value: object) -> str:
    return "" if value is None else repr(value)
