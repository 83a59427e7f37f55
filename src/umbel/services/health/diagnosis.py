"""What a person needs to know when something is missing, in one answer.

Gathered from what is known anyway (the collectors' reports, the store, the workers that were
heard): nobody is asked for it, so it may be asked for at any time. It judges nothing; that is
`liveness`.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib import metadata
from typing import Final, Literal

import msgspec

from umbel import __version__
from umbel.clock import Clock
from umbel.cluster.losses import ProcessCount
from umbel.services.cluster.listed_workers import ListedWorkers
from umbel.services.health.health import Health
from umbel.services.health.liveness import Liveness, fresh
from umbel.services.search.rows import WorkerRow
from umbel.store.base import CollectorStatus, DamagedPart, KeptGap, Store

#: How many workers are told of, by name.
WORKERS_LISTED: Final = 1_000
#: Processes of one name whose last heartbeats are so near each other live at once, seconds.
TOGETHER_S: Final = 6.0
#: How many gaps are told of: the last ones.
GAPS_LISTED: Final = 100
#: Libraries whose version decides what the broker says, by the name of their package.
_LIBRARIES: Final = ("celery", "kombu", "redis", "amqp", "msgspec", "apsw")


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """What runs here; `libraries` by the name of the package, null if it is not installed.
    `brokers` are the transports by which collectors are connected."""

    umbel: str
    python: str
    libraries: dict[str, str | None]
    brokers: tuple[str, ...]


class WorkerFinding(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to know of one worker: its status as in `GET /api/v1/workers`; whether it
    tells of its tasks (`events`, null while it has not been seen to run any); how many of its
    `task-started` were `lost`, and how many of its tasks were `untold` (no event told of them,
    though nothing was in the way: `send_events=False`). `processes` are the pids that sent
    heartbeats under this name at last: more than one of a name is a mistake."""

    hostname: str
    status: str
    events: Literal["on", "off"] | None
    lost: int
    untold: int
    processes: tuple[int, ...]
    software: str | None


class Discarded(msgspec.Struct, frozen=True, kw_only=True):
    """Events that could not be read, for one reason: how many since the collector's start,
    how many in the last minute, why, and the first characters of the last one."""

    reason: str
    count: int
    recent: int
    sentence: str
    sample: str


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """Facts, as of `now` (Unix seconds). `more_workers` is how many are not told of."""

    now: float
    live: Liveness
    versions: Versions
    workers: tuple[WorkerFinding, ...]
    more_workers: int
    discarded: tuple[Discarded, ...]
    foreign_consumers: int
    gaps: tuple[KeptGap, ...]
    damaged: tuple[DamagedPart, ...]


def diagnose(store: Store, health: Health, listed: ListedWorkers, clock: Clock) -> Diagnosis:
    """Gather all of it. Blocks; raises `StoreError`."""
    now = clock.now()
    status = health.status()
    reporting = fresh(status.collectors, now)
    workers = workers_found(listed, store.processes(), now)
    return Diagnosis(
        now=now,
        live=status.live,
        versions=versions(reporting),
        workers=workers[:WORKERS_LISTED],
        more_workers=max(0, len(workers) - WORKERS_LISTED),
        discarded=discarded(reporting),
        foreign_consumers=max((c.foreign_consumers for c in reporting), default=0),
        gaps=store.gaps()[-GAPS_LISTED:],
        damaged=store.status().damaged,
    )


def versions(reporting: Sequence[CollectorStatus]) -> Versions:
    """What is installed here, and which transports are in use."""
    return Versions(
        umbel=__version__,
        python=platform.python_version(),
        libraries={name: _version(name) for name in _LIBRARIES},
        brokers=tuple(sorted({c.transport for c in reporting})),
    )


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def workers_found(
    listed: ListedWorkers, processes: Sequence[ProcessCount], now: float
) -> tuple[WorkerFinding, ...]:
    """The listed workers, by name."""
    of_worker: dict[str, list[ProcessCount]] = {}
    for each in processes:
        of_worker.setdefault(each.hostname, []).append(each)
    return tuple(
        _finding(row, of_worker.get(row.hostname, []), row.events_off_since is not None)
        for row in listed.rows(now)
    )


def _finding(row: WorkerRow, processes: Sequence[ProcessCount], is_mute: bool) -> WorkerFinding:
    newest = max((each.at for each in processes), default=0.0)
    tells = any(each.telling for each in processes if each.at >= newest - TOGETHER_S)
    return WorkerFinding(
        hostname=row.hostname,
        status=row.status,
        events="off" if is_mute else "on" if tells else None,
        lost=sum(each.lost for each in processes),
        untold=sum(each.untold for each in processes),
        processes=tuple(each.pid for each in processes if each.at >= newest - TOGETHER_S),
        software=" ".join(filter(None, (row.sw_ident, row.sw_ver, row.sw_sys))) or None,
    )


def discarded(reporting: Sequence[CollectorStatus]) -> tuple[Discarded, ...]:
    """What could not be read, by reason, the most frequent first."""
    found: dict[str, Discarded] = {}
    for each in reporting:
        samples = {reason: (sentence, sample) for reason, sentence, sample in each.samples}
        for reason, count in each.faults.items():
            sentence, sample = samples.get(reason, ("", ""))
            before = found.get(reason)
            found[reason] = Discarded(
                reason=reason,
                count=count + (before.count if before else 0),
                recent=each.recent_faults.get(reason, 0) + (before.recent if before else 0),
                sentence=sentence or (before.sentence if before else ""),
                sample=sample or (before.sample if before else ""),
            )
    return tuple(sorted(found.values(), key=lambda each: -each.count))
