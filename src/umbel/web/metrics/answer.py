"""The answer to `GET /metrics`, of one cluster or several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from umbel.errors import StoreError
from umbel.web.metrics.celery_family import celery_family
from umbel.web.metrics.exposition import (
    OPENMETRICS,
    PROMETHEUS,
    Family,
    Metric,
    Sample,
    exposition,
    label_text,
    together,
)
from umbel.web.metrics.flower_family import flower_family
from umbel.web.metrics.scrape import Scrape
from umbel.web.metrics.umbel_family import umbel_family


def families(scrape: Scrape) -> Iterator[Family]:
    """Every metric of one cluster, one at a time: together they are large."""
    yield from flower_family(scrape)
    yield from celery_family(scrape)
    yield from umbel_family(scrape)


def metrics_answer(found: Iterable[Family], *, openmetrics: bool, comments: str = "") -> Response:
    """These metrics in the format that the scraper asked for."""
    media_type = OPENMETRICS if openmetrics else PROMETHEUS
    body = exposition(found, openmetrics=openmetrics)
    if comments and not openmetrics:  # which has no place for them
        body = memoryview(comments.encode() + body)
    return Response(body, media_type=media_type, headers={"Cache-Control": "no-store"})


def of_clusters(
    scrapes: Mapping[str, list[Family] | StoreError],
    of_server: Sequence[Family] = (),
    *,
    openmetrics: bool,
) -> Response:
    """The metrics of several clusters by their name, and those of the server; of a cluster that
    could not be read, that and why."""
    reasons = "".join(
        f"# {name}: {' '.join(str(error).split())}\n"
        for name, error in scrapes.items()
        if isinstance(error, StoreError)
    )
    whether = readable_family(
        {name: not isinstance(each, StoreError) for name, each in scrapes.items()}
    )
    read = [each for each in scrapes.values() if not isinstance(each, StoreError)]
    found = [whether, *together(read), *of_server]
    return metrics_answer(found, openmetrics=openmetrics, comments=reasons)


def readable_family(readable: Mapping[str, bool]) -> Metric:
    """Of which clusters, by their name, the history could be read."""
    return Metric(
        "umbel_cluster_readable",
        "gauge",
        "Whether the history of the cluster could be read (1) or not (0).",
        [Sample(label_text((("cluster", name),)), float(can)) for name, can in readable.items()],
    )


def wants_openmetrics(scope: Scope) -> bool:
    """Whether the scraper takes OpenMetrics, as Prometheus does with `scrape_protocols`."""
    return any(
        accepted.partition(";")[0].strip().lower() == "application/openmetrics-text"
        for each in Headers(scope=scope).getlist("accept")
        for accepted in each.split(",")
        if not accepted.replace(" ", "").endswith(";q=0")
    )
