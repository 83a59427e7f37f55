"""What a server counts of the requests that it answers, for `/metrics`."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from typing import Final, Literal

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from umbel.clock import Clock
from umbel.services.query_times import LATENCY_BOUNDS, Latencies
from umbel.web.metrics.exposition import (
    Family,
    Histogram,
    HistogramSample,
    Metric,
    Sample,
    label_text,
)

#: What a request is for: our API, Flower's, a scrape, a probe, or pages and everything else.
Area = Literal["api", "flower", "metrics", "probe", "page"]
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_PROBES: Final = frozenset({"/livez", "/readyz", "/healthcheck"})


#: Where the requests of the server are found while one is answered.
_IN_SCOPE: Final = "umbel.requests"


def request_families(scope: Scope) -> list[Family]:
    """The metrics of all requests that this server has answered."""
    counts: RequestCounts | None = scope.get(_IN_SCOPE)
    return [] if counts is None else list(counts.families())


def area_of(path: str) -> Area:
    """By the path, without a prefix: `/api/v1/tasks` is `api`."""
    if path.startswith("/c/"):
        _, _, path = path[3:].partition("/")
        path = f"/{path}"
    if path.startswith("/api/v1/") or path == "/api/v1":
        return "api"
    if path.startswith("/api/"):
        return "flower"
    if path == "/metrics":
        return "metrics"
    return "probe" if path in _PROBES else "page"


class RequestCounts:
    """Since the process began. Any thread; `clock` measures."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._began = clock.now()
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._latencies = Latencies()

    def add(self, area: Area, method: str, status: int, seconds: float) -> None:
        """A request whose answer began after so many seconds."""
        self._latencies.add(area, seconds)
        with self._lock:
            self._counts[area, method if method in _METHODS else "other", str(status)] += 1

    def families(self) -> Iterable[Family]:
        with self._lock:
            counts = dict(self._counts)
        yield Metric("umbel_http_requests", "counter", "Requests that were answered.", [
            Sample(label_text((("area", area), ("method", method), ("code", code))), count,
                   self._began)
            for (area, method, code), count in counts.items()
        ])  # fmt: skip
        yield Histogram("umbel_http_request_duration_seconds", "Until the answer began, seconds.", [
            HistogramSample(label_text((("area", area),)), LATENCY_BOUNDS, each.buckets,
                            each.total_s, self._began)
            for area, each in self._latencies.counts().items()
        ])  # fmt: skip


class RequestCountMiddleware:
    """Counts every request, refused ones too."""

    def __init__(self, app: ASGIApp, *, counts: RequestCounts, prefix: str = "") -> None:
        self._app = app
        self._counts = counts
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope[_IN_SCOPE] = self._counts
        clock = self._counts.clock
        began = clock.monotonic()
        area = area_of(scope["path"].removeprefix(self._prefix))

        async def send_noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                seconds = clock.monotonic() - began
                self._counts.add(area, scope["method"], message["status"], seconds)
            await send(message)

        await self._app(scope, receive, send_noting)
