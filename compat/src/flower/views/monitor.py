"""Flower's metrics and health are Umbel's own."""

from __future__ import annotations

from flower.unserved import unserved

__getattr__ = unserved(
    __name__,
    dict.fromkeys(
        ("Metrics", "Healthcheck"), "umbel serve answers GET /metrics and GET /healthcheck."
    ),
)
