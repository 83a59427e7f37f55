"""`GET /metrics` of one cluster."""

from __future__ import annotations

from itertools import chain

from starlette.responses import Response

from umbel.services.cluster_services import ClusterServices
from umbel.web.flower.arguments import FlowerRequest
from umbel.web.metrics.answer import families, metrics_answer
from umbel.web.metrics.scrape import scrape


def metrics(services: ClusterServices, params: FlowerRequest) -> Response:
    """In the format that the scraper takes. Raises `StoreError`."""
    found = chain(families(scrape(services)), params.request_families)
    return metrics_answer(found, openmetrics=params.wants_openmetrics)
