"""OpenTelemetry from settings: who sends spans and metrics where. Imports what sends only where
something is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from umbel.services.telemetry.options import OtlpOptions
from umbel.settings import Settings

if TYPE_CHECKING:
    from umbel.services.cluster_services import ClusterServices
    from umbel.web.metrics.exposition import Family
    from umbel.web.metrics.otlp_metrics import OtlpMetrics


def span_options(settings: Settings) -> OtlpOptions | None:
    """Where spans are sent; None: nowhere."""
    return _options(settings) if settings.otel.spans else None


def otlp_metrics(
    settings: Settings,
    clusters: Mapping[str, ClusterServices],
    of_server: Callable[[], Iterable[Family]],
) -> OtlpMetrics | None:
    """What sends the metrics of these clusters and of the server, and is not started; None where
    nothing is sent."""
    options, period_s = _options(settings), settings.otel.metrics
    if options is None or period_s is None:
        return None
    from umbel.services.telemetry.otlp_sender import OtlpSender
    from umbel.web.metrics.otlp_metrics import OtlpMetrics

    sender = OtlpSender(options.endpoint, options.headers)
    return OtlpMetrics(clusters, sender, options.service, period_s, of_server)


def _options(settings: Settings) -> OtlpOptions | None:
    otel = settings.otel
    if otel.endpoint is None:
        return None
    headers = {name: str(value) for name, value in (otel.headers or {}).items()}
    return OtlpOptions(otel.endpoint, headers, otel.service)
