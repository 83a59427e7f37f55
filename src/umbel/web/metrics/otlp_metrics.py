"""The metrics of `/metrics`, pushed as OTLP to whoever takes no scrapes."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from umbel.errors import StoreError
from umbel.services.cluster_services import ClusterServices
from umbel.services.collectors import host_and_pid
from umbel.services.telemetry.otlp import SCOPE, Json, attributes, nanoseconds, resource
from umbel.services.telemetry.otlp_sender import NotSent, OtlpSender
from umbel.web.metrics.answer import families
from umbel.web.metrics.exposition import Family, Histogram, HistogramSample, Sample
from umbel.web.metrics.scrape import scrape

log = logging.getLogger(__name__)

#: So many samples go into one request.
POINTS_MAX: Final = 5_000
#: How long leaving may take, seconds.
LEAVE_S: Final = 3.0
#: Of the enumeration of OTLP: sums since the beginning.
_CUMULATIVE: Final = 2
_LABEL: Final = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPED: Final = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


class OtlpMetrics:
    """Every `period_s` one push of all clusters, by a thread that `start` begins."""

    def __init__(
        self,
        clusters: Mapping[str, ClusterServices],
        sender: OtlpSender,
        service: str,
        period_s: float,
    ) -> None:
        self._clusters = clusters
        self._sender = sender
        self._service = service
        self._period_s = period_s
        self._trouble: str | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="umbel-otlp", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(LEAVE_S)

    def push(self) -> None:
        """All metrics once. Raises `NotSent` and `StoreError`."""
        several = len(self._clusters) > 1
        for name, services in self._clusters.items():
            now = services.clock.now()
            found = families(scrape(services, name if several else None))
            for metrics in _requests(found, now):
                body = {"resourceMetrics": [{
                    "resource": resource(self._service, host_and_pid()),
                    "scopeMetrics": [{"scope": SCOPE, "metrics": metrics}],
                }]}  # fmt: skip
                self._sender.send("metrics", body)

    def _run(self) -> None:
        while not self._stopping.wait(self._period_s):
            trouble = None
            try:
                self.push()
            except (NotSent, StoreError) as error:
                trouble = str(error)
            if trouble is not None and trouble != self._trouble:
                log.warning("Metrics are not sent: %s", trouble)
            elif trouble is None and self._trouble is not None:
                log.info("Metrics are sent again.")
            self._trouble = trouble


def _requests(found: Iterable[Family], now: float) -> Iterator[list[Json]]:
    """The metrics, so many samples at a time."""
    metrics: list[Json] = []
    size = 0
    for family in found:
        for at in range(0, len(family.samples), POINTS_MAX):
            samples = family.samples[at : at + POINTS_MAX]
            if size + len(samples) > POINTS_MAX:
                yield metrics
                metrics, size = [], 0
            metrics.append(_metric(family, samples, now))
            size += len(samples)
    if metrics:
        yield metrics


def _metric(family: Family, samples: Iterable[Any], now: float) -> Json:
    named = {"name": family.name, "description": family.summary}
    if isinstance(family, Histogram):
        points = [_buckets(each, now) for each in samples]
        return {
            **named,
            "histogram": {"dataPoints": points, "aggregationTemporality": _CUMULATIVE},
        }
    points = [_number(each, now) for each in samples]
    if family.kind == "gauge":
        return {**named, "gauge": {"dataPoints": points}}
    whole = {"aggregationTemporality": _CUMULATIVE, "isMonotonic": True}
    return {**named, "sum": {"dataPoints": points, **whole}}


def _number(sample: Sample, now: float) -> Json:
    return {**_point(sample.labels, sample.created, now), "asDouble": sample.value}


def _buckets(sample: HistogramSample, now: float) -> Json:
    return {
        **_point(sample.labels, sample.created, now),
        "count": str(sum(sample.counts)),
        "sum": sample.total,
        "bucketCounts": [str(each) for each in sample.counts],
        "explicitBounds": sample.bounds,
    }


def _point(labels: str, created: float | None, now: float) -> Json:
    named = {
        name: re.sub(r'\\[\\"n]', lambda found: _ESCAPED[found[0]], text)
        for name, text in _LABEL.findall(labels)
    }
    point: Json = {"attributes": attributes(named), "timeUnixNano": nanoseconds(now)}
    if created is not None:
        point["startTimeUnixNano"] = nanoseconds(created)
    return point
