"""The metrics of `/metrics`, pushed as OTLP to whoever takes no scrapes."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from umbel.errors import StoreError
from umbel.services.cluster_services import ClusterServices
from umbel.services.collectors import host_and_pid
from umbel.services.repeated_turns import RepeatedTurns
from umbel.services.telemetry.otlp import SCOPE, Json, attributes, nanoseconds, resource
from umbel.services.telemetry.otlp_sender import OtlpSender
from umbel.web.metrics.answer import families, readable_family
from umbel.web.metrics.exposition import Family, Histogram, HistogramSample, Sample
from umbel.web.metrics.scrape import scrape

log = logging.getLogger(__name__)

#: So many samples go into one request.
POINTS_MAX: Final = 5_000
#: Of the enumeration of OTLP: sums since the beginning.
_CUMULATIVE: Final = 2
_LABEL: Final = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPED: Final = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


class OtlpMetrics:
    """Every `period_s` one push of all clusters, and of what the server itself counts, by a thread
    that `start` begins."""

    def __init__(
        self,
        clusters: Mapping[str, ClusterServices],
        sender: OtlpSender,
        service: str,
        period_s: float,
        of_server: Callable[[], Iterable[Family]] = tuple,
    ) -> None:
        self._of_server = of_server
        self._refused = ""
        self._clusters = clusters
        self._sender = sender
        self._service = service
        self._turns = RepeatedTurns(
            self.push,
            "umbel-otlp",
            period_s,
            failing="Metrics are not sent",
            working="Metrics are sent again.",
        )

    def start(self) -> None:
        self._turns.start()

    def close(self) -> None:
        self._turns.close()

    def push(self) -> None:
        """All metrics once: those of clusters that can be read, and those of the server. Raises
        `NotSent`, and `StoreError` where one could not be read."""
        several = len(self._clusters) > 1
        readable: dict[str, bool] = {}
        trouble: StoreError | None = None
        now = 0.0
        for name, services in self._clusters.items():
            now = services.clock.now()
            try:
                self._send(families(scrape(services, name if several else None)), now)
                readable[name] = True
            except StoreError as error:
                readable[name], trouble = False, error
        self._send([*([readable_family(readable)] if several else ()), *self._of_server()], now)
        if trouble is not None:
            raise trouble

    def _send(self, found: Iterable[Family], now: float) -> None:
        for metrics in _requests(found, now):
            body = {"resourceMetrics": [{
                "resource": resource(self._service, host_and_pid()),
                "scopeMetrics": [{"scope": SCOPE, "metrics": metrics}],
            }]}  # fmt: skip
            partly = self._sender.send("metrics", body)
            if partly is not None and partly.sentence != self._refused:
                log.warning("Metrics are not sent: %s", partly.sentence)
                self._refused = partly.sentence


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
