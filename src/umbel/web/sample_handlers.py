"""Queues and workers over time: what a server sampled, for charts."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import msgspec
from msgspec import Meta

from umbel.services.cluster_services import ClusterServices
from umbel.services.samples.sample_lines import LINES, LINES_MAX, SampledLines, sampled_lines
from umbel.store.samples import NAME_MAX, Kind
from umbel.web import requests
from umbel.web.http.problems import Refusal
from umbel.web.http.spans import check_span

Names = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=LINES_MAX * (NAME_MAX + 4),
        description=f"Up to {LINES_MAX} names with commas between, or a JSON list of them; "
        "default: those of which there was most.",
        examples=["celery,mail", '["a,b"]'],
    ),
]
Lines = Annotated[int, Meta(ge=1, le=LINES_MAX, description="The most lines without names.")]


class ReadSamples(msgspec.Struct, frozen=True, kw_only=True):
    since: requests.Moment | None = None
    until: requests.Moment | None = None
    bucket: requests.Step | None = None
    names: Names | None = None
    limit: Lines = LINES


class QueuePoint(msgspec.Struct, frozen=True):
    """A queue in the bucket that begins `at` (Unix seconds): how many messages waited in the mean
    and at most, how many workers held in the mean, how many consumers there were in the end, and
    how long the oldest message had waited at most, seconds. Null is unknown."""

    at: int
    depth: float | None
    depth_max: float | None
    unacked: float | None
    consumers: float | None
    oldest_s: float | None


class WorkerPoint(msgspec.Struct, frozen=True):
    """A worker in the bucket that begins `at` (Unix seconds): the load of its machine in the mean,
    how many tasks it ran in the mean and at most, how many it began, and how many it can run at
    once. Null is unknown."""

    at: int
    load: float | None
    running: float | None
    running_max: float | None
    processed: float | None
    pool: float | None


class QueueLine(msgspec.Struct, frozen=True):
    name: str
    points: tuple[QueuePoint, ...]


class WorkerLine(msgspec.Struct, frozen=True):
    name: str
    points: tuple[WorkerPoint, ...]


class SampledQueues(msgspec.Struct, frozen=True):
    """Queues by name, in buckets of `bucket_s`; one in which a queue was not sampled is left out.
    `more` is how many queues are left out; `period_s` how often is sampled, null for never."""

    bucket_s: int
    items: tuple[QueueLine, ...]
    more: int
    period_s: float | None


class SampledWorkers(msgspec.Struct, frozen=True):
    """The same of workers: one that was not online has no point."""

    bucket_s: int
    items: tuple[WorkerLine, ...]
    more: int
    period_s: float | None


def read_queue_samples(services: ClusterServices, params: ReadSamples) -> SampledQueues:
    found = _lines(services, "queue", params)
    items = tuple(
        QueueLine(line.name, tuple(QueuePoint(at, *values) for at, values in line.points))
        for line in found.items
    )
    return SampledQueues(found.bucket_s, items, found.more, _period_s(services))


def read_worker_samples(services: ClusterServices, params: ReadSamples) -> SampledWorkers:
    found = _lines(services, "worker", params)
    items = tuple(
        WorkerLine(line.name, tuple(WorkerPoint(at, *values) for at, values in line.points))
        for line in found.items
    )
    return SampledWorkers(found.bucket_s, items, found.more, _period_s(services))


def _lines(services: ClusterServices, kind: Kind, params: ReadSamples) -> SampledLines:
    now = services.clock.now()
    until = now if params.until is None else params.until
    since = until - 3_600 if params.since is None else params.since
    check_span(since, until, now)
    return sampled_lines(
        services.samples, kind, since=since, until=until, now=now, bucket_s=params.bucket,
        names=None if params.names is None else _names(params.names), limit=params.limit,
    )  # fmt: skip


def _names(text: str) -> tuple[str, ...]:
    names: tuple[str, ...] = ()
    if not text.startswith("["):
        names = tuple(name for name in text.split(",") if name)
    else:
        with suppress(msgspec.MsgspecError):
            names = msgspec.json.decode(text, type=tuple[str, ...])
    if not 1 <= len(names) <= LINES_MAX:
        raise Refusal(
            "bad-parameter",
            f"The parameter names takes 1 to {LINES_MAX} names with commas between, or a JSON list "
            "of them.",
            parameter="names",
        )
    return names


def _period_s(services: ClusterServices) -> float | None:
    return None if services.sampler is None else services.sampler.sampling.period_s
